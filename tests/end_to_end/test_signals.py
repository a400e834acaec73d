"""Whoever ends the program from outside leaves nothing of it behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.signals import STATUS
from core.start import ROOT, window_command
from core.streams import READER_GONE
from tests.conftest import descendants, processes_by_proc

END_MS = 30_000
FLIP = Path(ROOT) / "docs" / "flip.relata"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

# The window with a job; it says when the engine has answered and the job runs, and then shows a dialog if asked to.
WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMessageBox
from app import __main__ as program
from core.runner import Order

class Window(program.MainWindow):
    said = False

    def showEvent(self, event):
        super().showEvent(event)
        self.desk.live.answered.connect(self.say)
        self.jobs.progressed.connect(self.say)
        self.jobs.start(Order("tests.app.small_jobs:work_for_ever", {"checkpoint": sys.argv[1]}))

    def say(self, _):
        if not self.said and self.desk.answer is not None and self.jobs.run(0).progress is not None:
            self.said = True
            QTimer.singleShot(0, lambda: print("ready", flush=True))
            if "--dialog" in sys.argv:
                QMessageBox(QMessageBox.Icon.Question, "", "Really?", parent=self).exec()

program.MainWindow = Window
sys.exit(program.main())
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python on the words, in a process group of its own."""
    started: list[subprocess.Popen[str]] = []
    environment = {**os.environ, "PYTHONPATH": ROOT, "XDG_CONFIG_HOME": str(tmp_path)}
    log = (tmp_path / "said").open("w")

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, *words]
        started.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        )
        return started[-1]

    yield start
    log.close()
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def wait_until_none_is_left(pids: set[int], qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not pids & processes_by_proc().keys(), timeout=END_MS)


@pytest.mark.parametrize(
    ("send", "number"),
    [
        (os.kill, signal.SIGTERM),
        (os.kill, signal.SIGINT),
        (os.killpg, signal.SIGHUP),  # a terminal that closes asks every process of a program
        (os.killpg, signal.SIGTERM),
    ],
)
def test_a_signal_ends_window_engine_and_job_and_the_job_writes_its_checkpoint(
    send: Callable[[int, int], None], number: signal.Signals, start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    process = start("-c", WINDOW, str(tmp_path / "checkpoint"))
    assert process.stdout.readline() == "ready\n"
    children = descendants(process.pid)
    assert len(children) >= 2, "an engine and a job"

    send(process.pid, number)

    assert process.wait(END_MS / 1000) == STATUS + number
    wait_until_none_is_left(children, qtbot)
    assert "steps" in (tmp_path / "checkpoint").read_text()
    assert "Traceback" not in (tmp_path / "said").read_text()


def test_a_dialog_that_is_open_does_not_keep_the_window(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    process = start("-c", WINDOW, str(tmp_path / "checkpoint"), "--dialog")
    assert process.stdout.readline() == "ready\n"
    children = descendants(process.pid)

    process.terminate()

    assert process.wait(END_MS / 1000) == STATUS + signal.SIGTERM
    wait_until_none_is_left(children, qtbot)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_command_ends_the_window_and_its_engine(
    number: signal.Signals, start: Start, qtbot: QtBot
) -> None:
    process = start("-m", "core")
    qtbot.waitUntil(lambda: len(descendants(process.pid)) >= 2, timeout=END_MS)
    children = descendants(process.pid)

    process.send_signal(number)

    assert process.wait(END_MS / 1000) == STATUS + number
    wait_until_none_is_left(children, qtbot)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("verb", "file"), [("figure", "a.png"), ("film", "a.gif")])
def test_a_signal_to_a_verb_that_draws_ends_all_its_processes_and_no_file_is_left(
    verb: str, file: str, number: signal.Signals, start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    drawn = tmp_path / "drawn"
    process = start("-m", "core", verb, str(FLIP), "--out", str(drawn / file), "--device", "cpu")
    qtbot.waitUntil(lambda: len(descendants(process.pid)) >= 2, timeout=END_MS)
    children = descendants(process.pid)

    process.send_signal(number)

    assert process.wait(END_MS / 1000) == STATUS + number
    wait_until_none_is_left(children, qtbot)
    assert list(drawn.iterdir()) == []
    assert "Traceback" not in (tmp_path / "said").read_text()


@pytest.mark.parametrize("verb", ["figure", "film"])
def test_a_reader_of_a_verb_that_draws_may_have_gone(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # argparse itself is silent about what cannot be printed
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(window_command(verb, "--help"), stdout=writer, stderr=subprocess.PIPE, check=False)

    os.close(writer)
    assert (done.returncode, done.stderr) == (READER_GONE, b"")


def test_a_window_that_is_killed_leaves_nothing_behind(start: Start, tmp_path: Path, qtbot: QtBot) -> None:
    process = start("-c", WINDOW, str(tmp_path / "checkpoint"))
    assert process.stdout.readline() == "ready\n"
    children = descendants(process.pid)

    process.kill()

    process.wait(END_MS / 1000)
    wait_until_none_is_left(children, qtbot)
    assert (tmp_path / "checkpoint").exists()


def test_a_job_that_is_asked_to_end_from_outside_writes_its_checkpoint(
    start: Start, tmp_path: Path, qtbot: QtBot
) -> None:
    process = start("-c", WINDOW, str(tmp_path / "checkpoint"))
    assert process.stdout.readline() == "ready\n"
    for child in descendants(process.pid):
        os.kill(child, signal.SIGTERM)

    qtbot.waitUntil((tmp_path / "checkpoint").exists, timeout=END_MS)

    assert process.poll() is None, "the window goes on"

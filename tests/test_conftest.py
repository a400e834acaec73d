"""The check for things left behind is itself checked: it sees every kind of leak, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")

LEAKS_AND_TIDY_TESTS = """
import multiprocessing, subprocess, sys, threading, time
import pyqtgraph, pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QWidget

kept = []

@pytest.fixture(scope="session")
def long_lived():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    yield thread
    stop.set()
    thread.join()

def test_leaves_a_widget(qapp):
    kept.append(QWidget())

def test_leaves_a_thread():
    threading.Thread(target=time.sleep, args=(4,)).start()

def test_leaves_a_spawned_process():
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(4,))
    child.start()

def test_leaves_a_program():
    kept.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(4)"]))

def test_tidy_after_other_peoples_leaks():
    pass

def test_tidy_plot(qtbot):
    widget = pyqtgraph.GraphicsLayoutWidget()
    qtbot.addWidget(widget)
    widget.addPlot().plot([1, 2, 3])
    widget.show()
    qtbot.waitExposed(widget)

def test_tidy_delete_later(qapp):
    QWidget().deleteLater()

def test_tidy_cycle(qapp):
    widget = QWidget()
    widget.itself = widget

def test_tidy_thread_that_ends_a_moment_later(long_lived):
    threading.Thread(target=time.sleep, args=(0.05,)).start()

def test_tidy_qthread(qapp):
    thread = QThread()
    thread.start()
    thread.quit()
    assert thread.wait(2000)

def test_tidy_child():
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(0,))
    child.start()
    child.join()
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says about the tests above, under this project's conftest with less patience."""
    folder = tmp_path_factory.mktemp("leaks")
    (folder / "conftest.py").write_text(CONFTEST.replace("GRACE_S = 5.0", "GRACE_S = 0.5"), encoding="utf-8")
    (folder / "test_leaks.py").write_text(LEAKS_AND_TIDY_TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nqt_api = pyside6\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False).stdout


def names(report: str, outcome: str) -> set[str]:
    return set(re.findall(rf"^{outcome} test_leaks\.py::test_(\w+)", report, flags=re.MULTILINE))


def test_every_kind_of_leak_is_seen(report: str) -> None:
    assert names(report, "ERROR") == {
        "leaves_a_widget",
        "leaves_a_thread",
        "leaves_a_spawned_process",
        "leaves_a_program",
    }, report


def test_nothing_else_is_taken_for_a_leak(report: str) -> None:
    tidy = set(re.findall(r"def test_(tidy_\w+)", LEAKS_AND_TIDY_TESTS))

    assert tidy <= names(report, "PASSED") - names(report, "ERROR"), report
    assert not names(report, "FAILED"), report

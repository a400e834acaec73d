"""The program as it is started: in any folder, and with nothing of it imported."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.process import start_process
from core.start import ROOT
from tests.conftest import descendants

START_MS = 60_000
CONSOLE_SCRIPT = "import sys\nfrom {} import {}\nsys.exit(main())\n"
PROGRAM = ("app", "core", "resources")
OFTEN_TRIED = ("numpy", "PySide6", "torch", "timm", "pandas", "triton")  # by libraries, whether they are there or not

IMPORTED_LATE = ("argparse", "runpy", "multiprocessing", "secrets", "matplotlib", "PIL", "subprocess", "json")
"""Modules that Python does not import by itself as it starts, beside those that are often tried."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file for every module there is; each that is imported leaves its name in `imported`."""
    folder = tmp_path / "mine"
    folder.mkdir()
    text = f"open({str(tmp_path / 'imported')!r}, 'a').write(__name__ + ' ')\nraise ImportError('a file of the user')\n"
    for name in (*sys.stdlib_module_names, *PROGRAM, *OFTEN_TRIED):
        (folder / f"{name}.py").write_text(text)
    for name in PROGRAM:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(text)
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts Python on the words in a folder; the process and what it started are ended with the test."""
    started: list[subprocess.Popen[bytes]] = []
    log = (tmp_path / "said").open("wb")

    def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": ROOT, "XDG_CONFIG_HOME": str(tmp_path)}
        command = [sys.executable, *words]
        started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    log.close()
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def relata(tmp_path: Path) -> str:
    """The script that an installation makes of the command."""
    command = tomllib.loads((Path(ROOT) / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]["relata"]
    (tmp_path / "relata").write_text(CONSOLE_SCRIPT.format(*command.split(":")))
    return str(tmp_path / "relata")


def remove(folder: Path, name: str) -> None:
    """Python itself looks for the module after `-m` in the working directory, before anything of the program runs."""
    (folder / f"{name}.py").unlink()
    (folder / name / "__init__.py").unlink()
    (folder / name).rmdir()


def has_loaded_torch(process: subprocess.Popen[bytes]) -> bool:
    """Whether the engine is as far as that: by then it has imported all that it ever imports at its start."""
    assert process.poll() is None, "the window is gone"
    return any("libtorch_cpu" in maps_of(pid) for pid in descendants(process.pid))


def maps_of(pid: int) -> str:
    """What files a process has in its memory; nothing where it has just ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/maps").read_text()
    return ""


@pytest.mark.parametrize("way", ["relata", "core", "core.cli", "app"])
def test_a_folder_with_files_named_like_modules_does_not_replace_the_program(
    way: str,
    folder: Path,
    relata: str,
    tmp_path: Path,
    start: Callable[..., subprocess.Popen[bytes]],
    qtbot: QtBot,
) -> None:
    if way == "relata":
        process = start(folder, relata)
    else:
        remove(folder, way.partition(".")[0])
        process = start(folder, "-m", way)

    qtbot.waitUntil(lambda: has_loaded_torch(process), timeout=START_MS)

    assert not (tmp_path / "imported").exists()


def test_a_verb_imports_no_file_of_the_folder(folder: Path, tmp_path: Path) -> None:
    remove(folder, "core")
    command = [sys.executable, "-m", "core", "selftest", "--json"]

    done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": ROOT}, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "imported").exists()


@pytest.fixture
def on_path(tmp_path: Path) -> Path:
    """A folder that is on the path because an entry of PYTHONPATH is empty, with files for modules that are imported
    after Python has started."""
    folder = tmp_path / "on-path"
    folder.mkdir()
    for name in (*IMPORTED_LATE, *OFTEN_TRIED):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write(__name__ + ' ')\n1 / 0\n")
    return folder


@pytest.mark.parametrize(
    "words", [("selftest", "--json"), ("talk", "--check"), ("figure", "{flip}", "--out", "f.png")], ids=lambda w: w[0]
)
def test_an_empty_entry_in_pythonpath_is_no_folder_to_import_from(
    words: tuple[str, ...], on_path: Path, relata: str, tmp_path: Path
) -> None:
    flip = os.path.join(ROOT, "docs", "flip.relata")
    command = [sys.executable, relata, *(word.format(flip=flip) for word in words)]
    environment = {**os.environ, "PYTHONPATH": ROOT + os.pathsep}

    done = subprocess.run(command, cwd=on_path, env=environment, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "imported").exists()


def test_the_engine_and_the_jobs_import_nothing_from_an_empty_entry_in_pythonpath(
    on_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(on_path)
    monkeypatch.setenv("PYTHONPATH", ROOT + os.pathsep)

    process, connection = start_process(say_folder, name="says where it is")

    assert connection.recv() == str(on_path)
    assert not (tmp_path / "imported").exists()
    assert os.environ["PYTHONPATH"] == ROOT + os.pathsep
    process.join()
    process.close()
    connection.close()


def test_the_window_opens_in_a_folder_that_was_deleted(
    tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]], qtbot: QtBot
) -> None:
    deleted = "import os, sys; os.rmdir(os.getcwd()); from core.cli.command import main; sys.exit(main([]))"
    (tmp_path / "gone").mkdir()

    process = start(tmp_path / "gone", "-c", deleted)

    qtbot.waitUntil(lambda: has_loaded_torch(process), timeout=START_MS)


def test_a_verb_in_a_folder_that_was_deleted_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.cli.command import main

    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert main(["selftest"]) == 2
    assert (
        capsys.readouterr().err
        == "relata: The folder in which you are was deleted. Change to another one, such as: cd ~\n"
    )


def test_a_process_starts_after_the_folder_was_deleted_under_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    process, connection = start_process(say_folder, name="says where it is")

    assert connection.recv() == str(Path.home())
    process.join()
    process.close()
    connection.close()


def say_folder(connection: Connection) -> None:
    connection.send(os.getcwd())

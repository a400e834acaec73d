"""The log: what several processes write into one file, which does not grow."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.log import LOG, MAX_BYTES, N_BEFORE, RECENT, LogFile, keep_log, read_log


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "log" / "relata.log"
    for handler in [handler for handler in LOG.handlers if isinstance(handler, LogFile)]:
        LOG.removeHandler(handler)


def record(words: str) -> logging.LogRecord:
    return logging.LogRecord("relata", logging.INFO, "", 0, words, (), None)


def test_a_line_says_when_who_and_what(path: Path) -> None:
    keep_log(path, "window")

    LOG.warning("the disk is %s", "full")

    [line] = path.read_text(encoding="utf-8").splitlines()
    assert line.startswith("20")
    assert "window" in line
    assert line.endswith("WARNING the disk is full")


def test_an_error_is_written_with_its_traceback(path: Path) -> None:
    keep_log(path, "engine")

    try:
        raise ArithmeticError("of a test")
    except ArithmeticError:
        LOG.exception("it failed")

    assert "Traceback" in path.read_text(encoding="utf-8")
    assert "ArithmeticError: of a test" in RECENT.said[-1]


def test_the_log_rotates_and_never_takes_more_than_its_room(path: Path) -> None:
    file = LogFile(path, "window")

    for number in range(40):
        file.emit(record(f"{number} " + "x" * 50_000))

    files = sorted(path.parent.iterdir())
    assert len(files) == 1 + N_BEFORE
    assert all(each.stat().st_size <= MAX_BYTES for each in files)
    assert "39 xxx" in path.read_text(encoding="utf-8")


def test_two_processes_write_into_one_file_also_after_one_of_them_moved_it_away(path: Path) -> None:
    window, engine = LogFile(path, "window"), LogFile(path, "engine")
    engine.emit(record("before"))
    for _ in range(7):
        window.emit(record("x" * 50_000))
    assert path.with_name("relata.log.1").is_file()

    engine.emit(record("after"))
    window.emit(record("last"))

    assert "after" in path.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").splitlines()[-1].endswith("last")


def test_a_log_that_cannot_be_written_disturbs_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("no folder")

    LogFile(tmp_path / "file" / "relata.log", "window").emit(record("words"))

    assert capsys.readouterr() == ("", "")


def test_the_end_is_read_across_the_last_rotation(path: Path) -> None:
    path.parent.mkdir()
    path.with_name("relata.log.1").write_text("one\ntwo\n")
    path.write_text("three\n")

    assert read_log(path, 9) == "wo\nthree\n"[-9:]
    assert read_log(path.with_name("none.log"), 9) == ""

"""What the program writes is there whole or not at all, and other users may read it as the umask says."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core.errors import UserError
from core.families.files import write_tensors
from core.figures.writer import write_figure
from core.plots import Bars, Series
from core.storage import check_file, check_folder, write_files, write_text

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")


@pytest.fixture(params=[0o022, 0o027, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@posix
def test_others_may_read_what_is_written_as_far_as_the_umask_says(tmp_path: Path, umask: int) -> None:
    write_tensors(tmp_path / "a.safetensors", {"a": torch.zeros(2)}, {})
    write_text(tmp_path / "a.csv", "1")
    write_figure(Bars("t", "y", ("a",), (Series("s", (1.0,)),)), tmp_path / "figure", dpi=36)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert modes == dict.fromkeys(
        ["a.safetensors", "a.json", "a.csv", "figure.svg", "figure.pdf", "figure.png"], 0o666 & ~umask
    )


def test_the_name_of_a_file_that_is_no_text_can_stand_in_a_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xe9d")

    write_text(tmp_path / "a.json", json.dumps({"set": name}, ensure_ascii=False))

    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"set": name}


def test_files_that_belong_together_are_all_replaced_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_files({first: b"1", second: b"2"})
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith("second"):
            write(path, content[:1])
            raise OSError("No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(UserError, match="second could not be written: No space left"):
        write_files({first: b"new", second: b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"first": b"1", "second": b"2"}


def test_a_check_leaves_nothing_but_the_folder(tmp_path: Path) -> None:
    check_folder(tmp_path / "new" / "folder")
    check_file(tmp_path / "new" / "other" / "file.safetensors")

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "new", "other"]


def test_a_check_keeps_the_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("kept")

    check_file(tmp_path / "a")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "kept")]


@pytest.mark.parametrize("name", ["taken/x", "taken/deep/x", "x" * 300, "a\0b"])
def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / "taken").write_text("a file")

    for check in (check_file, check_folder):
        with pytest.raises(UserError, match="Nothing can be written to") as refusal:
            check(tmp_path / name)
        assert "Name another" in refusal.value.hint


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is a folder that not even root can write to")
def test_a_read_only_folder_is_refused_before_the_work() -> None:
    for check in (check_file, check_folder):
        with pytest.raises(UserError, match="Nothing can be written to"):
            check(Path("/proc/new/x"))


def test_a_folder_where_a_file_should_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        check_file(tmp_path)

"""Where a process imports from: not from the folder in which it was started."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from core.start import ROOT, own_path

STANDARD = os.path.dirname(os.__file__)
PACKAGES = os.path.join("elsewhere", "site-packages")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder in which the process stands."""
    monkeypatch.chdir(tmp_path)
    return str(tmp_path)


def own_path_after(*entries: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The path of a program that lies where the path says, and that no editable installation finds elsewhere."""
    monkeypatch.setattr(sys, "path", [*entries, ROOT])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    return own_path()


def test_the_working_directory_is_left_out_whatever_it_is_called(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path(folder) / "below").mkdir()
    other = os.path.join(folder, "below")
    ways = ["", os.curdir, folder, folder + os.sep, os.path.join(other, os.pardir)]

    assert own_path_after(*ways, STANDARD, other, monkeypatch=monkeypatch) == [STANDARD, other, ROOT]


def test_packages_can_be_imported_from_within_their_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    for place in (str(packages), STANDARD):
        monkeypatch.chdir(place)

        assert own_path_after(place, monkeypatch=monkeypatch) == [place, ROOT]


def test_a_program_that_lies_where_it_is_started_stands_behind_the_standard_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)

    assert own_path_after(ROOT, STANDARD, PACKAGES, monkeypatch=monkeypatch) == [STANDARD, ROOT, PACKAGES]


def test_another_program_of_the_same_name_in_the_folder_is_not_found_first(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path(folder) / "core").mkdir()
    (Path(folder) / "core" / "__init__.py").write_text("raise ImportError('another program')")

    assert own_path_after(folder, STANDARD, monkeypatch=monkeypatch) == [STANDARD, ROOT]


def test_a_deleted_working_directory_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert own_path_after("", str(gone), STANDARD, monkeypatch=monkeypatch)[-2:] == [STANDARD, ROOT]

"""The verb `relata import`, and other verbs that are given another program's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from core.cli.command import main
from core.families import importing
from core.locations import library_folder
from tests.core.networks import tiny_network


@pytest.fixture(autouse=True)
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where imported models go; nothing is there."""
    for name in ("XDG_DATA_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    return library_folder()


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    torch.save({"state_dict": tiny_network().state_dict()}, tmp_path / "mine.pth")
    return str(tmp_path / "mine.pth")


def test_an_import_says_what_it_is_what_is_assumed_and_where_it_went(
    checkpoint: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", checkpoint, "--assume", "num_heads=2", "--assume", "labels=cat,dog", "--name", "pets"]) == 0

    said = capsys.readouterr().out
    assert "layout: timm" in said
    assert "norm_eps: 1e-06 (" in said
    assert "labels: cat,dog (stated" in said
    assert f"model: {library / 'pets.safetensors'}" in said
    assert json.loads((library / "pets.json").read_text(encoding="utf-8"))["labels"] == ["cat", "dog"]


def test_a_dry_run_says_the_same_and_writes_nothing(
    checkpoint: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", checkpoint, "--dry-run", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["layout"] == "timm"
    assert said["path"] is None
    assert said["assumptions"]["act_layer"]["value"] == "gelu"
    assert not library.exists()


@pytest.mark.parametrize(
    "words", [["--assume", "num_heads"], ["--assume", "wings=2"], ["--assume", "=2"], ["--name", "///"]]
)
def test_what_cannot_be_is_refused_with_what_could(
    words: list[str], checkpoint: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", checkpoint, *words]) == 2

    assert capsys.readouterr().err.count("relata: ") >= 1
    assert not library.exists()


def test_another_verb_takes_such_a_file_and_says_what_it_is_called_now(
    checkpoint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(reference: str, stated: Any) -> str:
        return importing._finished(importing.import_model(Path(reference), stated)).stem

    monkeypatch.setattr(importing, "imported", here)

    assert main(["ask", "decision", "--model", checkpoint, "--assume", "num_heads=2", "--device", "cpu"]) == 0

    said = capsys.readouterr()
    assert f"{checkpoint} is in your library as: mine" in said.err
    assert json.loads(said.out)["model"] == "mine"

    assert main(["ask", "decision", "--beside", checkpoint, "--assume", "num_heads=2", "--device", "cpu"]) == 0

    assert json.loads(capsys.readouterr().out)["beside"]["model"] == "mine"


def test_a_folder_of_a_timm_checkpoint_is_named_as_in_timm(
    checkpoint: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", f"local-dir:{Path(checkpoint).parent}", "--assume", "num_heads=2"]) == 0

    assert len(list(library.glob("*.safetensors"))) == 1

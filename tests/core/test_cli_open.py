"""`relata open` prints what a document file holds; `relata file.relata` opens the window on it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.cli import main
from core.work_files import read_work, write_work

FIRST_FORMAT = Path(__file__).parents[1] / "data" / "format-1.relata"


def test_what_a_file_holds_is_printed_and_why_there_is_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = read_work(FIRST_FORMAT)
    path = tmp_path / "a.relata"
    write_work(path, replace(work, document=replace(work.document, model="gone")))

    assert main(["open", str(path), "--json", "--device", "cpu"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "gone"
    assert found["edits"] == ["colour of A → by hand", "head 2 off"]
    assert [card["step"] for card in found["history"]] == ["Opened", "half-way", "Head 2 of block 1 off"]
    assert found["history"][1]["recorded"] == {"answer": "same", "margin": 0.25, "flipped": True}
    assert found["made_with"][0]["embedded"]
    assert "no model" in found["answer"]["refused"]


@pytest.mark.slow
def test_with_the_model_there_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", str(FIRST_FORMAT), "--json", "--device", "cpu"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["answer"]["answer"] in ("same", "different")
    assert found["answer"]["lost"] == []


def test_a_file_that_is_no_document_is_a_users_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.relata").write_text("no")

    assert main(["open", str(tmp_path / "a.relata")]) == 2
    assert "no document of Relata" in capsys.readouterr().err


def test_the_window_is_opened_on_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, command: started.append(command))

    main(["a.relata"])

    assert started[0][-1] == str(Path.cwd() / "a.relata")

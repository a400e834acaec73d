"""`relata open` prints what a document file holds; `relata file.relata` opens the window on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cli.command import main
from core.document import changed
from core.documents.figures import state_of
from core.documents.files import read_work, write_work
from core.documents.work import Scene
from core.figures.state import with_state

FIRST_FORMAT = Path(__file__).parents[2] / "data" / "format-1.relata"


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
    recorded = found["history"][1]["recorded"]
    assert (recorded["answer"], recorded["margin"], recorded["flipped"]) == ("same", 0.25, True)
    assert (recorded["margin_of"], recorded["margin_without_edits"]) == ("same − different", -0.75)
    assert found["made_with"][0]["embedded"]
    assert "no model" in found["answer"]["refused"]


def test_what_was_assumed_of_its_model_is_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = read_work(FIRST_FORMAT)
    words = "Assumed: activation gelu: weights do not say it."
    path = tmp_path / "a.relata"
    write_work(path, replace(work, models=tuple(replace(note, assumed=(words,)) for note in work.models)))

    assert main(["open", str(path), "--json", "--device", "cpu"]) == 0

    assert [entry["assumed"] for entry in json.loads(capsys.readouterr().out)["weights"]] == [[words]]


def test_every_state_that_it_holds_is_answered_anew_beside_what_was_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = read_work(FIRST_FORMAT)
    off = changed(work.document.interventions[0], enabled=False)
    scene = Scene("Off", "say this", replace(work.document, interventions=(off,)), work.view)
    path = tmp_path / "a.relata"
    write_work(path, replace(work, scenes=(scene,)))

    assert main(["open", str(path), "--json", "--all", "--device", "cpu"]) == 0

    found = json.loads(capsys.readouterr().out)
    plain, moved, _ = found["history"]
    assert found["answer"]["margin"] == found["history"][-1]["answer"]["margin"]
    assert (
        plain["answer"]["margin"] == plain["answer"]["margin_without_edits"] == moved["answer"]["margin_without_edits"]
    )
    assert moved["answer"]["margin"] != plain["answer"]["margin"]
    assert found["scenes"][0]["answer"]["margin"] == plain["answer"]["margin"], "an edit that is off changes nothing"
    assert found["answer"]["lost"] == []


def test_without_all_only_the_state_in_force_is_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = read_work(FIRST_FORMAT)
    path = tmp_path / "a.relata"
    off = changed(work.document.interventions[0], enabled=False)
    write_work(path, replace(work, document=replace(work.document, model="gone", interventions=(off,))))

    main(["open", str(path), "--json", "--device", "cpu"])

    found = json.loads(capsys.readouterr().out)
    assert "answer" not in found["history"][0]
    assert (found["edits"], found["edits_off"]) == ([], ["colour of A → by hand"])
    assert found["view"]["write"] == work.view.write


def test_a_script_that_asks_the_same_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    work = read_work(FIRST_FORMAT)

    assert main(["open", str(FIRST_FORMAT), "--python"]) == 0

    names: dict[str, Any] = {"__name__": "a_script"}
    exec(capsys.readouterr().out, names)
    assert names["state"]() == work.document


def test_a_figure_opens_as_the_document_that_it_carries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = read_work(FIRST_FORMAT)
    figure, plain = tmp_path / "a.svg", tmp_path / "b.svg"
    plain.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"></svg>')
    figure.write_bytes(with_state(plain.read_bytes(), state_of(work)))

    assert main(["open", str(figure), "--python"]) == 0
    names: dict[str, Any] = {"__name__": "a_script"}
    exec(capsys.readouterr().out, names)
    assert names["state"]() == work.document
    assert main(["open", str(plain)]) == 2
    assert "b.svg carries no document" in capsys.readouterr().err


def test_a_file_that_is_no_document_is_a_users_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.relata").write_text("no")

    assert main(["open", str(tmp_path / "a.relata")]) == 2
    assert "no document of Relata" in capsys.readouterr().err


def test_the_window_is_opened_on_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("core.cli.command.become", started.append)

    main(["a.relata"])

    assert started[0][-1] == str(Path.cwd() / "a.relata")


def test_a_picture_that_is_painted_over_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", str(FIRST_FORMAT.with_name("format-2.relata"))]) == 0

    assert "picture: 2 items, painted over" in capsys.readouterr().out

"""`relata holds` and `relata sweep` print what the panels of the same names show."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.analyses.layer_sweep import sweep_of
from core.cli.command import main
from core.demo import demo_document
from core.document import Document, View
from core.documents.figures import read_figure, state_of
from core.documents.files import read_work, write_work
from core.documents.work import Work
from core.figures.state import state_in, with_state
from core.holding import holding_of
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.move import MoveInSubspace

MOVE = MoveInSubspace(0, 0, "color", (2.0, -1.0))


def saved(folder: Path, document: Document) -> str:
    write_work(folder / "a.relata", Work(document, View()))
    return str(folder / "a.relata")


@pytest.fixture
def file(tmp_path: Path) -> str:
    return saved(tmp_path, replace(demo_document(), interventions=(MOVE,)))


def test_intervals_and_controls_are_printed_and_the_table_is_written(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, figure = tmp_path / "pairs.csv", tmp_path / "holds"

    assert main(["holds", file, "--n", "3", "--csv", str(table), "--figure", str(figure), "--device", "cpu"]) == 0

    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[:3]] == [
        "With the edits",
        "Control, wrong object",
        "Control, random subspace",
    ]
    assert all(" of 3 answers turned, " in line and " %)" in line for line in said[:3])
    assert said[3] == "95 % intervals in brackets."
    assert "right about" in said[4]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 4
    carried = read_figure(tmp_path / "holds-1.svg")
    assert carried is not None
    assert carried.work is not None
    assert carried.work.document == read_work(Path(file)).document
    holding = holding_of(carried.work.panels["Does it hold?"]["found"])
    assert len(holding.pairs) == 3
    state = state_in((tmp_path / "holds-1.svg").read_bytes()) or {}
    assert (state["weights_sha256"], state["device"]) == (holding.fit[0], "cpu")


def test_json_has_every_pair(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["holds", file, "--n", "2", "--seed", "5", "--json", "--device", "cpu"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["n"] == len(found["pairs"]) == 2
    assert [each["condition"] for each in found["found"]] == ["with the edits", "wrong object", "random subspace"]


def test_only_what_is_named_is_varied(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["holds", file, "--n", "2", "--vary", "none", "--keep-noise", "--device", "cpu"]

    assert main(words) == 0
    assert "Drawn again: places; noise, shapes and colours stay." in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["varied"]["colors"] is False
    assert main([*words, "--keep-positions"]) == 2
    assert "Nothing is chosen that is drawn again" in capsys.readouterr().err
    assert main([*words, "--vary", "size"]) == 2
    assert "no property “size”" in capsys.readouterr().err


def test_a_sweep_is_a_line_for_each_layer(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", file, "--n", "1", "--device", "cpu"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["embed", "0", "1", "2", "3", "4", "5"]
    assert lines[-1].endswith("There is no color subspace after block 5.")


def test_the_figure_of_a_sweep_opens_with_the_sweep(file: str, tmp_path: Path) -> None:
    assert main(["sweep", file, "--n", "0", "--figure", str(tmp_path / "sweep"), "--device", "cpu"]) == 0

    carried = read_figure(tmp_path / "sweep-2.png")
    assert carried is not None
    assert carried.work is not None
    assert sweep_of(carried.work.panels["Sweep"]["found"]).known


def test_a_sweep_as_json_has_no_number_where_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path, replace(demo_document(), interventions=(MOVE, KnockOutHeads(1, (0,)))))

    assert main(["sweep", file, "--n", "0", "--json", "--device", "cpu"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["found"][0]["this_picture"][-1] is None
    assert list(found["gaps"]) == ["5"]
    assert any("head 0 off" in note for note in found["notes"])


@pytest.mark.parametrize("verb", ["holds", "sweep"])
def test_a_document_without_edits_is_a_users_mistake(
    tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, saved(tmp_path, demo_document()), "--device", "cpu"]) == 2

    assert "No edit is on" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["holds", "--csv"], ["holds", "--figure"], ["sweep", "--figure"]])
def test_what_cannot_be_written_is_said_before_anything_is_asked(
    file: str, tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    verb, option = words

    assert main([verb, file, option, str(tmp_path / "taken" / "out.csv"), "--device", "cpu"]) == 2

    said = capsys.readouterr().err
    assert "Nothing can be written to" in said
    assert "opening the model" not in said
    assert "sweeping" not in said


@pytest.mark.parametrize("name", ["b.relata", "pairs", "pairs.txt"])
def test_a_table_is_written_to_no_other_kind_of_file(
    file: str, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("mine")

    assert main(["holds", file, "--csv", str(tmp_path / name), "--device", "cpu"]) == 2

    assert f"{name} does not end in .csv. Name it" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("verb", ["holds", "sweep"])
def test_the_figure_that_is_read_is_not_replaced(
    file: str, tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = tmp_path / "flip-2.svg"
    state = state_of(read_work(Path(file)))
    figure.write_bytes(with_state(b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", state))
    before = figure.read_bytes()

    assert main([verb, str(figure), "--n", "1", "--figure", str(tmp_path / "flip"), "--device", "cpu"]) == 2

    assert "flip-2.svg is read, and would be replaced" in capsys.readouterr().err
    assert figure.read_bytes() == before


def test_two_figures_whose_names_differ_after_a_dot_are_two(file: str, tmp_path: Path) -> None:
    for name in ("sweep.v1", "sweep.v2"):
        assert main(["sweep", file, "--n", "0", "--figure", str(tmp_path / name), "--device", "cpu"]) == 0

    assert {path.name for path in tmp_path.glob("*.svg")} == {
        f"sweep.v{version}-{number}.svg" for version in (1, 2) for number in (1, 2)
    }

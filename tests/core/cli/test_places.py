"""Where the verbs write: tried before the work, and never over something else."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from core import cards, locations
from core.families.files import save_model, write_tensors
from tests.core.cli.test_command import TINY_RECIPE, run
from tests.core.networks import CARD, balanced_model, save_tiny

WORK = (
    "core.cli.command.split_examples",
    "core.jobs.train.train",
    "core.jobs.fit_subspace.fit_subspaces",
    "core.studies.measures.probe_asset.probe_asset",
    "core.series._run_parts",
)
VERBS = ("render", "train", "das", "probe", "study")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is read-only even for root")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work that a verb must not begin."""

    def begun(*_: object, **__: object) -> None:
        raise AssertionError("the work was begun")

    for work in WORK:
        monkeypatch.setattr(work, begun)


@pytest.fixture
def words(tmp_path: Path) -> dict[str, tuple[object, ...]]:
    """For each verb what it needs beside --out."""
    (tmp_path / "mine.toml").write_text(TINY_RECIPE)
    own = ("--model", save_tiny(tmp_path / "tiny.safetensors"), "--device", "cpu")
    return {
        "render": ("--n", 2),
        "train": (tmp_path / "mine.toml", "--device", "cpu", "--n-test", 8),
        "das": own,
        "probe": own,
        "study": ("attention", *own),
    }


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("place", ["taken/x", "taken/deep/x", "x" * 300, pytest.param("/proc/new/x", marks=linux)])
@pytest.mark.parametrize("verb", VERBS)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], verb: str, place: str
) -> None:
    (tmp_path / "taken").write_text("a file")

    assert run(verb, *words[verb], "--out", tmp_path / place) == 2
    said = capsys.readouterr().err
    assert "Nothing can be written to" in said
    assert "Name another" in said


@pytest.mark.parametrize("verb", [("das",), ("probe",), ("head",), ("study", "attention")], ids=" ".join)
def test_a_place_is_looked_at_before_a_model_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "damaged.safetensors").write_bytes(b"no weights")
    (tmp_path / "damaged.json").write_text("{}")

    assert run(*verb, "--model", tmp_path / "damaged.safetensors", "--out", tmp_path / "taken" / "x") == 2
    assert "Nothing can be written to" in capsys.readouterr().err


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("verb", VERBS)
def test_a_file_where_a_folder_should_be_and_the_other_way_round_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], verb: str
) -> None:
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")

    for wrong in ("folder.safetensors", "folder", "folder/..") if verb in ("train", "probe") else ("file",):
        assert run(verb, *words[verb], "--out", tmp_path / wrong) == 2
        assert ("is a folder" if "folder" in wrong else "is a file") in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("name", ["x.json", "x.checkpoint", "x.part", "x.pt", "x.v2"])
@pytest.mark.parametrize("verb", ["train", "probe"])
def test_a_name_whose_card_or_checkpoint_would_be_the_file_itself_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], verb: str, name: str
) -> None:
    assert run(verb, *words[verb], "--out", tmp_path / name) == 2
    said = capsys.readouterr().err
    assert f"{name} does not end in .safetensors" in said
    assert f"{name}.safetensors" in said


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("name", ["x.json", "x.safetensors", "x.html", "x.relata", "x.PDF", "x.gif"])
@pytest.mark.parametrize("verb", ["render", "das", "study"])
def test_the_name_of_a_file_is_not_made_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], verb: str, name: str
) -> None:
    assert run(verb, *words[verb], "--out", tmp_path / name) == 2
    assert f"{name} is the name of a file. Name a folder." in capsys.readouterr().err
    assert not (tmp_path / name).exists()


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("verb", ["train", "probe"])
def test_a_users_own_json_file_is_not_replaced_by_a_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], verb: str
) -> None:
    (tmp_path / "notes.json").write_text("mine")

    assert run(verb, *words[verb], "--out", tmp_path / "notes.safetensors") == 2
    assert "notes.json is there already" in capsys.readouterr().err
    assert (tmp_path / "notes.json").read_text() == "mine"


@pytest.mark.usefixtures("idle")
def test_probes_do_not_replace_the_weights_of_a_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any]
) -> None:
    before = (tmp_path / "tiny.safetensors").read_bytes()

    assert run("probe", *words["probe"], "--out", tmp_path / "tiny") == 2
    assert "holds the weights of a model" in capsys.readouterr().err
    assert (tmp_path / "tiny.safetensors").read_bytes() == before


@pytest.mark.usefixtures("idle")
def test_probes_do_not_replace_a_subspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any]
) -> None:
    found = tmp_path / "color-block1.safetensors"
    write_tensors(found, {"basis": torch.eye(2)}, {"property": "color", "block": 1})
    before = found.read_bytes()

    assert run("probe", *words["probe"], "--out", found) == 2
    assert "holds something else than probes" in capsys.readouterr().err
    assert found.read_bytes() == before


@pytest.mark.usefixtures("idle")
def test_a_trained_model_does_not_replace_the_one_that_it_starts_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any]
) -> None:
    model = tmp_path / "tiny.safetensors"
    (tmp_path / "mine.toml").write_text(f"start_from = {json.dumps(str(model))}\n{TINY_RECIPE}")

    assert run("train", *words["train"], "--out", model) == 2
    assert "is the model to start from" in capsys.readouterr().err


@pytest.mark.usefixtures("idle")
def test_a_subspace_that_could_not_be_written_stops_the_search_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any]
) -> None:
    (tmp_path / "found" / "shape-block1.safetensors").mkdir(parents=True)

    assert run("das", *words["das"], "--out", tmp_path / "found") == 2
    assert "shape-block1.safetensors is a folder" in capsys.readouterr().err


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("taken", ["report.html/", "tiny", "tiny/figures", "tiny/attention.json/"])
def test_a_study_whose_files_could_not_be_written_does_not_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], taken: str
) -> None:
    place = tmp_path / "out" / taken
    place.parent.mkdir(parents=True)
    place.mkdir() if taken.endswith("/") else place.write_text("a file")

    assert run("study", *words["study"], "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.startswith("relata: ")


def test_a_name_without_a_suffix_is_written_where_it_is_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any]
) -> None:
    assert run("train", *words["train"], "--out", tmp_path / "a name") == 0

    assert {path.name for path in tmp_path.glob("a name*")} == {
        f"a name{s}" for s in (".safetensors", ".json", ".checkpoint")
    }
    assert str(tmp_path / "a name.safetensors") in capsys.readouterr().err
    assert run("das", "--model", tmp_path / "a name", "--layers", "9", "--device", "cpu") == 2
    assert "names no blocks of a name" in capsys.readouterr().err


def test_what_is_learned_on_a_bundled_model_is_not_written_into_the_installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("models", "subspaces", "probes"):
        (tmp_path / "installed" / folder).mkdir(parents=True)
    save_model(tmp_path / "installed" / "models" / "one.safetensors", balanced_model().network, CARD)
    monkeypatch.setattr(locations, "resource_folder", lambda name: tmp_path / "installed" / name)
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")
    small = ("--model", "one", "--device", "cpu")

    assert run("das", *small, "--layers", "1", "--pairs", 120, "--tests", 20, "--epochs", 1) == 0
    assert str(tmp_path / "data" / "subspaces" / "one") in capsys.readouterr().out
    assert run("probe", *small, "--images", 40, "--tests", 20) == 0
    assert str(tmp_path / "data" / "probes" / "one.safetensors") in capsys.readouterr().out

    assert {key: card["block"] for key, card in cards.subspace_cards("one").items()} == {
        ("shape", 1): 1,
        ("color", 1): 1,
    }
    assert [path.name for path in (tmp_path / "installed").rglob("*.safetensors")] == ["one.safetensors"]


def test_a_set_is_not_mixed_with_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", "--n", 4, "--out", tmp_path / "set") == 0
    (tmp_path / "set" / ".DS_Store").touch()
    before = {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()}

    assert run("render", "--n", 2, "--seed", 5, "--out", tmp_path / "set") == 2
    assert "is no part of this set; nothing was written" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "set").iterdir()} == before
    assert run("render", "--n", 4, "--out", tmp_path / "set") == 0


def test_a_refused_set_leaves_no_folder(tmp_path: Path) -> None:
    assert run("render", "--n", 7, "--out", tmp_path / "set") == 2
    assert not (tmp_path / "set").exists()


def test_a_disk_that_fills_up_at_the_end_of_training_keeps_the_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if content and "safetensors" in path.name:
            raise OSError(28, "No space left on device")
        return write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert run("train", *words["train"], "--out", tmp_path / "new.safetensors") == 2
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert f"kept in {tmp_path / 'new.checkpoint'}" in said

    monkeypatch.setattr("core.jobs.train._train_step", None)  # nothing is left to train
    assert run("train", *words["train"], "--out", tmp_path / "new.safetensors") == 0

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.cli.command import main
from core.demo import demo_document
from core.documents.figures import read_figure
from core.families.files import save_model
from core.figures.state import state_in
from core.readings import judges
from tests.core.networks import CARD, TINY, tiny_network

EDIT = "move-in-subspace block=0 item=0 property=color point=6,4"


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["ask", *words, "--device", "cpu"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["ask", *words, "--device", "cpu"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("relata: ")
    return said


def test_the_decision_of_the_demo_is_that_of_the_window(capsys: pytest.CaptureFixture[str]) -> None:
    found = ask(capsys, "decision", "--edit", EDIT)

    assert found["model"] == "discrimination"
    assert found["edits"] == ["colour of A → by hand"]
    different, same = found["found"]["baseline"]
    assert same - different == pytest.approx(-13.73, abs=0.01)
    assert found["found"]["logits"] != found["found"]["baseline"]


def test_plots_are_written_as_figures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["ask", "layer-margins", "--figure", str(tmp_path / "depth"), "--device", "cpu"]) == 0

    written = capsys.readouterr().out.split()
    assert {Path(path).suffix for path in written} >= {".svg", ".png"}
    assert all(Path(path).stat().st_size > 1000 for path in written)
    for path in written:
        state = state_in(Path(path).read_bytes())
        assert state is not None
        assert state["analysis"].startswith("LayerMargins(")
        carried = read_figure(Path(path))
        assert carried is not None
        assert carried.work is not None
        assert carried.work.document == demo_document(), "it opens as what was asked about"


def test_where_figures_cannot_be_written_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.session.Session.answer", None)
    (tmp_path / "taken").write_text("a file")

    said = refused(capsys, "layer-margins", "--figure", str(tmp_path / "taken" / "depth"))

    assert "Nothing can be written to" in said


@pytest.mark.parametrize("figure", ["cat", "cat.png", "cat.svg"])
def test_figures_do_not_replace_the_picture_that_is_asked_about(
    tmp_path: Path, figure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "cat.png")
    before = (tmp_path / "cat.png").read_bytes()

    said = refused(capsys, "layer-margins", "--picture", str(tmp_path / "cat.png"), "--figure", str(tmp_path / figure))

    assert "cat.png is read, and would be replaced" in said
    assert (tmp_path / "cat.png").read_bytes() == before


def test_what_an_edit_could_not_do_is_said_and_nothing_is_computed_without_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    edits = ("--edit", "drop-tokens block=1 item=9", "--edit", "knock-out-heads block=1 heads=7")

    said = refused(capsys, "layer-margins", *edits, "--figure", str(tmp_path / "depth"))

    assert "no longer in the stimulus" in said
    assert "Block 1 has no head 7" in said
    assert not list(tmp_path.iterdir())


def test_a_random_picture_with_a_source_is_the_same_for_the_same_seed(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("decision", "--picture", "random", "--seed", "5", "--source", "color", "--edit", "patch-tokens block=1")

    once, again = ask(capsys, *words), ask(capsys, *words)

    assert once == again
    assert not once["notes"]


def test_another_model_is_asked_the_same_with_the_same_edits(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    both = ask(capsys, "decision", "--edit", EDIT, "--edit", "knock-out-mlp block=1", "--beside", "rmts")
    alone = ask(capsys, "decision", "--edit", EDIT, "--edit", "knock-out-mlp block=1")

    assert both["found"] == alone["found"]
    assert both["beside"]["model"] == "rmts"
    assert both["beside"]["weights_sha256"] != both["weights_sha256"]
    assert both["beside"]["found"]["logits"] != both["beside"]["found"]["baseline"]

    figure = ("layer-margins", "--figure", str(tmp_path / "depth"), "--beside", "rmts", "--device", "cpu")
    assert main(["ask", *figure]) == 0
    assert {path.name for path in tmp_path.glob("*.svg")} == {"depth.svg", "depth-beside.svg"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("decisions",), "There is no “decisions”"),
        (("attention", "token=99999"), "There is no token 99999"),
        (("attention", "token=-1"), "There is no token -1"),
        (("pad", "property=color", "block=9"), "no color subspace after block 9"),
        (("decision-map", "property=color", "block=0", "item=-1"), "There is no such item"),
        (("decision", "--edit", "knock-out-mlp 'block=1"), "cannot be read"),
        (("decision", "--figure", "somewhere"), "yields no plots"),
        (("decision", "--beside", "nowhere"), "There is no model “nowhere”"),
        (("decision", "--picture", "nothing.png"), "nothing.png"),
        (("decision", "--edit", f"{EDIT} strength=1e36"), "is not finite"),
    ],
)
def test_what_cannot_be_asked_is_said(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    assert said in refused(capsys, *words)


@pytest.mark.parametrize("patch", [8, 14, 32])
def test_a_network_without_classes_is_asked_by_the_lens_that_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patch: int
) -> None:
    monkeypatch.setattr(judges, "N_EXAMPLES", 8)
    network = {**TINY, "img_size": 224, "patch_size": patch, "num_classes": 0}
    file = str(tmp_path / "plain.safetensors")
    save_model(Path(file), tiny_network(**network), {**CARD, "network": network, "labels": []})

    means = ask(capsys, "decision", "--model", file)
    cosine = ask(capsys, "decision", "--model", file, "--lens", "cosine")

    assert "class means" in means["found"]["lens"]
    assert "cosine of A and B" in cosine["found"]["lens"]
    assert cosine["found"]["logits"] != means["found"]["logits"]


def test_of_a_thousand_classes_the_likeliest_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    network = {**TINY, "num_classes": 1000}
    file = str(tmp_path / "many.safetensors")
    card = {**CARD, "network": network, "labels": "imagenet-1k"}
    save_model(Path(file), tiny_network(**network), card)

    found = ask(capsys, "decision", "--model", file, "--edit", "knock-out-mlp block=0")

    top = found["largest"]
    assert found["answer"] == top[0]["label"]
    assert len(top) == 5
    assert [each["share"] for each in top] == sorted((each["share"] for each in top), reverse=True)


def test_the_odd_one_out_is_drawn_by_what_it_differs_in_and_by_the_seed(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("attention-preference", "measure=non-self", "--picture", "odd-shape")

    found = [ask(capsys, *words, "--seed", seed) for seed in ("1", "1", "2")]

    assert found[0] == found[1] != found[2]
    curves = found[0]["found"][0]
    assert [series["label"] for series in curves["series"]] == ["same", "different", "background"]
    for of_block in zip(*(series["y"] for series in curves["series"]), strict=True):
        assert sum(of_block) == pytest.approx(1, abs=1e-5)


def test_the_masks_beside_a_picture_are_its_items(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    levels = np.zeros((224, 224), np.uint8)
    levels[:64, :64], levels[160:, 160:] = 1, 2
    Image.fromarray(levels).save(tmp_path / "pond.mask.png")
    Image.fromarray(levels).convert("RGB").save(tmp_path / "pond.png")
    words = ("item-shares", "--picture", str(tmp_path / "pond.png"))

    shares = ask(capsys, *words)["found"]
    dropped = ask(capsys, *words, "--edit", "drop-tokens block=0 item=1")["found"]

    assert np.allclose(np.sum([shares[kind] for kind in ("WO", "WP", "BG", "CLS")], 0), 1, atol=1e-5)
    assert np.array(dropped["WO"]).max() < np.array(shares["WO"]).max()
    assert "no odd one out" in refused(capsys, "attention-preference", "--picture", str(tmp_path / "pond.png"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("head-modes block=99", "There is no block 99. Choose from 0 to 5."),
        ("head-modes block=-1", "There is no block -1. Choose from 0 to 5."),
        ("mode-spectrum block=99", "There is no block 99. Choose from -1 to 5."),
        ("memories read=-2", "There is no block -2. Choose from -1 to 5."),
        ("relevance read=99", "There is no block 99. Choose from -1 to 5."),
        ("relevance head=99", "Block 0 has no head 99. Choose from 0 to 3."),
        ("relevance head=-9", "Block 0 has no head -9. Choose from 0 to 3."),
    ],
)
def test_a_block_or_a_head_that_is_not_there_is_refused_and_no_other_one_shown(
    capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    assert refused(capsys, *words.split()) == f"relata: {said}\n"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("mode-gain block=1 head=0 modes=0,0", "modes names 0 more than once"),
        ("knock-out-heads block=1 heads=2,1,2", "heads names 2 more than once"),
        ("move-in-subspace block=1 property=color item=0 point=1,1 seed=-1", "-1 is no seed"),
    ],
)
def test_an_edit_that_names_a_part_twice_or_no_seed_is_refused(
    capsys: pytest.CaptureFixture[str], edit: str, said: str
) -> None:
    found = refused(capsys, "decision", "--edit", edit)

    assert found == f"relata: “{edit}” is no edit: {said}. Nothing was computed.\n"


@pytest.mark.parametrize(("pair", "said"), [(100, "no longer in the stimulus"), (-1, "no such pair")])
def test_an_edit_of_a_pair_that_is_not_there_says_so(capsys: pytest.CaptureFixture[str], pair: int, said: str) -> None:
    assert said in refused(capsys, "decision", "--edit", f"add-probe-direction block=1 toward=same pair={pair}")

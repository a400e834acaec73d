"""Two pairs on the canvas: what is marked, what is said, and what the commands do with four items."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from app import edits
from app.desk import Desk
from app.panels.decision import truth_words
from app.panels.stimulus import _note, canvas_items
from app.widgets.canvas import StimulusCanvas
from core.demo import demo_document
from core.document import move_item
from core.interventions.swap import SwapFromSource
from core.questions import Failure
from core.stimuli.paint import layer_of
from core.stimuli.render import render
from core.stimuli.stimulus import Item, Stimulus, is_trained_layout, item_patches, task_of
from tests.app.answers import answer, question

TWO_PAIRS = Stimulus((Item(0, 0, 0, 0), Item(0, 0, 32, 0), Item(1, 1, 64, 64), Item(1, 2, 128, 64)))


def test_the_canvas_names_the_pair_of_every_item(qtbot: QtBot) -> None:
    canvas = StimulusCanvas()
    qtbot.addWidget(canvas)

    canvas.show_picture(render(TWO_PAIRS), canvas_items(TWO_PAIRS), 16, selected=None)

    assert [item.pair for item in canvas_items(TWO_PAIRS)] == ["display", "display", "sample", "sample"]
    assert "B (display) at x 32" in canvas.accessibleDescription()
    assert "D (sample) at x 128" in canvas.accessibleDescription()
    assert {item.pair for item in canvas_items(Stimulus(TWO_PAIRS.items[:2]))} == {""}


def test_the_rings_of_pairs_are_drawn(qtbot: QtBot) -> None:
    paired = canvas_items(TWO_PAIRS)
    pictures = []
    for items in (paired, [replace(item, pair="") for item in paired]):
        canvas = StimulusCanvas()
        qtbot.addWidget(canvas)
        canvas.resize(456, 456)
        canvas.show_picture(render(TWO_PAIRS), items, 16, selected=None)
        pictures.append(canvas.grab().toImage())

    assert pictures[0] != pictures[1]


def test_a_display_pair_out_of_its_corner_is_said_to_be_outside_the_training_distribution() -> None:
    assert "outside" not in _note(TWO_PAIRS)
    assert "outside the training distribution" in _note(move_item(TWO_PAIRS, 0, 160, 160))
    assert "outside the training distribution" in _note(move_item(TWO_PAIRS, 2, 16, 16))


def test_the_truth_of_each_pair_and_of_the_whole_is_said() -> None:
    assert truth_words(TWO_PAIRS) == "TRUE: different relation (display same, sample different — colour)"
    assert truth_words(Stimulus(TWO_PAIRS.items[:2])) == "TRUE of the picture: same"
    assert truth_words(Stimulus(TWO_PAIRS.items[:1])) == "no ground truth"
    painted = layer_of(np.full((224, 224, 4), 255, np.uint8))
    assert truth_words(Stimulus(TWO_PAIRS.items[:2], paint=painted)) == "TRUE under the paint: same"


def test_a_new_match_to_sample_takes_the_place_of_the_stimulus_in_one_step(desk: Desk) -> None:
    edits.draw_match_to_sample(desk)

    assert task_of(desk.document.base) == "rmts"
    assert is_trained_layout(desk.document.base)
    desk.store.undo.undo()
    assert desk.document == demo_document()


def test_a_swap_is_about_the_selected_item_of_four(desk: Desk) -> None:
    edits.draw_match_to_sample(desk)
    desk.look(item=3, write=2)

    edits.swap_in_source(desk, "shape")

    assert desk.document.interventions == (SwapFromSource(2, 3, 1, "shape"),)
    assert desk.document.source is not None
    assert len(desk.document.source.items) == 4


def test_a_model_of_another_task_opens_on_a_stimulus_of_its_own_seen_from_its_first_item(
    desk: Desk, tmp_path: Path
) -> None:
    network = {"img_size": 224, "patch_size": 16, "reg_tokens": 4}
    for task in ("rmts", "discrimination"):
        (tmp_path / f"{task}.safetensors").touch()
        (tmp_path / f"{task}.json").write_text(json.dumps({"network": network, "task": task}), encoding="utf-8")

    edits.choose_model(desk, str(tmp_path / "rmts.safetensors"))
    first, *_ = desk.document.base.items
    assert task_of(desk.document.base) == "rmts"
    assert desk.view.token - 5 in item_patches(first, desk.document.base.geometry)
    edits.choose_model(desk, str(tmp_path / "discrimination.safetensors"))
    assert task_of(desk.document.base) == "discrimination"


def test_a_model_of_the_same_task_keeps_what_is_drawn(desk: Desk, tmp_path: Path) -> None:
    card = {"network": {"img_size": 224, "patch_size": 16}, "task": "discrimination"}
    (tmp_path / "other.safetensors").touch()
    (tmp_path / "other.json").write_text(json.dumps(card), encoding="utf-8")

    edits.choose_model(desk, str(tmp_path / "other.safetensors"))

    assert desk.document.base == demo_document().base


def test_a_model_without_a_pad_where_one_writes_is_opened_where_it_has_one(desk: Desk, tmp_path: Path) -> None:
    card = {"network": {"img_size": 224, "patch_size": 16}, "task": "rmts"}
    folder = tmp_path / "other-subspaces"
    folder.mkdir()
    for path, value in (
        (tmp_path / "other", card),
        (folder / "color-block2", {"property": "color", "block": 2, "iia": 0.8}),
        (folder / "color-block3", {"property": "color", "block": 3, "iia": 0.4}),
    ):
        path.with_suffix(".safetensors").touch()
        path.with_suffix(".json").write_text(json.dumps(value), encoding="utf-8")

    edits.choose_model(desk, str(tmp_path / "other.safetensors"))
    assert (desk.view.write, desk.view.read) == (2, 3)

    desk.look(write=3)
    edits.choose_model(desk, str(tmp_path / "other.safetensors"))
    assert desk.view.write == 3


def model(tmp_path: Path, name: str, subspaces: dict[tuple[str, int], float], **network: int) -> str:
    card = {"network": {"img_size": 224, "patch_size": 16, **network}, "task": "rmts"}
    written = {tmp_path / name: card}
    for (property, block), iia in subspaces.items():
        folder = tmp_path / f"{name}-subspaces"
        folder.mkdir(exist_ok=True)
        written[folder / f"{property}-{block}"] = {"property": property, "block": block, "iia": iia}
    for path, value in written.items():
        path.with_suffix(".safetensors").touch()
        path.with_suffix(".json").write_text(json.dumps(value), encoding="utf-8")
    return str(tmp_path / f"{name}.safetensors")


def test_the_bundled_match_to_sample_opens_where_its_colour_is_carried_best_after_the_layer_was_moved(
    desk: Desk,
) -> None:
    desk.look(read=5, write=4)

    edits.choose_model(desk, "rmts")

    assert (desk.view.write, desk.view.read) == (1, 2)
    edits.choose_model(desk, "discrimination")
    assert (desk.view.write, desk.view.read) == (0, 1)


def test_a_model_opens_at_the_best_layer_of_the_property_that_is_shown_or_else_of_the_other(
    desk: Desk, tmp_path: Path
) -> None:
    both = {("color", 0): 0.9, ("color", 3): 0.4, ("shape", 0): 0.2, ("shape", 3): 0.8}
    desk.pad_shown = "shape"
    edits.choose_model(desk, model(tmp_path, "both", both, depth=6))
    assert desk.view.write == 3

    edits.choose_model(desk, model(tmp_path, "colour", {("color", 2): 0.5, ("color", 4): 0.1}, depth=6))
    assert desk.view.write == 2


def test_a_model_without_subspaces_keeps_the_layers_as_far_as_it_has_them(desk: Desk, tmp_path: Path) -> None:
    desk.look(read=4, write=3)
    edits.choose_model(desk, model(tmp_path, "deep", {}))
    assert (desk.view.read, desk.view.write) == (4, 3)

    edits.choose_model(desk, model(tmp_path, "flat", {}, depth=2))

    assert (desk.view.read, desk.view.write) == (1, 1)


def test_the_best_layer_may_be_the_last(desk: Desk, tmp_path: Path) -> None:
    edits.choose_model(desk, model(tmp_path, "late", {("color", 1): 0.9}, depth=2))

    assert (desk.view.read, desk.view.write) == (1, 1)


def test_a_model_that_could_not_be_opened_leaves_the_markers_and_the_query_as_they_were(
    desk: Desk, tmp_path: Path
) -> None:
    desk.look(read=5, write=4, token=40)
    before, document = desk.view, desk.document
    desk.take(answer(desk))
    edits.choose_model(desk, model(tmp_path, "bad", {("color", 2): 0.5}, depth=6))
    assert desk.view.write == 2

    edits.keep_model(desk, Failure(question(desk), "It is damaged.", "", ""))

    assert desk.document == document
    assert desk.view == before


def test_back_at_a_model_of_fewer_blocks_the_markers_are_at_its_last(desk: Desk) -> None:
    edits.choose_model(desk, "rmts")
    desk.look(read=7, write=6)

    desk.store.undo.undo()

    assert desk.document.model == "discrimination"
    assert (desk.view.read, desk.view.write) == (5, 5)

"""The main job, as a person does it: drag the colour, watch the verdict flip, undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app import edits
from app.actions import COMMANDS
from app.edits import choose_model, show_photo
from app.item_edits import add_new_item
from app.panels.decision import DecisionPanel
from app.panels.inside import InsidePanel
from app.panels.stimulus import StimulusPanel
from core.analyses.attention import Attention
from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.analyses.item_shares import ItemShares
from core.analyses.pad import Pad
from core.document import set_property, with_stimulus
from core.errors import UserError
from core.plots import Curves
from tests.end_to_end.conftest import ANSWER_MS, Driver


def test_dragging_the_colour_thumb_flips_the_verdict_and_undo_flips_it_back(driver: Driver) -> None:
    before = driver.margin
    assert before < 0, "the demo's pair differs in colour"
    target = driver.landmark(driver.window.desk.document.base.items[1].color)

    driver.drag_thumb(driver.thumb(0), target)
    driver.settle()
    during = driver.margin
    QTest.mouseRelease(driver.color_pad, Qt.MouseButton.LeftButton, pos=target)
    driver.settle()

    assert during > 0
    assert driver.margin > 0
    assert driver.found(Decision()).flipped
    assert driver.found(Decision()).baseline_margin == before
    assert driver.window.desk.store.undo.count() == 1, "a drag is one undo step"

    driver.window.desk.store.undo.undo()
    driver.settle()

    assert driver.margin == before
    assert not driver.window.desk.document.interventions


def test_escape_in_mid_drag_takes_the_whole_drag_back(driver: Driver) -> None:
    before = driver.window.desk.document
    driver.drag_thumb(driver.thumb(0), driver.landmark(8))
    assert driver.window.desk.document != before

    QTest.keyClick(driver.color_pad, Qt.Key.Key_Escape)
    driver.settle()

    assert driver.window.desk.document == before
    assert not driver.window.desk.store.undo.canRedo()


def test_the_last_answer_stays_and_is_marked_while_another_state_is_computed(driver: Driver) -> None:
    desk = driver.window.desk
    shown = driver.found(Decision())

    desk.edit("Match", with_stimulus(desk.document, "base", set_property(desk.document.base, 1, "color", 3)))

    assert driver.found(Decision()) is shown
    assert not desk.found(Decision()).current
    assert "computing" in driver.window.panel(DecisionPanel).meter.accessibleDescription()
    driver.settle()
    assert driver.found(Decision()) is not shown
    assert "computing" not in driver.window.panel(DecisionPanel).meter.accessibleDescription()
    assert driver.margin > 0, "two indigo stars are the same"


def test_the_decision_map_agrees_with_the_verdict_where_the_thumb_stands(driver: Driver) -> None:
    block = driver.window.desk.view.write
    whole = DecisionMap("color", block)
    driver.qtbot.waitUntil(lambda: not np.isnan(driver.found(whole)).any(), timeout=ANSWER_MS)
    grid, pad = driver.found(whole), driver.found(Pad("color", block))
    x0, x1, y0, y1 = pad.extent
    x, y = pad.own[0]
    column = int((x - x0) / (x1 - x0) * grid.shape[1])
    row = int((y - y0) / (y1 - y0) * grid.shape[0])

    assert grid[row, column] < 0.5, "left alone, the pair is different"
    assert (grid > 0.5).any(), "somewhere on the pad the pair becomes same"


def test_dragging_an_item_on_the_canvas_snaps_to_the_patch_grid_in_one_undo_step(driver: Driver) -> None:
    canvas, desk = driver.window.panel(StimulusPanel).canvas, driver.window.desk
    start = canvas.item_rect(0).center().toPoint()
    patch = round(canvas.item_rect(0).width() / 2)

    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 10):
        QTest.mouseMove(canvas, start + QPoint(step * patch // 4, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(9 * patch // 4, 0))
    driver.settle()

    assert desk.document.base.items[0].x_px == 64
    assert desk.store.undo.count() == 1


def test_swapping_the_colour_from_a_counterfactual_flips_the_verdict(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "fresh_seed", lambda: 1)
    before = driver.margin

    driver.command("Swap colour from source").trigger()
    driver.settle()

    assert driver.window.desk.document.source is not None
    assert before < 0 < driver.margin


def test_keys_move_the_layer_and_the_head(driver: Driver) -> None:
    desk, view = driver.window.desk, driver.window.desk.view

    QTest.keyClick(driver.window, Qt.Key.Key_BracketRight)
    QTest.keyClick(driver.window, Qt.Key.Key_Semicolon)

    assert (desk.view.read, desk.view.write, desk.view.head) == (view.read + 1, view.write + 1, view.head + 1)


def test_hovering_a_patch_asks_what_it_looks_at(driver: Driver) -> None:
    inside, desk = driver.window.panel(InsidePanel), driver.window.desk

    QTest.mouseMove(inside.view, inside.view.token_rect(58).center().toPoint())
    driver.settle()

    assert desk.view.token == 58
    attention = driver.found(Attention(58))
    assert attention.token == 58
    assert np.allclose(attention.rows.sum(-1), 1.0, atol=1e-4)


def test_the_curves_of_where_items_look_lead_to_a_block(driver: Driver) -> None:
    inside = driver.window.panel(InsidePanel)
    inside.overview.setCurrentWidget(inside.curves)

    curves = inside.curves.plot
    assert isinstance(curves, Curves)
    assert [s.label.split("(")[-1] for s in curves.series] == ["WO)", "WP)", "BG)", "CLS"]
    QTest.mouseClick(inside.curves, Qt.MouseButton.LeftButton, pos=inside.curves.place_of(4).toPoint())

    assert driver.window.desk.view.read == 4
    inside.overview.setCurrentWidget(inside.atlas)


def test_a_command_leads_to_the_head_that_looks_most_within_pairs(driver: Driver) -> None:
    command = next(c for c in COMMANDS if c.text == "Head that looks most within pairs")

    command.do(driver.window.desk)

    desk = driver.window.desk
    within = driver.found(ItemShares())["WP"]
    assert within[desk.view.read, desk.view.head] == within.max()


def test_a_command_without_its_pairs_says_so(driver: Driver) -> None:
    command = next(c for c in COMMANDS if c.text == "Head that looks most between pairs")

    with pytest.raises(UserError, match="between pairs"):
        command.do(driver.window.desk)


def test_a_checkpoint_of_the_wrong_shape_is_refused_and_the_model_kept(driver: Driver, tmp_path: Path) -> None:
    import json

    from safetensors.numpy import save_file

    card = dict(driver.window.desk.model.card)
    (tmp_path / "bad.json").write_text(json.dumps({k: card[k] for k in ("network", "mean", "std", "labels")}))
    save_file({"head.weight": np.zeros((2, 7), np.float32)}, tmp_path / "bad.safetensors")
    desk = driver.window.desk

    choose_model(desk, str(tmp_path / "bad.safetensors"))
    driver.qtbot.waitUntil(lambda: driver.window.status.error.text() != "", timeout=ANSWER_MS)
    driver.settle()

    assert "bad.safetensors" in driver.window.status.error.text()
    assert desk.document.model == "discrimination"
    assert not desk.store.undo.canRedo()


def test_a_picture_becomes_a_photo_without_truth_and_undo_brings_the_items_back(driver: Driver, tmp_path: Path) -> None:
    Image.new("CMYK", (300, 200), (0, 90, 90, 0)).save(tmp_path / "red.jpg")
    desk = driver.window.desk

    show_photo(desk, tmp_path / "red.jpg")
    driver.settle()

    assert desk.document.base.photo is not None
    assert "no ground truth" in driver.window.panel(StimulusPanel).caption.whole
    desk.store.undo.undo()
    driver.settle()
    assert len(desk.document.base.items) == 2


def test_a_third_item_and_its_deletion_leave_the_pair_as_it_was(driver: Driver) -> None:
    desk = driver.window.desk
    before = desk.document
    add_new_item(desk)
    driver.settle()
    assert len(desk.document.base.items) == 3

    delete = driver.command("Delete item")
    delete.trigger()
    driver.settle()

    assert desk.document == before


def test_a_command_that_cannot_be_done_says_so_in_the_status_line(driver: Driver) -> None:
    desk = driver.window.desk
    while desk.document.base.items:
        driver.command("Delete item").trigger()
    swap = driver.command("Exchange places")

    swap.trigger()

    assert "two items" in driver.window.status.error.text()


def test_a_missing_model_file_is_named(driver: Driver, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        choose_model(driver.window.desk, str(tmp_path / "nowhere.safetensors"))

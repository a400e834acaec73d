"""Photographs are live: their crop is chosen, what they show is named by hand, and tools work on top of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from app import drawing_menu
from app.desk import Desk
from app.edits import show_photo
from app.item_edits import delete_selected
from app.panels.stimulus import StimulusPanel
from core.errors import UserError
from core.interventions.knock_out_mlp import KnockOutMLP
from core.stimuli.masks import mask_pixels
from core.stimuli.render import render
from core.stimuli.stimulus import COLORS, Crop, Photo
from core.stimuli.strokes import rectangle
from core.stimuli.tokens import patches_of_items
from tests.app.test_drawing import hold, on, panel, stroke
from tests.app.widgets.gestures import CTRL, SHIFT, drag, move, press, release, wheel
from tests.whole_strokes import polyline

__all__ = ["panel"]

SIDE = 224


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Red, green and blue, side by side: 672 × 224."""
    pixels = np.zeros((SIDE, 3 * SIDE, 3), np.uint8)
    for channel in range(3):
        pixels[:, channel * SIDE : (channel + 1) * SIDE, channel] = 255
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    return tmp_path / "wide.png"


@pytest.fixture
def shown(desk: Desk, panel: StimulusPanel, wide: Path) -> StimulusPanel:
    show_photo(desk, wide)
    return panel


def photo(desk: Desk) -> Photo:
    assert desk.document.base.photo is not None
    return desk.document.base.photo


def on_whole(panel: StimulusPanel, x_px: float, y_px: float) -> QPointF:
    """Where a place of the whole photo lies while the crop tool is in the hand."""
    tool: Any = panel.canvas.tool
    lies = tool._lies()
    return QPointF(lies.left() + x_px * tool._zoom, lies.top() + y_px * tool._zoom)


def test_a_photo_that_is_not_square_opens_on_its_middle_with_the_crop_to_choose(
    shown: StimulusPanel, desk: Desk
) -> None:
    assert photo(desk).crop == Crop(SIDE, 0, SIDE)
    assert (render(desk.document.base) == (0, 255, 0)).all()
    assert shown.canvas.tool.name == "Crop"
    assert shown.note.whole == "drag the square, the wheel sizes it · Esc is done"


def test_a_square_photo_opens_as_it_is(desk: Desk, panel: StimulusPanel, tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), "red").save(tmp_path / "square.png")

    show_photo(desk, tmp_path / "square.png")

    assert panel.canvas.tool.name == "Select"
    with pytest.raises(UserError, match="All that is kept"):
        hold(desk, "Crop")


def test_dragging_the_square_shows_another_part_in_one_step(shown: StimulusPanel, desk: Desk) -> None:
    drag(shown.canvas, on_whole(shown, 336, 112), on_whole(shown, 112, 112))

    assert photo(desk).crop == Crop(0, 0, SIDE)
    assert (render(desk.document.base) == (255, 0, 0)).all()
    assert [text for text, _ in desk.store.steps()] == ["Opened", "Open wide.png", "Crop"]


def test_the_wheel_sizes_the_square_about_its_middle(shown: StimulusPanel, desk: Desk) -> None:
    for _ in range(4):
        wheel(shown.canvas, on_whole(shown, 336, 112), -120)

    crop = photo(desk).crop
    assert crop is not None
    assert 150 < crop.side_px < SIDE
    assert abs(crop.left_px + crop.side_px / 2 - 336) <= 2
    assert (render(desk.document.base) == (0, 255, 0)).all()


def test_arrows_move_the_square_and_escape_lays_the_tool_down(shown: StimulusPanel, desk: Desk) -> None:
    QTest.keyClick(shown.canvas, Qt.Key.Key_Right)
    assert photo(desk).crop == Crop(SIDE + 7, 0, SIDE)

    QTest.keyClick(shown.canvas, Qt.Key.Key_Escape)

    assert desk.hand.tool == shown.canvas.tool.name == "Select"
    assert photo(desk).crop == Crop(SIDE + 7, 0, SIDE)


def test_notches_in_a_row_are_one_step_and_arrows_after_them_another(shown: StimulusPanel, desk: Desk) -> None:
    opened = desk.document
    for _ in range(3):
        wheel(shown.canvas, on_whole(shown, 336, 112), -120)
    sized = desk.document
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(shown.canvas, key)

    assert [text for text, _ in desk.store.steps()] == ["Opened", "Open wide.png", "Crop", "Crop"]
    desk.store.undo.undo()
    assert desk.document == sized
    desk.store.undo.undo()
    assert desk.document == opened


def test_the_middle_can_be_had_again(shown: StimulusPanel, desk: Desk) -> None:
    opened = desk.document
    drag(shown.canvas, on_whole(shown, 336, 112), on_whole(shown, 112, 112))

    drawing_menu.show_middle(desk)

    assert desk.document == opened


def test_a_drag_of_the_square_leaves_what_is_changed_meanwhile(shown: StimulusPanel, desk: Desk) -> None:
    press(shown.canvas, on_whole(shown, 336, 112))
    move(shown.canvas, on_whole(shown, 300, 112))
    desk.edit("Knock out", replace(desk.document, interventions=(KnockOutMLP(1),)))

    move(shown.canvas, on_whole(shown, 112, 112))
    release(shown.canvas, on_whole(shown, 112, 112))

    assert desk.document.interventions == (KnockOutMLP(1),)
    assert photo(desk).crop == Crop(0, 0, SIDE)


def test_an_object_that_leaves_the_square_and_comes_back_in_one_drag_is_as_before(
    shown: StimulusPanel, desk: Desk
) -> None:
    hold(desk, "Object: rectangle")
    stroke(shown, [(150.0, 20.0), (200.0, 60.0)])
    before = photo(desk)
    hold(desk, "Crop")

    press(shown.canvas, on_whole(shown, 336, 112))
    move(shown.canvas, on_whole(shown, 112, 112))
    assert photo(desk).masks == ()
    move(shown.canvas, on_whole(shown, 336, 112))
    release(shown.canvas, on_whole(shown, 336, 112))

    assert photo(desk) == before


def test_escape_in_mid_drag_leaves_the_square_where_it_was(shown: StimulusPanel, desk: Desk) -> None:
    before = desk.document
    press(shown.canvas, on_whole(shown, 336, 112))
    QTest.mouseMove(shown.canvas, on_whole(shown, 112, 112).toPoint())
    assert desk.document != before

    QTest.keyClick(shown.canvas, Qt.Key.Key_Escape)

    assert desk.document == before


def test_what_a_photo_shows_and_what_can_be_done_with_it_are_two_sentences(shown: StimulusPanel, desk: Desk) -> None:
    shown.resize(900, 640)
    hold(desk, "Select")

    said = f"{shown.caption.text()} {shown.note.text()}"
    assert said == "Photo: wide.png · no ground truth. M, N or K marks objects, I paints an item."
    assert shown.note.x() - shown.caption.geometry().right() > shown.fontMetrics().horizontalAdvance("  ")


def test_a_rectangle_names_an_object_with_its_tokens(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Object: rectangle")

    stroke(shown, [(0.0, 0.0), (100.0, 100.0), (32.0, 16.0)])
    stroke(shown, [(64.0, 64.0), (96.0, 96.0)])

    assert [mask.label for mask in photo(desk).masks] == ["object 1", "object 2"]
    assert patches_of_items(desk.document.base) == ((0, 1), (60, 61, 74, 75))
    assert desk.store.undo.count() == 3
    assert desk.view.item == 1
    assert shown.caption.whole == "Photo: wide.png · A\u00a0object\u00a01, B\u00a0object\u00a02."


def test_a_lasso_names_what_it_goes_round(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Object: lasso")

    stroke(shown, [(32.0, 32.0), (64.0, 32.0), (64.0, 64.0), (32.0, 64.0)])

    assert patches_of_items(desk.document.base) == ((30, 31, 44, 45),)
    assert desk.store.undo.undoText() == "Mark A"


def test_a_brush_names_what_it_goes_over_and_shift_and_ctrl_add_and_take_away(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Object: brush", size_px=16)

    stroke(shown, [(8.0, 8.0), (40.0, 8.0)])
    stroke(shown, [(8.0, 24.0), (40.0, 24.0)], SHIFT)
    stroke(shown, [(8.0, 8.0)], CTRL)

    assert len(photo(desk).masks) == 1
    gone_over = (polyline([(8, 8), (40, 8)], 16, SIDE) > 0) | (polyline([(8, 24), (40, 24)], 16, SIDE) > 0)
    expected = gone_over & ~(polyline([(8, 8)], 16, SIDE) > 0)
    assert (mask_pixels(photo(desk).masks[0], SIDE) == expected).all()


def test_escape_takes_back_the_object_under_way(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Object: rectangle")
    press(shown.canvas, on(shown, (0, 0)))
    QTest.mouseMove(shown.canvas, on(shown, (90, 90)).toPoint())
    assert photo(desk).masks

    QTest.keyClick(shown.canvas, Qt.Key.Key_Escape)

    assert not photo(desk).masks


def test_an_object_is_deleted_like_an_item(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Object: rectangle")
    stroke(shown, [(0.0, 0.0), (32.0, 16.0)])
    stroke(shown, [(64.0, 64.0), (96.0, 96.0)])
    desk.look(item=0)

    delete_selected(desk)

    assert [mask.label for mask in photo(desk).masks] == ["object 2"]


def test_an_object_is_renamed_by_a_dialog(shown: StimulusPanel, desk: Desk, qtbot: QtBot) -> None:
    hold(desk, "Object: rectangle")
    stroke(shown, [(0.0, 0.0), (32.0, 16.0)])

    drawing_menu.rename_selected(desk)

    dialog = shown.window().findChild(QInputDialog)
    assert dialog is not None
    assert dialog.textValue() == "object 1"
    dialog.setTextValue(" a dog ")
    dialog.accept()
    assert [mask.label for mask in photo(desk).masks] == ["a dog"]
    assert desk.store.undo.undoText() == "Rename A"


def test_without_a_selected_object_there_is_none_to_rename(shown: StimulusPanel, desk: Desk) -> None:
    with pytest.raises(UserError, match="No object"):
        drawing_menu.rename_selected(desk)


def test_brush_and_items_work_on_top_of_a_photo(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Rectangle")
    stroke(shown, [(100.0, 100.0), (140.0, 120.0)])
    hold(desk, "Item", shape=1, color=3)
    stroke(shown, [(24.0, 24.0)])

    picture = render(desk.document.base)
    assert (picture[100:120, 100:140] == COLORS[4]).all()
    assert [mask.label for mask in photo(desk).masks] == ["indigo square"]
    assert patches_of_items(desk.document.base)[0]
    inside = mask_pixels(photo(desk).masks[0], SIDE) | (rectangle((100, 100), (140, 120), SIDE) > 0)
    assert (picture[~inside] == (0, 255, 0)).all()
    assert "Painted over." in shown.note.whole


def test_the_crop_moves_what_is_marked_and_painted_with_the_photo(shown: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Object: rectangle")
    stroke(shown, [(112.0, 0.0), (224.0, 224.0)])
    hold(desk, "Crop")

    drag(shown.canvas, on_whole(shown, 336, 112), on_whole(shown, 448, 112))

    columns = np.flatnonzero(mask_pixels(photo(desk).masks[0], SIDE).any(axis=0))
    assert abs(columns[0]) <= 1
    assert abs(columns[-1] - 111) <= 1


def test_tools_for_photos_say_so_where_there_is_none(desk: Desk, panel: StimulusPanel) -> None:
    with pytest.raises(UserError, match="is for photos"):
        hold(desk, "Object: lasso")
    enabled = {button.kind.name for button in panel.toolbox.strip.buttons if button.isEnabled()}
    assert {"Object: lasso", "Crop"}.isdisjoint(enabled)
    assert {"Select", "Brush"} <= enabled


def test_undoing_the_opening_lays_a_tool_for_photos_down(shown: StimulusPanel, desk: Desk) -> None:
    desk.store.undo.undo()

    assert shown.canvas.tool.name == desk.hand.tool == "Select"

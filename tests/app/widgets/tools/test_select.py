"""The select tool: several items, the band, and the handles of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from app.widgets.canvas import CanvasItem, StimulusCanvas
from app.widgets.tools.handles import Handles, Part, Shape
from tests.app.widgets.gestures import ALT, CTRL, NO_KEYS, SHIFT, drag, move, open_on_screen, press, release

SIDE, PATCH, SIZE = 224, 16, 32
PLACES = ((32, 48), (144, 128), (64, 160))


def item(index: int, x_px: int, y_px: int, **fields: Any) -> CanvasItem:
    role = "item_a" if index % 2 == 0 else "item_b"
    return CanvasItem("ABC"[index], role, x_px, y_px, fields.pop("size_px", SIZE), (), False, True, **fields)


def show(canvas: StimulusCanvas, items: list[CanvasItem], *chosen: int) -> None:
    canvas.show_picture(
        np.full((SIDE, SIDE, 3), 255, np.uint8), items, PATCH, selected=(*chosen, -1)[0], also=chosen[1:]
    )


@pytest.fixture
def canvas(qtbot: QtBot) -> StimulusCanvas:
    widget = StimulusCanvas()
    open_on_screen(qtbot, widget, 456, 456)
    show(widget, [item(i, *place) for i, place in enumerate(PLACES)])
    widget.setFocus()
    return widget


@pytest.fixture
def selections(canvas: StimulusCanvas) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    canvas.items_selected.connect(found.append)
    return found


@pytest.fixture
def moves(canvas: StimulusCanvas) -> list[dict[int, tuple[int, int]]]:
    found: list[dict[int, tuple[int, int]]] = []
    canvas.items_moved.connect(found.append)
    return found


@pytest.fixture
def shapes(canvas: StimulusCanvas) -> list[Shape]:
    found: list[Shape] = []
    canvas.item_shaped.connect(lambda _, shape: found.append(shape))
    return found


@pytest.fixture
def gestures(canvas: StimulusCanvas) -> list[str]:
    found: list[str] = []
    canvas.gesture_started.connect(lambda: found.append("started"))
    canvas.gesture_finished.connect(lambda: found.append("finished"))
    return found


def at(canvas: StimulusCanvas, x_px: float, y_px: float) -> QPointF:
    return canvas.frame().shown(x_px, y_px, 0).topLeft()


def middle(canvas: StimulusCanvas, index: int) -> QPointF:
    return canvas.item_rect(index).center()


def click(canvas: StimulusCanvas, place: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    press(canvas, place, keys)
    release(canvas, place, keys)


@pytest.mark.parametrize("keys", [CTRL, SHIFT])
def test_a_click_with_shift_or_control_adds_an_item_and_takes_it_away(
    canvas: StimulusCanvas, selections: list[tuple[int, ...]], keys: Qt.KeyboardModifier
) -> None:
    click(canvas, middle(canvas, 0))
    click(canvas, middle(canvas, 2), keys)
    click(canvas, middle(canvas, 0), keys)

    assert selections == [(0,), (2, 0), (2,)]


def test_a_plain_click_on_one_of_several_selects_it_alone(
    canvas: StimulusCanvas, selections: list[tuple[int, ...]]
) -> None:
    canvas.choose((0, 1, 2))
    click(canvas, middle(canvas, 1))

    assert selections == [(0, 1, 2), (1,)]


def test_a_band_selects_what_it_touches_while_it_is_drawn(
    canvas: StimulusCanvas, selections: list[tuple[int, ...]], gestures: list[str]
) -> None:
    press(canvas, at(canvas, 20, 20))
    move(canvas, at(canvas, 40, 60))
    plain = canvas.grab().toImage()
    move(canvas, at(canvas, 80, 180))
    release(canvas, at(canvas, 80, 180))

    assert selections == [(0,), (0, 2)]
    assert gestures == []
    assert canvas.held is None
    assert canvas.grab().toImage() != plain


def test_a_band_with_shift_adds_to_what_is_selected(canvas: StimulusCanvas, selections: list[tuple[int, ...]]) -> None:
    canvas.choose((1,))
    drag(canvas, at(canvas, 20, 20), at(canvas, 50, 60), SHIFT)

    assert selections[-1] == (1, 0)


def test_escape_takes_a_band_back(qtbot: QtBot, canvas: StimulusCanvas, selections: list[tuple[int, ...]]) -> None:
    canvas.choose((1,))
    press(canvas, at(canvas, 20, 20), SHIFT)
    move(canvas, at(canvas, 80, 180), SHIFT)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)

    assert selections[-1] == (1,)
    assert canvas.held is None


def test_several_items_move_together_in_one_gesture(
    canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]], gestures: list[str]
) -> None:
    canvas.choose((0, 2))
    drag(canvas, middle(canvas, 2), middle(canvas, 2) + QPointF(64, -34))

    assert moves[-1] == {0: (64, 32), 2: (96, 144)}
    assert gestures == ["started", "finished"]
    assert canvas.chosen == (0, 2)


def test_items_that_move_together_stop_where_the_first_of_them_is_at_the_border(
    canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]]
) -> None:
    canvas.choose((0, 1))
    drag(canvas, middle(canvas, 0), middle(canvas, 0) + QPointF(900, 900))

    assert moves[-1] == {0: (80, 112), 1: (192, 192)}


def test_arrows_move_all_that_is_selected(
    qtbot: QtBot, canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]]
) -> None:
    canvas.choose((0, 1))
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Down, SHIFT)

    assert moves == [{0: (48, 48), 1: (160, 128)}, {0: (32, 49), 1: (144, 129)}]


def test_arrows_with_alt_and_shift_are_left_to_the_menu(
    qtbot: QtBot, canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]]
) -> None:
    canvas.choose((0,))
    qtbot.keyClick(canvas, Qt.Key.Key_Right, ALT | SHIFT)

    assert moves == []


@pytest.mark.parametrize("keys", [ALT, SHIFT])
def test_alt_or_shift_lets_go_of_the_grid(
    canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]], keys: Qt.KeyboardModifier
) -> None:
    press(canvas, middle(canvas, 0))
    move(canvas, middle(canvas, 0) + QPointF(10, 6), keys)
    release(canvas, middle(canvas, 0) + QPointF(10, 6), keys)

    assert moves == [{0: (37, 51)}]


def test_g_in_mid_drag_lets_go_of_the_grid_until_the_release(
    qtbot: QtBot, canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]]
) -> None:
    start = middle(canvas, 0)
    press(canvas, start)
    qtbot.keyClick(canvas, Qt.Key.Key_G)
    move(canvas, start + QPointF(10, 6))
    release(canvas, start + QPointF(10, 6))
    drag(canvas, middle(canvas, 1), middle(canvas, 1) + QPointF(10, 6))

    assert moves == [{0: (37, 51)}]


def test_while_placement_is_free_nothing_snaps(
    qtbot: QtBot, canvas: StimulusCanvas, moves: list[dict[int, tuple[int, int]]]
) -> None:
    canvas.free = True
    drag(canvas, middle(canvas, 0), middle(canvas, 0) + QPointF(10, 6))
    qtbot.keyClick(canvas, Qt.Key.Key_Right)

    assert moves[-2:] == [{0: (37, 51)}, {0: (33, 48)}]


def test_a_locked_item_is_selected_and_not_moved(
    canvas: StimulusCanvas, selections: list[tuple[int, ...]], moves: list[dict[int, tuple[int, int]]]
) -> None:
    show(canvas, [item(0, *PLACES[0], locked=True), item(1, *PLACES[1])])
    drag(canvas, middle(canvas, 0), middle(canvas, 0) + QPointF(64, 0))
    click(canvas, middle(canvas, 1), CTRL)
    drag(canvas, middle(canvas, 1), middle(canvas, 1) + QPointF(-32, 0))

    assert selections[0] == (0,)
    assert moves[-1] == {1: (128, 128)}
    assert all(0 not in places for places in moves)
    assert "A at x 32, y 48 px · 0 tokens · locked" in canvas.accessibleDescription()


def handle(canvas: StimulusCanvas, part: Part) -> QPointF:
    return Handles(canvas.frame(), canvas.items[canvas.selected]).place(part)


@pytest.mark.parametrize(
    ("part", "end", "wanted"),
    [
        ("bottom right", (96, 112), Shape(32, 48, 2.0, 0.0)),
        ("bottom right", (77, 60), Shape(32, 48, 1.5, 0.0)),
        ("top left", (16, 40), Shape(16, 32, 1.5, 0.0)),
        ("top right", (500, -500), Shape(32, 0, 2.5, 0.0)),
        ("bottom left", (60, 50), Shape(48, 48, 0.5, 0.0)),
    ],
)
def test_a_corner_makes_an_item_larger_by_whole_patches_and_the_opposite_one_stays(
    canvas: StimulusCanvas, shapes: list[Shape], part: Part, end: tuple[int, int], wanted: Shape
) -> None:
    canvas.choose((0,))
    drag(canvas, handle(canvas, part), at(canvas, *end))

    assert shapes[-1] == wanted


def test_a_corner_with_alt_takes_any_size(canvas: StimulusCanvas, shapes: list[Shape]) -> None:
    canvas.choose((0,))
    drag(canvas, handle(canvas, "bottom right"), at(canvas, 32 + 40, 48 + 37), ALT)

    assert shapes[-1] == Shape(32, 48, 40 / 32, 0.0)


def test_the_knob_turns_an_item_and_shift_keeps_to_fifteen_degrees(
    canvas: StimulusCanvas, shapes: list[Shape], gestures: list[str]
) -> None:
    canvas.choose((0,))
    knob, around = handle(canvas, "turn"), middle(canvas, 0)
    radius = around.y() - knob.y()
    press(canvas, knob)
    move(canvas, around + QPointF(radius, 0))
    move(canvas, around + QPointF(radius, 0.8 * radius), SHIFT)
    move(canvas, around + QPointF(-radius, 0.1 * radius))
    release(canvas, around)

    assert [shape.angle_deg for shape in shapes] == [90, 135, 264]
    assert {(shape.x_px, shape.y_px, shape.scale) for shape in shapes} == {(32, 48, 1.0)}
    assert gestures == ["started", "finished"]


def test_a_turn_goes_on_from_the_angle_that_an_item_has(canvas: StimulusCanvas, shapes: list[Shape]) -> None:
    show(canvas, [item(0, 96, 96, angle_deg=30.0, scale=0.7, size_px=22)], 0)
    knob, around = handle(canvas, "turn"), middle(canvas, 0)
    drag(canvas, knob, around + QPointF(around.y() - knob.y(), 0))

    assert shapes[-1] == Shape(96, 96, 0.7, 120)


def test_the_knob_is_under_an_item_at_the_top(canvas: StimulusCanvas) -> None:
    show(canvas, [item(0, 96, 0)], 0)

    assert handle(canvas, "turn").y() > canvas.item_rect(0).bottom()


@pytest.mark.parametrize("chosen", [(), (0, 1)])
def test_handles_are_of_one_item_alone(canvas: StimulusCanvas, shapes: list[Shape], chosen: tuple[int, ...]) -> None:
    show(canvas, [item(i, *place) for i, place in enumerate(PLACES)], *chosen)
    corner = canvas.item_rect(0).bottomRight()
    drag(canvas, corner, corner + QPointF(64, 64))

    assert shapes == []


def test_handles_show_where_the_pointer_is_near_or_the_keyboard_is_here(qtbot: QtBot, canvas: StimulusCanvas) -> None:
    canvas.clearFocus()
    canvas.choose((0,))
    canvas.tool.leave()
    plain = canvas.grab().toImage()

    move(canvas, at(canvas, 100, 100), held=Qt.MouseButton.NoButton)
    assert canvas.grab().toImage() == plain
    move(canvas, handle(canvas, "bottom right"), held=Qt.MouseButton.NoButton)

    assert canvas.grab().toImage() != plain
    assert canvas.cursor().shape() == Qt.CursorShape.SizeFDiagCursor


def test_of_items_one_over_the_other_the_one_of_the_higher_level_is_taken(
    canvas: StimulusCanvas, selections: list[tuple[int, ...]]
) -> None:
    show(canvas, [item(0, 32, 48, level=1), item(1, 40, 48)])
    click(canvas, at(canvas, 50, 60))

    assert selections == [(0,)]


def test_what_is_not_as_in_training_is_said_of_each_item(canvas: StimulusCanvas) -> None:
    show(canvas, [item(0, 32, 48, form="resized · turned")])

    assert "resized · turned — outside the training distribution" in canvas.accessibleDescription()

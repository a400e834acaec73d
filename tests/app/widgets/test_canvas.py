from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.canvas import CanvasItem, StimulusCanvas
from app.widgets.canvas_picture import fit
from app.widgets.chips import Chip, chip_mime
from app.widgets.dropped import Dropped
from tests.app.widgets.gestures import (
    ALT,
    CTRL,
    NO_KEYS,
    RIGHT,
    SHIFT,
    ask_menu,
    carry,
    carry_away,
    drag,
    drop,
    move,
    open_on_screen,
    press,
    release,
)

SIDE, PATCH, SIZE = 224, 16, 32
PLACES = ((32, 48), (144, 128))


class Events(list[tuple[Any, ...]]):
    """Every signal of a canvas, in order."""

    def __init__(self, canvas: StimulusCanvas) -> None:
        super().__init__()
        canvas.items_moved.connect(lambda places: self.extend(("moved", i, *place) for i, place in places.items()))
        canvas.items_selected.connect(lambda items: self.append(("selected", *(items or (-1,)))))
        canvas.item_shaped.connect(lambda *given: self.append(("shaped", *given)))
        canvas.gesture_started.connect(lambda: self.append(("started",)))
        canvas.step_started.connect(lambda kind: self.append(("step", kind)))
        canvas.gesture_finished.connect(lambda: self.append(("finished",)))
        canvas.gesture_cancelled.connect(lambda: self.append(("cancelled",)))
        canvas.chip_dropped.connect(lambda *given: self.append(("chip", *given)))
        canvas.chip_placed.connect(lambda *given: self.append(("placed", *given)))
        canvas.dropped.connect(lambda dropped: self.append(("dropped", dropped)))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [event[1:] for event in self if event[0] == kind]


def items(*places: tuple[int, int]) -> list[CanvasItem]:
    return [
        CanvasItem("ABCD"[i], "item_a" if i % 2 == 0 else "item_b", x, y, SIZE, (), False, True)
        for i, (x, y) in enumerate(places)
    ]


def show(canvas: StimulusCanvas, *places: tuple[int, int], selected: int | None = None) -> None:
    image = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
    canvas.show_picture(image, items(*places), PATCH, selected=selected)


@pytest.fixture
def canvas(qtbot: QtBot) -> StimulusCanvas:
    widget = StimulusCanvas()
    open_on_screen(qtbot, widget, 456, 456)
    show(widget, *PLACES)
    widget.setFocus()
    return widget


@pytest.fixture
def events(canvas: StimulusCanvas) -> Events:
    return Events(canvas)


def middle(canvas: StimulusCanvas, index: int) -> QPointF:
    return canvas.item_rect(index).center()


def by(x_px: float, y_px: float) -> QPointF:
    """A way in image pixels, at the zoom of 2 that a canvas of 456 has."""
    return QPointF(2 * x_px, 2 * y_px)


def test_a_drag_snaps_to_the_patch_grid(canvas: StimulusCanvas, events: Events) -> None:
    drag(canvas, middle(canvas, 0), middle(canvas, 0) + by(21, -9))

    assert events.of("moved")[-1] == (0, 48, 32)


def test_a_drag_is_one_gesture_from_press_to_release(canvas: StimulusCanvas, events: Events) -> None:
    drag(canvas, middle(canvas, 1), middle(canvas, 1) + by(64, 0))

    assert events[:2] == [("selected", 1), ("started",)]
    assert events[-1] == ("finished",)
    assert (len(events.of("started")), len(events.of("finished"))) == (1, 1)


def test_the_same_place_is_told_once(canvas: StimulusCanvas, events: Events) -> None:
    start = middle(canvas, 0)
    press(canvas, start)
    for step in (15.0, 15.4, 15.8, 16.0):
        move(canvas, start + by(step, 0))
    release(canvas, start + by(16, 0))

    assert events.of("moved") == [(0, 48, 48)]


def test_alt_lets_go_of_the_grid(canvas: StimulusCanvas, events: Events) -> None:
    drag(canvas, middle(canvas, 0), middle(canvas, 0) + by(21, -9), ALT)

    assert events.of("moved")[-1] == (0, 53, 39)


@pytest.mark.parametrize(("way", "place"), [(by(40, 17), (0, 80, 48)), (by(17, -41), (0, 32, 0))])
def test_control_keeps_to_the_longer_axis(
    canvas: StimulusCanvas, events: Events, way: QPointF, place: tuple[int, int, int]
) -> None:
    start = middle(canvas, 0)
    press(canvas, start, CTRL)
    move(canvas, start + way, CTRL)

    assert events.of("moved") == [place]
    release(canvas, start + way, CTRL)


@pytest.mark.parametrize("keys", [NO_KEYS, ALT])
def test_an_item_stays_on_the_canvas(canvas: StimulusCanvas, events: Events, keys: Qt.KeyboardModifier) -> None:
    drag(canvas, middle(canvas, 0), middle(canvas, 0) + by(1000, -1000), keys)

    assert events.of("moved")[-1] == (0, SIDE - SIZE, 0)


def test_the_picture_shown_during_a_drag_does_not_shift_the_grasp(canvas: StimulusCanvas, events: Events) -> None:
    start = middle(canvas, 0)
    press(canvas, start)
    move(canvas, start + by(16, 0))
    show(canvas, (48, 48), PLACES[1], selected=0)
    move(canvas, start + by(32, 0))
    release(canvas, start + by(32, 0))

    assert events.of("moved") == [(0, 48, 48), (0, 64, 48)]


def test_escape_cancels_a_drag(qtbot: QtBot, canvas: StimulusCanvas, events: Events) -> None:
    start = middle(canvas, 0)
    press(canvas, start)
    move(canvas, start + by(32, 0))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    move(canvas, start + by(64, 0))
    release(canvas, start + by(64, 0))

    assert events.of("moved") == [(0, 64, 48)]
    assert events[-1] == ("cancelled",)


def test_hiding_the_canvas_cancels_a_drag(canvas: StimulusCanvas, events: Events) -> None:
    press(canvas, middle(canvas, 0))

    canvas.hide()

    assert events[-1] == ("cancelled",)


def test_a_picture_without_the_item_in_hand_ends_the_drag(canvas: StimulusCanvas, events: Events) -> None:
    start = middle(canvas, 1)
    press(canvas, start)
    show(canvas, PLACES[0])
    move(canvas, start + by(32, 0))

    assert events.of("moved") == []


def test_a_press_beside_the_items_deselects(qtbot: QtBot, canvas: StimulusCanvas, events: Events) -> None:
    show(canvas, *PLACES, selected=1)

    press(canvas, QPointF(5, 5))

    assert events == [("selected", -1)]


def test_of_two_items_on_one_place_the_selected_one_is_taken(canvas: StimulusCanvas, events: Events) -> None:
    show(canvas, (32, 48), (40, 48), selected=0)

    press(canvas, middle(canvas, 0))

    assert events == [("started",)]


def test_setting_a_picture_emits_nothing(canvas: StimulusCanvas, events: Events) -> None:
    show(canvas, *PLACES, selected=0)
    show(canvas, (0, 0), selected=None)

    assert events == []


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (Qt.Key.Key_Left, (16, 48)),
        (Qt.Key.Key_Right, (48, 48)),
        (Qt.Key.Key_Up, (32, 32)),
        (Qt.Key.Key_Down, (32, 64)),
    ],
)
def test_arrows_move_by_one_patch_in_one_gesture(
    qtbot: QtBot, canvas: StimulusCanvas, events: Events, key: Qt.Key, place: tuple[int, int]
) -> None:
    show(canvas, *PLACES, selected=0)

    qtbot.keyClick(canvas, key)

    assert events == [("step", "move items"), ("moved", 0, *place), ("finished",)]


def test_alt_arrows_move_by_one_pixel(qtbot: QtBot, canvas: StimulusCanvas, events: Events) -> None:
    show(canvas, *PLACES, selected=1)

    qtbot.keyClick(canvas, Qt.Key.Key_Up, ALT)

    assert events.of("moved") == [(1, 144, 127)]


def test_an_arrow_takes_an_unaligned_item_to_the_next_line_of_the_grid(
    qtbot: QtBot, canvas: StimulusCanvas, events: Events
) -> None:
    show(canvas, (37, 48), selected=0)

    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)

    assert events.of("moved") == [(0, 32, 48), (0, 48, 48)]


def test_an_arrow_at_the_border_is_no_gesture(qtbot: QtBot, canvas: StimulusCanvas, events: Events) -> None:
    show(canvas, (0, 0), selected=0)

    qtbot.keyClick(canvas, Qt.Key.Key_Left)

    assert events == []


def test_arrows_win_over_shortcuts_of_the_window_while_an_item_is_selected(canvas: StimulusCanvas) -> None:
    def overridden() -> bool:
        event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, Qt.Key.Key_Left, ALT)
        event.ignore()
        QApplication.sendEvent(canvas, event)
        return event.isAccepted()

    without = overridden()
    show(canvas, *PLACES, selected=0)

    assert (without, overridden()) == (False, True)


def test_tab_goes_through_the_items_and_on(qtbot: QtBot) -> None:
    window, before, canvas, after = QWidget(), QLineEdit(), StimulusCanvas(), QLineEdit()
    layout = QVBoxLayout(window)
    for widget in (before, canvas, after):
        layout.addWidget(widget)
    open_on_screen(qtbot, window, 400, 500)
    show(canvas, *PLACES)
    events = Events(canvas)
    before.setFocus()

    for widget in (before, canvas, canvas):
        qtbot.keyClick(widget, Qt.Key.Key_Tab)

    assert events == [("selected", 0), ("selected", 1)]
    assert after.hasFocus()


def test_a_chip_dropped_on_an_item_changes_that_item(canvas: StimulusCanvas, events: Events) -> None:
    taken = drop(canvas, middle(canvas, 1), chip_mime(Chip("color", 4, "sky")))

    assert taken
    assert events == [("chip", 1, "color", 4)]


@pytest.mark.parametrize(("keys", "free"), [(NO_KEYS, False), (ALT, True), (SHIFT, True)])
def test_a_chip_let_go_beside_the_items_asks_for_a_new_one_there(
    canvas: StimulusCanvas, events: Events, keys: Qt.KeyboardModifier, free: bool
) -> None:
    place = canvas.frame().shown(100, 60, 0).topLeft()

    assert drop(canvas, place, chip_mime(Chip("shape", 4, "disc")), keys=keys)
    assert events == [("placed", "shape", 4, (100, 60), free)]


def test_a_chip_beside_the_picture_or_on_a_locked_item_is_refused(canvas: StimulusCanvas, events: Events) -> None:
    mime = chip_mime(Chip("shape", 4, "disc"))
    locked = replace(items((32, 48))[0], locked=True)
    canvas.show_picture(np.full((SIDE, SIDE, 3), 255, dtype=np.uint8), [locked], PATCH, selected=None)

    for place in (QPointF(1, 1), middle(canvas, 0)):
        assert not carry(canvas, place, mime)
        assert not drop(canvas, place, mime)
    assert events == []


def test_the_item_under_a_chip_lights_up_until_the_chip_leaves(canvas: StimulusCanvas) -> None:
    plain = canvas.grab().toImage()

    carry(canvas, middle(canvas, 0), chip_mime(Chip("color", 1, "red")))
    lit = canvas.grab().toImage()
    carry_away(canvas)

    assert lit != plain
    assert canvas.grab().toImage() == plain


def test_a_dropped_file_and_address_are_told(canvas: StimulusCanvas, events: Events) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/pictures/cat.png"), QUrl("https://example.org/dog.png")])

    assert drop(canvas, QPointF(6, 6), mime)
    assert events == [("dropped", Dropped((Path("/pictures/cat.png"),), ("https://example.org/dog.png",)))]


def test_plain_text_is_refused(canvas: StimulusCanvas, events: Events) -> None:
    mime = QMimeData()
    mime.setText("hello")

    assert not drop(canvas, middle(canvas, 0), mime)
    assert events == []


def test_the_context_menu_comes_with_its_item_selected(qtbot: QtBot, canvas: StimulusCanvas, events: Events) -> None:
    canvas.customContextMenuRequested.connect(lambda place: events.append(("menu", place)))
    place = middle(canvas, 1).toPoint()

    qtbot.mousePress(canvas, RIGHT, pos=place)
    ask_menu(canvas, QContextMenuEvent.Reason.Mouse, place)

    assert events == [("selected", 1), ("menu", place)]


def test_the_menu_key_opens_at_the_selected_item(canvas: StimulusCanvas, events: Events) -> None:
    show(canvas, *PLACES, selected=1)
    canvas.customContextMenuRequested.connect(lambda place: events.append(("menu", place)))

    ask_menu(canvas, QContextMenuEvent.Reason.Keyboard, QPoint(0, 0))

    assert events == [("menu", middle(canvas, 1).toPoint())]


def test_each_pixel_of_the_image_is_a_square_of_the_screen(canvas: StimulusCanvas) -> None:
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    canvas.show_picture(image, [], PATCH, selected=None)
    frame = fit(SIDE, PATCH, (456, 456), canvas.devicePixelRatioF())

    shown, ratio = canvas.grab().toImage(), canvas.devicePixelRatioF()

    places = [(5, 9), (100, 37), (219, 222)]  # off the lines of the grid
    device = [(frame.left + 2 * x + 1, frame.top + 2 * y + 1) for x, y in places]
    seen = [shown.pixelColor(int(x * ratio), int(y * ratio)).getRgb()[:3] for x, y in device]
    assert frame.zoom == 2
    assert seen == [tuple(image[y, x].tolist()) for x, y in places]


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("room", [(160, 160), (300, 420), (456, 456), (900, 700)])
def test_the_image_fits_and_fills_the_room(room: tuple[int, int], ratio: float) -> None:
    frame = fit(SIDE, PATCH, room, ratio)

    shown_px = frame.rect.width()
    assert shown_px <= min(room)
    assert shown_px >= min(room) - 8 - SIDE / PATCH
    assert (PATCH * frame.zoom * ratio) == pytest.approx(round(PATCH * frame.zoom * ratio))


def test_words_say_where_the_items_are_and_what_is_unusual(canvas: StimulusCanvas) -> None:
    odd = CanvasItem("A", "item_a", 33, 48, SIZE, (1, 2, 3), True, False)
    canvas.show_picture(np.zeros((SIDE, SIDE, 3), dtype=np.uint8), [odd], PATCH, selected=0)

    told = canvas.accessibleDescription()

    assert "A at x 33, y 48 px" in told
    assert "overlaps" in told
    assert "outside the training distribution" in told

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.pad import Landmark, PadPicture, SubspacePad, Thumb
from app.widgets.pad_picture import flip_lines
from tests.app.widgets.gestures import ALT, CTRL, LEFT, SHIFT, drag, move, open_on_screen, press, release, wheel

EXTENT = (-4.0, 4.0, -3.0, 3.0)
LANDMARKS = (
    Landmark("red", 2.0, 1.0, (220, 40, 40), None, (0.4, 0.2, 30.0)),
    Landmark("blue", -2.0, 1.0, (40, 40, 220), None, (0.4, 0.2, 0.0)),
    Landmark("disc", 0.0, -2.0, None, np.ones((8, 8), dtype=bool), (0.3, 0.3, 0.0)),
)
THUMBS = (
    Thumb("A", "item_a", 0.0, 0.0, -2.0, 1.0, True),
    Thumb("B", "item_b", 3.0, -2.0, 3.0, -2.0, False),
)
PICTURE = PadPicture(LANDMARKS, THUMBS, 0.71, None, EXTENT)


class Events(list[tuple[Any, ...]]):
    """Every signal of a pad, in order."""

    def __init__(self, pad: SubspacePad) -> None:
        super().__init__()
        pad.thumb_moved.connect(lambda *given: self.append(("moved", *given)))
        pad.thumb_reset.connect(lambda index: self.append(("reset", index)))
        pad.gesture_started.connect(lambda index: self.append(("started", index)))
        pad.gesture_finished.connect(lambda index: self.append(("finished", index)))
        pad.gesture_cancelled.connect(lambda: self.append(("cancelled",)))
        pad.strength_wheeled.connect(lambda steps: self.append(("wheeled", steps)))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [event[1:] for event in self if event[0] == kind]


@pytest.fixture
def pad(qtbot: QtBot) -> SubspacePad:
    widget = SubspacePad()
    open_on_screen(qtbot, widget, 400, 300)  # 50 px a unit
    widget.show_picture(PICTURE, stale=False)
    widget.setFocus()
    return widget


@pytest.fixture
def events(pad: SubspacePad) -> Events:
    return Events(pad)


def by(x: float, y: float) -> QPointF:
    """A way in data units, y upwards."""
    return QPointF(50 * x, -50 * y)


def test_a_drag_moves_the_thumb_in_data_units_as_one_gesture(pad: SubspacePad, events: Events) -> None:
    drag(pad, pad.thumb_place(0), pad.thumb_place(0) + by(1.0, -0.8))

    assert events[0] == ("started", 0)
    assert events.of("moved")[-1] == pytest.approx((0, 1.0, -0.8, -1))
    assert events[-1] == ("finished", 0)


def test_a_thumb_does_not_jump_to_the_pointer_that_takes_it(pad: SubspacePad, events: Events) -> None:
    grasp = pad.thumb_place(0) + QPointF(6, 6)

    drag(pad, grasp, grasp + by(0.5, 0.5), ALT)

    assert events.of("moved")[-1] == pytest.approx((0, 0.5, 0.5, -1))


def test_near_a_landmark_the_thumb_takes_its_exact_place(pad: SubspacePad, events: Events) -> None:
    drag(pad, pad.thumb_place(0), pad.landmark_place(0) + QPointF(9, 9))

    assert events.of("moved")[-1] == (0, 2.0, 1.0, 0)


def test_near_another_thumb_the_thumb_takes_its_exact_place(pad: SubspacePad, events: Events) -> None:
    other = pad._picture.thumbs[1]

    drag(pad, pad.thumb_place(0), pad.thumb_place(1) + QPointF(5, 5))
    assert events.of("moved")[-1] == (0, other.x, other.y, -1)

    drag(pad, pad.thumb_place(0), pad.thumb_place(1) + QPointF(5, 5), ALT)
    assert events.of("moved")[-1] != (0, other.x, other.y, -1)


def test_alt_lets_go_of_the_landmark(pad: SubspacePad, events: Events) -> None:
    drag(pad, pad.thumb_place(0), pad.landmark_place(0) + by(0.1, 0.0), ALT)

    assert events.of("moved")[-1] == pytest.approx((0, 2.1, 1.0, -1))


def test_without_the_magnet_landmarks_do_not_pull(pad: SubspacePad, events: Events) -> None:
    pad.magnet = False

    drag(pad, pad.thumb_place(0), pad.landmark_place(0) + by(0.1, 0.0))

    assert events.of("moved")[-1] == pytest.approx((0, 2.1, 1.0, -1))


def test_a_thumb_stays_within_the_extent(pad: SubspacePad, events: Events) -> None:
    drag(pad, pad.thumb_place(0), pad.thumb_place(0) + by(50, 50))

    assert events.of("moved")[-1] == pytest.approx((0, 4.0, 3.0, -1))


def test_a_thumb_in_the_hand_is_not_moved_by_a_picture(pad: SubspacePad) -> None:
    start = pad.thumb_place(0)
    press(pad, start)
    move(pad, start + by(1, -0.8))
    elsewhere = (replace(THUMBS[0], x=-3.0), replace(THUMBS[1], x=1.5))

    pad.show_picture(replace(PICTURE, thumbs=elsewhere), stale=False)

    assert pad.thumb_place(0) == start + by(1, -0.8)
    assert pad.thumb_place(1) == pad.thumb_place(0) + by(0.5, -1.2)
    release(pad, start + by(1, -0.8))


def test_a_picture_after_the_release_moves_the_thumb(pad: SubspacePad) -> None:
    start = pad.thumb_place(0)
    drag(pad, start, start + by(1, -0.8))

    pad.show_picture(PICTURE, stale=False)

    assert pad.thumb_place(0) == start


def test_escape_puts_the_thumb_back_and_ends_the_drag(qtbot: QtBot, pad: SubspacePad, events: Events) -> None:
    start = pad.thumb_place(0)
    press(pad, start)
    move(pad, start + by(1, -0.8))

    qtbot.keyClick(pad, Qt.Key.Key_Escape)
    move(pad, start + by(2, -0.8))
    release(pad, start + by(2, -0.8))

    assert pad.thumb_place(0) == start
    assert len(events.of("moved")) == 1
    assert events[-1] == ("cancelled",)


def test_hiding_the_pad_cancels_a_drag(pad: SubspacePad, events: Events) -> None:
    press(pad, pad.thumb_place(0))

    pad.hide()

    assert events[-1] == ("cancelled",)


def test_a_picture_without_the_thumb_in_hand_ends_the_drag(pad: SubspacePad, events: Events) -> None:
    start = pad.thumb_place(1)
    press(pad, start)
    pad.show_picture(replace(PICTURE, thumbs=THUMBS[:1]), stale=False)
    move(pad, start + by(-1, 0))

    assert events.of("moved") == []


def test_setting_a_picture_emits_nothing(pad: SubspacePad, events: Events) -> None:
    pad.show_picture(replace(PICTURE, thumbs=(replace(THUMBS[0], x=1.0),)), stale=True)

    assert events == []


def test_a_double_click_returns_a_thumb_to_the_model(qtbot: QtBot, pad: SubspacePad, events: Events) -> None:
    qtbot.mouseDClick(pad, LEFT, pos=pad.thumb_place(1).toPoint())

    assert events[-1] == ("reset", 1)


def test_delete_returns_the_chosen_thumb_to_the_model(qtbot: QtBot, pad: SubspacePad, events: Events) -> None:
    qtbot.keyClick(pad, Qt.Key.Key_B)
    qtbot.keyClick(pad, Qt.Key.Key_Delete)

    assert events == [("reset", 1)]


def test_the_wheel_tells_whole_steps_of_strength(pad: SubspacePad, events: Events) -> None:
    for angle in (120, 60, 60, -240):
        wheel(pad, QPointF(20, 20), angle)

    assert events == [("wheeled", 1), ("wheeled", 1), ("wheeled", -2)]


def test_plus_and_minus_tell_steps_of_strength(qtbot: QtBot, pad: SubspacePad, events: Events) -> None:
    qtbot.keyClick(pad, Qt.Key.Key_Plus)
    qtbot.keyClick(pad, Qt.Key.Key_Minus)

    assert events == [("wheeled", 1), ("wheeled", -1)]


@pytest.mark.parametrize(
    ("key", "keys", "place"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, (0.16, 0.0)),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, (0.0, 0.12)),
        (Qt.Key.Key_Left, SHIFT, (-0.8, 0.0)),
        (Qt.Key.Key_Down, SHIFT, (0.0, -0.6)),
    ],
)
def test_arrows_move_the_chosen_thumb_in_a_gesture_that_goes_on(
    qtbot: QtBot,
    pad: SubspacePad,
    events: Events,
    key: Qt.Key,
    keys: Qt.KeyboardModifier,
    place: tuple[float, float],
) -> None:
    qtbot.keyClick(pad, key, keys)

    assert [event[0] for event in events] == ["started", "moved"]
    assert events.of("moved")[0] == pytest.approx((0, *place, -1))


def test_arrows_add_up_before_the_answer_comes(qtbot: QtBot, pad: SubspacePad, events: Events) -> None:
    for _ in range(3):
        qtbot.keyClick(pad, Qt.Key.Key_Right)

    assert events.of("moved")[-1] == pytest.approx((0, 0.48, 0.0, -1))
    assert [event[0] for event in events] == ["started", "moved", "moved", "moved"]


@pytest.mark.parametrize(
    "something_else",
    [
        lambda pad: QTest.keyClick(pad, Qt.Key.Key_BracketRight),
        lambda pad: QTest.keyClick(pad, "b"),
        lambda pad: press(pad, QPointF(1, 1)),
        lambda pad: pad.clearFocus(),
    ],
    ids=["shortcut", "thumb", "mouse", "elsewhere"],
)
def test_something_else_ends_the_gesture_of_arrows(
    qtbot: QtBot, pad: SubspacePad, events: Events, something_else: Callable[[SubspacePad], None]
) -> None:
    qtbot.keyClick(pad, Qt.Key.Key_Right)

    something_else(pad)

    assert events[-1] == ("finished", 0)


def test_enter_goes_to_the_nearest_landmark_and_then_from_one_to_the_next(
    qtbot: QtBot, pad: SubspacePad, events: Events
) -> None:
    pad.show_picture(replace(PICTURE, thumbs=(replace(THUMBS[0], x=-1.0, y=0.5),)), stale=False)

    for _ in range(3):
        qtbot.keyClick(pad, Qt.Key.Key_Return)
    qtbot.keyClick(pad, Qt.Key.Key_Return, SHIFT)

    assert events.of("moved") == [(0, -2.0, 1.0, 1), (0, 0.0, -2.0, 2), (0, 2.0, 1.0, 0), (0, 0.0, -2.0, 2)]


def test_tab_goes_through_the_thumbs_and_on(qtbot: QtBot) -> None:
    window, pad, after = QWidget(), SubspacePad(), QLineEdit()
    layout = QVBoxLayout(window)
    layout.addWidget(pad)
    layout.addWidget(after)
    open_on_screen(qtbot, window, 400, 400)
    pad.show_picture(PICTURE, stale=False)
    events = Events(pad)
    pad.setFocus()

    qtbot.keyClick(pad, Qt.Key.Key_Tab)
    qtbot.keyClick(pad, Qt.Key.Key_Delete)
    qtbot.keyClick(pad, Qt.Key.Key_Tab)

    assert events == [("reset", 1)]
    assert after.hasFocus()


@pytest.mark.parametrize(
    ("key", "keys", "text", "wanted"),
    [
        (Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a", True),
        (Qt.Key.Key_C, Qt.KeyboardModifier.NoModifier, "c", False),
        (Qt.Key.Key_A, CTRL, "", False),
        (Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "", False),
    ],
)
def test_only_the_keys_of_the_pad_win_over_shortcuts_of_the_window(
    pad: SubspacePad, key: Qt.Key, keys: Qt.KeyboardModifier, text: str, wanted: bool
) -> None:
    event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, keys, text)
    event.ignore()

    QApplication.sendEvent(pad, event)

    assert event.isAccepted() == wanted


def test_of_two_thumbs_on_one_place_the_chosen_one_is_taken(qtbot: QtBot, pad: SubspacePad, events: Events) -> None:
    together = (THUMBS[0], replace(THUMBS[1], x=0.0, y=0.0))
    pad.show_picture(replace(PICTURE, thumbs=together), stale=False)
    qtbot.keyClick(pad, Qt.Key.Key_B)

    press(pad, pad.thumb_place(0))

    assert events == [("started", 1)]


def test_a_thumb_beyond_the_extent_can_still_be_taken(pad: SubspacePad, events: Events) -> None:
    pad.show_picture(replace(PICTURE, thumbs=(replace(THUMBS[0], x=90.0),)), stale=False)

    press(pad, pad.thumb_place(0))

    assert pad.rect().contains(pad.thumb_place(0).toPoint() - by(0.1, 0).toPoint())
    assert events == [("started", 0)]


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (700, 200)])
def test_both_axes_have_the_same_scale(pad: SubspacePad, size: tuple[int, int]) -> None:
    pad.resize(*size)

    across = pad.landmark_place(0) - pad.landmark_place(1)
    middle = (pad.landmark_place(0) + pad.landmark_place(1)) / 2
    down = pad.landmark_place(2) - middle

    assert across.x() / 4 == pytest.approx(down.y() / 3)


def test_the_first_row_of_the_map_lies_lowest() -> None:
    decision = np.repeat([[0.1], [0.1], [0.9], [0.9]], 4, axis=1)

    (line,) = flip_lines(decision, EXTENT)

    np.testing.assert_allclose(line[:, 1], 0.0)
    assert sorted(line[[0, -1], 0].tolist()) == [-4.0, 4.0]


def test_the_two_sides_of_the_map_look_different(pad: SubspacePad) -> None:
    decision = np.repeat([[0.0], [0.0], [1.0], [1.0]], 4, axis=1)
    pad.show_picture(replace(PICTURE, landmarks=(), thumbs=(), decision=decision), stale=False)

    shown = pad.grab().toImage()

    high = shown.pixelColor(shown.width() // 7, shown.height() // 5)
    low = shown.pixelColor(shown.width() // 7, shown.height() * 4 // 5)
    assert high.blue() - high.red() > 10
    assert low.red() - low.blue() > 10


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"decision": np.full((3, 3), np.nan)},
        lambda: {"landmarks": (), "thumbs": ()},
        lambda: {"extent": (0.0, 0.0, 0.0, 0.0)},
        lambda: {"decision": np.full((2, 2), 0.5), "high": "SAME", "low": "DIFFERENT"},
    ],
)
def test_unusual_pictures_are_drawn(pad: SubspacePad, change: Callable[[], dict[str, Any]]) -> None:
    pad.show_picture(replace(PICTURE, **change()), stale=True)

    assert not pad.grab().isNull()


def test_words_say_where_the_thumbs_are(pad: SubspacePad) -> None:
    told = pad.accessibleDescription()

    assert "A at 0, 0, nearest to" in told
    assert "B at 3, −2, nearest to disc" in told

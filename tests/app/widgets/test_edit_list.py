from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.edit_list import EMPTY_TEXT, EditList, EditRow
from tests.app.widgets.gestures import ALT, LEFT, drag, move, open_on_screen, press, release, wheel

ROWS = (
    EditRow("colour of A", "swap", True, 1.0, ""),
    EditRow("knock out b3 h2", "mean", False, 1.0, ""),
    EditRow("shape of B", "add", True, 1.4, "far from anything seen"),
)


class Events(list[tuple[Any, ...]]):
    """Every signal of a list, in order."""

    def __init__(self, edits: EditList) -> None:
        super().__init__()
        edits.toggled.connect(lambda *given: self.append(("toggled", *given)))
        edits.strength_changed.connect(lambda *given: self.append(("strength", *given)))
        edits.removed.connect(lambda index: self.append(("removed", index)))
        edits.moved.connect(lambda *given: self.append(("moved", *given)))
        edits.gesture_started.connect(lambda index: self.append(("started", index)))
        edits.gesture_finished.connect(lambda index: self.append(("finished", index)))


@pytest.fixture
def edits(qtbot: QtBot) -> EditList:
    widget = EditList()
    open_on_screen(qtbot, widget, 290, 240)
    widget.set_rows(ROWS)
    return widget


@pytest.fixture
def events(edits: EditList) -> Events:
    return Events(edits)


def row_body(edits: EditList, index: int) -> QPointF:
    """A place on the row itself, left of its controls."""
    return QPointF(8, edits.row_widget(index).height() / 2)


def to_row(edits: EditList, start: int, end: int, share: float) -> QPointF:
    """The place in row `end`, `share` of its height down, as seen from row `start`."""
    there = edits.row_widget(end)
    return QPointF(edits.row_widget(start).mapFrom(edits, there.mapTo(edits, QPointF(8, share * there.height()))))


def test_the_switch_asks_for_the_other_state(qtbot: QtBot, edits: EditList, events: Events) -> None:
    qtbot.mouseClick(edits.row_widget(0).switch, LEFT)
    qtbot.mouseClick(edits.row_widget(1).switch, LEFT)

    assert events == [("toggled", 0, False), ("toggled", 1, True)]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_the_switch_works_by_key(qtbot: QtBot, edits: EditList, events: Events, key: Qt.Key) -> None:
    qtbot.keyClick(edits.row_widget(1).switch, key)

    assert events == [("toggled", 1, True)]


def test_setting_rows_emits_nothing(edits: EditList, events: Events) -> None:
    edits.set_rows([replace(row, enabled=not row.enabled, strength=0.3) for row in ROWS])
    edits.set_rows(ROWS[:1])
    edits.set_rows([])

    assert events == []


def test_rows_show_what_they_are_given(edits: EditList) -> None:
    edits.set_rows((ROWS[2], ROWS[1]))

    shown = [(view.switch.isChecked(), view.slider.strength, view.row.text) for view in map(edits.row_widget, (0, 1))]

    assert shown == [(True, 1.4, "shape of B"), (False, 1.0, "knock out b3 h2")]


def test_a_drag_of_the_strength_is_one_gesture(edits: EditList, events: Events) -> None:
    slider = edits.row_widget(1).slider

    drag(slider, slider.handle_place(1.0), slider.handle_place(2.0) + QPointF(40, 0))

    assert events[0] == ("started", 1)
    assert events[-2:] == [("strength", 1, 2.0), ("finished", 1)]


def test_a_strength_near_one_becomes_one_unless_alt_is_held(edits: EditList, events: Events) -> None:
    slider = edits.row_widget(2).slider
    near = slider.handle_place(1.03)

    press(slider, near)
    release(slider, near)
    press(slider, near, ALT)
    release(slider, near, ALT)

    assert [event[2] for event in events if event[0] == "strength"] == [1.0, pytest.approx(1.03, abs=0.02)]


def test_the_wheel_over_a_strength_changes_it_within_bounds(edits: EditList, events: Events) -> None:
    slider = edits.row_widget(2).slider
    for angle in (120, -240, 120 * 40):
        wheel(slider, QPointF(20, 8), angle)

    assert [round(event[2], 2) for event in events] == [1.45, 1.35, 2.0]


def test_arrows_change_the_strength(qtbot: QtBot, edits: EditList, events: Events) -> None:
    qtbot.keyClick(edits.row_widget(0).slider, Qt.Key.Key_Right)
    qtbot.keyClick(edits.row_widget(0).slider, Qt.Key.Key_Home)

    assert events == [("strength", 0, 1.05), ("strength", 0, 0.0)]


def test_a_double_click_on_the_strength_makes_it_one(qtbot: QtBot, edits: EditList, events: Events) -> None:
    slider = edits.row_widget(2).slider

    qtbot.mouseDClick(slider, LEFT, pos=slider.handle_place(1.4).toPoint())

    assert ("strength", 2, 1.0) in events


def test_the_cross_removes(qtbot: QtBot, edits: EditList, events: Events) -> None:
    qtbot.mouseClick(edits.row_widget(1).remove, LEFT)

    assert events == [("removed", 1)]


@pytest.mark.parametrize("control", ["switch", "slider", "remove"])
def test_delete_removes_from_any_control_of_the_row(
    qtbot: QtBot, edits: EditList, events: Events, control: str
) -> None:
    qtbot.keyClick(getattr(edits.row_widget(2), control), Qt.Key.Key_Delete)

    assert events == [("removed", 2)]


@pytest.mark.parametrize("control", ["switch", "slider", "remove"])
def test_alt_arrows_reorder_and_the_focus_goes_along(
    qtbot: QtBot, edits: EditList, events: Events, control: str
) -> None:
    getattr(edits.row_widget(1), control).setFocus()

    qtbot.keyClick(getattr(edits.row_widget(1), control), Qt.Key.Key_Down, ALT)

    assert events == [("moved", 1, 2)]
    assert edits.row_widget(2).isAncestorOf(edits.window().focusWidget())


def test_alt_arrows_stop_at_both_ends(qtbot: QtBot, edits: EditList, events: Events) -> None:
    qtbot.keyClick(edits.row_widget(0).switch, Qt.Key.Key_Up, ALT)
    qtbot.keyClick(edits.row_widget(2).switch, Qt.Key.Key_Down, ALT)

    assert events == []


def test_plain_arrows_go_from_row_to_row(qtbot: QtBot, edits: EditList, events: Events) -> None:
    edits.row_widget(0).switch.setFocus()

    qtbot.keyClick(edits.row_widget(0).switch, Qt.Key.Key_Down)

    assert edits.row_widget(1).switch.hasFocus()
    assert events == []


@pytest.mark.parametrize(
    ("start", "end", "share", "asked"),
    [(0, 2, 0.9, [("moved", 0, 2)]), (2, 0, 0.1, [("moved", 2, 0)]), (0, 1, 0.9, [("moved", 0, 1)]), (0, 1, 0.1, [])],
)
def test_a_row_is_dragged_to_its_new_place(
    edits: EditList, events: Events, start: int, end: int, share: float, asked: list[tuple[str, int, int]]
) -> None:
    drag(edits.row_widget(start), row_body(edits, start), to_row(edits, start, end, share))

    assert events == asked


def test_escape_puts_a_dragged_row_back(qtbot: QtBot, edits: EditList, events: Events) -> None:
    view, place = edits.row_widget(0), to_row(edits, 0, 2, 0.9)
    press(view, row_body(edits, 0))
    move(view, place)
    move(view, place)

    qtbot.keyClick(view.switch, Qt.Key.Key_Escape)
    release(view, place)

    assert events == []


def test_rows_that_go_in_mid_drag_end_the_drag(edits: EditList, events: Events) -> None:
    view, place = edits.row_widget(0), to_row(edits, 0, 2, 0.9)
    press(view, row_body(edits, 0))
    move(view, place)

    edits.set_rows(ROWS[:2])
    release(view, place)

    assert events == []


def test_the_row_after_a_removed_one_takes_the_keyboard(edits: EditList) -> None:
    edits.row_widget(2).switch.setFocus()

    edits.set_rows(ROWS[:2])

    assert edits.row_widget(1).switch.hasFocus()


def test_a_changed_row_keeps_the_keyboard(edits: EditList) -> None:
    edits.row_widget(1).slider.setFocus()

    edits.set_rows([replace(row, strength=0.5) for row in ROWS])

    assert edits.row_widget(1).slider.hasFocus()


def test_removing_the_last_edit_passes_the_keyboard_on(qtbot: QtBot) -> None:
    window, edits, after = QWidget(), EditList(), QLineEdit()
    layout = QVBoxLayout(window)
    layout.addWidget(edits)
    layout.addWidget(after)
    open_on_screen(qtbot, window, 300, 200)
    edits.set_rows(ROWS[:1])
    edits.row_widget(0).switch.setFocus()

    edits.set_rows([])

    assert after.hasFocus()


def test_row_keys_win_over_shortcuts_of_the_window(edits: EditList) -> None:
    edits.row_widget(0).switch.setFocus()
    event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier)
    event.ignore()

    QApplication.sendEvent(edits.row_widget(0).switch, event)

    assert event.isAccepted()


def test_an_empty_list_says_that_it_is_the_model(edits: EditList) -> None:
    shown = edits.grab().toImage()

    edits.set_rows([])

    assert edits.accessibleDescription() == EMPTY_TEXT == "No edits: this is the model itself"
    assert edits.grab().toImage() != shown


def test_text_wraps_where_the_list_is_narrow_and_nothing_is_cut(edits: EditList) -> None:
    edits.set_rows([replace(ROWS[2], text="colour of A → 0.92 pink · block 2 output")])
    wide_px = edits.row_widget(0).height()

    edits.resize(edits.minimumSizeHint().width(), 240)

    view = edits.row_widget(0)
    assert view.height() > wide_px
    assert view.width() <= edits.width()
    assert all(view.rect().contains(part.geometry()) for part in (view.switch, view.slider, view.remove))


def test_the_list_scrolls_to_the_row_with_the_keyboard(edits: EditList) -> None:
    edits.resize(290, 60)

    edits.row_widget(2).switch.setFocus()

    switch = edits.row_widget(2).switch
    assert edits.rect().contains(switch.mapTo(edits, switch.rect().center()))


def test_screen_readers_hear_the_row_and_its_warning(edits: EditList) -> None:
    view = edits.row_widget(2)

    assert view.switch.accessibleName() == "shape of B"
    assert "far from anything seen" in view.switch.accessibleDescription()
    assert view.remove.accessibleName() == "Remove shape of B"

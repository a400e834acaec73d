from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPointF, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QHelpEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from pytestqt.qtbot import QtBot

from app.widgets.edit_list import EMPTY_TEXT, EditList, EditRow
from tests.app.widgets.gestures import (
    ALT,
    LEFT,
    ask_menu,
    carry,
    drag,
    drop,
    move,
    open_on_screen,
    press,
    release,
    wheel,
)

CONTROLS = ("wrong object", "random subspace")
ROWS = (
    EditRow("colour of A", "swap", True, 1.0, "", "", CONTROLS),
    EditRow("knock out b3 h2", "mean", False, 1.0, ""),
    EditRow("shape of B", "add", True, 1.4, "far from anything seen", CONTROLS[0], CONTROLS, drawn=True),
)
MOVE = Qt.DropAction.MoveAction
HANDS = ("switch", "strength", "remove")


class Events(list[tuple[Any, ...]]):
    """Every signal of a list, in order."""

    def __init__(self, edits: EditList) -> None:
        super().__init__()
        edits.toggled.connect(lambda *given: self.append(("toggled", *given)))
        edits.strength_changed.connect(lambda *given: self.append(("strength", *given)))
        edits.removed.connect(lambda index: self.append(("removed", index)))
        edits.moved.connect(lambda *given: self.append(("moved", *given)))
        edits.control_picked.connect(lambda *given: self.append(("control", *given)))
        edits.drawn_again.connect(lambda index: self.append(("drawn", index)))
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


def follow(edits: EditList) -> None:
    """Do what the list asks for, as a panel does."""

    def change(row: int, **fields: object) -> None:
        rows = list(edits.rows.shown)
        edits.set_rows([*rows[:row], replace(rows[row], **fields), *rows[row + 1 :]])

    def put(start: int, end: int) -> None:
        rows = list(edits.rows.shown)
        rows.insert(end, rows.pop(start))
        edits.set_rows(rows)

    edits.toggled.connect(lambda row, on: change(row, enabled=on))
    edits.strength_changed.connect(lambda row, strength: change(row, strength=strength))
    edits.removed.connect(lambda row: edits.set_rows([r for i, r in enumerate(edits.rows.shown) if i != row]))
    edits.moved.connect(put)


def center(edits: EditList, row: int, part: str) -> QPointF:
    return QPointF(getattr(edits.parts(row), part).center())


def click(edits: EditList, row: int, part: str) -> None:
    press(edits.viewport(), center(edits, row, part))
    release(edits.viewport(), center(edits, row, part))


def grip(edits: EditList, row: int, share: float = 0.5) -> QPointF:
    """A place on a row itself, left of its parts, `share` of its height down."""
    rect = edits.visualRect(edits.rows.index(row))
    return QPointF(rect.left() + 8, rect.top() + share * rect.height())


def texts(edits: EditList) -> list[str]:
    return [row.text for row in edits.rows.shown]


def lift(edits: EditList, row: int, monkeypatch: pytest.MonkeyPatch) -> QMimeData:
    """Take a row up with the mouse; returns what the drag carries."""
    carried: list[QMimeData] = []
    give = type(edits.rows).mimeData

    def note(rows: Any, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = give(rows, indexes)
        carried.append(_copy(mime))
        return mime

    # A real drag ends at once where there is no screen, and takes what it carries with it.
    monkeypatch.setattr(type(edits.rows), "mimeData", note)
    press(edits.viewport(), grip(edits, row))
    move(edits.viewport(), grip(edits, row) + QPointF(0, 20))
    (mime,) = carried
    return mime


def _copy(mime: QMimeData) -> QMimeData:
    copy = QMimeData()
    for name in mime.formats():
        copy.setData(name, mime.data(name))
    return copy


def test_the_switch_asks_for_the_other_state(edits: EditList, events: Events) -> None:
    click(edits, 0, "switch")
    click(edits, 1, "switch")

    assert events == [("toggled", 0, False), ("toggled", 1, True)]


def test_a_press_that_is_let_go_elsewhere_switches_nothing(edits: EditList, events: Events) -> None:
    drag(edits.viewport(), center(edits, 0, "switch"), center(edits, 1, "switch"))

    assert events == []
    assert texts(edits) == [row.text for row in ROWS]


def test_setting_rows_emits_nothing(edits: EditList, events: Events) -> None:
    edits.set_rows([replace(row, enabled=not row.enabled, strength=0.3) for row in ROWS])
    edits.set_rows(ROWS[:1])
    edits.set_rows([])

    assert events == []


@pytest.mark.parametrize("change", [{"enabled": False}, {"strength": 0.3}, {"warning": "off"}, {"text": "colour of B"}])
def test_a_row_shows_what_it_is_given(edits: EditList, change: dict[str, Any]) -> None:
    before = edits.grab(edits.visualRect(edits.rows.index(0))).toImage()

    edits.set_rows([replace(ROWS[0], **change), *ROWS[1:]])

    assert edits.grab(edits.visualRect(edits.rows.index(0))).toImage() != before


def test_a_drag_of_the_strength_is_one_gesture(edits: EditList, events: Events) -> None:
    parts = edits.parts(1)

    drag(edits.viewport(), parts.handle(1.0), parts.handle(2.0) + QPointF(40, 60))

    assert events[0] == ("started", 1)
    assert events[-2:] == [("strength", 1, 2.0), ("finished", 1)]
    assert {event[0] for event in events[1:-1]} == {"strength"}


def test_a_drag_of_the_strength_goes_on_while_its_row_moves_and_other_rows_come_and_go(edits: EditList) -> None:
    follow(edits)
    press(edits.viewport(), edits.parts(2).handle(1.4))
    move(edits.viewport(), edits.parts(2).handle(1.8))
    held = edits.rows.shown[2]

    edits.set_rows([replace(ROWS[0], warning="nothing is left of it"), held])
    events = Events(edits)
    move(edits.viewport(), edits.parts(1).handle(0.5))
    release(edits.viewport(), edits.parts(1).handle(0.5))

    assert edits.rows.shown[1].strength == pytest.approx(0.5, abs=0.03)
    assert [event[:2] for event in events] == [("strength", 1), ("finished", 1)]


def test_a_drag_of_the_strength_of_a_row_that_has_gone_changes_no_other(edits: EditList) -> None:
    place = edits.parts(2).handle(1.4)
    press(edits.viewport(), place)

    edits.set_rows(ROWS[:2])
    events = Events(edits)
    move(edits.viewport(), place + QPointF(20, 0))
    release(edits.viewport(), place)

    assert events == [("finished", -1)]


def test_a_strength_near_one_becomes_one_unless_alt_is_held(edits: EditList, events: Events) -> None:
    near = edits.parts(2).handle(1.03)

    press(edits.viewport(), near)
    release(edits.viewport(), near)
    press(edits.viewport(), near, ALT)
    release(edits.viewport(), near, ALT)

    assert [event[2] for event in events if event[0] == "strength"] == [1.0, pytest.approx(1.03, abs=0.02)]


def test_the_wheel_over_a_strength_changes_it_within_bounds_and_scrolls_nothing(
    edits: EditList, events: Events
) -> None:
    follow(edits)
    edits.resize(290, 90)
    edits.scrollToBottom()
    shown = edits.verticalScrollBar().value()

    for angle in (120, -240, 120 * 40):
        wheel(edits.viewport(), center(edits, 2, "strength"), angle)

    assert [event[2] for event in events] == [1.45, 1.35, 2.0]
    assert edits.verticalScrollBar().value() == shown > 0


def test_a_wheel_that_scrolls_goes_on_scrolling_until_the_mouse_moves(edits: EditList, events: Events) -> None:
    edits.resize(290, 90)
    wheel(edits.viewport(), center(edits, 0, "head"), -120)
    assert edits.verticalScrollBar().value() > 0
    row = next(i for i in range(3) if edits.viewport().rect().contains(center(edits, i, "strength").toPoint()))

    wheel(edits.viewport(), center(edits, row, "strength"), -120)
    assert events == []
    move(edits.viewport(), center(edits, row, "strength"))
    wheel(edits.viewport(), center(edits, row, "strength"), -120)

    assert [event[:2] for event in events] == [("strength", row)]


def test_a_strength_beyond_the_range_is_only_ever_lowered(qtbot: QtBot, edits: EditList, events: Events) -> None:
    edits.set_rows([replace(ROWS[0], strength=8.0)])
    edits.setCurrentIndex(edits.rows.index(0))

    qtbot.keyClick(edits, Qt.Key.Key_Right)
    qtbot.keyClick(edits, Qt.Key.Key_Left)

    assert events == [("strength", 0, 1.95)]


def test_a_double_click_on_the_strength_makes_it_one(qtbot: QtBot, edits: EditList, events: Events) -> None:
    qtbot.mouseDClick(edits.viewport(), LEFT, pos=edits.parts(2).handle(1.4).toPoint())

    assert ("strength", 2, 1.0) in events


def test_the_cross_removes(edits: EditList, events: Events) -> None:
    click(edits, 1, "remove")

    assert events == [("removed", 1)]


def test_the_keyboard_alone_switches_weighs_moves_and_removes(qtbot: QtBot, edits: EditList, events: Events) -> None:
    follow(edits)
    edits.setFocus(Qt.FocusReason.TabFocusReason)

    qtbot.keyClick(edits, Qt.Key.Key_End)
    qtbot.keyClick(edits, Qt.Key.Key_Space)
    qtbot.keyClick(edits, Qt.Key.Key_Up)
    qtbot.keyClick(edits, Qt.Key.Key_Right)
    qtbot.keyClick(edits, Qt.Key.Key_Left)
    qtbot.keyClick(edits, Qt.Key.Key_Up, ALT)
    qtbot.keyClick(edits, Qt.Key.Key_Delete)
    qtbot.keyClick(edits, Qt.Key.Key_Home)
    qtbot.keyClick(edits, Qt.Key.Key_Backspace)

    assert events == [
        ("toggled", 2, False),
        ("strength", 1, 1.05),
        ("strength", 1, 1.0),
        ("moved", 1, 0),
        ("removed", 0),
        ("removed", 0),
    ]
    assert texts(edits) == ["shape of B"]


def test_alt_arrows_stop_at_both_ends(qtbot: QtBot, edits: EditList, events: Events) -> None:
    edits.setCurrentIndex(edits.rows.index(0))
    qtbot.keyClick(edits, Qt.Key.Key_Up, ALT)
    edits.setCurrentIndex(edits.rows.index(2))
    qtbot.keyClick(edits, Qt.Key.Key_Down, ALT)

    assert events == []


@pytest.fixture
def menus(monkeypatch: pytest.MonkeyPatch) -> list[QMenu]:
    """The menus that were opened; without a screen they cannot take the keyboard, and say so."""
    opened: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: opened.append(menu))
    return opened


def test_the_pill_goes_back_to_the_effect_and_offers_the_controls_of_an_effect(
    edits: EditList, events: Events, menus: list[QMenu]
) -> None:
    click(edits, 2, "control")
    click(edits, 0, "control")
    (menu,) = menus
    offered = [(action.text(), action.isChecked()) for action in menu.actions()]
    menu.actions()[2].trigger()

    assert offered == [("Effect", True), ("Control: wrong object", False), ("Control: random subspace", False)]
    assert events == [("control", 2, ""), ("control", 0, "random subspace")]


@pytest.mark.parametrize("way", ["enter", "menu key", "right button"])
def test_a_row_offers_its_controls_and_another_draw(
    qtbot: QtBot, edits: EditList, events: Events, menus: list[QMenu], way: str
) -> None:
    edits.setCurrentIndex(edits.rows.index(2))
    if way == "enter":
        qtbot.keyClick(edits, Qt.Key.Key_Return)
    elif way == "menu key":
        ask_menu(edits.viewport(), QContextMenuEvent.Reason.Keyboard, grip(edits, 0).toPoint())
    else:
        ask_menu(edits.viewport(), QContextMenuEvent.Reason.Mouse, grip(edits, 2).toPoint())
    (menu,) = menus

    menu.actions()[-1].trigger()

    assert menu.actions()[-1].text() == "Draw again"
    assert events == [("drawn", 2)]


def test_an_edit_without_controls_offers_nothing(qtbot: QtBot, edits: EditList, menus: list[QMenu]) -> None:
    edits.setCurrentIndex(edits.rows.index(1))

    qtbot.keyClick(edits, Qt.Key.Key_Return)
    press(edits.viewport(), center(edits, 1, "control"))

    assert menus == []


@pytest.mark.parametrize(
    ("start", "end", "share", "asked"),
    [(0, 2, 0.9, [("moved", 0, 2)]), (2, 0, 0.1, [("moved", 2, 0)]), (0, 1, 0.9, [("moved", 0, 1)]), (0, 1, 0.1, [])],
)
def test_a_row_is_dragged_to_its_new_place_and_takes_the_keyboard_along(
    edits: EditList,
    events: Events,
    monkeypatch: pytest.MonkeyPatch,
    start: int,
    end: int,
    share: float,
    asked: list[tuple[str, int, int]],
) -> None:
    follow(edits)
    mime = lift(edits, start, monkeypatch)

    assert drop(edits.viewport(), grip(edits, end, share), mime, MOVE)

    assert events == asked
    assert edits.currentIndex().row() == (end if asked else start)
    assert texts(edits)[edits.currentIndex().row()] == ROWS[start].text


def test_a_row_that_is_carried_survives_a_refresh_and_other_rows_that_go(
    edits: EditList, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    mime = lift(edits, 2, monkeypatch)
    carry(edits.viewport(), grip(edits, 0, 0.1), mime, MOVE)

    edits.set_rows([replace(ROWS[1], warning="nothing is left of it"), ROWS[2]])
    drop(edits.viewport(), grip(edits, 0, 0.1), mime, MOVE)

    assert events == [("moved", 1, 0)]


def test_a_row_that_goes_while_it_is_carried_moves_no_other(
    edits: EditList, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    mime = lift(edits, 2, monkeypatch)

    edits.set_rows(ROWS[:2])
    drop(edits.viewport(), grip(edits, 0, 0.1), mime, MOVE)

    assert events == []


@pytest.mark.parametrize("part", HANDS)
def test_a_drag_that_begins_on_a_part_lifts_no_row(edits: EditList, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr(EditList, "startDrag", lambda self, actions: pytest.fail("lifted"))

    drag(edits.viewport(), center(edits, 0, part), grip(edits, 2))

    assert edits.state() == EditList.State.NoState


def test_something_else_is_not_taken(edits: EditList) -> None:
    mime = QMimeData()
    mime.setText("colour of A")

    assert not drop(edits.viewport(), grip(edits, 0), mime, MOVE)


def test_the_row_after_a_removed_one_takes_the_keyboard(edits: EditList) -> None:
    edits.setCurrentIndex(edits.rows.index(1))

    edits.set_rows([ROWS[0], ROWS[2]])
    assert edits.currentIndex().row() == 1
    edits.set_rows([ROWS[0]])

    assert edits.currentIndex().row() == 0


def test_a_changed_row_keeps_the_keyboard(edits: EditList) -> None:
    edits.setCurrentIndex(edits.rows.index(1))

    edits.set_rows([replace(row, strength=0.5) for row in ROWS])

    assert edits.currentIndex().row() == 1


def test_only_a_row_that_changed_is_told_of(edits: EditList) -> None:
    told: list[int] = []
    edits.rows.dataChanged.connect(lambda first, last: told.extend((first.row(), last.row())))

    edits.set_rows([ROWS[0], replace(ROWS[1], enabled=True), ROWS[2]])
    edits.set_rows(edits.rows.shown)

    assert told == [1, 1]


@pytest.mark.parametrize("rows", [ROWS, ()])
@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Left, Qt.Key.Key_Down])
def test_keys_of_the_rows_win_over_shortcuts_of_the_window(
    edits: EditList, rows: Sequence[EditRow], key: Qt.Key
) -> None:
    edits.set_rows(rows)
    event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()

    QApplication.sendEvent(edits, event)

    assert event.isAccepted()


def test_an_empty_list_says_that_it_is_the_model(edits: EditList) -> None:
    edits.set_rows([])
    shown = edits.grab().toImage()

    assert edits.accessibleDescription() == EMPTY_TEXT == "No edits: this is the model itself"
    assert len({shown.pixel(x, y) for x in range(0, shown.width(), 2) for y in range(100, 140)}) > 1


def test_text_wraps_where_the_list_is_narrow_and_nothing_is_cut(edits: EditList) -> None:
    edits.set_rows([replace(ROWS[2], text="colour of A → 0.92 pink · block 2 output")])
    wide_px = edits.visualRect(edits.rows.index(0)).height()

    edits.resize(edits.minimumSizeHint().width(), 240)

    row, parts = edits.visualRect(edits.rows.index(0)), edits.parts(0)
    assert row.height() > wide_px
    assert row.width() <= edits.viewport().width()
    assert all(row.contains(getattr(parts, part).toRect()) for part in (*HANDS, "control", "warning"))


def test_a_warning_makes_room_for_itself(edits: EditList) -> None:
    before = edits.visualRect(edits.rows.index(1))

    edits.set_rows([replace(ROWS[0], warning="nothing is left of it"), *ROWS[1:]])

    assert edits.visualRect(edits.rows.index(1)).top() > before.top()
    assert edits.visualRect(edits.rows.index(0)).contains(edits.parts(0).warning.toRect())


def test_the_list_scrolls_to_the_row_with_the_keyboard(qtbot: QtBot, edits: EditList) -> None:
    edits.resize(290, 70)
    edits.setFocus()

    qtbot.keyClick(edits, Qt.Key.Key_End)

    assert edits.viewport().rect().contains(center(edits, 2, "switch").toPoint())


@pytest.mark.parametrize(
    ("part", "tip"),
    [
        ("switch", "Turn this edit off"),
        ("strength", "Strength α"),
        ("remove", "Remove this edit"),
        ("control", "Click for the effect"),
        ("head", "far from anything seen"),
    ],
)
def test_each_part_of_a_row_says_what_it_does(edits: EditList, part: str, tip: str) -> None:
    place = center(edits, 2, part).toPoint()

    QApplication.sendEvent(
        edits.viewport(), QHelpEvent(QHelpEvent.Type.ToolTip, place, edits.viewport().mapToGlobal(place))
    )

    assert tip in QToolTip.text()
    QToolTip.hideText()


def test_screen_readers_hear_the_row_its_state_and_its_warning(edits: EditList) -> None:
    row = QAccessible.queryAccessibleInterface(edits).child(2)

    assert row.text(QAccessible.Text.Name) == "shape of B"
    assert (
        row.text(QAccessible.Text.Description)
        == "strength 1.40; on; control: wrong object; add; far from anything seen"
    )
    assert "Delete removes" in edits.accessibleDescription()

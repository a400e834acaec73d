"""The strip of steps: a click or a key asks for a step; setting steps asks for nothing and draws what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.widgets.history_strip import HistoryStrip, Step
from tests.app.widgets.gestures import LEFT, open_on_screen, wheel

N_MANY = 500


class Watched(HistoryStrip):
    """A strip that notes which cards it draws."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[int] = []

    def draw(self, painter: Any, rect: Any, index: Any, state: Any) -> None:
        self.drawn.append(index.row())
        super().draw(painter, rect, index, state)


def picture(color: str = "white") -> QImage:
    image = QImage(8, 8, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    return image


def steps(n_steps: int) -> list[Step]:
    white = picture()
    return [Step(f"step {i}", f"b{i}", float(i - 1), False, white) for i in range(n_steps)]


@pytest.fixture
def strip(qtbot: QtBot) -> Watched:
    return shown(qtbot, 4, 1)


@pytest.fixture
def many(qtbot: QtBot) -> Watched:
    return shown(qtbot, N_MANY, N_MANY - 1)


def shown(qtbot: QtBot, n_steps: int, current: int) -> Watched:
    strip = Watched()
    strip.set_steps(steps(n_steps), current)
    open_on_screen(qtbot, strip, 400, 80)
    qtbot.waitUntil(lambda: current in strip.drawn)
    QApplication.processEvents()
    strip.drawn.clear()
    return strip


def center(strip: HistoryStrip, index: int) -> QPoint:
    return strip.visualRect(strip.rows.index(index)).center()


def in_sight(strip: HistoryStrip) -> list[int]:
    place = strip.viewport().rect()
    return [i for i in range(strip.rows.rowCount()) if place.intersects(strip.visualRect(strip.rows.index(i)))]


def test_a_click_asks_for_the_step_under_it(strip: HistoryStrip, qtbot: QtBot) -> None:
    with qtbot.waitSignal(strip.chosen) as asked:
        QTest.mouseClick(strip.viewport(), LEFT, pos=center(strip, 3))

    assert asked.args == [3]
    assert strip.currentIndex().row() == 1


@pytest.mark.parametrize(
    ("key", "index"), [(Qt.Key.Key_Left, 0), (Qt.Key.Key_Right, 2), (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 3)]
)
def test_keys_step_through_the_history(strip: HistoryStrip, qtbot: QtBot, key: Qt.Key, index: int) -> None:
    with qtbot.waitSignal(strip.stepped) as asked:
        QTest.keyClick(strip, key)

    assert asked.args == [index]


def test_the_step_in_force_places_outside_and_other_keys_ask_for_nothing(strip: HistoryStrip, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(strip.chosen), qtbot.assertNotEmitted(strip.stepped):
        QTest.mouseClick(strip.viewport(), LEFT, pos=center(strip, 1))
        QTest.mouseClick(strip.viewport(), LEFT, pos=QPoint(395, 10))
        for letter in "step 3":
            QTest.keyClick(strip, letter)
        strip.set_steps([], 0)
        QTest.keyClick(strip, Qt.Key.Key_Right)
    assert strip.currentIndex().row() == -1


def test_the_step_in_force_and_its_neighbours_come_into_sight(many: HistoryStrip) -> None:
    many.set_steps(steps(N_MANY), 250)

    assert {249, 250, 251} <= set(in_sight(many))


def test_an_answer_does_not_scroll_away_from_what_is_looked_at(many: HistoryStrip) -> None:
    many.horizontalScrollBar().setValue(0)

    many.set_steps([*steps(N_MANY)[:-1], replace(steps(N_MANY)[-1], margin=3.0)], N_MANY - 1)

    assert many.horizontalScrollBar().value() == 0


def test_an_ordinary_wheel_scrolls_sideways(many: HistoryStrip) -> None:
    before = many.horizontalScrollBar().value()

    wheel(many.viewport(), QPointF(center(many, N_MANY - 2)), 120)

    assert many.horizontalScrollBar().value() < before


def test_an_answer_about_one_of_many_steps_draws_that_card_alone(many: Watched, qtbot: QtBot) -> None:
    near = N_MANY - 2
    told = [*steps(N_MANY)[:near], replace(steps(N_MANY)[near], margin=-2.0), steps(N_MANY)[-1]]

    many.set_steps(told, N_MANY - 1)
    qtbot.waitUntil(lambda: near in many.drawn)

    assert set(many.drawn) == {near}


def test_cards_out_of_sight_are_not_drawn(many: Watched) -> None:
    many.grab()

    assert set(many.drawn) == set(in_sight(many))
    assert len(many.drawn) < 10


def test_one_more_step_after_many_is_one_row_and_draws_what_is_in_sight(many: Watched, qtbot: QtBot) -> None:
    told: list[tuple[str, int, int]] = []
    many.rows.rowsInserted.connect(lambda _, first, last: told.append(("in", first, last)))
    many.rows.rowsRemoved.connect(lambda _, first, last: told.append(("out", first, last)))
    many.rows.dataChanged.connect(lambda first, last: told.append(("changed", first.row(), last.row())))

    many.set_steps(steps(N_MANY + 1), N_MANY)
    qtbot.waitUntil(lambda: N_MANY in many.drawn)

    assert told == [("in", N_MANY, N_MANY)]
    assert set(many.drawn) <= set(range(N_MANY - 8, N_MANY + 1))


def test_the_same_steps_again_are_no_news(many: Watched) -> None:
    told: list[object] = []
    for signal in (many.rows.dataChanged, many.rows.rowsInserted, many.rows.rowsRemoved, many.rows.rowsMoved):
        signal.connect(lambda *_: told.append(_))

    many.set_steps(steps(N_MANY), N_MANY - 1)

    assert told == []


def card(strip: HistoryStrip, index: int) -> QImage:
    return strip.viewport().grab(strip.visualRect(strip.rows.index(index))).toImage()


@pytest.mark.parametrize(
    "change",
    [
        lambda step: replace(step, picture=picture("red")),
        lambda step: replace(step, layer="b7"),
        lambda step: replace(step, margin=-3.0),
        lambda step: replace(step, margin=None),
        lambda step: replace(step, flipped=True),
        lambda step: replace(step, control="wrong object"),
        lambda step: replace(step, sided=False, answer="dog"),
    ],
    ids=["picture", "layer", "margin", "unknown", "flip", "control", "answer"],
)
def test_a_card_shows_all_there_is_of_its_step(strip: HistoryStrip, change: Callable[[Step], Step]) -> None:
    before = card(strip, 1)
    first, second, *others = steps(4)

    strip.set_steps([first, change(second), *others], 1)

    assert card(strip, 1) != before


def test_what_can_be_redone_is_faint(strip: HistoryStrip) -> None:
    before = card(strip, 2)

    strip.set_steps(steps(4), 3)

    assert card(strip, 2) != before


def test_screen_readers_and_tool_tips_say_what_was_done(strip: HistoryStrip) -> None:
    strip.set_steps([*steps(3), replace(steps(4)[3], answer="dog", control="wrong object")], 3)
    told = "step 3\nAnswer: dog\nControl in force: wrong object"

    assert strip.rows.index(3).data(Qt.ItemDataRole.ToolTipRole) == told
    assert QAccessible.queryAccessibleInterface(strip).child(3).text(QAccessible.Text.Name) == told
    assert strip.accessibleDescription() == f"Step 4 of 4: {told}"

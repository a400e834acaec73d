"""The strip of steps: a click or a key asks for a step; setting steps asks for nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from app.widgets.history_strip import HistoryStrip, Step


@pytest.fixture
def strip(qtbot: QtBot) -> HistoryStrip:
    strip = HistoryStrip()
    qtbot.addWidget(strip)
    picture = np.full((8, 8, 3), 200, np.uint8)
    strip.set_steps([Step(f"step {i}", f"b{i}", float(i - 1), False, picture) for i in range(4)], 1)
    strip.resize(strip.sizeHint())
    strip.show()
    return strip


def test_a_click_asks_for_the_step_under_it(strip: HistoryStrip, qtbot: QtBot) -> None:
    with qtbot.waitSignal(strip.chosen) as asked:
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.card_rect(3).center().toPoint())

    assert asked.args == [3]


@pytest.mark.parametrize(
    ("key", "index"), [(Qt.Key.Key_Left, 0), (Qt.Key.Key_Right, 2), (Qt.Key.Key_Home, 0), (Qt.Key.Key_End, 3)]
)
def test_keys_step_through_the_history(strip: HistoryStrip, qtbot: QtBot, key: Qt.Key, index: int) -> None:
    with qtbot.waitSignal(strip.stepped) as asked:
        QTest.keyClick(strip, key)

    assert asked.args == [index]


def test_the_step_in_force_and_places_outside_ask_for_nothing(strip: HistoryStrip, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(strip.chosen), qtbot.assertNotEmitted(strip.stepped):
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.card_rect(1).center().toPoint())
        strip.set_steps([], 0)
        QTest.keyClick(strip, Qt.Key.Key_Right)


def test_every_step_has_room(strip: HistoryStrip) -> None:
    assert strip.sizeHint().width() >= strip.card_rect(3).right()


def test_the_margin_is_drawn_in_the_colour_of_its_answer(strip: HistoryStrip) -> None:
    image = strip.grab().toImage()
    scale = image.width() / strip.width()
    colors = set()
    for index in (0, 3):
        rect = strip.card_rect(index)
        colors.add(
            tuple(
                image.pixelColor(round(x * scale), round(y * scale)).name()
                for x in range(round(rect.left()) + 48, round(rect.left()) + 54)
                for y in range(10, 40)
            )
        )
    assert len(colors) == 2


def test_cards_out_of_sight_are_not_painted(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    area, strip = QScrollArea(), HistoryStrip()
    qtbot.addWidget(area)
    painted: set[str] = set()
    monkeypatch.setattr(strip, "_paint_step", lambda painter, rect, step, colors: painted.add(step.text))
    picture = np.full((8, 8, 3), 200, np.uint8)
    strip.set_steps([Step(f"step {i}", "", None, False, picture) for i in range(500)], 0)
    area.setWidget(strip)
    strip.adjustSize()
    area.resize(400, 90)
    with qtbot.waitExposed(area):
        area.show()

    qtbot.waitUntil(lambda: bool(painted))

    assert "step 0" in painted
    assert len(painted) < 10

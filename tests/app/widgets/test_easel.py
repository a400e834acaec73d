"""The palette is a strip where it leaves the canvas its room, and else is folded into pop-overs."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.chips import Chip, ChipGrid
from app.widgets.easel import N_CHIPS, SMALLEST_PX, Easel, plan_of
from app.widgets.fold import FoldingRow, PopOver
from app.widgets.tool_strip import ToolStrip
from app.widgets.tools import tools
from tests.app.widgets.gestures import open_on_screen

LEFT = Qt.MouseButton.LeftButton


def test_nothing_overlaps_and_nothing_is_outside_at_any_size() -> None:
    for width, height in product(range(150, 900, 50), repeat=2):
        plan = plan_of(width, height, n_tools=15)

        strips = [*(grid for grid in plan.grids if plan.columns), *([plan.tools] if plan.tool_columns else [])]
        places = [plan.canvas, *strips]
        assert all(QRect(0, 0, width, height).contains(place) for place in places)
        assert not any(one.intersects(other) for one, other in combinations(places, 2))
        assert plan.side >= 0.8 * min(width, height)


def test_the_strip_stands_where_the_room_is() -> None:
    wide, high, small = (plan_of(*size, n_tools=15) for size in ((700, 450), (450, 620), (280, 240)))

    assert wide.grids[0].left() >= wide.canvas.right()
    assert high.grids[0].top() >= high.canvas.bottom()
    assert wide.tools.right() < wide.canvas.left()
    assert small.columns == small.tool_columns == 0
    assert small.side == 240


@pytest.mark.parametrize("size", [(700, 450), (450, 620)])
def test_every_chip_of_a_strip_is_in_sight_and_large_enough_to_hit(qtbot: QtBot, size: tuple[int, int]) -> None:
    grids = ChipGrid(), ChipGrid()
    for grid in grids:
        grid.set_chips([Chip("color", i, f"colour {i}", (10 * i, 90, 200)) for i in range(N_CHIPS)])
    easel = Easel(QWidget(), grids, ToolStrip(tools()))

    open_on_screen(qtbot, easel, *size)

    for grid in grids:
        places = [grid.visualRect(grid.rows.index(i)) for i in range(N_CHIPS)]
        assert all(grid.viewport().rect().contains(place) for place in places)
        assert all(min(place.width(), place.height()) >= SMALLEST_PX for place in places)
        assert len({(place.left(), place.top()) for place in places}) == N_CHIPS


def test_it_says_when_the_strip_is_folded_and_when_it_is_back(qtbot: QtBot) -> None:
    easel, said = Easel(QWidget(), (ChipGrid(), ChipGrid()), ToolStrip(tools())), []
    easel.folded.connect(said.append)
    open_on_screen(qtbot, easel, 700, 450)

    for size in ((280, 240), (270, 240), (700, 450)):
        easel.resize(*size)

    assert said == [True, False]


def buttons() -> list[QToolButton]:
    found = []
    for name in ("Random pair", "Match shape", "Match colour"):
        button = QToolButton()
        button.setText(name)
        found.append(button)
    return found


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_buttons_without_room_are_in_the_pop_over_and_come_back_with_it(qtbot: QtBot) -> None:
    all_of_them = buttons()
    row = FoldingRow(all_of_them, "More")
    open_on_screen(qtbot, row, 900, 30)
    assert [b.window() is row.window() for b in all_of_them] == [True] * 3
    assert row.more.isHidden()

    row.resize(all_of_them[0].sizeHint().width() + row.more.sizeHint().width() + 10, 30)

    assert [b.window() is row.window() for b in all_of_them] == [True, False, False]
    qtbot.mouseClick(row.more, LEFT)
    assert all(button.isVisible() for button in all_of_them)
    with qtbot.waitSignal(all_of_them[2].clicked):
        qtbot.mouseClick(all_of_them[2], LEFT)
    assert row.more.frame.isHidden()
    row.resize(900, 30)
    assert [b.window() is row.window() for b in all_of_them] == [True] * 3


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_a_pop_over_opens_under_its_button_and_on_the_screen(qtbot: QtBot) -> None:
    button = PopOver("Colour ▾", (QWidget(),))
    open_on_screen(qtbot, button, 80, 24)

    qtbot.mouseClick(button, LEFT)

    assert button.frame.isVisible()
    assert button.screen().geometry().contains(button.frame.geometry())
    button.frame.hide()

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.chips import CHIP_MIME, Chip, ChipGrid, chip_mime, read_chip
from app.widgets.fold import PopOver
from app.widgets.rows import RowView
from tests.app.widgets.gestures import LEFT, drop, move, open_on_screen, press, release

N_CHIPS = 6


@pytest.fixture
def grid(qtbot: QtBot) -> ChipGrid:
    widget = ChipGrid()
    open_on_screen(qtbot, widget, 176, 80)
    widget.set_chips([Chip("color", 10 + i, f"colour {i}", (40 * i, 90, 200)) for i in range(N_CHIPS)])
    return widget


@pytest.fixture
def chosen(grid: ChipGrid) -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []
    grid.chosen.connect(lambda kind, value: seen.append((kind, value)))
    return seen


def center(grid: ChipGrid, index: int) -> QPoint:
    return grid.visualRect(grid.rows.index(index)).center()


def marked(grid: ChipGrid) -> list[int]:
    n_chips = grid.rows.rowCount()
    return [
        i for i in range(n_chips) if grid.rows.index(i).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    ]


def test_a_click_chooses_the_chip(qtbot: QtBot, grid: ChipGrid, chosen: list[tuple[str, int]]) -> None:
    qtbot.mouseClick(grid.viewport(), LEFT, pos=center(grid, 2))

    assert chosen == [("color", 12)]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_enter_and_space_choose_the_chip_with_the_keyboard(
    qtbot: QtBot, grid: ChipGrid, chosen: list[tuple[str, int]], key: Qt.Key
) -> None:
    grid.setCurrentIndex(grid.rows.index(1))

    qtbot.keyClick(grid, key)

    assert chosen == [("color", 11)]


def test_arrows_go_along_rows_and_columns_and_stop_at_the_border(qtbot: QtBot, grid: ChipGrid) -> None:
    grid.setCurrentIndex(grid.rows.index(0))
    visited = []
    keys = [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End]
    for key in keys:
        qtbot.keyClick(grid, key)
        visited.append(grid.currentIndex().row())

    assert visited == [0, 1, 5, 5, 1, 5]


def test_arrows_choose_nothing(qtbot: QtBot, grid: ChipGrid, chosen: list[tuple[str, int]]) -> None:
    grid.setCurrentIndex(grid.rows.index(0))

    qtbot.keyClick(grid, Qt.Key.Key_Right)

    assert chosen == []


def test_tab_enters_at_the_current_chip_and_leaves_with_the_next(qtbot: QtBot) -> None:
    window, before, grid, after = QWidget(), QLineEdit(), ChipGrid(), QLineEdit()
    layout = QVBoxLayout(window)
    for widget in (before, grid, after):
        layout.addWidget(widget)
    open_on_screen(qtbot, window, 200, 200)
    grid.set_chips([Chip("color", 10 + i, f"colour {i}", (40 * i, 90, 200)) for i in range(N_CHIPS)])
    before.setFocus()
    grid.set_current(13)

    qtbot.keyClick(before, Qt.Key.Key_Tab)
    assert grid.hasFocus()
    assert grid.currentIndex().row() == 3
    qtbot.keyClick(grid, Qt.Key.Key_Tab)

    assert after.hasFocus()


def test_setting_the_current_chip_tells_nobody(grid: ChipGrid, chosen: list[tuple[str, int]]) -> None:
    plain = grid.grab().toImage()

    grid.set_current(12)

    assert marked(grid) == [2]
    assert grid.grab().toImage() != plain
    assert chosen == []


def test_the_chip_with_the_keyboard_stays_where_another_becomes_current(grid: ChipGrid) -> None:
    grid.setFocus()
    grid.setCurrentIndex(grid.rows.index(4))

    grid.set_current(12)

    assert grid.currentIndex().row() == 4


def test_what_is_current_already_is_not_drawn_again(qtbot: QtBot, grid: ChipGrid) -> None:
    grid.set_current(12)
    grid.viewport().repaint()
    drawn: list[int] = []
    draw = grid.draw
    grid.draw = lambda *given: (drawn.append(1), draw(*given))  # type: ignore[method-assign, assignment]

    grid.set_current(12)
    QApplication.processEvents()
    assert drawn == []

    grid.set_current(13)
    QApplication.processEvents()
    assert drawn


def test_a_click_alone_does_not_change_what_is_current(qtbot: QtBot, grid: ChipGrid) -> None:
    grid.set_current(12)

    qtbot.mouseClick(grid.viewport(), LEFT, pos=center(grid, 0))

    assert marked(grid) == [2]


def test_fewer_chips_leave_none_behind(grid: ChipGrid) -> None:
    grid.set_chips([Chip("shape", 0, "disc", None, np.ones((8, 8), dtype=bool))])

    assert grid.rows.rowCount() == 1
    assert not grid.indexAt(QPoint(100, 20)).isValid()
    assert QAccessible.queryAccessibleInterface(grid).child(0).text(QAccessible.Text.Name) == "disc (shape)"


def test_a_drag_carries_the_chip_and_chooses_nothing(
    monkeypatch: pytest.MonkeyPatch, grid: ChipGrid, chosen: list[tuple[str, int]]
) -> None:
    carried: list[bytes] = []
    give = type(grid.rows).mimeData

    def note(rows: Any, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = give(rows, indexes)
        carried.append(bytes(mime.data(CHIP_MIME).data()))
        return mime

    # A real drag ends at once where there is no screen, and takes what it carries with it.
    monkeypatch.setattr(type(grid.rows), "mimeData", note)
    start = QPointF(center(grid, 3))

    press(grid.viewport(), start)
    move(grid.viewport(), start + QPointF(30, 20))
    release(grid.viewport(), start + QPointF(30, 20))

    assert carried == [b"color:13"]
    assert chosen == []


def test_a_chip_can_be_copied_only(grid: ChipGrid) -> None:
    assert grid.rows.supportedDragActions() == Qt.DropAction.CopyAction
    assert not drop(grid.viewport(), QPointF(10, 10), chip_mime(grid.rows.shown[0]))


@pytest.mark.parametrize("width", [120, 176, 190, 400])
def test_chips_stand_in_four_columns_and_stay_in_the_grid(grid: ChipGrid, width: int) -> None:
    grid.resize(width, grid.minimumSizeHint().height() if width == 120 else grid.sizeHint().height())

    places = [grid.visualRect(grid.rows.index(i)) for i in range(N_CHIPS)]

    assert [place.top() == places[0].top() for place in places] == [True] * 4 + [False] * 2
    assert all(grid.viewport().rect().contains(place) for place in places)
    assert all(place.width() >= 24 and place.height() >= 24 for place in places)


def test_a_chip_survives_the_way_through_mime() -> None:
    assert read_chip(chip_mime(Chip("shape", 7, "star"))) == ("shape", 7)


@pytest.mark.parametrize("data", [b"", b"shape", b"shape:", b":3", b"shape:x", b"shape:-1", b"\xff:1x"])
def test_broken_chips_are_not_read(data: bytes) -> None:
    mime = QMimeData()
    mime.setData(CHIP_MIME, data)

    assert read_chip(mime) is None


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
def test_a_pop_over_is_out_of_the_way_while_a_chip_is_dragged_out_of_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = ChipGrid()
    grid.set_chips([Chip("color", 0, "pink", (233, 30, 99))])
    over = PopOver("Colour", (grid,))
    open_on_screen(qtbot, over, 80, 30)
    over.open()
    assert over.frame.isVisible()
    seen: list[bool] = []
    monkeypatch.setattr(RowView, "startDrag", lambda *_: seen.append(over.frame.isVisible()), raising=False)

    grid.startDrag(Qt.DropAction.CopyAction)

    assert seen == [False]

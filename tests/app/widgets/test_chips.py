from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.widgets.chips import CHIP_MIME, Chip, ChipGrid, chip_mime, read_chip
from tests.app.widgets.gestures import LEFT, move, open_on_screen, press, release

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


def buttons(grid: ChipGrid) -> list[QAbstractButton]:
    return [button for button in grid.findChildren(QAbstractButton) if not button.isHidden()]


def focused(grid: ChipGrid) -> int:
    return [button.hasFocus() for button in buttons(grid)].index(True)


def test_a_click_chooses_the_chip(qtbot: QtBot, grid: ChipGrid, chosen: list[tuple[str, int]]) -> None:
    qtbot.mouseClick(buttons(grid)[2], LEFT)

    assert chosen == [("color", 12)]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_enter_and_space_choose_the_chip_with_the_keyboard(
    qtbot: QtBot, grid: ChipGrid, chosen: list[tuple[str, int]], key: Qt.Key
) -> None:
    buttons(grid)[1].setFocus()

    qtbot.keyClick(buttons(grid)[1], key)

    assert chosen == [("color", 11)]


def test_arrows_go_along_rows_and_columns_and_stop_at_the_border(qtbot: QtBot, grid: ChipGrid) -> None:
    buttons(grid)[0].setFocus()
    visited = []
    keys = [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End]
    for key in keys:
        qtbot.keyClick(buttons(grid)[focused(grid)], key)
        visited.append(focused(grid))

    assert visited == [0, 1, 5, 5, 1, 5]


def test_arrows_choose_nothing(qtbot: QtBot, grid: ChipGrid, chosen: list[tuple[str, int]]) -> None:
    buttons(grid)[0].setFocus()

    qtbot.keyClick(buttons(grid)[0], Qt.Key.Key_Right)

    assert chosen == []


def test_tab_enters_at_the_current_chip_only(grid: ChipGrid) -> None:
    grid.set_current(13)

    stops = [bool(button.focusPolicy() & Qt.FocusPolicy.TabFocus) for button in buttons(grid)]

    assert stops == [False, False, False, True, False, False]


def test_setting_the_current_chip_tells_nobody(grid: ChipGrid, chosen: list[tuple[str, int]]) -> None:
    grid.set_current(12)

    assert [button.isChecked() for button in buttons(grid)] == [False, False, True, False, False, False]
    assert chosen == []


def test_a_click_alone_does_not_change_what_is_current(qtbot: QtBot, grid: ChipGrid) -> None:
    grid.set_current(12)

    qtbot.mouseClick(buttons(grid)[0], LEFT)

    assert [i for i, button in enumerate(buttons(grid)) if button.isChecked()] == [2]


def test_fewer_chips_leave_no_buttons_behind(grid: ChipGrid) -> None:
    grid.set_chips([Chip("shape", 0, "disc", None, np.ones((8, 8), dtype=bool))])

    assert len(buttons(grid)) == 1
    assert buttons(grid)[0].accessibleName() == "disc (shape)"


def test_a_drag_carries_the_chip_and_chooses_nothing(
    monkeypatch: pytest.MonkeyPatch, grid: ChipGrid, chosen: list[tuple[str, int]]
) -> None:
    carried: list[bytes] = []

    def note(drag: QDrag, _actions: Qt.DropAction) -> Qt.DropAction:
        carried.append(bytes(drag.mimeData().data(CHIP_MIME).data()))
        assert not drag.pixmap().isNull()
        return Qt.DropAction.IgnoreAction

    # The loop of a real drag waits for a pointer that an offscreen test has not got.
    monkeypatch.setattr(QDrag, "exec", note)
    button = buttons(grid)[3]

    press(button, QPointF(10, 10))
    move(button, QPointF(40, 30))
    release(button, QPointF(40, 30))

    assert carried == [b"color:13"]
    assert chosen == []


def test_chips_stay_in_the_grid_at_its_smallest_size(grid: ChipGrid) -> None:
    grid.resize(grid.minimumSizeHint())

    assert all(grid.rect().contains(button.geometry()) for button in buttons(grid))
    assert all(button.width() >= 20 and button.height() >= 20 for button in buttons(grid))


def test_a_chip_survives_the_way_through_mime() -> None:
    assert read_chip(chip_mime(Chip("shape", 7, "star"))) == ("shape", 7)


@pytest.mark.parametrize("data", [b"", b"shape", b"shape:", b":3", b"shape:x", b"shape:-1", b"\xff:1x"])
def test_broken_chips_are_not_read(data: bytes) -> None:
    mime = QMimeData()
    mime.setData(CHIP_MIME, data)

    assert read_chip(mime) is None

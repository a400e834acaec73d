"""Each workspace shows its panels, is left as it was, and is as at first again when it is reset."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget
from pytestqt.qtbot import QtBot

from app.layout import WORKSPACES
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view

SHOWN = {
    "Explore": {"Decision", "Stimulus", "Inside", "Interventions", "Layers"},
    "Inside": {"Decision", "Stimulus", "Inside", "Interventions", "Layers", "Analyses"},
    "Study": {"Decision", "Stimulus", "Study", "Train", "Sweep", "Does it hold?"},
    "Present": {"Decision", "Stimulus", "Interventions", "Layers"},
}


def command(window: MainWindow, name: str) -> QAction:
    return next(action for menu, action in window.all_actions() if (menu, action.text()) == ("View ▸ Workspace", name))


def reset(window: MainWindow) -> None:
    next(action for _, action in window.all_actions() if action.text() == "Reset layout").trigger()


def dock(window: MainWindow, title: str) -> QDockWidget:
    return next(dock for kind, dock in window._docks.items() if kind.title == title)


def shown(window: MainWindow) -> set[str]:
    """Without the history, which depends on the height of the screen."""
    return {kind.title for kind, dock in window._docks.items() if not dock.isHidden()} - {"History"}


def widths(window: MainWindow) -> dict[str, int]:
    return {title: dock(window, title).width() for title in ("Stimulus", "Inside", "Interventions")}


def opened(qtbot: QtBot, settings: QSettings) -> MainWindow:
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"), settings)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.mark.parametrize("name", SHOWN)
def test_a_workspace_shows_its_panels_docked(window: MainWindow, name: str) -> None:
    window.resize(1440, 900)

    command(window, name).trigger()
    reset(window)

    others = {kind.title for kind in window._docks if kind.place == "behind"} if name == "Inside" else set()
    assert shown(window) == SHOWN[name] | others
    assert not any(dock(window, title).isFloating() for title in shown(window))


def test_the_keys_of_the_workspaces_are_ctrl_and_their_number(window: MainWindow) -> None:
    keys = {space.name: command(window, space.name).shortcut().toString() for space in WORKSPACES}

    assert keys == {"Explore": "Ctrl+1", "Inside": "Ctrl+2", "Study": "Ctrl+3", "Present": "Ctrl+4"}
    taken = [key.toString() for _, action in window.all_actions() for key in action.shortcuts() if not key.isEmpty()]
    assert [key for key in taken if taken.count(key) > 1] == []


def test_every_panel_that_lies_behind_stands_beside_the_inside_view_in_its_workspace(window: MainWindow) -> None:
    behind = [dock for kind, dock in window._docks.items() if kind.place == "behind"]
    window.resize(1440, 900)

    command(window, "Inside").trigger()

    assert behind
    assert all(each.isVisibleTo(window) and not each.isFloating() for each in behind)


def test_a_workspace_is_as_it_was_left_and_reset_alone(window: MainWindow) -> None:
    window.resize(1440, 900)
    reset(window)
    dock(window, "Inside").hide()
    command(window, "Present").trigger()
    dock(window, "Layers").hide()
    command(window, "Explore").trigger()
    assert "Inside" not in shown(window), "as it was left"

    reset(window)

    assert shown(window) == SHOWN["Explore"]
    command(window, "Present").trigger()
    assert "Layers" not in shown(window), "the reset was of the other workspace"


@pytest.mark.parametrize("other", ["Inside", "Study", "Present"])
def test_in_a_small_window_the_columns_are_as_wide_as_they_were_left(window: MainWindow, other: str) -> None:
    window.resize(960, 540)
    reset(window)
    QTest.qWait(1)
    before = widths(window)

    command(window, other).trigger()
    QTest.qWait(1)
    command(window, "Explore").trigger()
    QTest.qWait(1)

    assert widths(window) == before


def test_what_was_closed_stays_closed_in_a_window_that_is_made_smaller(window: MainWindow) -> None:
    window.resize(1440, 900)
    reset(window)
    dock(window, "Inside").hide()

    window.resize(1366, 768)
    QTest.qWait(20)

    assert shown(window) == SHOWN["Explore"] - {"Inside"}


def test_the_workspace_and_how_each_was_left_is_there_again_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    first = opened(qtbot, settings)
    first.resize(1440, 900)
    reset(first)
    dock(first, "Inside").hide()
    command(first, "Present").trigger()
    first.close_without_asking()

    second = opened(qtbot, settings)

    assert shown(second) == SHOWN["Present"]
    command(second, "Explore").trigger()
    assert shown(second) == SHOWN["Explore"] - {"Inside"}
    second.close_without_asking()


def test_a_layout_that_was_damaged_in_the_settings_is_as_at_first(qtbot: QtBot, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    first = opened(qtbot, settings)
    dock(first, "Inside").hide()
    first.close_without_asking()
    for name in (*(key for key in settings.allKeys() if key.startswith("layout/Explore")), "geometry"):
        content = bytearray(bytes(settings.value(name).data()))
        content[60] ^= 255
        settings.setValue(name, QByteArray(bytes(content)))

    second = opened(qtbot, settings)

    assert shown(second) == SHOWN["Explore"]
    second.close_without_asking()

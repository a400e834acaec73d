"""The opening layout: the bars take what they need, the panels take the rest."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels.decision import DecisionPanel
from app.panels.history import HistoryPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.panels.stimulus import StimulusPanel


def test_no_room_is_left_empty_between_the_meter_the_panels_and_the_layers(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1440, 860)
    window._docks[HistoryPanel].show()
    qtbot.waitUntil(lambda: window._docks[DecisionPanel].width() == window.width())

    column = [window._docks[kind].geometry() for kind in (DecisionPanel, StimulusPanel, LayersPanel, HistoryPanel)]

    separator_px = 6
    gaps = [below.top() - above.bottom() - 1 for above, below in pairwise(column)]
    assert gaps == [separator_px] * 3


def entry(window: MainWindow, title: str) -> QAction:
    return next(action for menu, action in window.all_actions() if (menu, action.text()) == ("Window", title))


def test_the_window_menu_opens_and_closes_a_panel(window: MainWindow, qtbot: QtBot) -> None:
    dock = window._docks[InsidePanel]
    assert dock.isVisible()

    entry(window, "Inside").trigger()
    assert not dock.isVisible()
    entry(window, "Inside").trigger()

    assert dock.isVisible()
    qtbot.waitUntil(lambda: window.panel(InsidePanel) not in window._behind)


def test_the_window_menu_brings_a_panel_that_lies_behind_another_to_the_front(window: MainWindow, qtbot: QtBot) -> None:
    inside, behind = window.panel(InsidePanel), window._docks[InterventionsPanel]
    window.tabifyDockWidget(window._docks[InsidePanel], behind)
    behind.raise_()
    qtbot.waitUntil(lambda: inside in window._behind)

    entry(window, "Inside").trigger()

    qtbot.waitUntil(lambda: inside not in window._behind and not inside.visibleRegion().isEmpty())
    assert behind.isVisibleTo(window), "it lies behind now"

"""Analyses that yield maps and plots: each has its room, a map chooses its head, what is old is greyed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.analysis import AnalysisPanel
from app.plots.maps import MapsView
from app.plots.view import PlotView
from core.analyses.memories import Memories
from core.maps import png_of
from core.plots import Heatmap, Map, Maps
from core.stimuli.stimulus import Stimulus
from tests.app.answers import answer

TABLE = Heatmap("Table", "class", "memory", ((0.5, 0.1),), ("a", "b"), ("7",))


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> AnalysisPanel:
    panel = AnalysisPanel(desk)
    desk.wanted = panel.wanted
    desk.store.changed.connect(panel.refresh)
    qtbot.addWidget(panel)
    panel.resize(360, 480)
    panel.choice.setCurrentText(Memories.title)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def maps(n: int) -> Maps:
    values = ((0.0, 0.1), (0.2, 0.4))
    each = tuple(Map(f"Memory {i}", "same; +1.00 at the token, +2.00 at most", values, 0.3, (3, 2)) for i in range(n))
    return Maps("Where memories fire", png_of(Stimulus()), (), each)


def find(desk: Desk, panel: AnalysisPanel, n: int) -> tuple[MapsView, PlotView]:
    desk.take(answer(desk, {panel.analysis: (maps(n), TABLE)}))
    panel.refresh()
    above, below = panel.plots
    assert isinstance(above, MapsView)
    assert isinstance(below, PlotView)
    return above, below


def test_a_plot_stands_below_all_rows_of_maps(qtbot: QtBot, desk: Desk, panel: AnalysisPanel) -> None:
    above, below = find(desk, panel, 6)

    qtbot.waitUntil(lambda: below.geometry().top() > above.geometry().bottom())

    assert above.place_of(5).bottom() <= above.height()
    assert below.height() >= 220


def test_a_chosen_map_is_looked_at_in_its_block_and_head(desk: Desk, panel: AnalysisPanel) -> None:
    above, _ = find(desk, panel, 2)

    QTest.keyClick(above, Qt.Key.Key_Right)
    QTest.keyClick(above, Qt.Key.Key_Return)

    assert (desk.view.read, desk.view.head) == (3, 2)


def test_maps_without_a_head_leave_the_head_as_it_is(desk: Desk, panel: AnalysisPanel) -> None:
    desk.look(head=1)
    above, _ = find(desk, panel, 1)

    above.head_chosen.emit(4, -1)

    assert (desk.view.read, desk.view.head) == (4, 1)


def test_maps_of_an_earlier_state_are_greyed(desk: Desk, panel: AnalysisPanel) -> None:
    above, _ = find(desk, panel, 1)
    fresh = above.grab().toImage()

    desk.look(token=5)
    panel.refresh()

    assert above.grab().toImage() != fresh

"""The opening layout: the bars take what they need, the panels take the rest."""

from __future__ import annotations

from itertools import pairwise

from pytestqt.qtbot import QtBot

from app.live import Live
from app.main_window import MainWindow
from app.panels.decision import DecisionPanel
from app.panels.history import HistoryPanel
from app.panels.layers import LayersPanel
from app.panels.palette import PalettePanel
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view


def test_no_room_is_left_empty_between_the_meter_the_panels_and_the_layers(qtbot: QtBot) -> None:
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"))
    qtbot.addWidget(window)
    window.show()
    window.resize(1440, 860)
    qtbot.waitUntil(lambda: window._docks[DecisionPanel].width() == window.width())

    column = [window._docks[kind].geometry() for kind in (DecisionPanel, PalettePanel, LayersPanel, HistoryPanel)]

    separator_px = 6
    gaps = [below.top() - above.bottom() - 1 for above, below in pairwise(column)]
    assert gaps == [separator_px] * 3

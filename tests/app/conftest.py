"""A window on the demo whose engine is never started: what it does before any answer, or with answers of a test."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"))
    qtbot.addWidget(window)
    window.show()
    return window

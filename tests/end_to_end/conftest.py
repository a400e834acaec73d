"""The real window on the real engine process and the bundled model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.store import Store
from app.widgets.pad import SubspacePad
from core.analyses import Analysis
from core.analyses.decision import Decision
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view

ANSWER_MS = 60_000

Value = TypeVar("Value")


@dataclass
class Driver:
    """What a person does with the window, and what they wait for."""

    window: MainWindow
    qtbot: QtBot

    def settle(self) -> None:
        """Wait until everything shown belongs to the current state."""
        self.qtbot.waitUntil(self.window.desk.is_settled, timeout=ANSWER_MS)

    def found(self, analysis: Analysis[Value]) -> Value:
        """What an analysis found last, of whichever state."""
        found = self.window.desk.found(analysis)
        assert found is not None
        assert found.value is not None, found.refusal
        return found.value

    @property
    def margin(self) -> float:
        return self.found(Decision()).margin

    def command(self, text: str) -> QAction:
        """A command of the menus by its words."""
        return next(action for _, action in self.window.all_actions() if action.text() == text)

    def drag_thumb(self, start: QPoint, end: QPoint, steps: int = 12) -> None:
        """Press on the colour pad, move in small steps, and do not let go."""
        QTest.mousePress(self.color_pad, Qt.MouseButton.LeftButton, pos=start)
        for step in range(1, steps + 1):
            QTest.mouseMove(self.color_pad, start + (end - start) * step / steps)

    @property
    def color_pad(self) -> SubspacePad:
        return self.window.panel(InterventionsPanel).pads["color"]

    def thumb(self, index: int) -> QPoint:
        return self.color_pad.thumb_place(index).toPoint()

    def landmark(self, index: int) -> QPoint:
        return self.color_pad.landmark_place(index).toPoint()


def opened() -> MainWindow:
    """A window on the demo with its engine started."""
    store = Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL)))
    window = MainWindow(store, Live("cpu"))
    window.show()
    window.desk.live.start()
    window.desk.ask()
    return window


@pytest.fixture(scope="module")
def app_window(qapp: QApplication) -> Iterator[MainWindow]:
    """One window and one engine for all tests of a module: starting them takes seconds."""
    window = opened()
    QTest.qWaitForWindowExposed(window)  # a plot makes a widget of its own as it appears, which stays with it
    yield window
    window.close_without_asking()
    window.deleteLater()


@pytest.fixture
def own_driver(qtbot: QtBot) -> Iterator[Driver]:
    """A window and an engine for one test that breaks them."""
    driver = Driver(opened(), qtbot)
    driver.settle()
    yield driver
    driver.window.close_without_asking()
    driver.window.deleteLater()


@pytest.fixture
def driver(app_window: MainWindow, qtbot: QtBot) -> Iterator[Driver]:
    """The window on its opening state, answered."""
    driver = Driver(app_window, qtbot)
    _reset(app_window)
    driver.settle()
    yield driver
    _reset(app_window)
    driver.settle()


def _reset(window: MainWindow) -> None:
    window.desk.store.undo.setIndex(0)
    window.desk.store.undo.clear()
    window.desk.store.look(demo_view(subspace_cards(DEFAULT_MODEL)))
    window.panel(InterventionsPanel).tabs.setCurrentIndex(0)
    window.status.clear_error()

"""What is selected looks selected, and nothing else does, in both themes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QTabBar
from pytestqt.qtbot import QtBot

from app import theme
from app.main_window import MainWindow
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.stimulus import StimulusPanel


@pytest.fixture(params=[theme.DARK, theme.LIGHT], ids=["dark", "light"])
def look(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[theme.Theme]:
    theme.choose(request.param)
    theme.apply(qapp)
    yield request.param
    theme.choose(None)
    theme.apply(qapp)


def contrast(image: QImage, place: QRect, ground: QColor) -> np.ndarray:
    """How far each pixel of a place is from the window's colour, 0–255."""
    picture = image.copy(place)
    pixels = [[picture.pixelColor(x, y) for x in range(picture.width())] for y in range(picture.height())]
    tone = np.array([[pixel.getRgb()[:3] for pixel in row] for row in pixels], dtype=np.int64)
    far: np.ndarray = np.abs(tone - np.array(ground.getRgb()[:3])).max(axis=-1)
    return far


def test_only_the_selected_tab_stands_out(qtbot: QtBot, look: theme.Theme, window: MainWindow) -> None:
    for tabs in (
        window.panel(StimulusPanel).tabs,
        window.panel(InterventionsPanel).tabs.tabBar(),
        window.panel(InsidePanel).overview.tabBar(),
    ):
        for chosen in range(tabs.count()):
            tabs.setCurrentIndex(chosen)
            _check(tabs, look)


def _check(tabs: QTabBar, look: theme.Theme) -> None:
    image = tabs.grab().toImage()
    far = [contrast(image, tabs.tabRect(i), look.color("window")) for i in range(tabs.count())]
    lines = [float(np.median(place[-3:-1], axis=1).max()) for place in far]  # the line under a tab, without its letters
    others = [line for i, line in enumerate(lines) if i != tabs.currentIndex()]
    assert lines[tabs.currentIndex()] > 60
    assert max(others) < 10

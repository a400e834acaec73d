"""The scrubber in the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.main_window import MainWindow
from app.panels.layers import LayersPanel


def test_a_click_on_a_layer_moves_both_markers_there(window: MainWindow) -> None:
    strip = window.panel(LayersPanel).strip
    assert window.desk.view.read != window.desk.view.write

    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.cell_rect(4).center().toPoint())

    assert (window.desk.view.read, window.desk.view.write) == (4, 4)
    assert (strip.read, strip.write) == (4, 4)

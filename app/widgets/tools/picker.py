"""The picker: take the colour under the pointer into the hand."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter

from app.widgets.tools import Tool

_REACH = 2
"""So many pixels round the one under the pointer are averaged: noise is taken for the colour that it is of."""
_ALIKE = 48


class Picker(Tool):
    """Drag to see what would be taken; the last one stays."""

    name, key, order = "Picker", "P", 60
    tip = "Take the colour under the pointer; of noise, the colour that it is round."
    cursor = Qt.CursorShape.CrossCursor

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawLine(QPointF(2, 14), QPointF(9, 7))
        painter.drawEllipse(QPointF(11.5, 4.5), 3, 3)
        painter.drawLine(QPointF(7.5, 5.5), QPointF(10.5, 8.5))

    def press(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(event)

    def move(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event)

    def _pick(self, event: QMouseEvent) -> None:
        x, y = (int(at // 1) for at in self.canvas.at(event.position()))
        pixels, side = self.canvas.pixels, self.canvas.side_px
        if pixels is None or not (0 <= x < side and 0 <= y < side):
            return
        near = pixels[max(0, y - _REACH) : y + _REACH + 1, max(0, x - _REACH) : x + _REACH + 1].reshape(-1, 3)
        alike = near[(np.abs(near.astype(int) - pixels[y, x]) <= _ALIKE).all(axis=1)]
        self.canvas.color_picked.emit(tuple(int(level) for level in alike.mean(axis=0).round()))

"""The brush: paint over items and photo, on a layer of its own."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF

from app.widgets.covering import Stroke
from app.widgets.tools.picker import Picker


class Brush(Stroke):
    """A stroke is covered once, however often it crosses itself."""

    name, key, order = "Brush", "B", 30
    tip = "Paint over what is there. Shift goes on from the last stroke in a straight line, Shift and the wheel change "
    tip += "the size, Alt and a click take the colour under the pointer."
    words, use = "Brush stroke", "ink"

    def press(self, event: QMouseEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            Picker(self.canvas).press(event)
        else:
            super().press(event)

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawLine(QPointF(14, 2), QPointF(7, 9))
        painter.drawPolygon(QPolygonF([QPointF(*p) for p in ((7.5, 8), (9, 10), (6.5, 13.5), (1.5, 14.5), (4, 10.5))]))

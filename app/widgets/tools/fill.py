"""The fill: one click covers the region of one colour under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF

from app.widgets.covering import Covering
from core.stimuli.strokes import Cover, Point, no_cover, region


class Fill(Covering):
    """Noise round one colour counts as that colour."""

    name, key, order = "Fill", "F", 50
    tip = "Fill the region of one colour under the pointer; noise round one colour is one region."
    words, use = "Fill", "ink"

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawPolygon(QPolygonF([QPointF(*p) for p in ((7, 2), (13, 8), (7, 14), (1, 8))]))
        painter.drawLine(QPointF(7, 2), QPointF(5, 0.5))
        painter.drawEllipse(QPointF(14, 12.5), 1.3, 2)

    def press(self, event: QMouseEvent) -> None:
        super().press(event)
        if self.canvas.held is self:
            self.canvas.finish()

    def covers(self, at: Point, keys: Qt.KeyboardModifier) -> Cover:
        side, pixels = self.canvas.side_px, self.canvas.pixels
        if pixels is None or not (0 <= at[0] < side and 0 <= at[1] < side):
            return no_cover(side)
        return region(pixels, at)

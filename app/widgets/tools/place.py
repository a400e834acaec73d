"""The item tool: a click places an item of the chosen shape and colour."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPolygonF

from app.widgets.covering import outline
from app.widgets.tools import Tool
from app.widgets.tools.select import FREE_KEYS


class PlaceItem(Tool):
    """The cell under the pointer is shown; Alt or Shift lets go of the patch grid."""

    name, key, order = "Item", "I", 20
    tip = "Place an item of the chosen shape and colour on the patch grid; Alt or Shift places it freely."
    cursor = Qt.CursorShape.CrossCursor

    _cell: tuple[int, int] | None = None

    @staticmethod
    def sketch(painter: QPainter) -> None:
        points = []
        for corner in range(10):
            radius, angle = (7.5, 3.2)[corner % 2], math.pi * corner / 5
            points.append(QPointF(8 + radius * math.sin(angle), 8.5 - radius * math.cos(angle)))
        painter.drawPolygon(QPolygonF(points))

    def press(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event)
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.canvas.item_wanted.emit(*cell)

    def move(self, event: QMouseEvent) -> None:
        self._cell = self._cell_at(event)
        self.canvas.update()

    def leave(self) -> None:
        self._cell = None
        self.canvas.update()

    def paint(self, painter: QPainter) -> None:
        if self._cell is not None:
            outline(painter)
            painter.drawRect(self.canvas.frame().shown(*self._cell, self.canvas.cell_px))

    def _cell_at(self, event: QMouseEvent) -> tuple[int, int] | None:
        """Where the cell would be whose middle is nearest to the pointer; None beside the image."""
        side, size = self.canvas.side_px, self.canvas.cell_px
        at = self.canvas.at(event.position())
        if not QRectF(0, 0, side, side).contains(QPointF(*at)):
            return None
        free = self.canvas.free or bool(event.modifiers() & FREE_KEYS)
        step = 1 if free else self.canvas.patch_px
        last = (side - size) // step
        x, y = (step * min(last, max(0, math.floor((each - size / 2) / step + 0.5))) for each in at)
        return x, y

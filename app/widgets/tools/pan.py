"""The pan tool: draw a picture along that is larger than its view."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter

from app.widgets.tools import Tool


class Pan(Tool):
    """Also in the hand for as long as Space is held."""

    name, key, order = "Pan", "H", 110
    tip = "Draw the picture along where it is larger than its view; with any tool, hold Space."
    cursor = Qt.CursorShape.OpenHandCursor

    _last = QPointF()

    @staticmethod
    def sketch(painter: QPainter) -> None:
        for x0, y0, x1, y1 in ((8, 1.5, 8, 14.5), (1.5, 8, 14.5, 8)):
            painter.drawLine(QPointF(x0, y0), QPointF(x1, y1))
        for x, y, dx, dy in ((8, 1, 2, 2), (8, 15, 2, -2), (1, 8, 2, 2), (15, 8, -2, 2)):
            across = (-dx, dy) if x == 8 else (dx, -dy)
            painter.drawLine(QPointF(x, y), QPointF(x + dx, y + dy))
            painter.drawLine(QPointF(x, y), QPointF(x + across[0], y + across[1]))

    def press(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._last = event.position()
            self.canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.canvas.begin(self)

    def move(self, event: QMouseEvent) -> None:
        if self.canvas.held is self:
            by, self._last = event.position() - self._last, event.position()
            self.canvas.want(self.canvas.closeup.moved(by, self.canvas.view_rect()))

    def release(self, event: QMouseEvent) -> None:
        self.canvas.setCursor(self.cursor)
        self.canvas.finish()

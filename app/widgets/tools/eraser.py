"""The eraser: take away what was painted; items and photo stay."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPolygonF

from app.widgets.covering import Stroke


class Eraser(Stroke):
    """Of the size and hardness of the brush."""

    name, key, order = "Eraser", "E", 40
    tip = "Take away what was painted; items and photo stay."
    words, use = "Erase", "eraser"

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawLine(QPointF(2, 14.5), QPointF(14, 14.5))
        painter.drawPolygon(QPolygonF([QPointF(*p) for p in ((9.5, 2), (14, 6.5), (7.5, 13), (4.5, 13), (2, 10))]))

"""Rectangle, ellipse and line: what covers a part of the picture between two points."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from app.widgets.covering import TwoCorners
from core.stimuli.strokes import Cover, Point, ellipse, rectangle, segment


class Rectangle(TwoCorners):
    """A rectangle that hides what is under it."""

    name, key, order = "Rectangle", "R", 70
    tip = "Hide what is under a rectangle; Shift draws a square."
    words, use = "Rectangle", "ink"

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawRect(QRectF(2, 3.5, 12, 9))

    def between(self, a: Point, b: Point) -> Cover:
        return rectangle(a, b, self.canvas.side_px)


class Ellipse(TwoCorners):
    """An ellipse that hides what is under it."""

    name, key, order = "Ellipse", "O", 71
    tip = "Hide what is under an ellipse; Shift draws a circle."
    words, use = "Ellipse", "ink"

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawEllipse(QRectF(1.5, 3, 13, 10))

    def between(self, a: Point, b: Point) -> Cover:
        return ellipse(a, b, self.canvas.side_px)


class Line(TwoCorners):
    """A straight line as wide as the brush."""

    name, key, order = "Line", "L", 80
    tip = "A straight line as wide as the brush; Shift keeps it to the diagonal."
    words, use = "Line", "ink"

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawLine(QPointF(2.5, 13.5), QPointF(13.5, 2.5))

    def between(self, a: Point, b: Point) -> Cover:
        hand = self.canvas.hand
        return segment(a, b, hand.size_px, self.canvas.side_px, hand.hardness)

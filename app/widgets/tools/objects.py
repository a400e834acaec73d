"""Rectangle, lasso and brush that name objects of a photo: each is an item then, as far as tokens go."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from app.widgets.covering import ObjectMarker, Stroke, TwoCorners, outline
from core.stimuli.strokes import Cover, Point, polygon, rectangle

HOW = " Shift adds to the selected object, Ctrl or Alt takes away from it."


class ObjectRectangle(ObjectMarker, TwoCorners):
    """What lies in a rectangle."""

    name, key, order = "Object: rectangle", "M", 120
    tip = f"Name what lies in a rectangle of a photo: an item with tokens.{HOW}"

    @staticmethod
    def sketch(painter: QPainter) -> None:
        _dashed(painter)
        painter.drawRect(QRectF(1.5, 3, 13, 10))

    def covers(self, at: Point, keys: Qt.KeyboardModifier) -> Cover:
        return rectangle(self.start, at, self.canvas.side_px)


class ObjectLasso(ObjectMarker):
    """What a line goes round."""

    name, key, order = "Object: lasso", "N", 121
    tip = f"Name what a line goes round in a photo: an item with tokens.{HOW}"

    _way: tuple[Point, ...] = ()

    @staticmethod
    def sketch(painter: QPainter) -> None:
        _dashed(painter)
        painter.drawEllipse(QRectF(1.5, 1.5, 13, 8.5))
        painter.drawLine(QPointF(5, 10), QPointF(4, 14.5))

    def begun(self, at: Point, keys: Qt.KeyboardModifier) -> None:
        super().begun(at, keys)
        self._way = ()

    def covers(self, at: Point, keys: Qt.KeyboardModifier) -> Cover:
        self._way = (*self._way, at)
        return polygon(self._way, self.canvas.side_px)

    def paint(self, painter: QPainter) -> None:
        if self.canvas.held is self:
            frame = self.canvas.frame()
            outline(painter)
            painter.drawPolyline(
                QPolygonF([QPointF(frame.left + x * frame.zoom, frame.top + y * frame.zoom) for x, y in self._way])
            )


class ObjectBrush(ObjectMarker, Stroke):
    """What is gone over by a brush of the hand's size."""

    name, key, order = "Object: brush", "K", 122
    tip = f"Name what you go over in a photo with the brush: an item with tokens.{HOW}"
    hardness = 1.0

    @staticmethod
    def sketch(painter: QPainter) -> None:
        painter.drawLine(QPointF(14, 2), QPointF(8, 8))
        _dashed(painter)
        painter.drawEllipse(QPointF(5.5, 10.5), 4, 4)

    def begun(self, at: Point, keys: Qt.KeyboardModifier) -> None:
        ObjectMarker.begun(self, at, keys)
        Stroke.begun(self, at, Qt.KeyboardModifier.NoModifier)


def _dashed(painter: QPainter) -> None:
    pen = painter.pen()
    pen.setDashPattern([1.6, 2.0])
    painter.setPen(pen)

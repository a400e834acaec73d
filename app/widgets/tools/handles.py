"""Handles of one item: squares at the corners of its cell to make it larger, and a knob over it to turn it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.theme import Theme
from app.widgets.canvas_picture import CanvasFrame, CanvasItem

Part = Literal["turn", "top left", "top right", "bottom left", "bottom right"]
CORNERS: tuple[Part, ...] = ("top left", "top right", "bottom left", "bottom right")
CURSORS: dict[Part, Qt.CursorShape] = {
    "turn": Qt.CursorShape.CrossCursor,
    "top left": Qt.CursorShape.SizeFDiagCursor,
    "bottom right": Qt.CursorShape.SizeFDiagCursor,
    "top right": Qt.CursorShape.SizeBDiagCursor,
    "bottom left": Qt.CursorShape.SizeBDiagCursor,
}
_SQUARE_PX, _STEM_PX = 7.0, 20.0
_REACH_PX, _LEAST_REACH_PX = 6.0, 3.0
STEP_DEG = 15


@dataclass(frozen=True, slots=True)
class Shape:
    """What the handles ask of an item: the top left corner of its cell in pixels, its size and its angle."""

    x_px: int
    y_px: int
    scale: float
    angle_deg: float


@dataclass(frozen=True, slots=True)
class Handles:
    """The handles of an item as it lies in a widget."""

    frame: CanvasFrame
    item: CanvasItem

    @property
    def rect(self) -> QRectF:
        return self.frame.item_rect(self.item)

    def place(self, part: Part) -> QPointF:
        """The middle of a handle; the knob is under the item where there is no room over it."""
        rect = self.rect
        if part == "turn":
            over = rect.top() - _STEM_PX
            return QPointF(rect.center().x(), over if over > self.frame.view.top() else rect.bottom() + _STEM_PX)
        x = rect.left() if "left" in part else rect.right()
        return QPointF(x, rect.top() if "top" in part else rect.bottom())

    @property
    def reach(self) -> QRectF:
        """Where the item and all its handles are."""
        more = _STEM_PX + _SQUARE_PX
        return self.rect.adjusted(-more, -more, more, more)

    def at(self, place: QPointF) -> Part | None:
        """The handle at a place of the widget; those of a small item leave room to take hold of it."""
        reach = max(_LEAST_REACH_PX, min(_REACH_PX, self.rect.width() / 6))
        near: list[Part] = [part for part in ("turn", *CORNERS) if self._distance(place, part) <= reach]
        return min(near, key=lambda part: self._distance(place, part), default=None)

    def _distance(self, place: QPointF, part: Part) -> float:
        apart = place - self.place(part)
        return max(abs(apart.x()), abs(apart.y()))

    def paint(self, painter: QPainter, colors: Theme) -> None:
        """Draw them over the picture, which is light in any theme."""
        ink, paper, knob = colors.color(self.item.role), QColor("#ffffff"), self.place("turn")
        edge = QPointF(knob.x(), self.rect.top() if knob.y() < self.rect.top() else self.rect.bottom())
        painter.setPen(QPen(ink, 1.5))
        painter.drawLine(edge, knob)
        painter.setBrush(paper)
        painter.drawEllipse(knob, _SQUARE_PX / 2 + 0.5, _SQUARE_PX / 2 + 0.5)
        for part in CORNERS:
            square = QRectF(0, 0, _SQUARE_PX, _SQUARE_PX)
            square.moveCenter(self.place(part))
            painter.drawRect(square)


def turned(item: CanvasItem, before: QPointF, now: QPointF, *, in_steps: bool) -> Shape:
    """The item turned by as much as the pointer went round its middle, from `before` to `now` in image pixels."""
    middle = QPointF(item.x_px + item.size_px / 2, item.y_px + item.size_px / 2)
    angle = item.angle_deg + _bearing(now - middle) - _bearing(before - middle)
    step = STEP_DEG if in_steps else 1
    return Shape(item.x_px, item.y_px, item.scale, step * round(angle / step) % 360)


def _bearing(way: QPointF) -> float:
    return math.degrees(math.atan2(way.y(), way.x()))


def resized(item: CanvasItem, corner: Part, now: QPointF, step_px: int, side_px: int) -> Shape:
    """The item with a corner where the pointer is in image pixels, and the opposite one where it was.

    The cell stays square and on the canvas of `side_px`; its side is a multiple of `step_px`.
    """
    leftward, upward = "left" in corner, "top" in corner
    fixed_x = item.x_px + item.size_px if leftward else item.x_px
    fixed_y = item.y_px + item.size_px if upward else item.y_px
    across = fixed_x - now.x() if leftward else now.x() - fixed_x
    down = fixed_y - now.y() if upward else now.y() - fixed_y
    room = min(fixed_x if leftward else side_px - fixed_x, fixed_y if upward else side_px - fixed_y)
    least = max(step_px, math.ceil(item.unit_px / 4))
    side = max(least, min(step_px * round(max(across, down) / step_px), room // step_px * step_px))
    x_px, y_px = fixed_x - side if leftward else fixed_x, fixed_y - side if upward else fixed_y
    return Shape(x_px, y_px, side / item.unit_px, item.angle_deg)

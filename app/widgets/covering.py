"""What the tools that cover pixels share: how far each pixel is covered as a gesture goes, and marks of the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QWheelEvent

from app import theme
from app.widgets.interaction import Notches
from app.widgets.tools import Tool
from core.stimuli.strokes import Cover, Point, segment

if TYPE_CHECKING:
    from app.widgets.canvas import StimulusCanvas

Joins = Literal["new", "add", "take"]
"""Whether an object is marked, or the selected one gets larger or smaller."""


class Covering(Tool):
    """A gesture of the left button; after every move the canvas tells how far it `covers` each pixel."""

    cursor = Qt.CursorShape.CrossCursor

    start: Point = (0.0, 0.0)

    def press(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.start = self.canvas.at(event.position())
        self.canvas.begin(self)
        self.begun(self.start, event.modifiers())
        self._tell(self.start, event.modifiers())

    def move(self, event: QMouseEvent) -> None:
        if self.canvas.held is self:
            self._tell(self.canvas.at(event.position()), event.modifiers())

    def release(self, event: QMouseEvent) -> None:
        self.canvas.finish()

    def _tell(self, at: Point, keys: Qt.KeyboardModifier) -> None:
        self.canvas.covered.emit(self.covers(at, keys))

    def begun(self, at: Point, keys: Qt.KeyboardModifier) -> None:
        """A gesture begins at a place of the image."""

    def covers(self, at: Point, keys: Qt.KeyboardModifier) -> Cover:
        """How far each pixel is covered, now that the pointer is at a place of the image."""
        raise NotImplementedError


class Stroke(Covering):
    """A stroke of the hand's size and hardness that follows the pointer, whose outline is shown.

    With Shift it begins where the one before ended.
    """

    cursor = Qt.CursorShape.BlankCursor

    _cover: Cover | None = None
    _end: Point | None = None
    _pointer: QPointF | None = None

    def __init__(self, canvas: StimulusCanvas) -> None:
        super().__init__(canvas)
        self._notches = Notches()

    def begun(self, at: Point, keys: Qt.KeyboardModifier) -> None:
        joined = keys & Qt.KeyboardModifier.ShiftModifier and self._end is not None
        self._cover, self._end = None, self._end if joined else at

    def covers(self, at: Point, keys: Qt.KeyboardModifier) -> Cover:
        hand = self.canvas.hand
        more = segment(self._end or at, at, hand.size_px, self.canvas.side_px, self.hardness)
        self._cover = more if self._cover is None else np.maximum(self._cover, more)
        self._end = at
        return self._cover

    @property
    def hardness(self) -> float:
        """Of the hand, where the tool has soft edges."""
        return self.canvas.hand.hardness

    def put_back(self, held: object) -> None:
        self._end = None

    def wheel(self, event: QWheelEvent) -> bool:
        """Shift and the wheel change the size."""
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        notches = self._notches.of(event)
        if notches and self.canvas.held is None:
            self.canvas.size_stepped.emit(notches)
        return True

    def move(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        super().move(event)
        self.canvas.update()

    def leave(self) -> None:
        self._pointer = None
        self.canvas.update()

    def paint(self, painter: QPainter) -> None:
        if self._pointer is None:
            return
        radius = max(1.5, self.canvas.hand.size_px * self.canvas.frame().zoom / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((Qt.GlobalColor.black, 2.5), (Qt.GlobalColor.white, 1.0)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(self._pointer, radius, radius)


class ObjectMarker(Covering):
    """Covers an object anew, or more or less of the selected one."""

    words, use, photos_only = "Mark object", "object", True

    joins: Joins = "new"

    def begun(self, at: Point, keys: Qt.KeyboardModifier) -> None:
        more = Qt.KeyboardModifier.ShiftModifier
        less = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        self.joins = "add" if keys & more else "take" if keys & less else "new"


class TwoCorners(Covering):
    """What lies between where the button went down and where the pointer is; Shift makes both sides alike."""

    def covers(self, at: Point, keys: Qt.KeyboardModifier) -> Cover:
        return self.between(self.start, _evened(self.start, at) if keys & Qt.KeyboardModifier.ShiftModifier else at)

    def between(self, a: Point, b: Point) -> Cover:
        """How far each pixel is covered by what has these corners or ends."""
        raise NotImplementedError


def _evened(a: Point, b: Point) -> Point:
    """The second corner moved so that both sides are as long as the longer one."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    side = max(abs(dx), abs(dy))
    return a[0] + (side if dx >= 0 else -side), a[1] + (side if dy >= 0 else -side)


def outline(painter: QPainter) -> None:
    """Set a pen in the theme's accent for what a gesture shows of itself."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.current().color("accent"), 1.5, Qt.PenStyle.DashLine))

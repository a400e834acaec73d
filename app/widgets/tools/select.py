"""The select tool: click an item to select it, drag it, move it by the arrow keys."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent

from app.widgets.interaction import ARROWS, RESETS
from app.widgets.tools import Tool

_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)


@dataclass(frozen=True, slots=True)
class _Drag:
    index: int
    pressed_at: QPointF
    x_px: int
    y_px: int


class Select(Tool):
    """Drags snap to the patch grid; Alt lets go of it, Ctrl keeps one axis."""

    _asked: tuple[int, int] | None = None

    # Mouse

    def press(self, event: QMouseEvent) -> None:
        canvas = self.canvas
        if event.button() not in _BUTTONS:
            return
        index = canvas.item_at(event.position())
        canvas.select(index)
        if event.button() != Qt.MouseButton.LeftButton or canvas.changeable(index) < 0:
            return
        item = canvas.items[index]
        self._asked = (item.x_px, item.y_px)
        canvas.begin(_Drag(index, event.position(), item.x_px, item.y_px))
        self._point_at(index)

    def move(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is None:
            self._point_at(self.canvas.item_at(event.position()))
            return
        moved = (event.position() - drag.pressed_at) / self.canvas.frame().zoom
        place = self._dragged_to(drag, moved, event.modifiers())
        if place != self._asked:
            self._asked = place
            self.canvas.item_moved.emit(drag.index, *place)

    def release(self, event: QMouseEvent) -> None:
        self.canvas.finish()
        self._point_at(self.canvas.item_at(event.position()))

    def leave(self) -> None:
        self._point_at(-1)

    def picture_changed(self) -> None:
        drag = self._drag
        if drag is not None and drag.index >= len(self.canvas.items):
            self.canvas.held = None

    def put_back(self, held: object) -> None:
        self._point_at(-1)

    # Keyboard

    def wants(self, event: QKeyEvent) -> bool:
        canvas = self.canvas
        if event.key() == Qt.Key.Key_Escape:
            return canvas.selected >= 0
        if event.key() in RESETS:
            return canvas.held is not None  # what is held is not taken away under the hand
        other = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        return event.key() in ARROWS and canvas.changeable(canvas.selected) >= 0 and not event.modifiers() & other

    def key(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.canvas.select(-1)
        elif self.canvas.held is None and event.key() in ARROWS:
            self._nudge(ARROWS[Qt.Key(event.key())], free=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def _nudge(self, direction: tuple[int, int], *, free: bool) -> None:
        """Move the selected item by a patch, to the next line of the grid if it lies between lines."""
        canvas = self.canvas
        item = canvas.items[canvas.selected]
        step = 1 if free else canvas.patch_px
        x_px = self._clamped(_next_stop(item.x_px, direction[0], step), item.size_px, free=free)
        y_px = self._clamped(_next_stop(item.y_px, direction[1], step), item.size_px, free=free)
        place = (x_px, item.y_px) if direction[0] else (item.x_px, y_px)
        if place != (item.x_px, item.y_px):
            canvas.gesture_started.emit()
            canvas.item_moved.emit(canvas.selected, *place)
            canvas.gesture_finished.emit()

    # Places

    @property
    def _drag(self) -> _Drag | None:
        held = self.canvas.held
        return held if isinstance(held, _Drag) else None

    def _dragged_to(self, drag: _Drag, moved: QPointF, keys: Qt.KeyboardModifier) -> tuple[int, int]:
        free = bool(keys & Qt.KeyboardModifier.AltModifier)
        x_px, y_px = drag.x_px + moved.x(), drag.y_px + moved.y()
        size_px = self.canvas.items[drag.index].size_px
        place = self._clamped(x_px, size_px, free=free), self._clamped(y_px, size_px, free=free)
        if not keys & Qt.KeyboardModifier.ControlModifier:
            return place
        along_x = abs(moved.x()) >= abs(moved.y())
        return (place[0], drag.y_px) if along_x else (drag.x_px, place[1])

    def _clamped(self, at: float, size_px: int, *, free: bool) -> int:
        """A coordinate that keeps the cell on the canvas, on the patch grid unless `free`."""
        step = 1 if free else self.canvas.patch_px
        last = max(0, (self.canvas.side_px - size_px) // step)
        return step * min(last, max(0, math.floor(at / step + 0.5)))

    def _point_at(self, index: int) -> None:
        canvas = self.canvas
        over = Qt.CursorShape.ClosedHandCursor if canvas.held is not None else Qt.CursorShape.OpenHandCursor
        canvas.setCursor(over if canvas.changeable(index) >= 0 else self.cursor)
        canvas.hover(index)


def _next_stop(at: int, direction: int, step: int) -> int:
    """The next multiple of `step` from `at` in `direction` (−1, 0 or 1)."""
    if direction == 0:
        return at
    return (at // step + 1) * step if direction > 0 else (-(-at // step) - 1) * step

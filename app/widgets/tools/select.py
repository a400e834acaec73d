"""The select tool: click items to select them, drag them, draw a band round them, move them by the arrow keys."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from app import theme
from app.widgets.canvas_picture import CanvasItem
from app.widgets.interaction import ARROWS, RESETS
from app.widgets.tools import Tool
from app.widgets.tools.handles import CURSORS, Handles, Part, Shape, resized, turned

_BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
_CTRL, _SHIFT, _ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
FREE_KEYS = _ALT | _SHIFT
"""Either lets go of the patch grid: many desktops take Alt and a drag for themselves."""
STILL_PX = 3
"""A press that goes no further is a click, and no band is drawn."""


@dataclass(frozen=True, slots=True)
class _Drag:
    """Items in the hand by their index, the one under the pointer, and what a click without a move would select."""

    index: int
    pressed_at: QPointF
    items: dict[int, CanvasItem]
    clicked: tuple[int, ...] | None


@dataclass(slots=True)
class _Band:
    start: QPointF
    end: QPointF
    before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Handle:
    index: int
    part: Part
    pressed_at: QPointF
    item: CanvasItem = field(compare=False)


class Select(Tool):
    """Drags snap to the patch grid; Alt or Shift lets go of it, and G for the rest of the drag; Ctrl keeps one axis.

    Shift or Ctrl and a click adds an item to the selection, or takes it away.
    """

    name, key, order = "Select", "V", 10
    tip = "Select items, drag, turn and resize them, or move them by the arrow keys."

    _asked: object = None
    _near = False
    _freed = False

    @staticmethod
    def sketch(painter: QPainter) -> None:
        arrow = [(4, 1), (4, 13), (7, 10), (9.3, 15), (11.3, 14), (9, 9.3), (13, 9.3)]
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in arrow]))

    # Mouse

    def press(self, event: QMouseEvent) -> None:
        canvas, place = self.canvas, event.position()
        if event.button() not in _BUTTONS:
            return
        left = event.button() == Qt.MouseButton.LeftButton
        handles = self._handles()
        part = handles.at(place) if handles is not None and left else None
        index = canvas.item_at(place)
        if handles is not None and part is not None:
            self._asked = None
            canvas.begin(_Handle(canvas.selected, part, self._on_image(place), handles.item))
        elif index < 0 and left:
            adding = canvas.chosen if event.modifiers() & (_CTRL | _SHIFT) else ()
            canvas.choose(adding)
            canvas.held = _Band(place, place, adding)  # no gesture: it changes nothing
        elif left:
            self._grasp(index, place, adding=bool(event.modifiers() & (_CTRL | _SHIFT)))
        elif index not in canvas.chosen:
            canvas.select(index)

    def _grasp(self, index: int, place: QPointF, *, adding: bool) -> None:
        """Select an item, and take it and the others that are selected in the hand."""
        canvas, clicked = self.canvas, None
        if index in canvas.chosen:
            rest = tuple(other for other in canvas.chosen if other != index)
            clicked = rest if adding else (index,)
        else:
            canvas.choose((index, *canvas.chosen) if adding else (index,))
        loose = {other: canvas.items[other] for other in canvas.chosen if canvas.changeable(other) >= 0}
        if index in loose:
            self._asked = {other: (item.x_px, item.y_px) for other, item in loose.items()}
            canvas.begin(_Drag(index, place, loose, clicked))
            self._point_at(place)
        elif clicked is not None:
            canvas.choose(clicked)

    def move(self, event: QMouseEvent) -> None:
        held, place = self.canvas.held, event.position()
        if isinstance(held, _Drag):
            moved = (place - held.pressed_at) / self.canvas.frame().zoom
            self._ask(self._dragged_to(held, moved, event.modifiers()))
        elif isinstance(held, _Handle):
            self._ask(self._shaped_by(held, place, event.modifiers()))
        elif isinstance(held, _Band):
            held.end = place
            self._choose_in(held)
        else:
            self._point_at(place)

    def _ask(self, wanted: dict[int, tuple[int, int]] | Shape) -> None:
        """Ask for a change, each only once."""
        if wanted == self._asked:
            return
        self._asked = wanted
        if isinstance(wanted, Shape):
            self.canvas.item_shaped.emit(self.canvas.selected, wanted)
        else:
            self.canvas.items_moved.emit(wanted)

    def release(self, event: QMouseEvent) -> None:
        canvas, held = self.canvas, self.canvas.held
        self._freed = False
        if isinstance(held, _Band):
            canvas.held = None
        else:
            canvas.finish()
        canvas.update()
        if isinstance(held, _Drag) and held.clicked is not None:
            way = event.position() - held.pressed_at
            if way.manhattanLength() < STILL_PX:
                canvas.choose(held.clicked)
        self._point_at(event.position())

    def leave(self) -> None:
        self._point_at(None)

    def picture_changed(self) -> None:
        held, n = self.canvas.held, len(self.canvas.items)
        gone = isinstance(held, _Drag) and max(held.items) >= n
        if gone or (isinstance(held, _Handle) and held.index >= n):
            self.canvas.held = None

    def put_back(self, held: object) -> None:
        self._freed = False
        if isinstance(held, _Band):
            self.canvas.choose(held.before)
            self.canvas.update()
        self._point_at(None)

    # Keyboard

    def wants(self, event: QKeyEvent) -> bool:
        canvas = self.canvas
        if event.key() == Qt.Key.Key_Escape:
            return canvas.selected >= 0
        if event.key() in (*RESETS, Qt.Key.Key_G):
            return canvas.held is not None  # what is held is not taken away under the hand
        if event.key() not in ARROWS or event.modifiers() & _CTRL or event.modifiers() == FREE_KEYS:
            return False
        return any(canvas.changeable(index) >= 0 for index in canvas.chosen)

    def key_pressed(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.canvas.choose(())
        elif event.key() == Qt.Key.Key_G:
            self._freed = True
        elif self.canvas.held is None and event.key() in ARROWS:
            self._nudge(ARROWS[Qt.Key(event.key())], free=self._free(event.modifiers()))

    def _nudge(self, direction: tuple[int, int], *, free: bool) -> None:
        """Move what is selected by a patch, to the next line of the grid if the first of it lies between lines."""
        canvas = self.canvas
        items = {i: canvas.items[i] for i in canvas.chosen if canvas.changeable(i) >= 0}
        first = next(iter(items.values()))
        step = 1 if free else canvas.patch_px
        way = [_next_stop(at, to, step) - at for at, to in zip((first.x_px, first.y_px), direction, strict=True)]
        places = self._together(items, way[0], way[1])
        if places != {i: (item.x_px, item.y_px) for i, item in items.items()}:
            canvas.step("move items", lambda: canvas.items_moved.emit(places))

    # Places

    def _free(self, keys: Qt.KeyboardModifier) -> bool:
        return self.canvas.free or self._freed or bool(keys & FREE_KEYS)

    def _on_image(self, place: QPointF) -> QPointF:
        """A place of the widget in image pixels."""
        frame = self.canvas.frame()
        return (place - frame.rect.topLeft()) / frame.zoom

    def _dragged_to(self, drag: _Drag, moved: QPointF, keys: Qt.KeyboardModifier) -> dict[int, tuple[int, int]]:
        item, free = drag.items[drag.index], self._free(keys)
        x_px = self._clamped(item.x_px + moved.x(), item.size_px, free=free)
        y_px = self._clamped(item.y_px + moved.y(), item.size_px, free=free)
        if keys & _CTRL:
            along_x = abs(moved.x()) >= abs(moved.y())
            x_px, y_px = (x_px, item.y_px) if along_x else (item.x_px, y_px)
        return self._together(drag.items, x_px - item.x_px, y_px - item.y_px)

    def _together(self, items: dict[int, CanvasItem], right: int, down: int) -> dict[int, tuple[int, int]]:
        """Places of items that go the same way, as far as all of them stay on the canvas."""
        spans_x = [(item.x_px, item.x_px + item.size_px) for item in items.values()]
        spans_y = [(item.y_px, item.y_px + item.size_px) for item in items.values()]
        right, down = self._within(right, spans_x), self._within(down, spans_y)
        return {index: (item.x_px + right, item.y_px + down) for index, item in items.items()}

    def _within(self, by: int, spans: list[tuple[int, int]]) -> int:
        """A way that takes no span off the canvas."""
        left = -min(start for start, _ in spans)
        right = self.canvas.side_px - max(end for _, end in spans)
        return max(left, min(by, right))

    def _clamped(self, at: float, size_px: int, *, free: bool) -> int:
        """A coordinate that keeps the cell on the canvas, on the patch grid unless `free`."""
        step = 1 if free else self.canvas.patch_px
        last = max(0, (self.canvas.side_px - size_px) // step)
        return step * min(last, max(0, math.floor(at / step + 0.5)))

    def _shaped_by(self, held: _Handle, place: QPointF, keys: Qt.KeyboardModifier) -> Shape:
        now = self._on_image(place)
        if held.part == "turn":
            return turned(held.item, held.pressed_at, now, in_steps=bool(keys & _SHIFT))
        step_px = 1 if self._free(keys) else self.canvas.patch_px
        return resized(held.item, held.part, now, step_px, self.canvas.side_px)

    def _choose_in(self, band: _Band) -> None:
        """Select what the band touches, with what was selected before."""
        canvas, rect = self.canvas, QRectF(band.start, band.end).normalized()
        inside = [i for i in range(len(canvas.items)) if canvas.item_rect(i).intersects(rect)]
        canvas.choose(tuple(dict.fromkeys((*band.before, *inside))))
        canvas.update()

    # Looks

    def _handles(self) -> Handles | None:
        """The handles of the item that alone is selected; none where it is locked or a mask."""
        canvas = self.canvas
        if len(canvas.chosen) != 1 or canvas.changeable(canvas.selected) < 0:
            return None
        return Handles(canvas.frame(), canvas.items[canvas.selected])

    def paint(self, painter: QPainter) -> None:
        held, handles = self.canvas.held, self._handles()
        painter.setClipping(False)
        if isinstance(held, _Band):
            accent = theme.current().color("accent")
            painter.setPen(QPen(accent, 1, Qt.PenStyle.DashLine))
            painter.setBrush(theme.current().color("accent", 0.12))
            painter.drawRect(QRectF(held.start, held.end).normalized())
        elif handles is not None and (self._near or self.canvas.hasFocus()) and not isinstance(held, _Drag):
            handles.paint(painter, theme.current())

    def _point_at(self, place: QPointF | None) -> None:
        """Show what is under the pointer, and what it would do there."""
        canvas, handles = self.canvas, self._handles()
        index = -1 if place is None else canvas.item_at(place)
        part = handles.at(place) if handles is not None and place is not None and canvas.held is None else None
        over = Qt.CursorShape.ClosedHandCursor if canvas.held is not None else Qt.CursorShape.OpenHandCursor
        canvas.setCursor(CURSORS[part] if part else over if canvas.changeable(index) >= 0 else self.cursor)
        canvas.hover(index)
        near = handles is not None and place is not None and handles.reach.contains(place)
        if near != self._near:
            self._near = near
            canvas.update()


def _next_stop(at: int, direction: int, step: int) -> int:
    """The next multiple of `step` from `at` in `direction` (−1, 0 or 1)."""
    if direction == 0:
        return at
    return (at // step + 1) * step if direction > 0 else (-(-at // step) - 1) * step

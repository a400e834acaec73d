"""The stimulus canvas: the picture that the model receives, and its items to take hold of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.widgets.canvas_picture import CanvasFrame, CanvasItem, CanvasPainter, Marking, fit
from app.widgets.chips import read_chip
from app.widgets.closeup import Zooming
from app.widgets.dropped import read_drop
from app.widgets.interaction import ARROWS, RESETS, Holding, Interactive
from app.widgets.marks import describe
from app.widgets.painted import Painted, rgb_image

__all__ = ["CanvasItem", "StimulusCanvas"]

_TAB_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


@dataclass(frozen=True, slots=True)
class _Drag:
    index: int
    pressed_at: QPointF
    x_px: int
    y_px: int


class StimulusCanvas(Zooming, Holding[_Drag], Interactive, Painted):
    """Shows an image with its items; drags and keys ask for a move, `show_picture` shows the result.

    Positions are image pixels of the top left corner of the item's cell.
    """

    item_moved = Signal(int, int, int)
    item_selected = Signal(int)
    chip_dropped = Signal(int, str, int)
    dropped = Signal(object)  # Dropped

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._items: tuple[CanvasItem, ...] = ()
        self._patch_px = 16
        self._selected = self._hovered = self._target = -1
        self._asked: tuple[int, int] | None = None
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Stimulus")

    def show_picture(
        self,
        image: np.ndarray,
        items: Sequence[CanvasItem],
        patch_px: int,
        *,
        selected: int | None,
    ) -> None:
        """Show `image` (uint8 `[S, S, 3]`) cut in patches of `patch_px`, with `items` on it."""
        self._image = rgb_image(image)
        self._items, self._patch_px = tuple(items), patch_px
        self._selected = selected if selected is not None and 0 <= selected < len(items) else -1
        self._hovered = min(self._hovered, len(items) - 1)
        if self.held is not None and self.held.index >= len(items):
            self.held = None
        describe(self, self._words())
        self.update()

    def item_rect(self, index: int) -> QRectF:
        """Where the cell of an item lies in the widget, in logical pixels."""
        return self._frame().item_rect(self._items[index])

    def sizeHint(self) -> QSize:
        return QSize(456, 456)

    def figure_height(self, width_px: float) -> float:
        return width_px

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            return self._open_menu(event)
        return super().event(event)

    def paint(self, painter: QPainter) -> None:
        colors = theme.current()
        if self._image is None:
            painter.setPen(colors.color("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No stimulus")
        else:
            marking = Marking(self._selected, self._hovered, self._target, self.hasFocus())
            marking = marking if self.pose is None else Marking(-1, -1, -1, False)
            frame, image = self._frame(), self._image

            def drawing(on: QPainter) -> CanvasPainter:
                return CanvasPainter(on, frame, self._patch_px, colors, self.font())

            content = (image.cacheKey(), self._patch_px, self.closeup)
            self.still(painter, "picture", content, lambda still: drawing(still).paint_picture(image))
            drawing(painter).paint_items(self._items, marking)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.held is not None or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        index = self._item_at(event.position())
        self._select(index)
        if index < 0 or event.button() != Qt.MouseButton.LeftButton:
            return
        item = self._items[index]
        if item.fixed:
            return
        self.held = _Drag(index, event.position(), item.x_px, item.y_px)
        self._asked = (item.x_px, item.y_px)
        self._point_at(index)
        self.gesture_started.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag = self.held
        if drag is None:
            self._point_at(self._item_at(event.position()))
            return
        moved = (event.position() - drag.pressed_at) / self._frame().zoom
        place = self._dragged_to(drag, moved, event.modifiers())
        if place != self._asked:
            self._asked = place
            self.item_moved.emit(drag.index, *place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.held is not None and event.button() == Qt.MouseButton.LeftButton:
            self.held = None
            self._point_at(self._item_at(event.position()))
            self.gesture_finished.emit()

    def leaveEvent(self, event: QEvent) -> None:
        if self.held is None:
            self._point_at(-1)
        super().leaveEvent(event)

    # Keyboard

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in _TAB_REASONS and self._selected < 0 and self._items:
            forward = event.reason() == Qt.FocusReason.TabFocusReason
            self._select(0 if forward else len(self._items) - 1)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the items, and from the last one on to the next widget."""
        following = self._selected + (1 if forward else -1)
        if self.hasFocus() and 0 <= following < len(self._items):
            self._select(following)
            return True
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.wants(event):
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.cancel() if self.held is not None else self._select(-1)
        elif self.held is None and event.key() in ARROWS:
            self._nudge(ARROWS[Qt.Key(event.key())], free=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if read_chip(event.mimeData()) or read_drop(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        is_chip = read_chip(event.mimeData()) is not None
        self._aim(self._changeable(self._item_at(event.position())) if is_chip else -1)
        if is_chip and self._target < 0:
            event.ignore()
        else:
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._aim(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        self._aim(-1)
        chip, index = read_chip(event.mimeData()), self._changeable(self._item_at(event.position()))
        if chip is not None and index >= 0:
            event.acceptProposedAction()
            self.chip_dropped.emit(index, *chip)
        elif chip is None and (dropped := read_drop(event.mimeData())):
            event.acceptProposedAction()
            self.dropped.emit(dropped)

    # Places

    def view_rect(self) -> QRectF:
        return self._frame().view

    def _frame(self) -> CanvasFrame:
        side_px = self._image.width() if self._image is not None else 1
        whole = fit(side_px, self._patch_px, (self.width(), self.height()), self.devicePixelRatioF())
        return whole.closer(self.closeup)

    def _item_at(self, place: QPointF) -> int:
        """The item at a place of the widget, the selected one first, then the topmost; −1 for none."""
        if self._image is None or not self._frame().view.adjusted(-1, -1, 1, 1).contains(place):
            return -1
        order = sorted(range(len(self._items)), key=lambda i: (i == self._selected, i), reverse=True)
        return next((i for i in order if self._covers(self._items[i], place)), -1)

    def _covers(self, item: CanvasItem, place: QPointF) -> bool:
        """Whether an item is at a place of the widget: its cell, or one of its patches where that is all it is."""
        frame = self._frame()
        if not item.fixed:
            return frame.item_rect(item).contains(place)
        if not frame.rect.contains(place):
            return False
        at = (place - frame.rect.topLeft()) / (frame.zoom * self._patch_px)
        return int(at.y()) * -(-frame.side_px // self._patch_px) + int(at.x()) in item.patches

    def _changeable(self, index: int) -> int:
        """The index of an item that can be moved and given another kind; −1 for one that cannot, or for none."""
        return index if index >= 0 and not self._items[index].fixed else -1

    def _dragged_to(self, drag: _Drag, moved: QPointF, keys: Qt.KeyboardModifier) -> tuple[int, int]:
        free = bool(keys & Qt.KeyboardModifier.AltModifier)
        x_px, y_px = drag.x_px + moved.x(), drag.y_px + moved.y()
        size_px = self._items[drag.index].size_px
        place = self._clamped(x_px, size_px, free=free), self._clamped(y_px, size_px, free=free)
        if not keys & Qt.KeyboardModifier.ControlModifier:
            return place
        along_x = abs(moved.x()) >= abs(moved.y())
        return (place[0], drag.y_px) if along_x else (drag.x_px, place[1])

    def _clamped(self, at: float, size_px: int, *, free: bool) -> int:
        """A coordinate that keeps the cell on the canvas, on the patch grid unless `free`."""
        side_px = self._image.width() if self._image is not None else 0
        step = 1 if free else self._patch_px
        last = max(0, (side_px - size_px) // step)
        return step * min(last, max(0, math.floor(at / step + 0.5)))

    # Actions

    def wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self.held is not None or self._selected >= 0
        if event.key() in RESETS:
            return self.held is not None  # what is held is not taken away under the hand
        other = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        return event.key() in ARROWS and self._changeable(self._selected) >= 0 and not event.modifiers() & other

    def _nudge(self, direction: tuple[int, int], *, free: bool) -> None:
        """Move the selected item by a patch, to the next line of the grid if it lies between lines."""
        item = self._items[self._selected]
        step = 1 if free else self._patch_px
        x_px = self._clamped(_next_stop(item.x_px, direction[0], step), item.size_px, free=free)
        y_px = self._clamped(_next_stop(item.y_px, direction[1], step), item.size_px, free=free)
        place = (x_px, item.y_px) if direction[0] else (item.x_px, y_px)
        if place != (item.x_px, item.y_px):
            self.gesture_started.emit()
            self.item_moved.emit(self._selected, *place)
            self.gesture_finished.emit()

    def _select(self, index: int) -> None:
        if index != self._selected:
            self._selected = index
            describe(self, self._words())
            self.update()
            self.item_selected.emit(index)

    def put_back(self, held: _Drag) -> None:
        self._point_at(-1)

    def _aim(self, index: int) -> None:
        if index != self._target:
            self._target = index
            self.update()

    def _point_at(self, index: int) -> None:
        over = Qt.CursorShape.ClosedHandCursor if self.held is not None else Qt.CursorShape.OpenHandCursor
        self.setCursor(over if self._changeable(index) >= 0 else Qt.CursorShape.ArrowCursor)
        if index != self._hovered:
            self._hovered = index
            self.update()

    def _open_menu(self, event: QContextMenuEvent) -> bool:
        """Ask for the menu; the key opens it at the selected item and not in the middle of the canvas."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard and self._selected >= 0
        place = self.item_rect(self._selected).center().toPoint() if by_key else event.pos()
        self.customContextMenuRequested.emit(place)
        event.accept()
        return True

    # Words

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        index = self._item_at(place)
        manner = "\nDrag to move on the patch grid · Alt moves freely · Ctrl keeps one axis"
        if index < 0:
            return "", QRect()
        return self._told(self._items[index]) + (manner if self._changeable(index) >= 0 else ""), QRect()

    def _told(self, item: CanvasItem) -> str:
        if item.fixed:
            return f"{item.label} ({item.name}) · {len(item.patches)} tokens"
        name = f"{item.label} ({item.pair})" if item.pair else item.label
        told = f"{name} at x {item.x_px}, y {item.y_px} px · {len(item.patches)} tokens"
        told += " · overlaps another item" if item.overlaps else ""
        return told if item.aligned else told + " · unaligned — outside the training distribution"

    def _words(self) -> str:
        told = "; ".join(self._told(item) for item in self._items) or "no items"
        chosen = f". {self._items[self._selected].label} is selected" if self._selected >= 0 else ""
        return f"{told}{chosen}. Tab selects an item, arrow keys move it by one patch, with Alt by one pixel"


def _next_stop(at: int, direction: int, step: int) -> int:
    """The next multiple of `step` from `at` in `direction` (−1, 0 or 1)."""
    if direction == 0:
        return at
    return (at // step + 1) * step if direction > 0 else (-(-at // step) - 1) * step

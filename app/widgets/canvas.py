"""The stimulus canvas: the picture that the model receives, and its items to take hold of."""

from __future__ import annotations

from collections.abc import Sequence

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
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.widgets.canvas_picture import CanvasFrame, CanvasItem, CanvasPainter, Marking, fit
from app.widgets.canvas_words import told, words
from app.widgets.chips import read_chip
from app.widgets.dropped import read_drop
from app.widgets.in_hand import InHand
from app.widgets.marks import describe
from app.widgets.painted import Painted, rgb_image
from app.widgets.tools import Tool
from app.widgets.tools.select import FREE_KEYS, Select
from core.stimuli.stimulus import Crop

__all__ = ["CanvasItem", "StimulusCanvas"]

_TINT = 96
_TAB_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class StimulusCanvas(InHand, Painted):
    """Shows an image with its items; the tool in the hand asks for changes, `show_picture` shows the result.

    Mouse and keys go to the `tool`, which is one of `app.widgets.tools`; Tab, the menu and drops are the canvas's own.
    Positions are image pixels of the top left corner of the item's cell. While it is `free`, nothing snaps to the patch
    grid.
    """

    items_moved = Signal(object)  # {index: (x_px, y_px)}
    item_shaped = Signal(int, object)  # app.widgets.tools.handles.Shape
    items_selected = Signal(object)  # indices, the one that was selected first before the others
    chip_dropped = Signal(int, str, int)
    chip_placed = Signal(str, int, object, bool)  # beside the items: its middle in image pixels, whether it is free
    dropped = Signal(object)  # Dropped
    patch_hovered = Signal(int)  # row by row; while nothing is held
    covered = Signal(object)  # how far the gesture covers each pixel, of core.stimuli.strokes
    color_picked = Signal(object)  # (red, green, blue)
    item_wanted = Signal(int, int)
    size_stepped = Signal(int)  # of the brush, larger or smaller
    crop_wanted = Signal(object)  # Crop, of the whole photo

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self.items: tuple[CanvasItem, ...] = ()
        self.patch_px, self.cell_px = 16, 32
        self.chosen: tuple[int, ...] = ()
        self.free = False
        self._hovered = self._target = self._patch = -1
        self.whole: QImage | None = None
        self.crop: Crop | None = None
        self._inside: QImage | None = None
        self.tool: Tool = Select(self)
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
        also: Sequence[int] = (),
        cell_px: int = 32,
    ) -> None:
        """Show `image` (uint8 `[S, S, 3]`) cut in patches of `patch_px`, with `items` on it; another would be placed in
        a cell of `cell_px`."""
        self._image, self.pixels = rgb_image(image), image
        self.items, self.patch_px, self.cell_px = tuple(items), patch_px, cell_px
        first = () if selected is None else (selected,)
        self.chosen = tuple(index for index in dict.fromkeys((*first, *also)) if 0 <= index < len(items))
        self._hovered = min(self._hovered, len(items) - 1)
        self.tool.picture_changed()
        describe(self, words(self.items, self.chosen))
        self.update()

    @property
    def selected(self) -> int:
        """The item that is selected, of several the first one; −1 for none."""
        return self.chosen[0] if self.chosen else -1

    def show_whole(self, whole: np.ndarray | None, crop: Crop | None) -> None:
        """Of a photo that is cropped: the whole of it (uint8 `[H, W, 3]`), and which square is shown."""
        self.whole, self.crop = None if whole is None else rgb_image(whole), crop
        self.update()

    @property
    def whole_size(self) -> tuple[int, int]:
        """Width and height of the whole photo; 0 where there is none."""
        return (0, 0) if self.whole is None else (self.whole.width(), self.whole.height())

    def show_inside(self, inside: np.ndarray | None, role: str = "") -> None:
        """Tint the pixels (bool `[S, S]`) of the selected object of a photo in the colour of a theme role."""
        self._inside = None
        if inside is not None:
            color = theme.current().color(role)
            tint = np.zeros((*inside.shape, 4), np.uint8)
            tint[inside] = (color.red(), color.green(), color.blue(), _TINT)
            self._inside = rgb_image(tint)
        self.update()

    def item_rect(self, index: int) -> QRectF:
        """Where the cell of an item lies in the widget, in logical pixels."""
        return self.frame().item_rect(self.items[index])

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
            at = (self.selected, self._hovered, self._target, self.hasFocus())
            marking = Marking(*at, self.chosen[1:], self.tool.use in ("ink", "eraser"))
            marking = marking if self.pose is None else Marking(-1, -1, -1, False)
            frame, image = self.frame(), self._image

            def drawing(on: QPainter) -> CanvasPainter:
                return CanvasPainter(on, frame, self.patch_px, colors, self.font())

            content = (image.cacheKey(), self.patch_px, self.closeup)
            self.still(painter, "picture", content, lambda still: drawing(still).paint_picture(image))
            if self._inside is not None:
                drawing(painter).paint_over(self._inside)
            drawing(painter).paint_items(self.items, marking)
            if self.pose is None:
                self.tool.paint(painter)

    # Mouse and keyboard

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.held is None:
            self._pass_over(self.patch_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pass_over(-1)

    def _pass_over(self, patch: int) -> None:
        """Tell of a patch that the pointer enters."""
        if patch != self._patch:
            self._patch = patch
            if patch >= 0:
                self.patch_hovered.emit(patch)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in _TAB_REASONS and self.selected < 0 and self.items:
            forward = event.reason() == Qt.FocusReason.TabFocusReason
            self.select(0 if forward else len(self.items) - 1)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the items, and from the last one on to the next widget."""
        following = self.selected + (1 if forward else -1)
        if self.hasFocus() and 0 <= following < len(self.items):
            self.select(following)
            return True
        return super().focusNextPrevChild(forward)

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if read_chip(event.mimeData()) or read_drop(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        is_chip, index = read_chip(event.mimeData()) is not None, self.item_at(event.position())
        self._aim(self.changeable(index) if is_chip else -1)
        if is_chip and self._target < 0 and not self._takes_new(index, event.position()):
            event.ignore()
        else:
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._aim(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        self._aim(-1)
        chip, index, place = read_chip(event.mimeData()), self.item_at(event.position()), event.position()
        if chip is not None and self.changeable(index) >= 0:
            event.acceptProposedAction()
            self.chip_dropped.emit(index, *chip)
        elif chip is not None and self._takes_new(index, place):
            event.acceptProposedAction()
            at = (place - self.frame().rect.topLeft()) / self.frame().zoom
            free = self.free or bool(event.modifiers() & FREE_KEYS)
            self.chip_placed.emit(*chip, (int(at.x()), int(at.y())), free)
        elif chip is None and (dropped := read_drop(event.mimeData())):
            event.acceptProposedAction()
            self.dropped.emit(dropped)

    def _takes_new(self, index: int, place: QPointF) -> bool:
        """Whether a chip that is let go at a place becomes an item: beside the others, on the picture."""
        return index < 0 and self.frame().view.contains(place)

    # Places

    def view_rect(self) -> QRectF:
        return self.frame().view

    @property
    def side_px(self) -> int:
        """Of the image, in its own pixels."""
        return self._image.width() if self._image is not None else 1

    def frame(self) -> CanvasFrame:
        """Where the image lies in the widget."""
        whole = fit(self.side_px, self.patch_px, (self.width(), self.height()), self.devicePixelRatioF())
        return whole.closer(self.closeup)

    def at(self, place: QPointF) -> tuple[float, float]:
        """Which place of the image, in its pixels, is at a place of the widget; it may lie beside the image."""
        frame = self.frame()
        return (place.x() - frame.left) / frame.zoom, (place.y() - frame.top) / frame.zoom

    def item_at(self, place: QPointF) -> int:
        """The item at a place of the widget, the selected one first, then the topmost; −1 for none."""
        if self._image is None or not self.frame().view.adjusted(-1, -1, 1, 1).contains(place):
            return -1
        order = sorted(range(len(self.items)), key=lambda i: (i in self.chosen, self.items[i].level, i), reverse=True)
        return next((i for i in order if self._covers(self.items[i], place)), -1)

    def _covers(self, item: CanvasItem, place: QPointF) -> bool:
        """Whether an item is at a place of the widget: its cell, or one of its patches where that is all it is."""
        if not item.fixed:
            return self.frame().item_rect(item).contains(place)
        return self.patch_at(place) in item.patches

    def patch_at(self, place: QPointF) -> int:
        """The patch at a place of the widget; −1 where the picture is not seen."""
        frame = self.frame()
        if not (frame.rect.contains(place) and frame.view.contains(place)):
            return -1
        at, last = (place - frame.rect.topLeft()) / (frame.zoom * self.patch_px), self.side_px // self.patch_px - 1
        return min(int(at.y()), last) * (last + 1) + min(int(at.x()), last)

    def changeable(self, index: int) -> int:
        """The index of an item that can be moved and given another kind; −1 for one that cannot, or for none."""
        return index if index >= 0 and not (self.items[index].fixed or self.items[index].locked) else -1

    # Actions

    def select(self, index: int) -> None:
        """Select an item alone, or none (−1), and say so."""
        self.choose((index,) if index >= 0 else ())

    def choose(self, items: tuple[int, ...]) -> None:
        """Select items, and say so."""
        if items != self.chosen:
            self.chosen = items
            describe(self, words(self.items, self.chosen))
            self.update()
            self.items_selected.emit(items)

    def hover(self, index: int) -> None:
        """Light up an item, or none (−1)."""
        if index != self._hovered:
            self._hovered = index
            self.update()

    def _aim(self, index: int) -> None:
        if index != self._target:
            self._target = index
            self.update()

    def _open_menu(self, event: QContextMenuEvent) -> bool:
        """Ask for the menu; the key opens it at the selected item and not in the middle of the canvas."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard and self.selected >= 0
        place = self.item_rect(self.selected).center().toPoint() if by_key else event.pos()
        self.customContextMenuRequested.emit(place)
        event.accept()
        return True

    # Words

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        tip = self.tool.tip_at(place)
        if tip is not None:
            return tip
        index = self.item_at(place)
        manner = "\nDrag to move on the patch grid · Alt or Shift moves freely · Ctrl keeps one axis"
        if index < 0:
            return "", QRect()
        return told(self.items[index]) + (manner if self.changeable(index) >= 0 else ""), QRect()

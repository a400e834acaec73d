"""The head atlas: every head of every block, to choose one by its place, its score or its attention."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from app.widgets.head_atlas_paint import (
    COMPUTING,
    WAITING,
    Choice,
    Grid,
    Heads,
    figure_height,
    grid_in,
    legend_fits,
    legend_row,
    paint_cells,
    paint_choice,
    paint_enlarged,
    paint_legend,
    paint_names,
    paint_off,
    paint_outlines,
    paint_rings,
    paint_waiting,
    thumbnail_sheet,
)
from app.widgets.interaction import ARROWS, ENTERS, Interactive
from app.widgets.marks import describe
from app.widgets.painted import STALE_OPACITY, Painted, line_height, rgb_image, same_values

__all__ = ["HeadAtlas"]

_NONE = np.zeros((0, 0))
_STEPS: dict[int, tuple[int, int]] = {
    **{key: (down, right) for key, (right, down) in ARROWS.items()},
    Qt.Key.Key_Comma: (0, -1),
    Qt.Key.Key_Semicolon: (0, 1),
    Qt.Key.Key_Home: (0, -10_000),
    Qt.Key.Key_End: (0, 10_000),
    Qt.Key.Key_PageUp: (-10_000, 0),
    Qt.Key.Key_PageDown: (10_000, 0),
}
_CTRL = Qt.KeyboardModifier.ControlModifier
Head = tuple[int, int]
"""Block and head."""


class HeadAtlas(Interactive, Painted):
    """A grid of blocks (rows, block 0 on top) × heads; L blocks, H heads.

    With Ctrl held, a click asks to switch a head off or on, and the head under the pointer is previewed: from
    `head_previewed` to the next one or to `preview_ended`.
    """

    head_chosen = Signal(int, int)  # block, head
    head_toggled = Signal(int, int)
    head_previewed = Signal(int, int)
    preview_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores = _NONE
        self._thumbnails: QImage | None = None
        self._maps: tuple[np.ndarray, np.ndarray] | None = None
        self._off: frozenset[Head] = frozenset()
        self._selected = (0, 0)
        self._hovered: Head | None = None
        self._previewed: Head | None = None
        self._toggled: Head | None = None
        self._stale = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Heads")
        self._tell()

    def set_scores(self, scores: np.ndarray) -> None:
        """Colour the heads by `scores` [L, H], from 0 (local) to 1 (global); nan where it is not known."""
        if same_values(scores, self._scores):
            return
        if scores.shape != self._scores.shape:
            self._thumbnails = self._maps = None
            self._hovered = None
            self.end_preview()
            self.updateGeometry()
        self._scores = np.array(scores, dtype=np.float64)
        self.set_selected(*self._selected)
        self._tell()
        self.update()

    def set_thumbnails(self, maps: np.ndarray | None, vmax: np.ndarray | None = None) -> None:
        """Show `maps` [L, H, rows, cols] inside the cells, each block from 0 to its `vmax` [L] or its own maximum.

        None shows the scores only.
        """
        if maps is None:
            self._thumbnails = self._maps = None
        else:
            if maps.shape[:2] != self._scores.shape:
                self.set_scores(np.full(maps.shape[:2], np.nan))
            top = np.asarray(maps.max(axis=(1, 2, 3)) if vmax is None else vmax)
            if self._maps is not None and same_values(maps, self._maps[0]) and same_values(top, self._maps[1]):
                return
            self._maps = maps, top
            self._thumbnails = rgb_image(thumbnail_sheet(maps, top)).convertToFormat(QImage.Format.Format_RGB32)
        self.update()

    def set_off(self, off: frozenset[Head]) -> None:
        """Cross out the heads that are switched off."""
        if off != self._off:
            self._off = off
            self._tell()
            self.update()

    def set_selected(self, block: int, head: int) -> None:
        """Mark one head, without a signal; the nearest one where there is no such head."""
        selected = self._inside(block, head)
        if selected != self._selected:
            self._selected = selected
            self._tell()
            self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey what belongs to an earlier state."""
        if stale != self._stale:
            self._stale = stale
            self._tell()
            self.update()

    @property
    def selected(self) -> Head:
        """Block and head."""
        return self._selected

    def head_rect(self, block: int, head: int) -> QRectF:
        """Where a head is, in widget coordinates."""
        return self._grid().cell(block, head)

    def sizeHint(self) -> QSize:
        em = line_height(self.font())
        n_blocks, n_heads = self._scores.shape
        wide, high = min(30.0, max(14.0, 2.9 * n_heads)), min(20.0, max(9.0, 1.0 * n_blocks))
        return QSize(round((wide + 2.5) * em), round((high + 2) * em))

    def minimumSizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(11 * em), round((2 + max(4.0, 0.36 * len(self._scores))) * em))

    def figure_height(self, width_px: float) -> float:
        return figure_height(width_px, self.font(), *self._scores.shape)

    def paint(self, painter: QPainter) -> None:
        area, font = QRectF(self.rect()), self.font()
        if not self._scores.size:
            paint_waiting(painter, area, font)
            return
        grid, heads = self._grid(), Heads(self._scores, self._thumbnails)
        if grid.top > line_height(font):
            self._paint_legend(painter, legend_row(area, font))
        content = (self._scores.shape, self._scores.tobytes(), heads.thumbnails and heads.thumbnails.cacheKey())
        painter.setOpacity(STALE_OPACITY if self._stale else 1.0)
        outlines = self._outlines if self.pose is None else None
        self.still(painter, "cells", content, lambda still: paint_cells(still, grid, heads, outlines))
        painter.setOpacity(1.0)
        if self._off:
            self.still(painter, "off", (grid, self._off), lambda still: paint_off(still, grid, self._off))
        names, beside = (grid, self._selected[0]), area.adjusted(grid.right, 0, 0, 0)
        self.still(painter, "names", names, lambda still: paint_names(still, grid, font, self._selected[0]), beside)
        hovered = self._hovered if self.pose is None else None
        paint_rings(painter, grid, self._selected, hovered, focused=self.hasFocus())
        if hovered is not None and self._thumbnails is not None:
            paint_enlarged(painter, area, grid, self._thumbnails, hovered)

    def _outlines(self, painter: QPainter) -> None:
        grid = self._grid()
        self.still(painter, "outlines", grid, lambda still: paint_outlines(still, grid))

    def _paint_legend(self, painter: QPainter, row: QRectF) -> None:
        font = self.font()
        choice = Choice(*self._selected, float(self._scores[self._selected]), self._selected in self._off, self._stale)
        fits = legend_fits(row, font, choice.told())
        self.still(painter, "legend", fits, lambda still: paint_legend(still, row, font, fits), row)
        paint_choice(painter, row, font, choice)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
        elif event.modifiers() & _CTRL:
            self._toggle(self._grid().head_at(event.position()))
        else:
            self._choose_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        head = self._grid().head_at(event.position())
        pulled, with_ctrl = event.buttons() & Qt.MouseButton.LeftButton, event.modifiers() & _CTRL
        if pulled and not with_ctrl:
            self._choose_at(event.position())
        if not with_ctrl or head is None:
            self.end_preview()
        elif not pulled and head not in (self._previewed, self._toggled):
            self._preview(head)
        if head != self._toggled:
            self._toggled = None  # only while it stays there is what it would do known already
        self._hover(head)

    def leaveEvent(self, event: QEvent) -> None:
        self.end_preview()
        self._hover(None)

    def hideEvent(self, event: QHideEvent) -> None:
        self.end_preview()
        super().hideEvent(event)

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() in ENTERS and bool(event.modifiers() & _CTRL)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.wants(event):
            self._toggle(self._selected)
            return
        step = _STEPS.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        block, head = self._selected
        self._choose(self._inside(block + step[0], head + step[1]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While a head is previewed: letting go of Ctrl ends it, whatever has the keyboard; another window does too."""
        kind = event.type()
        let_go = kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Control
        if let_go or kind == QEvent.Type.WindowDeactivate:
            self.end_preview()
        return False

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        at = self._grid().head_at(place)
        if at is None:
            return "", QRect()
        turned = "on" if at in self._off else "off"
        return f"{self.told(*at)}\nCtrl+click switches it {turned}", self.head_rect(*at).toAlignedRect()

    def told(self, block: int, head: int) -> str:
        """One head as a sentence."""
        score = self._scores[block, head]
        known = "not known" if math.isnan(score) else f"{score:.2f}"
        off = " · off" if (block, head) in self._off else ""
        return f"block {block}, head {head} · local/global {known}{off}"

    def _grid(self) -> Grid:
        area, shape = QRectF(self.rect()), self._scores.shape
        return self.kept("grid", shape, lambda: grid_in(area, self.font(), *shape))

    def _inside(self, block: int, head: int) -> Head:
        n_blocks, n_heads = self._scores.shape
        return min(max(block, 0), max(0, n_blocks - 1)), min(max(head, 0), max(0, n_heads - 1))

    def _choose_at(self, at: QPointF) -> None:
        head = self._grid().head_at(at)
        if head is not None:
            self._choose(head)

    def _choose(self, head: Head) -> None:
        if self._scores.size and head != self._selected:
            self.set_selected(*head)
            self.head_chosen.emit(*head)

    def _toggle(self, head: Head | None) -> None:
        if head is not None and self._scores.size:
            self.end_preview()
            self._toggled = head
            self.head_toggled.emit(*head)

    def _preview(self, head: Head) -> None:
        app = QApplication.instance()
        if self._previewed is None and app is not None:
            app.installEventFilter(self)
        self._previewed = head
        self.head_previewed.emit(*head)

    def end_preview(self) -> None:
        """No longer ask for a preview."""
        app = QApplication.instance()
        if self._previewed is not None and app is not None:
            self._previewed = None
            app.removeEventFilter(self)
            self.preview_ended.emit()

    def _hover(self, head: Head | None) -> None:
        if head != self._hovered:
            self._hovered = head
            self.update()

    def _tell(self) -> None:
        if not self._scores.size:
            describe(self, WAITING)
            return
        told = self.told(*self._selected)
        describe(self, f"{COMPUTING}, {told}" if self._stale else told)

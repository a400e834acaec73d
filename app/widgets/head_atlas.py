"""The head atlas: every head of every block, to choose one by its place, its score or its attention."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.widgets.head_atlas_paint import COMPUTING, WAITING, Grid, Look, grid_in, paint_atlas, thumbnail_sheet
from app.widgets.painted import Painted, line_height, rgb_image

__all__ = ["HeadAtlas"]

_NONE = np.zeros((0, 0))
_STEPS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Comma: (0, -1),
    Qt.Key.Key_Semicolon: (0, 1),
    Qt.Key.Key_Home: (0, -10_000),
    Qt.Key.Key_End: (0, 10_000),
    Qt.Key.Key_PageUp: (-10_000, 0),
    Qt.Key.Key_PageDown: (10_000, 0),
}


class HeadAtlas(Painted):
    """A grid of blocks (rows, block 0 on top) × heads; L blocks, H heads."""

    head_chosen = Signal(int, int)  # block, head

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores = _NONE
        self._thumbnails: QImage | None = None
        self._selected = (0, 0)
        self._hovered: tuple[int, int] | None = None
        self._stale = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Heads")
        self._tell()

    def set_scores(self, scores: np.ndarray) -> None:
        """Colour the heads by `scores` [L, H], from 0 (local) to 1 (global); nan where it is not known."""
        if scores.shape != self._scores.shape:
            self._thumbnails = None
            self._hovered = None
            self.updateGeometry()
        self._scores = np.array(scores, dtype=np.float64)
        self.set_selected(*self._selected)

    def set_thumbnails(self, maps: np.ndarray | None, vmax: np.ndarray | None = None) -> None:
        """Show `maps` [L, H, rows, cols] inside the cells, each block from 0 to its `vmax` [L] or its own maximum.

        None shows the scores only.
        """
        if maps is None:
            self._thumbnails = None
        else:
            if maps.shape[:2] != self._scores.shape:
                self.set_scores(np.full(maps.shape[:2], np.nan))
            top = maps.max(axis=(1, 2, 3)) if vmax is None else vmax
            self._thumbnails = rgb_image(thumbnail_sheet(maps, np.asarray(top)))
        self.update()

    def set_selected(self, block: int, head: int) -> None:
        """Mark one head, without a signal; the nearest one where there is no such head."""
        self._selected = self._inside(block, head)
        self._tell()
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey what belongs to an earlier state."""
        self._stale = stale
        self._tell()
        self.update()

    @property
    def selected(self) -> tuple[int, int]:
        """Block and head."""
        return self._selected

    def has_thumbnails(self) -> bool:
        """Whether attention is shown inside the cells."""
        return self._thumbnails is not None

    def head_rect(self, block: int, head: int) -> QRectF:
        """Where a head is, in widget coordinates."""
        return self._grid().cell(block, head)

    def sizeHint(self) -> QSize:
        em = line_height(self.font())
        n_blocks, n_heads = self._scores.shape
        wide, high = min(30.0, max(14.0, 2.9 * n_heads)), min(26.0, max(9.0, 1.85 * n_blocks))
        return QSize(round((wide + 2.5) * em), round((high + 2) * em))

    def minimumSizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(11 * em), round((2 + max(4.0, 0.36 * len(self._scores))) * em))

    def paint(self, painter: QPainter) -> None:
        look = Look(self._scores, self._thumbnails, self._selected, self._hovered, self.hasFocus(), self._stale)
        paint_atlas(painter, QRectF(self.rect()), self.font(), look)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose_at(event.position())
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose_at(event.position())
        self._hover(self._grid().head_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(event.key())
        if step is None:
            super().keyPressEvent(event)
            return
        block, head = self._selected
        self._choose(self._inside(block + step[0], head + step[1]))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            at = self._grid().head_at(QPointF(event.pos()))
            if at is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.told(*at), self, self.head_rect(*at).toAlignedRect())
            return True
        return super().event(event)

    def told(self, block: int, head: int) -> str:
        """One head as a sentence."""
        score = self._scores[block, head]
        known = "not known" if math.isnan(score) else f"{score:.2f}"
        return f"block {block}, head {head} · local/global {known}"

    def _grid(self) -> Grid:
        return grid_in(QRectF(self.rect()), self.font(), *self._scores.shape)

    def _inside(self, block: int, head: int) -> tuple[int, int]:
        n_blocks, n_heads = self._scores.shape
        return min(max(block, 0), max(0, n_blocks - 1)), min(max(head, 0), max(0, n_heads - 1))

    def _choose_at(self, at: QPointF) -> None:
        head = self._grid().head_at(at)
        if head is not None:
            self._choose(head)

    def _choose(self, head: tuple[int, int]) -> None:
        if self._scores.size and head != self._selected:
            self.set_selected(*head)
            self.head_chosen.emit(*head)

    def _hover(self, head: tuple[int, int] | None) -> None:
        if head != self._hovered:
            self._hovered = head
            self.update()

    def _tell(self) -> None:
        if not self._scores.size:
            self.setAccessibleDescription(WAITING)
            return
        told = self.told(*self._selected)
        self.setAccessibleDescription(f"{COMPUTING}, {told}" if self._stale else told)

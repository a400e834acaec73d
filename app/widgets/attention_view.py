"""The attention view: where one token looks, as heat over the stimulus; hover, click or keys choose the token."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.widgets.attention_layout import AttentionFrame, Parts, frame_in
from app.widgets.attention_paint import (
    HEAT_OPACITY,
    WAITING,
    ItemRing,
    Look,
    heat_image,
    paint_beside,
    paint_edge,
    paint_image,
    paint_marks,
    paint_numbers,
    paint_waiting,
)
from app.widgets.closeup import Zooming
from app.widgets.interaction import ARROWS, ENTERS, Blinking, Interactive
from app.widgets.marks import describe, paint_stale
from app.widgets.painted import MINUS, STALE_OPACITY, Painted, line_height, rgb_image, same_values

__all__ = ["AttentionView", "ItemRing"]

_PIN = (*ENTERS, Qt.Key.Key_Space)
_NO_HEAT = np.zeros((0, 0))


@dataclass(frozen=True)
class _Grid:
    """How tokens are counted: `n_prefix` prefix tokens, then patches row by row."""

    n_prefix: int = 0
    rows: int = 0
    cols: int = 0

    @property
    def n_tokens(self) -> int:
        return self.n_prefix + self.rows * self.cols

    def neighbour(self, token: int, step: tuple[int, int]) -> int:
        """The next token in a direction; the prefix tokens are a column at the right of the patches."""
        down, right = step
        if token < self.n_prefix:
            if right < 0 and self.cols:
                return self.n_prefix + self.cols - 1
            return min(max(token + down, 0), self.n_prefix - 1)
        row, col = divmod(token - self.n_prefix, max(1, self.cols))
        if col + right >= self.cols:
            return 0 if self.n_prefix else token
        row, col = min(max(row + down, 0), self.rows - 1), max(col + right, 0)
        return self.n_prefix + row * self.cols + col

    def name(self, token: int, prefix: tuple[tuple[str, float], ...]) -> str:
        """`CLS`, or `patch (column, row)`."""
        if token < self.n_prefix:
            return prefix[token][0]
        row, col = divmod(token - self.n_prefix, max(1, self.cols))
        return f"patch ({col},{row})"


class AttentionView(Blinking, Zooming, Interactive, Painted):
    """Shows one row of attention over the picture. A token index counts prefix tokens first, then patches."""

    token_hovered = Signal(int)
    token_pinned = Signal(int)
    direction_toggled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look(None, None, 0.0, (), 0, None, (), "", "block max", False)
        self._heat = _NO_HEAT
        self._image: np.ndarray | None = None
        self._grid = _Grid()
        self._token = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Attention")
        self._tell()

    def show_attention(
        self,
        image: np.ndarray | None,
        heat: np.ndarray | None,
        vmax: float,
        rings: tuple[ItemRing, ...],
        query: int,
        prefix: tuple[tuple[str, float], ...],
        caption: str,
        *,
        vmin: float = 0.0,
        stale: bool = False,
    ) -> None:
        """Show what token `query` looks at.

        `image` is uint8 [S, S, 3]; `heat` [rows, cols] is on the scale `vmin`–`vmax`, nan is clear, None keeps the grid
        and shows the image alone; `prefix` holds the name and share of each token before the patches.
        """
        before = self._look
        picture = before.image if image is self._image else None if image is None else rgb_image(image)
        self._image = image
        if heat is None:
            warmth = None
        elif before.heat is not None and (vmin, vmax) == (before.vmin, before.vmax) and same_values(heat, self._heat):
            warmth = before.heat
        else:
            self._heat, warmth = heat, heat_image(np.asarray(heat, dtype=np.float64), vmax, vmin)
        self._grid = _Grid(len(prefix), *self._heat.shape)
        self._look = replace(
            self._look,
            image=picture,
            heat=warmth,
            vmin=vmin,
            vmax=vmax,
            rings=tuple(rings),
            query=query,
            prefix=tuple(prefix),
            caption=caption,
            stale=stale,
        )
        if not stale:
            self._token = query
        if self._look != before:
            self._tell()
            self.update()

    def set_scale(self, label: str) -> None:
        """Say what the maximum of the scale is of."""
        if label != self._look.scale_label:
            self._look = replace(self._look, scale_label=label)
            self.update()

    def set_hint(self, words: str) -> None:
        """Say which keys do what."""
        if words != self._look.hint:
            self._look = replace(self._look, hint=words)
            self.update()

    @property
    def query(self) -> int:
        """The token whose attention is shown."""
        return self._look.query

    def token_rect(self, token: int) -> QRectF:
        """Where a patch or chip is, in widget coordinates."""
        return self._frame().token_rect(token)

    def view_rect(self) -> QRectF:
        return self.picture_rect()

    def picture_rect(self) -> QRectF:
        """Where the picture is, in widget coordinates."""
        return self._frame().picture

    def sizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(25 * em), round(23 * em))

    def minimumSizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(13 * em), round(10 * em))

    def figure_height(self, width_px: float) -> float:
        parts = replace(self._parts(), hinted=False)
        return frame_in(QRectF(0, 0, width_px, 1e6), self.font(), parts, self.devicePixelRatioF()).caption.bottom() + 2

    def paint(self, painter: QPainter) -> None:
        look, frame, font = self._seen(), self._frame(), self.font()
        if look.image is None:
            paint_waiting(painter, frame, font)
        else:
            self._paint_picture(painter, frame, look.image)
        paint_edge(painter, frame, focused=self.hasFocus())
        painter.setOpacity(STALE_OPACITY if look.stale else 1.0)
        beside = (frame, look.heat is None, look.scale_label, look.caption, look.hint, look.vmin)
        self.still(painter, "beside", beside, lambda still: paint_beside(still, frame, font, look))
        paint_numbers(painter, frame, font, look)
        painter.setOpacity(1.0)

    def _paint_picture(self, painter: QPainter, frame: AttentionFrame, image: QImage) -> None:
        """Stimulus, heat, and what marks both; only the heat is another with each answer."""
        look, font = self._seen(), self.font()
        self.still(
            painter, "image", (frame, image.cacheKey()), lambda still: paint_image(still, frame, image), frame.picture
        )
        if look.heat is not None:
            paint_image(painter, frame, look.heat, HEAT_OPACITY)
        marks, around = (frame, look.rings, look.query, look.hovered), frame.picture.adjusted(-4, -4, 4, 4)
        self.still(painter, "marks", marks, lambda still: paint_marks(still, frame, font, look), around)
        if look.stale:
            paint_stale(painter, frame.picture, theme.current(), font)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._point_at(event.position())
        token = self._frame().token_at(event.position())
        if token is not None:
            self.token_pinned.emit(token)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in ARROWS and self._grid.n_tokens:
            right, down = ARROWS[key]
            self._ask(self._grid.neighbour(self._token, (down, right)))
        elif key == Qt.Key.Key_Home and self._grid.n_tokens:
            self._ask(0)
        elif key in _PIN and self._grid.n_tokens:
            self.token_pinned.emit(self._token)
        elif key == Qt.Key.Key_A and not event.isAutoRepeat() and not event.modifiers():
            self.direction_toggled.emit()
        else:
            super().keyPressEvent(event)

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        frame = self._frame()
        token = frame.token_at(place)
        return ("", QRect()) if token is None else (self.told(token), frame.token_rect(token).toAlignedRect())

    def told(self, token: int) -> str:
        """One token and its share, as a sentence."""
        name = self._grid.name(token, self._look.prefix)
        if token < self._grid.n_prefix:
            value = self._look.prefix[token][1]
        elif self._look.heat is None:
            return name
        else:
            value = float(self._heat.flat[token - self._grid.n_prefix])
        return name if math.isnan(value) else f"{name} · {value:.3f}".replace("-", MINUS)

    def _seen(self) -> Look:
        """What is painted: in a figure nothing is pointed at."""
        return self._look if self.pose is None else replace(self._look, hovered=None)

    def _parts(self) -> Parts:
        look, grid = self._look, self._grid
        labels = tuple(label for label, _ in look.prefix)
        words, hinted = (look.scale_label, look.caption, look.widest), self.pose is None
        return Parts(grid.rows, grid.cols, labels, *words, self.closeup, hinted)

    def _frame(self) -> AttentionFrame:
        parts = self._parts()
        area, ratio = QRectF(self.rect()), self.devicePixelRatioF()
        return self.kept("frame", parts, lambda: frame_in(area, self.font(), parts, ratio))

    def _point_at(self, at: QPointF) -> None:
        """Follow the pointer: a token that it enters is asked for."""
        token = self._frame().token_at(at)
        entered = token != self._look.hovered
        self._hover(token)
        if entered and token is not None:
            self._ask(token)

    def _hover(self, token: int | None) -> None:
        if token != self._look.hovered:
            self._look = replace(self._look, hovered=token)
            self.update()

    def _ask(self, token: int) -> None:
        if token != self._token:
            self._token = token
            self.token_hovered.emit(token)

    def _tell(self) -> None:
        look = self._look
        if look.image is None:
            describe(self, WAITING)
            return
        parts = ["computing"] if look.stale else []
        parts += [look.caption, *(f"{label} {look.said(value)}" for label, value in look.prefix)]
        describe(self, ", ".join(part for part in parts if part))

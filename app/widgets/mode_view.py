"""A query-key mode over the picture: the picture, red and cyan beside it, and a strip of other modes to choose from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.widgets.interaction import ARROWS, Blinking, Interactive
from app.widgets.marks import describe, paint_focus, paint_stale
from app.widgets.painted import STALE_OPACITY, Painted, box, line_height, rgb_image, scaled, width_of, write

N_STRIP = 6
GAP_PX = 6.0
KEY = (("#e53935", "asks (x·u)"), ("#00acc1", "is looked at (x·v)"))
MOST_PX = 260.0
"""The side of a large square at most."""


@dataclass(frozen=True)
class Thumb:
    """One mode of the strip: its index, a word on it, and its picture `[G, G, 3]`."""

    mode: int
    words: str
    picture: QImage


@dataclass(frozen=True)
class Look:
    """What is shown."""

    image: QImage | None = None
    picture: QImage | None = None
    grid: int = 0
    chosen: int = -1
    thumbs: tuple[Thumb, ...] = ()
    held: int = -1
    hovered: int = -1
    stale: bool = False


class ModeView(Blinking, Interactive, Painted):
    """Hover a patch to read it, click to hold it. Left and Right go through the strip, F flips the sign, C blinks."""

    patch_held = Signal(int)
    mode_chosen = Signal(int)
    flipped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look()
        self._told: tuple[str, ...] = ()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Query-key mode")

    def show_mode(
        self,
        image: np.ndarray,
        picture: np.ndarray,
        strip: tuple[tuple[int, str, np.ndarray], ...],
        chosen: int,
        told: tuple[str, ...],
        *,
        held: int = -1,
        stale: bool = False,
    ) -> None:
        """Show the image uint8 [S, S, 3], a mode's `picture` uint8 [G, G, 3], and a strip of modes, each with a word
        and its picture; `chosen` is one of them or -1. `told` says of every patch what is known of it."""
        thumbs = tuple(Thumb(mode, words, rgb_image(of)) for mode, words, of in strip)
        look = Look(rgb_image(image), rgb_image(picture), len(picture), chosen, thumbs, held, stale=stale)
        self._look, self._told = replace(look, hovered=self._look.hovered), told
        describe(self, ", ".join(thumb.words for thumb in thumbs))
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Grey what belongs to an earlier state."""
        if stale != self._look.stale:
            self._look = replace(self._look, stale=stale)
            self.update()

    @property
    def modes(self) -> tuple[int, ...]:
        """The modes of the strip."""
        return tuple(thumb.mode for thumb in self._look.thumbs)

    def told(self, patch: int) -> str:
        """What is known of a patch."""
        return self._told[patch] if 0 <= patch < len(self._told) else ""

    def patch_place(self, patch: int) -> QPointF:
        """The middle of a patch in the mode's picture, in logical pixels."""
        return self._cell(self._squares()[1], patch).center()

    def thumb_place(self, index: int) -> QRectF:
        """Where a picture of the strip is."""
        top = self._squares()[0].bottom() + line_height(self._small) + 2 * GAP_PX
        side = self._thumb_side(self.width())
        left = (self.width() - N_STRIP * side - (N_STRIP - 1) * GAP_PX) / 2
        return QRectF(left + index * (side + GAP_PX), top, side, side)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of squares, strip and words at a width in pixels."""
        words = 2 * line_height(self._small) + 3 * GAP_PX
        return round(self._large_side(width) + self._thumb_side(width) + words)

    def sizeHint(self) -> QSize:
        width = round(24 * line_height(self.font()))
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        width = round(11 * line_height(self.font()))
        return QSize(width, self.heightForWidth(width))

    @property
    def _small(self) -> QFont:
        return scaled(self.font(), 0.85)

    @staticmethod
    def _large_side(width: float) -> float:
        return min((width - GAP_PX) / 2, MOST_PX)

    @staticmethod
    def _thumb_side(width: float) -> float:
        return (min(width, 2 * MOST_PX) - (N_STRIP - 1) * GAP_PX) / N_STRIP

    def _squares(self) -> tuple[QRectF, QRectF]:
        side = self._large_side(self.width())
        left = (self.width() - 2 * side - GAP_PX) / 2
        return QRectF(left, 0, side, side), QRectF(left + side + GAP_PX, 0, side, side)

    def _cell(self, square: QRectF, patch: int) -> QRectF:
        size = square.width() / max(1, self._look.grid)
        row, column = divmod(patch, max(1, self._look.grid))
        return QRectF(square.left() + column * size, square.top() + row * size, size, size)

    def paint(self, painter: QPainter) -> None:
        look, colors = self._look, theme.current()
        if look.image is None or look.picture is None:
            write(painter, QRectF(self.rect()), "Computing…", font=self.font(), color=colors.color("muted"))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for square, image in zip(self._squares(), (look.image, look.picture), strict=True):
            painter.drawImage(square, image)
            for patch, role in ((look.held, "accent"), (look.hovered if self.pose is None else -1, "text")):
                if patch >= 0:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(QPen(colors.color(role), 1.6))
                    painter.drawRect(self._cell(square, patch))
            if look.stale:
                paint_stale(painter, square, colors, self.font())
        self._paint_key(painter)
        painter.setOpacity(STALE_OPACITY if look.stale else 1.0)
        for index, thumb in enumerate(look.thumbs):
            self._paint_thumb(painter, index, thumb)
        painter.setOpacity(1.0)
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), colors)

    def _paint_key(self, painter: QPainter) -> None:
        first, font = self._squares()[0], self._small
        x, y = first.left(), first.bottom() + GAP_PX / 2
        for color, words in KEY:
            tall = line_height(font)
            box(painter, QRectF(x, y + 3, tall - 6, tall - 6), radius=2, fill=QColor(color))
            wide = width_of(font, words) + 2
            write(painter, QRectF(x + tall, y, wide, tall), words, font=font, color=theme.current().color("muted"))
            x += tall + wide + 2 * GAP_PX
        room = QRectF(x, y, max(0.0, self.width() - x), line_height(font))
        write(painter, room, "white: both", font=font, color=theme.current().color("muted"))

    def _paint_thumb(self, painter: QPainter, index: int, thumb: Thumb) -> None:
        colors, place, font = theme.current(), self.thumb_place(index), self._small
        painter.drawImage(place, thumb.picture)
        chosen = thumb.mode == self._look.chosen
        if chosen:
            box(painter, place.adjusted(-2, -2, 2, 2), radius=3, line=colors.color("accent"), width=2)
        under = QRectF(place.left() - 2, place.bottom() + 2, place.width() + 4, line_height(font))
        tone = colors.color("text" if chosen else "muted")
        write(painter, under, thumb.words, font=font, color=tone, align=Qt.AlignmentFlag.AlignHCenter)

    def _patch_at(self, at: QPointF) -> int:
        for square in self._squares():
            if square.contains(at) and self._look.grid:
                size = square.width() / self._look.grid
                column, row = int((at.x() - square.left()) / size), int((at.y() - square.top()) / size)
                return min(row, self._look.grid - 1) * self._look.grid + min(column, self._look.grid - 1)
        return -1

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        patch = self._patch_at(place)
        if patch < 0:
            return "", QRect()
        square = next(square for square in self._squares() if square.contains(place))
        return self.told(patch), self._cell(square, patch).toAlignedRect()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._patch_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        patch = self._patch_at(event.position())
        if patch >= 0:
            self.patch_held.emit(patch)
        for index, thumb in enumerate(self._look.thumbs):
            if self.thumb_place(index).contains(event.position()):
                self.mode_chosen.emit(thumb.mode)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_F and not event.modifiers()  # elsewhere it takes the fill into the hand

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ARROWS and self.modes:
            at = self.modes.index(self._look.chosen) if self._look.chosen in self.modes else -1
            step = ARROWS[event.key()][0] or ARROWS[event.key()][1]
            self.mode_chosen.emit(self.modes[min(max(at + step, 0), len(self.modes) - 1)])
        elif event.key() == Qt.Key.Key_F and not event.modifiers() and not event.isAutoRepeat():
            self.flipped.emit()
        else:
            super().keyPressEvent(event)

    def _hover(self, patch: int) -> None:
        if patch != self._look.hovered:
            self._look = replace(self._look, hovered=patch)
            self.update()

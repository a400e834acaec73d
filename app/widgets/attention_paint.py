"""How the attention view looks: the stimulus under its heat, outlines of items and query, scale, chips and caption."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen

from app import theme
from app.numbers import written
from app.widgets.attention_layout import WRAP, AttentionFrame, caption_font, chip_font
from app.widgets.marks import ink_on, keep_inside
from app.widgets.painted import box, line_height, rgb_image, scaled, share, width_of, write

WAITING = "waiting for the engine"
HINT = "A flips direction · C blinks baseline"
HEAT_OPACITY = 0.86
_TAB_PX = 16.0
_LEAST_GRID_PX = 7.0


@dataclass(frozen=True)
class ItemRing:
    """A set of patches (row by row from the top left) outlined in the colour of a theme role, with a letter."""

    label: str
    patches: tuple[int, ...]
    role: str


@dataclass(frozen=True)
class Look:
    """All that a picture of the view depends on."""

    image: QImage | None
    heat: QImage | None
    vmax: float
    rings: tuple[ItemRing, ...]
    query: int
    hovered: int | None
    prefix: tuple[tuple[str, float], ...]
    caption: str
    scale_label: str
    stale: bool
    vmin: float = 0.0
    hint: str = HINT

    def share_of(self, value: float) -> float:
        """How far up the scale a value is, 0–1."""
        return (value - self.vmin) / (self.vmax - self.vmin) if self.vmax > self.vmin else 0.0

    @property
    def widest(self) -> str:
        """The widest of the values on the scale, as a chip says it."""
        whole = self.vmin == 0 and self.vmax <= 1
        return written(".88") if whole else max(map(self.said, (self.vmin, self.vmax)), key=len)

    def said(self, value: float) -> str:
        """A value in a few characters: shares without their zero, others as numbers."""
        return share(value) if (self.vmin == 0 and self.vmax <= 1) or math.isnan(value) else number(value, self.vmax)


def number(value: float, largest: float) -> str:
    """A number beside others of which `largest` is the largest: three digits at most."""
    return written(f"{value:.{0 if float(value).is_integer() else 1 if abs(largest) >= 1 else 2}f}")


def heat_image(heat: np.ndarray, vmax: float, vmin: float = 0.0) -> QImage:
    """One pixel a patch on the viridis map from `vmin` to `vmax`; clear where `heat` [rows, cols] is nan."""
    shares = (heat - vmin) / (vmax - vmin) if vmax > vmin else np.zeros_like(heat)
    return rgb_image(np.dstack([theme.viridis(np.nan_to_num(shares)), np.where(np.isnan(heat), 0, 255)]))


def paint_waiting(painter: QPainter, frame: AttentionFrame, font: QFont) -> None:
    """What stands in the picture's place before there is one."""
    colors = theme.current()
    box(painter, frame.picture, radius=4, fill=colors.color("raised"))
    middle = Qt.AlignmentFlag.AlignHCenter
    write(painter, frame.picture, WAITING, font=font, color=colors.color("muted"), align=middle)


def paint_image(painter: QPainter, frame: AttentionFrame, image: QImage, opacity: float = 1.0) -> None:
    """The stimulus or its heat, pixel by pixel."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setOpacity(opacity)
    _clip(painter, frame)
    painter.drawImage(frame.whole, image)
    painter.setClipping(False)
    painter.setOpacity(1.0)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_marks(painter: QPainter, frame: AttentionFrame, font: QFont, look: Look) -> None:
    """Over the heat: faint patch borders, items, then the query in white, then what the pointer is on."""
    if not frame.rows or not frame.cols:
        return
    _clip(painter, frame)
    _borders(painter, frame)
    regions = [(ring, _region(frame, ring)) for ring in look.rings]
    for ring, region in regions:
        painter.strokePath(region, _mitred(QColor(0, 0, 0, 110), 4))
        painter.strokePath(region, _mitred(_on_heat(ring.role), 2))
    n_prefix = len(frame.chips)
    if look.query >= n_prefix:
        _square(painter, frame.token_rect(look.query), QColor("white"), 2.0)
    if look.hovered is not None and look.hovered >= n_prefix and look.hovered != look.query:
        _square(painter, frame.token_rect(look.hovered), QColor(255, 255, 255, 190), 1.0)
    for ring, region in regions:
        if not region.isEmpty() and region.boundingRect().intersects(frame.picture):
            _tab(painter, frame, region.boundingRect(), ring, font)


def _clip(painter: QPainter, frame: AttentionFrame) -> None:
    """Keep to where a part of the picture is seen."""
    if frame.whole != frame.picture:
        painter.setClipRect(frame.picture)


def _borders(painter: QPainter, frame: AttentionFrame) -> None:
    area = frame.whole
    if area.width() / frame.cols < _LEAST_GRID_PX:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(QColor(0, 0, 0, 26), 0))
    for col in range(1, frame.cols):
        x = area.left() + col * area.width() / frame.cols
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    for row in range(1, frame.rows):
        y = area.top() + row * area.height() / frame.rows
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_edge(painter: QPainter, frame: AttentionFrame, *, focused: bool) -> None:
    """The border of the picture, wider where it has the keyboard."""
    around = 2.0 if focused else 1.0
    edge = frame.picture.adjusted(-around, -around, around, around)
    color = theme.current().color("accent" if focused else "line")
    box(painter, edge, radius=0, line=color, width=around)


def paint_beside(painter: QPainter, frame: AttentionFrame, font: QFont, look: Look) -> None:
    """What is beside and below the picture and the same for one answer as for the next: scale, caption and hint."""
    if look.heat is not None:
        _scale(painter, frame, font, look)
    _words(painter, frame, font, look)


def paint_numbers(painter: QPainter, frame: AttentionFrame, font: QFont, look: Look) -> None:
    """What each answer changes: the maximum of the scale, and the chips of the prefix tokens."""
    if look.heat is not None:
        color = theme.current().color("text")
        write(painter, _beside_bar(frame, font), _end(look, look.vmax), font=chip_font(font), color=color)
    for token, chip in enumerate(frame.chips):
        _chip(painter, chip, font, look, token)


def _on_heat(role: str) -> QColor:
    """The colour of a role as it is on a dark ground, which heat is in both themes."""
    return theme.DARK.color(role)


def _mitred(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)


def _region(frame: AttentionFrame, ring: ItemRing) -> QPainterPath:
    """The union of the ring's patches."""
    region = QPainterPath()
    for patch in ring.patches:
        row, col = divmod(patch, frame.cols)
        if row < frame.rows:
            region.addRect(frame.patch(row, col))
    return region.simplified()


def _square(painter: QPainter, patch: QRectF, color: QColor, width: float) -> None:
    if patch.isEmpty():
        return
    width = max(1.0, min(width, 0.18 * patch.width()))
    around = 0.5 * width
    shade = QColor(0, 0, 0, 150)
    box(painter, patch.adjusted(-around, -around, around, around), radius=0, line=shade, width=2 * width)
    box(painter, patch, radius=0, line=color, width=width)


def _tab(painter: QPainter, frame: AttentionFrame, region: QRectF, ring: ItemRing, font: QFont) -> None:
    """The letter above the region; below it where there is no room above."""
    side = min(_TAB_PX, 1.15 * line_height(font))
    tab = QRectF(region.left() - 1, region.top() - side - 2, side, side)
    if tab.top() < frame.picture.top():
        tab.moveTop(region.bottom() + 2)
    tab = keep_inside(tab, frame.picture)
    color = _on_heat(ring.role)
    box(painter, tab, radius=2.5, fill=color)
    face = scaled(font, 0.95, bold=True)
    write(painter, tab, ring.label, font=face, color=ink_on(color), align=Qt.AlignmentFlag.AlignHCenter)


def _scale(painter: QPainter, frame: AttentionFrame, font: QFont, look: Look) -> None:
    """Colour bar from 0, and what its maximum is of."""
    colors, em = theme.current(), line_height(font)
    bar, small = frame.bar, chip_font(font)
    ramp = rgb_image(theme.viridis(np.linspace(1.0, 0.0, 128))[:, None])
    painter.drawImage(bar, ramp)
    box(painter, bar.adjusted(-0.5, -0.5, 0.5, 0.5), radius=0, line=colors.color("line"))
    beside = _beside_bar(frame, font)
    beside.moveBottom(bar.bottom() + 0.1 * em)
    write(painter, beside, _end(look, look.vmin), font=small, color=colors.color("muted"))
    if frame.label.isEmpty():
        return
    line = QRectF(frame.label.left(), frame.label.top(), frame.label.width(), em)
    write(painter, line, look.scale_label, font=small, color=colors.color("muted"))


def _beside_bar(frame: AttentionFrame, font: QFont) -> QRectF:
    """Where the maximum stands."""
    bar, em = frame.bar, line_height(font)
    return QRectF(bar.right() + 0.4 * em, bar.top() - 0.1 * em, 4 * em, em)


def _end(look: Look, value: float) -> str:
    """One end of the scale."""
    if value == 0:
        return "0"
    small = look.vmin == 0 and 0 < value < 0.1
    return written(f"{value:.1g}".removeprefix("0")) if small else look.said(value)


def _chip(painter: QPainter, chip: QRectF, font: QFont, look: Look, token: int) -> None:
    """A prefix token: its heat as a swatch, its name, its share."""
    colors, em = theme.current(), line_height(font)
    label, value = look.prefix[token]
    line, width = colors.color("line"), 1.0
    if token == look.query:
        line, width = colors.color("text"), 2.0
    elif token == look.hovered:
        line = colors.color("muted")
    box(painter, chip, radius=chip.height() / 2, fill=colors.color("raised"), line=line, width=width)
    x = chip.left() + 0.5 * em
    if not math.isnan(value):
        red, green, blue = (int(c) for c in theme.viridis(np.array(look.share_of(value))))
        swatch = QRectF(x, chip.center().y() - 0.28 * em, 0.56 * em, 0.56 * em)
        box(painter, swatch, radius=2, fill=QColor(red, green, blue))
    small = chip_font(font)
    words = QRectF(x + 0.8 * em, chip.top(), chip.right() - x - 1.0 * em, chip.height())
    write(painter, words, label, font=small, color=colors.color("text"))
    words.setLeft(words.left() + width_of(small, label + " "))
    write(painter, words, look.said(value), font=small, color=colors.color("muted"))


def _words(painter: QPainter, frame: AttentionFrame, font: QFont, look: Look) -> None:
    colors = theme.current()
    painter.setFont(caption_font(font))
    painter.setPen(colors.color("text"))
    painter.drawText(frame.caption, WRAP, look.caption)
    if not frame.hint.isEmpty():
        write(painter, frame.hint, look.hint, font=caption_font(font), color=colors.color("muted"))

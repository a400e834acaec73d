"""What the self-painted widgets share: a base that follows the theme and keeps what stands still, type sizes, how
numbers are written, and small shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QWidget

from app import numbers, theme
from app.numbers import MINUS as MINUS
from app.numbers import share as share
from app.numbers import signed as signed
from app.widgets.posed import Posing

STALE_OPACITY = 0.5

Made = TypeVar("Made")

_LOOKS = (
    QEvent.Type.PaletteChange,
    QEvent.Type.StyleChange,
    QEvent.Type.FontChange,
    QEvent.Type.ThemeChange,
    QEvent.Type.LocaleChange,  # numbers are written otherwise
)


class Paints(Posing):
    """What paints itself in the theme of its window, and again whenever the theme or the font changes.

    A mixin before the class of a widget, so that buttons and sliders can be painted like everything else.
    """

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _LOOKS:
            self.updateGeometry()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        try:
            with theme.shown_in(theme.worn_by(self)):
                self.paint(painter)
        finally:
            painter.end()

    def paint(self, painter: QPainter) -> None:
        """Draw the widget; `painter` is open on it, antialiased."""
        raise NotImplementedError

    def kept(self, name: str, content: object, make: Callable[[], Made]) -> Made:
        """What `make` returns, made again only when `content`, the size, the screen, the theme, the font or how numbers
        are written changes.

        `content` is all else that it depends on, to be compared with `==`: no arrays. For a figure it is always made.
        """
        if self.pose is not None:
            return make()
        things: dict[str, tuple[object, Made]] = self.__dict__.setdefault("_kept", {})
        looks = (theme.current(), numbers.current(), self.font())
        made_of = (content, self.width(), self.height(), self.devicePixelRatioF(), *looks)
        if name not in things or things[name][0] != made_of:
            things[name] = (made_of, make())
        return things[name][1]

    def still(
        self,
        painter: QPainter,
        name: str,
        content: object,
        draw: Callable[[QPainter], None],
        within: QRectF | None = None,
    ) -> None:
        """Draw what does not move: once, and from then on as a picture of it, for as long as `kept` keeps it.

        The picture has the pixels of the screen, also where the widget begins between two of them. It is of the whole
        widget, or of what is `within`: the smaller, the sooner it is drawn. In a figure lines stay lines.
        """
        if self.pose is not None:
            painter.save()
            draw(painter)
            painter.restore()
            return
        to_screen, ratio = painter.deviceTransform(), painter.device().devicePixelRatioF()
        left, top = to_screen.dx() % 1.0, to_screen.dy() % 1.0
        area = self.rect() if within is None else self.rect() & within.toAlignedRect()
        x, y = math.floor(area.x() * ratio + left), math.floor(area.y() * ratio + top)
        if area.isEmpty():
            return

        def picture() -> QPixmap:
            beyond_x, beyond_y = area.x() + area.width(), area.y() + area.height()
            result = QPixmap(math.ceil(beyond_x * ratio + left) - x, math.ceil(beyond_y * ratio + top) - y)
            result.setDevicePixelRatio(ratio)
            result.fill(Qt.GlobalColor.transparent)
            inner = QPainter(result)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            inner.translate((left - x) / ratio, (top - y) / ratio)
            draw(inner)
            inner.end()
            result.setDevicePixelRatio(1.0)
            return result

        shown = self.kept(name, (content, area, ratio, left, top), picture)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawPixmap(QPointF(x - left, y - top), shown)
        painter.restore()


class Painted(Paints, QWidget):
    """A widget that is nothing but what it paints."""


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say `text` once."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def scaled(font: QFont, scale: float, *, bold: bool = False) -> QFont:
    """`font` at `scale` times its size."""
    result = QFont(font)
    if font.pointSizeF() > 0:
        result.setPointSizeF(font.pointSizeF() * scale)
    else:
        result.setPixelSize(max(1, round(font.pixelSize() * scale)))
    result.setBold(bold)
    return result


@lru_cache(maxsize=2048)  # laying out a text takes its time, and most are painted again and again
def width_of(font: QFont, text: str) -> float:
    """The advance of `text` in logical pixels."""
    return QFontMetricsF(font).horizontalAdvance(text)


@lru_cache(maxsize=64)
def line_height(font: QFont) -> float:
    """The height of one line of `font` in logical pixels."""
    return QFontMetricsF(font).height()


def write(
    painter: QPainter,
    rect: QRectF,
    text: str,
    *,
    font: QFont,
    color: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line of text, centred in height, cut with an ellipsis where `rect` is too narrow."""
    if width_of(font, text) > rect.width():
        text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.setFont(font)
    painter.setPen(color)
    flags = int(align) | int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextDontClip)
    painter.drawText(rect, flags, text)


def box(
    painter: QPainter,
    rect: QRectF,
    *,
    radius: float,
    fill: QColor | None = None,
    line: QColor | None = None,
    width: float = 1.0,
) -> None:
    """A rounded rectangle whose line lies inside `rect`."""
    inset = width / 2 if line is not None else 0.0
    painter.setBrush(QBrush(fill) if fill is not None else Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(line, width) if line is not None else Qt.PenStyle.NoPen)
    inner = rect.adjusted(inset, inset, -inset, -inset)
    bend = max(0.0, min(radius - inset, inner.width() / 2, inner.height() / 2))
    painter.drawRoundedRect(inner, bend, bend)


def triangle(painter: QPainter, center: QPointF, size: float, color: QColor, *, up: bool) -> None:
    """A filled triangle `size` wide and high that points up or down."""
    half = size / 2
    tip = -half if up else half
    path = QPainterPath(center + QPointF(0, tip))
    path.lineTo(center + QPointF(half, -tip))
    path.lineTo(center + QPointF(-half, -tip))
    path.closeSubpath()
    painter.fillPath(path, color)


def cross(painter: QPainter, center: QPointF, size: float, color: QColor) -> None:
    """A cross `size` wide, the sign of a mistake."""
    half = size / 2
    painter.setPen(QPen(color, size * 0.24, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(center + QPointF(-half, -half), center + QPointF(half, half))
    painter.drawLine(center + QPointF(-half, half), center + QPointF(half, -half))


def rgb_image(pixels: np.ndarray) -> QImage:
    """An image that owns a copy of `pixels`, uint8 [rows, cols, 3], or [rows, cols, 4] with opacity."""
    rows, cols, n_channels = pixels.shape
    data = np.ascontiguousarray(pixels, dtype=np.uint8)
    kind = QImage.Format.Format_RGB888 if n_channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(data.data, cols, rows, n_channels * cols, kind).copy()


def same_values(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two arrays hold the same; what is not a number is like itself."""
    if one is None or other is None:
        return one is other
    return _are_one(one, other) or np.array_equal(one, other, equal_nan=True)


def _are_one(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are the same numbers in memory, as views that were made alike are."""
    return one is other or one.__array_interface__ == other.__array_interface__

"""Small marks that several widgets draw alike: pills with a word, letter tabs, the veil over a stale picture."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QScrollArea, QTabBar, QTabWidget, QWidget

from app.theme import Theme
from app.widgets.painted import STALE_OPACITY, line_height, scaled, width_of

_DARK_INK = QColor("#14161a")
_LIGHT_INK = QColor("#ffffff")


def ink_on(color: QColor) -> QColor:
    """Black or white, whichever reads better on `color` (by WCAG contrast)."""
    luminance = _luminance(color)
    on_dark = (_luminance(_LIGHT_INK) + 0.05) / (luminance + 0.05)
    on_light = (luminance + 0.05) / (_luminance(_DARK_INK) + 0.05)
    return _LIGHT_INK if on_dark >= on_light else _DARK_INK


def pill_size(text: str, font: QFont) -> tuple[float, float]:
    """Width and height of `paint_pill` for `text`."""
    return width_of(font, text) + 12, line_height(font) + 3


def paint_pill(painter: QPainter, text: str, corner: QPointF, fill: QColor) -> QRectF:
    """A filled pill with `text` at the top left `corner`, in the font of the painter; returns its rectangle."""
    width, height = pill_size(text, painter.font())
    rect = QRectF(corner.x(), corner.y(), width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(rect, 3, 3)
    painter.setPen(ink_on(fill))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    return rect


def paint_stale(painter: QPainter, rect: QRectF, theme: Theme, font: QFont) -> None:
    """Grey what lies under `rect` and say so: the picture belongs to the state before."""
    painter.fillRect(rect, theme.color("panel", 1 - STALE_OPACITY))
    painter.setFont(scaled(font, 0.85))
    width, height = pill_size("computing", painter.font())
    if rect.width() < width + 8:
        return
    corner = QPointF(rect.right() - width - 5, rect.bottom() - height - 5)
    paint_pill(painter, "computing", corner, theme.color("line"))


def paint_focus(painter: QPainter, rect: QRectF, theme: Theme, *, radius: float = 5.0) -> None:
    """The ring that every widget here draws round what has the keyboard."""
    painter.setPen(QPen(theme.color("text"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, radius, radius)


def keep_inside(rect: QRectF, bounds: QRectF) -> QRectF:
    """`rect` moved by as little as needed to lie in `bounds`."""
    left = max(bounds.left(), min(rect.left(), bounds.right() - rect.width()))
    top = max(bounds.top(), min(rect.top(), bounds.bottom() - rect.height()))
    return QRectF(left, top, rect.width(), rect.height())


def describe(widget: QWidget, text: str) -> None:
    """Set the accessible description, only when it changed: screen readers announce each setting."""
    if widget.accessibleDescription() != text:
        widget.setAccessibleDescription(text)


def name_parts(whole: QWidget, name: str) -> None:
    """For screen readers, call what scrolls or has tabs in `whole` after it, unless it has a name of its own."""
    for part in (whole, *whole.findChildren(QWidget)):
        if isinstance(part, QScrollArea | QTabWidget | QTabBar) and not part.accessibleName():
            part.setAccessibleName(name)


def _luminance(color: QColor) -> float:
    channels = (color.redF(), color.greenF(), color.blueF())
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

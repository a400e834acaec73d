"""One edit in the list: its value, where the parts of its row lie, and how they look."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from app import theme
from app.numbers import written
from app.widgets.marks import ink_on, paint_focus
from app.widgets.painted import box, cross, line_height, scaled, width_of, write

MAX_STRENGTH = 2.0
_DETENT = 0.04
_EDGE_PX, _GRIP_PX, _SWITCH_PX, _NUMBER_PX, _PAD_PX, _FOOT_PX = 8, 10, 34, 30, 7, 18
_LEAST_DETAIL_PX = 48
_WRAP = int(Qt.TextFlag.TextWordWrap)
_EFFECT, _PREFIX = "effect ▾", "control: "


@dataclass(frozen=True, slots=True)
class EditRow:
    """One edit: what it does, more about it, whether it is on, its strength (0–2), and why it does nothing, or "".

    `controls` are the controls that it has, `control` the one that it is, `drawn` says that it can be drawn again.
    """

    text: str
    detail: str
    enabled: bool
    strength: float
    warning: str = ""
    control: str = ""
    controls: tuple[str, ...] = ()
    drawn: bool = False

    @property
    def pill(self) -> str:
        """Whether it is the effect or a control, and what a click makes of that."""
        return f"{_PREFIX}{self.control} ✕" if self.control else _EFFECT


@dataclass(frozen=True, slots=True)
class Look:
    """How a row stands: `hot` is the part under the mouse, or ""."""

    hot: str = ""
    focused: bool = False
    lifted: bool = False


class Parts:
    """Where the parts of a row lie in `rect`; text wraps where that is narrow, and a warning has a line of its own."""

    def __init__(self, row: EditRow, rect: QRectF, font: QFont) -> None:
        small, left = scaled(font, 0.85), rect.left() + _EDGE_PX + _GRIP_PX + _SWITCH_PX
        room = QRectF(left, rect.top() + 5, max(40.0, rect.right() - left - 28), 1000)
        tall = QFontMetricsF(font).boundingRect(room, _WRAP, row.text).height()
        self.head = QRectF(room.left(), room.top(), room.width(), max(18.0, tall))
        self.switch = QRectF(rect.left() + _EDGE_PX + _GRIP_PX - 3, self.head.top() - 2, 32, 22)
        self.remove = QRectF(rect.right() - 26, self.head.top() - 2, 22, 22)
        wide, foot = min(96.0, max(72.0, rect.width() * 2 // 5)), self.head.bottom() + 1
        self.strength = QRectF(rect.right() - wide - 4, foot, wide, _FOOT_PX)
        pill = width_of(scaled(font, 0.85, bold=bool(row.control)), row.pill) + 2 * _PAD_PX if row.controls else 0.0
        self.control = QRectF(left, foot, max(0.0, min(pill, self.strength.left() - left - 2)), _FOOT_PX)
        after = self.control.right() + (_PAD_PX if row.controls else 0)
        self.detail = QRectF(after, foot, self.strength.left() - after - 2, _FOOT_PX)
        self.warning = QRectF(left, foot + _FOOT_PX + 1, rect.right() - left - 8, line_height(small))
        self.height = (self.warning.bottom() + 2 if row.warning else foot + _FOOT_PX) + 4 - rect.top()

    def at(self, place: QPointF) -> str:
        """The name of the part at a place that can be worked with, or ""."""
        return next((n for n in ("switch", "remove", "strength", "control") if getattr(self, n).contains(place)), "")

    @property
    def groove(self) -> QRectF:
        """What the handle of the strength runs along."""
        middle = self.strength.center().y()
        return QRectF(QPointF(self.strength.left() + 8, middle - 1.5), QPointF(self.number.left() - 7, middle + 1.5))

    @property
    def number(self) -> QRectF:
        """Where the strength stands as a number."""
        return self.strength.adjusted(self.strength.width() - _NUMBER_PX - 2, 0, -2, 0)

    def handle(self, strength: float) -> QPointF:
        """Where the handle lies; at the end for a strength beyond the range."""
        groove = self.groove
        return QPointF(groove.left() + in_range(strength) / MAX_STRENGTH * groove.width(), groove.center().y())

    def strength_at(self, x: float, *, free: bool) -> float:
        """The strength that the handle has at `x`; near one it is one, unless `free`."""
        strength = (x - self.groove.left()) / self.groove.width() * MAX_STRENGTH
        return strength if free or abs(strength - 1) > _DETENT else 1.0


def in_range(strength: float) -> float:
    """The strength between 0 and 2 that is nearest, in steps of 0.01."""
    return round(min(MAX_STRENGTH, max(0.0, strength)), 2)


def tip_of(row: EditRow, part: str) -> str:
    """What can be done with a part of a row, or with the row itself."""
    if part == "switch":
        return "Turn this edit off" if row.enabled else "Turn this edit on"
    if part == "remove":
        return "Remove this edit (Delete)"
    if part == "strength":
        return "Strength α, 0 to 2 — drag, wheel, or Left and Right; double click for 1"
    if part == "control":
        back = f"A control: {row.control}. Click for the effect"
        return back if row.control else "The effect itself. Click for its controls"
    return "\n".join(filter(None, (row.text, row.detail, row.warning, "Drag to change the order")))


def paint_row(painter: QPainter, rect: QRectF, row: EditRow, font: QFont, look: Look) -> None:
    """Draw `row` in `rect`."""
    colors, parts, small = theme.current(), Parts(row, rect, font), scaled(font, 0.85)
    marked = colors.color("warning", 0.8) if row.control else None
    edge = colors.color("accent") if look.lifted else marked
    box(painter, rect, radius=5, fill=colors.color("raised"), line=edge, width=1.5)
    if look.focused and not look.lifted:
        paint_focus(painter, rect.adjusted(1, 1, -1, -1), colors)
    _paint_grip(painter, rect)
    painter.setFont(font)
    painter.setPen(colors.color("text" if row.enabled else "muted"))
    painter.drawText(parts.head, _WRAP | int(Qt.AlignmentFlag.AlignVCenter), row.text)
    _paint_switch(painter, parts.switch, on=row.enabled, hot=look.hot == "switch")
    _paint_remove(painter, parts.remove, hot=look.hot == "remove")
    _paint_strength(painter, parts, row, small)
    if row.controls:
        _paint_pill(painter, parts.control, row, font, hot=look.hot == "control")
    if parts.detail.width() > _LEAST_DETAIL_PX:
        write(painter, parts.detail, row.detail, font=small, color=colors.color("muted"))
    if row.warning:
        _paint_warning(painter, parts.warning, row.warning, small)


def _paint_grip(painter: QPainter, rect: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.current().color("muted", 0.7))
    for x in (_EDGE_PX - 1.0, _EDGE_PX + 3.0):
        for y in (-4.5, 0.0, 4.5):
            painter.drawEllipse(QPointF(rect.left() + x, rect.center().y() + y), 1.1, 1.1)


def _paint_switch(painter: QPainter, rect: QRectF, *, on: bool, hot: bool) -> None:
    """A knob in a track."""
    colors, track = theme.current(), QRectF(0, 0, 26, 14)
    track.moveCenter(rect.center())
    line = colors.color("muted") if hot else None
    box(painter, track, radius=7, fill=colors.color("accent" if on else "line"), line=line)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawEllipse(QPointF(track.right() - 7 if on else track.left() + 7, track.center().y()), 5.5, 5.5)


def _paint_remove(painter: QPainter, rect: QRectF, *, hot: bool) -> None:
    colors = theme.current()
    if hot:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("line"))
        painter.drawEllipse(rect.center(), 8, 8)
    cross(painter, rect.center(), 6.5, colors.color("text" if hot else "muted"))


def _paint_strength(painter: QPainter, parts: Parts, row: EditRow, small: QFont) -> None:
    """A groove with a notch at one; that of an edit that is off is grey, and works."""
    colors, groove = theme.current(), parts.groove
    handle, whole = parts.handle(row.strength), parts.handle(1.0)
    box(painter, groove, radius=1.5, fill=colors.color("line"))
    box(painter, QRectF(whole.x() - 1, whole.y() - 4.5, 2, 9), radius=1, fill=colors.color("line"))
    tone = colors.color("accent" if row.enabled else "muted")
    box(painter, QRectF(groove.topLeft(), QPointF(handle.x(), groove.bottom())), radius=1.5, fill=tone)
    painter.drawEllipse(handle, 4.5, 4.5)
    write(painter, parts.number, written(f"{row.strength:.2f}"), font=small, color=colors.color("muted"))


def _paint_pill(painter: QPainter, rect: QRectF, row: EditRow, font: QFont, *, hot: bool) -> None:
    colors, control = theme.current(), bool(row.control)
    pill, small = rect.adjusted(0.5, 0.5, -0.5, -0.5), scaled(font, 0.85, bold=control)
    fill = colors.color("warning" if control else "panel")
    box(painter, pill, radius=pill.height() / 2, fill=fill, line=colors.color("text" if hot else "line"))
    fits = width_of(small, row.pill) + 2 * _PAD_PX <= rect.width() + 1
    words = row.pill if fits else row.pill.removeprefix(_PREFIX)
    ink = ink_on(fill) if control else colors.color("muted")
    write(painter, pill.adjusted(_PAD_PX - 1, 0, 1 - _PAD_PX, 0), words, font=small, color=ink)


def _paint_warning(painter: QPainter, line: QRectF, text: str, small: QFont) -> None:
    """A sign of warning, and why the edit does nothing."""
    color, rect = theme.current().color("warning"), QRectF(line.left(), line.center().y() - 5, 11, 10)
    path = QPainterPath(QPointF(rect.center().x(), rect.top()))
    path.lineTo(rect.bottomRight())
    path.lineTo(rect.bottomLeft())
    path.closeSubpath()
    painter.setPen(QPen(color, 1.2, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(theme.current().color("warning", 0.2))
    painter.drawPath(path)
    painter.drawLine(rect.center() + QPointF(0, -1.5), rect.center() + QPointF(0, 1.2))
    painter.drawPoint(rect.center() + QPointF(0, 3.2))
    write(painter, line.adjusted(16, 0, 0, 0), text, font=small, color=color)

"""How the decision meter looks: words, bar, ghost, trail and verdict, laid out for any width."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from app import theme
from app.widgets.painted import (
    box,
    cross,
    line_height,
    scaled,
    signed,
    width_of,
    write,
)
from app.widgets.reading import COMPUTING, NO_READING, WAITING, Look, Reading, sign

_WORD, _NUMBER, _SIDE, _WAS, _FLIP = 2.25, 2.25, 1.7, 1.2, 1.15
FADE_STEPS = 20
_OVERHANG = 1.1  # how far the bar goes beyond its last tick
_SHRINKS = (1.0, 0.88, 0.76, 0.66)
_STACKED_SHRINKS = (1.0, 0.88, 0.76, 0.66, 0.56, 0.48, 0.4, 0.34)
_CAPITALS = 0.7  # of a line: the verdict is in capitals
_ENDS, _ENDS_BESIDE, _ENDS_UNDER = 0.9, 0.3, 0.48


@dataclass(frozen=True)
class Plan:
    """Where the parts go, in logical pixels; `shrink` scales the large type."""

    font: QFont
    shrink: float
    low: QRectF
    bar: QRectF
    high: QRectF
    verdict: QRectF
    truth: QRectF
    caption: QRectF
    stacked: bool


def plan_of(area: QRectF, font: QFont, words: Reading) -> Plan:
    """Where everything goes; the type grows with the area, for a room."""
    grow = max(1.0, min(area.height() / (6.1 * line_height(font)), area.width() / 920))
    return _plan(area, scaled(font, grow), words)


def paint_ground(painter: QPainter, area: QRectF) -> None:
    """What is under everything."""
    box(painter, area, radius=6, fill=theme.current().color("panel"))


def paint_scale(painter: QPainter, plan: Plan, reach: float, words: Reading) -> None:
    """What stands still while a margin moves on one side of zero: the scale, the words at its ends, and the truth."""
    _scale(painter, plan, reach, words)
    _sides(painter, plan, words)
    _truth(painter, plan, words)


def paint_reading(painter: QPainter, plan: Plan, look: Look) -> None:
    """What a new answer changes: the bar with its ghost, and the verdict."""
    if look.reading is None:
        face = scaled(plan.font, 1.3)
        color = theme.current().color("muted")
        write(painter, plan.verdict, look.message or WAITING, font=face, color=color)
        return
    paint_bar(painter, plan.bar, look, look.reading)
    _verdict(painter, plan, look, look.reading)


def _plan(area: QRectF, font: QFont, words: Reading) -> Plan:
    """Side by side where the bar keeps a fair share of the width, else the verdict above the bar."""
    em = line_height(font)
    inner = area.adjusted(em, 0.5 * em, -em, -0.5 * em)
    for shrink in _SHRINKS:
        if _WORD * shrink * em > 0.65 * inner.height() and shrink > _SHRINKS[-1]:
            continue  # it would stand over what is true of the picture
        truth = _noted_width(font, words) + width_of(scaled(font, 1.05), words.truth)
        need = max(_verdict_width(font, shrink, words), truth * 0.8)
        low, high = (width_of(_side_font(font, shrink), word) for word in (words.low, words.high))
        bar = inner.width() - need - low - high - 3.6 * em
        if bar >= 0.3 * inner.width():
            return _beside(inner, font, shrink, low, high, bar)
    return _stack(inner, font, words)


def _noted_width(font: QFont, words: Reading) -> float:
    """The room of what stands out, such as a control's name, with the gap after it; none where there is none."""
    bold = scaled(font, 1.05, bold=True)
    return width_of(bold, words.noted) + 0.6 * line_height(font) if words.noted else 0.0


def _beside(inner: QRectF, font: QFont, shrink: float, low: float, high: float, bar: float) -> Plan:
    em = line_height(font)
    left, middle = inner.left(), inner.center().y()
    thick = min(2.1 * em, 0.42 * inner.height())
    top = middle - 0.5 * (thick + 1.75 * em)
    start = left + low + 0.9 * em
    verdict = start + bar + 0.8 * em + high + 1.9 * em
    under = top + thick + 0.45 * em
    return Plan(
        font=font,
        shrink=shrink,
        low=QRectF(left, top, low + 1, thick),
        bar=QRectF(start, top, bar, thick),
        high=QRectF(start + bar + 0.8 * em, top, high + 1, thick),
        verdict=QRectF(verdict, top, inner.right() - verdict, thick),
        truth=QRectF(verdict, under, inner.right() - verdict, 1.3 * em),
        caption=QRectF(left, under, low + 0.6 * em, 1.3 * em),
        stacked=False,
    )


def _stack(inner: QRectF, font: QFont, words: Reading) -> Plan:
    """Verdict, truth and bar below each other; the ends of the bar are named under it, in a low meter beside it."""
    em = line_height(font)
    inner = inner.adjusted(0, -0.1 * em, 0, 0.1 * em)
    is_low = inner.height() < 4.2 * em
    tall = min(2.2 * em, max(1.2 * em, inner.height() - 3.6 * em))
    line = 0.95 * em if is_low else min(1.2 * em, 0.22 * inner.height())
    note = width_of(scaled(font, 1.0, bold=True), COMPUTING) + 0.2 * em
    truth = QRectF(inner.left(), inner.top() + tall, inner.width() - note - 0.5 * em, line)
    under = truth.bottom() + 0.15 * em
    thick = inner.bottom() - under - 0.35 * em if is_low else max(0.6 * em, inner.bottom() - under - 1.35 * em)
    row = QRectF(inner.left(), under, inner.width(), thick)
    most = (_ENDS_BESIDE if is_low else _ENDS_UNDER) * inner.width()
    low, high = (min(width_of(scaled(font, _ENDS, bold=True), end) + 1, most) for end in (words.low, words.high))
    ends = row if is_low else QRectF(row.left(), row.bottom() + 0.6 * em, row.width(), em)
    return Plan(
        font=font,
        shrink=_stacked_shrink(font, words, QSizeF(inner.width(), tall)),
        low=QRectF(ends.left(), ends.top(), low, ends.height()),
        bar=row.adjusted(low + 0.6 * em, 0, -high - 0.6 * em, 0) if is_low else row,
        high=QRectF(ends.right() - high, ends.top(), high, ends.height()),
        verdict=QRectF(inner.left(), inner.top(), inner.width(), tall),
        truth=truth,
        caption=QRectF(inner.right() - note, truth.top(), note, line),
        stacked=True,
    )


def _stacked_shrink(font: QFont, words: Reading, room: QSizeF) -> float:
    """The largest type in which the whole verdict has room."""
    high = [s for s in _STACKED_SHRINKS if _CAPITALS * line_height(scaled(font, _WORD * s, bold=True)) <= room.height()]
    fitting = [s for s in high if _verdict_width(font, s, words) <= room.width()]
    return fitting[0] if fitting else _STACKED_SHRINKS[-1]


def _side_font(font: QFont, shrink: float) -> QFont:
    return scaled(font, max(1.0, _SIDE * shrink**1.6), bold=True)


def _verdict_width(font: QFont, shrink: float, words: Reading) -> float:
    """The room of the widest verdict, so that the bar does not move when the answer changes."""
    em = line_height(font) * shrink
    word = max(width_of(scaled(font, _WORD * shrink, bold=True), text) for text in (words.low, words.high))
    number = width_of(scaled(font, _NUMBER * shrink, bold=True), signed(-88.8))
    was = width_of(scaled(font, max(0.9, _WAS * shrink)), f"was {signed(-88.8)}")
    return word + number + was + _pill_width(font, shrink) + 1.9 * em


def _flip_font(font: QFont, shrink: float) -> QFont:
    return scaled(font, max(0.8, _FLIP * shrink), bold=True)


def _pill_width(font: QFont, shrink: float) -> float:
    return flip_width(_flip_font(font, shrink))


def flip_width(font: QFont) -> float:
    """The room of the pill of a flip."""
    return width_of(font, "FLIP") + 2.3 * line_height(font)


def paint_caption(painter: QPainter, plan: Plan, look: Look) -> None:
    """What the number is, or that it is being computed anew."""
    colors = theme.current()
    align = Qt.AlignmentFlag.AlignRight if plan.stacked else Qt.AlignmentFlag.AlignLeft
    if look.reading is not None and (look.stale or look.message):
        font = scaled(plan.font, 1.0, bold=True)
        text = look.message or COMPUTING
        write(painter, plan.caption, text, font=font, color=colors.color("warning"), align=align)
    elif not plan.stacked:
        text = (look.reading or NO_READING).unit
        write(painter, plan.caption, text, font=scaled(plan.font, 0.92), color=colors.color("muted"))


def _sides(painter: QPainter, plan: Plan, words: Reading) -> None:
    """The two words at the ends of the bar; the one that holds is in its colour."""
    if plan.stacked:
        return
    colors = theme.current()
    font = _side_font(plan.font, plan.shrink)
    low = colors.color("different" if words.margin < 0 else "muted")
    high = colors.color("same" if words.margin > 0 else "muted")
    write(painter, plan.low, words.low, font=font, color=low)
    write(painter, plan.high, words.high, font=font, color=high)


def _at(bar: QRectF, value: float, reach: float) -> float:
    """The x of a margin on the bar, kept inside it."""
    return _places(bar, (value,), reach)[0]


def _places(bar: QRectF, values: Iterable[float], reach: float) -> list[float]:
    limit = reach * _OVERHANG
    zero, scale = bar.center().x(), 0.5 * bar.width() / limit
    return [zero + scale * min(max(value, -limit), limit) for value in values]


def _scale(painter: QPainter, plan: Plan, reach: float, words: Reading) -> None:
    """The track, and ticks with numbers under it; where the words have no side, they stand at the ends."""
    colors = theme.current()
    bar, em = plan.bar, line_height(plan.font)
    box(painter, bar, radius=3, fill=colors.color("raised"))
    font = scaled(plan.font, 0.9)
    painter.setPen(QPen(colors.color("muted"), 1))
    for step in (-1.0, -0.5, 0.5, 1.0):
        x = _at(bar, step * reach, reach)
        painter.setPen(QPen(colors.color("muted"), 1))
        painter.drawLine(QPointF(x, bar.bottom() + 1), QPointF(x, bar.bottom() + 0.32 * em))
        text = signed(step * reach, 0)
        label = QRectF(x - 2 * em, bar.bottom() + 0.6 * em, 4 * em, em)
        if plan.stacked and (abs(step) == 1.0 or bar.width() < 24 * em or not _is_free(label, plan)):
            continue
        write(painter, label, text, font=font, color=colors.color("muted"), align=Qt.AlignmentFlag.AlignHCenter)
    if plan.stacked:
        small = scaled(plan.font, _ENDS, bold=True)
        sides = (plan.low, words.low, Qt.AlignmentFlag.AlignLeft), (plan.high, words.high, Qt.AlignmentFlag.AlignRight)
        for end, word, align in sides:
            write(painter, end, word, font=small, color=colors.color("muted"), align=align)


def _is_free(label: QRectF, plan: Plan) -> bool:
    """Whether a number under the bar stands in the row of the words at its ends, and between them."""
    number = label.adjusted(0.2 * label.width(), 0, -0.2 * label.width(), 0)
    in_row = plan.low.top() == label.top()
    return in_row and not number.intersects(plan.low) and not number.intersects(plan.high)


def paint_bar(painter: QPainter, bar: QRectF, look: Look, reading: Reading) -> None:
    """The filled bar of a margin from the zero line, and its ghost without edits."""
    colors = theme.current()
    zero = bar.center().x()
    side = colors.color("same" if reading.margin > 0 else "different")
    painter.fillPath(_block(bar, zero, _at(bar, reading.margin, look.reach)), side)
    if reading.baseline is not None:
        ghost = _block(bar.adjusted(0, 1, 0, -1), zero, _at(bar, reading.baseline, look.reach))
        painter.strokePath(ghost, QPen(colors.color("text", 0.6), 1.5))
    if abs(reading.margin) > look.reach * _OVERHANG:
        _beyond(painter, bar, right=reading.margin > 0)
    painter.setPen(QPen(colors.color("text"), 2))
    over = min(0.16 * bar.height(), 5.0)
    painter.drawLine(QPointF(zero, bar.top() - over), QPointF(zero, bar.bottom() + over))


def paint_trail(painter: QPainter, bar: QRectF, reach: float, trail: tuple[tuple[float, int], ...]) -> None:
    """A dot under the bar for each margin, the older the fainter: `trail` has how many of `FADE_STEPS` are over."""
    ink, y = theme.current().color("text"), bar.bottom() + 0.16 * bar.height() + 1.5
    width = 2 * min(2.2, 0.08 * bar.height() + 0.6)
    for step, dots in itertools.groupby(trail, key=lambda dot: dot[1]):
        ink.setAlphaF(0.9 * (1 - step / FADE_STEPS) + 0.06)
        painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoints([QPointF(x, y) for x in _places(bar, (margin for margin, _ in dots), reach)])


def _block(bar: QRectF, zero: float, end: float) -> QPainterPath:
    """From the zero line to `end`: square at zero, rounded at the end."""
    path = QPainterPath()
    bend = min(3.0, abs(end - zero))
    turn = bend if end > zero else -bend
    path.moveTo(zero, bar.top())
    path.lineTo(end - turn, bar.top())
    path.quadTo(end, bar.top(), end, bar.top() + abs(turn))
    path.lineTo(end, bar.bottom() - abs(turn))
    path.quadTo(end, bar.bottom(), end - turn, bar.bottom())
    path.lineTo(zero, bar.bottom())
    path.closeSubpath()
    return path


def _beyond(painter: QPainter, bar: QRectF, *, right: bool) -> None:
    """A chevron at the end of a bar that is longer than its track."""
    size = 0.2 * bar.height()
    way = 1 if right else -1
    tip = QPointF((bar.right() if right else bar.left()) - way * size, bar.center().y())
    painter.setPen(QPen(theme.current().color("panel"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for side in (-1, 1):
        painter.drawLine(tip, tip + QPointF(-way * size, side * size))


def _verdict(painter: QPainter, plan: Plan, look: Look, reading: Reading) -> None:
    """Word, number, what it was, and the pill of a flip."""
    colors, shrink = theme.current(), plan.shrink
    em = line_height(plan.font) * shrink
    side = {0: "text", 1: "same", -1: "different"}[sign(reading.margin)]
    parts = [
        (reading.word, scaled(plan.font, _WORD * shrink, bold=True), colors.color(side), 0.5 * em),
        (signed(reading.margin), scaled(plan.font, _NUMBER * shrink, bold=True), colors.color("text"), 0.7 * em),
    ]
    if reading.baseline is not None:
        font = scaled(plan.font, max(0.9, _WAS * shrink))
        parts.append((f"was {signed(reading.baseline)}", font, colors.color("muted"), 0.7 * em))
    x = plan.verdict.left()
    for text, font, color, gap in parts:
        width = width_of(font, text)
        write(painter, QRectF(x, plan.verdict.top(), width + 1, plan.verdict.height()), text, font=font, color=color)
        x += width + gap
    if reading.flipped:
        height = min(1.55 * line_height(_flip_font(plan.font, shrink)), plan.verdict.height())
        pill = QRectF(x, plan.verdict.center().y() - height / 2, _pill_width(plan.font, shrink), height)
        paint_flip(painter, _flip_font(plan.font, shrink), pill, colors.color(side), look.pulse)


def paint_flip(painter: QPainter, font: QFont, pill: QRectF, color: QColor, pulse: float) -> None:
    """The word FLIP with two opposite arrows; a ring runs out of it while it pulses."""
    colors, em = theme.current(), line_height(font)
    if 0.0 < pulse < 1.0:
        spread = 0.6 * em * pulse
        ring = QColor(color)
        ring.setAlphaF(1 - pulse)
        halo = pill.adjusted(-spread, -spread, spread, spread)
        box(painter, halo, radius=halo.height() / 2, line=ring, width=3)
    box(painter, pill, radius=pill.height() / 2, fill=color)
    ink = colors.color("window")
    _arrows(painter, QRectF(pill.left() + 0.6 * em, pill.center().y() - 0.32 * em, 0.85 * em, 0.64 * em), ink)
    write(painter, pill.adjusted(1.7 * em, 0, 0, 0), "FLIP", font=font, color=ink)


def _arrows(painter: QPainter, area: QRectF, color: QColor) -> None:
    """One arrow to the right above one to the left."""
    head = 0.26 * area.width()
    cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(color, max(1.4, 0.11 * area.width()), Qt.PenStyle.SolidLine, cap, join))
    for y, tail, tip in (
        (area.top() + 0.2 * area.height(), area.left(), area.right()),
        (area.bottom() - 0.2 * area.height(), area.right(), area.left()),
    ):
        back = tip - head if tip > tail else tip + head
        painter.drawLine(QPointF(tail, y), QPointF(tip, y))
        painter.drawLine(QPointF(back, y - 0.7 * head), QPointF(tip, y))
        painter.drawLine(QPointF(back, y + 0.7 * head), QPointF(tip, y))


def _truth(painter: QPainter, plan: Plan, reading: Reading) -> None:
    """What is true of the picture, after the word and cross of a mistake, that it is recorded, or a control's name."""
    colors, em = theme.current(), line_height(plan.font)
    rect = QRectF(plan.truth)
    if reading.mistake:
        size = 0.55 * em
        cross(painter, QPointF(rect.left() + 0.5 * size + 1, rect.center().y()), size, colors.color("warning"))
        bold = scaled(plan.font, 1.05, bold=True)
        rect.setLeft(rect.left() + size + 0.45 * em)
        write(painter, rect, "mistake", font=bold, color=colors.color("warning"))
        rect.setLeft(rect.left() + width_of(bold, "mistake") + 0.6 * em)
    if reading.noted:
        bold = scaled(plan.font, 1.05, bold=True)
        write(painter, rect, reading.noted, font=bold, color=colors.color("warning"))
        rect.setLeft(rect.left() + _noted_width(plan.font, reading))
    write(painter, rect, reading.truth, font=scaled(plan.font, 1.05), color=colors.color("muted"))

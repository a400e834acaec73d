"""How class bars look: the answer in large type beside the likeliest classes, each a bar with its ghost."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from app import theme
from app.widgets.meter_paint import flip_width, paint_flip, paint_ground
from app.widgets.painted import box, cross, line_height, scaled, width_of, write
from app.widgets.reading import WAITING, Bar, ClassReading, percent

N_BARS = 5
_WORD = (2.25, 1.9, 1.6, 1.35, 1.15, 1.0, 0.85, 0.7, 0.6)
_NAME = (0.95, 0.85, 0.75, 0.65, 0.55)
_SIDE_BY_SIDE_EM = 44.0
_WORDS_SHARE = 0.42
_NAMES_SHARE = 0.45
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)
_ROW_EM = 0.9
"""The least height of a row in lines of type."""


def paint_words(
    painter: QPainter, area: QRectF, font: QFont, words: ClassReading | None, note: str, pulse: float, faint: float
) -> QRectF:
    """The ground, the answer with what it was, and what is true of the picture; returns the room for the bars.

    Where the area is narrow the answer has no room of its own: it is the first of the bars, and a flip is marked
    beside the note.
    """
    paint_ground(painter, area)
    colors, em = theme.current(), line_height(font)
    inner = area.adjusted(em, 0.4 * em, -em, -0.4 * em)
    if words is None:
        write(painter, inner, note or WAITING, font=scaled(font, 1.3), color=colors.color("muted"))
        return QRectF()
    beside = inner.width() >= _SIDE_BY_SIDE_EM * em
    left = QRectF(inner.topLeft(), inner.bottomRight())
    left.setWidth((_WORDS_SHARE if beside else 1.0) * inner.width() - (1.5 * em if beside else 0.0))
    last = QRectF(left.left(), left.bottom() - 1.2 * em, left.width(), 1.2 * em)
    if not beside:
        _status(painter, last, font, words, note, pulse)
        return inner.adjusted(0, 0, 0, -1.35 * em)
    if note:
        write(painter, QRectF(last), note, font=scaled(font, 1.0, bold=True), color=colors.color("warning"))
    else:
        _truth(painter, last, font, words)
    painter.setOpacity(faint)
    middle = QRectF(left.left(), last.top() - 1.45 * em, left.width(), 1.4 * em)
    _word(painter, QRectF(left.left(), left.top(), left.width(), middle.top() - left.top()), font, words.bars[0].label)
    _numbers(painter, middle, font, words, pulse)
    painter.setOpacity(1.0)
    return inner.adjusted(left.width() + 1.5 * em, 0, 0, 0)


def _word(painter: QPainter, rect: QRectF, font: QFont, text: str) -> None:
    """The answer, never cut: in smaller type, and then in two lines or more, where it is long."""
    painter.setFont(word_face(font, rect, text))
    painter.setPen(theme.current().color("text"))
    painter.drawText(rect, _WRAPPED | int(Qt.TextFlag.TextDontClip), text)


def word_face(font: QFont, rect: QRectF, text: str) -> QFont:
    """The largest type in which the answer has room; one line has, also in a meter that is lower than it."""
    faces = [scaled(font, size, bold=True) for size in _WORD]
    for face in faces:
        needed = QFontMetricsF(face).boundingRect(rect, _WRAPPED, text)
        high = max(rect.height(), line_height(font) + 1)
        if needed.width() <= rect.width() and needed.height() <= high:
            return face
    return faces[-1]


def _numbers(painter: QPainter, rect: QRectF, font: QFont, words: ClassReading, pulse: float) -> None:
    """The probability of the answer, what was answered before, and the pill of a flip."""
    colors, em = theme.current(), line_height(font)
    first, face, x = words.bars[0], scaled(font, 1.2, bold=True), rect.left()
    write(painter, rect, percent(first.share), font=face, color=colors.color("text"))
    x += width_of(face, percent(first.share)) + 0.7 * em
    pill = scaled(font, 1.0, bold=True)
    if words.flipped:
        place = QRectF(x, rect.top(), flip_width(pill), rect.height())
        paint_flip(painter, pill, place, colors.color("accent"), pulse)
        x = place.right() + 0.7 * em
    if words.was is not None:
        text = f"was {words.was.label if words.flipped else ''} {percent(words.was.ghost or 0.0)}".replace("  ", " ")
        rest = QRectF(x, rect.top(), rect.right() - x, rect.height())
        write(painter, rest, text, font=font, color=colors.color("muted"))


def _status(painter: QPainter, rect: QRectF, font: QFont, words: ClassReading, note: str, pulse: float) -> None:
    """Under the bars: a flip, and a note or what is true of the picture."""
    colors, em, pill = theme.current(), line_height(font), scaled(font, 0.9, bold=True)
    if words.flipped:
        place = QRectF(rect.left(), rect.top(), flip_width(pill), rect.height())
        paint_flip(painter, pill, place, colors.color("accent"), pulse)
        rect = rect.adjusted(place.width() + 0.6 * em, 0, 0, 0)
    if note:
        write(painter, rect, note, font=scaled(font, 1.0, bold=True), color=colors.color("warning"))
    else:
        _truth(painter, rect, font, words)


def _truth(painter: QPainter, rect: QRectF, font: QFont, words: ClassReading) -> None:
    colors, em, bold = theme.current(), line_height(font), scaled(font, 1.0, bold=True)
    rect = QRectF(rect)
    if words.mistake:
        size = 0.55 * em
        cross(painter, QPointF(rect.left() + 0.5 * size + 1, rect.center().y()), size, colors.color("warning"))
        rect.setLeft(rect.left() + size + 0.45 * em)
    for text in ("mistake" if words.mistake else "", words.noted):
        if text:
            write(painter, rect, text, font=bold, color=colors.color("warning"))
            rect.setLeft(rect.left() + width_of(bold, text) + 0.6 * em)
    write(painter, rect, words.truth, font=font, color=colors.color("muted"))


def paint_bars(painter: QPainter, area: QRectF, font: QFont, bars: tuple[Bar, ...], reach: float) -> None:
    """One row a class, as many as can be read: its name, its bar with the ghost, its probability.

    Only the first name is never cut: it is in smaller type where it is long.
    """
    n_rows = min(N_BARS, int(area.height() / (_ROW_EM * line_height(font))))
    bars = bars[:n_rows]
    if not bars or area.isEmpty():
        return
    colors, em = theme.current(), line_height(font)
    face, bold = scaled(font, _NAME[0]), scaled(font, _NAME[0], bold=True)
    row, number = area.height() / n_rows, width_of(bold, "<0.1 %") + 0.5 * em
    name = name_face(font, bars[0].label, area.width() - number - 4 * em)
    first = min(width_of(name, bars[0].label), area.width() - number - 4 * em)
    others = max((width_of(face, bar.label) for bar in bars[1:]), default=0.0)
    names = max(first, min(others, _NAMES_SHARE * (area.width() - number))) + 0.6 * em
    for at, bar in enumerate(bars):
        line = QRectF(area.left(), area.top() + at * row, area.width(), row)
        own, color = (bold, "text") if at == 0 else (face, "muted")
        place = _part(line, 0, names - 0.6 * em)
        write(painter, place, bar.label, font=own if at else name, color=colors.color(color), align=_RIGHT)
        track = _part(line, names, area.width() - number - names).adjusted(0, 0.18 * row, 0, -0.18 * row)
        _bar(painter, track, bar, reach, "accent" if at == 0 else "effect")
        value = _part(line, area.width() - number, number)
        write(painter, value, percent(bar.share), font=own, color=colors.color(color), align=_RIGHT)


def name_face(font: QFont, text: str, width: float) -> QFont:
    """The largest type in which the name of the answer has room beside its bar."""
    faces = [scaled(font, size, bold=True) for size in _NAME]
    return next((face for face in faces if width_of(face, text) <= width), faces[-1])


_RIGHT = Qt.AlignmentFlag.AlignRight


def _part(line: QRectF, left: float, width: float) -> QRectF:
    return QRectF(line.left() + left, line.top(), width, line.height())


def _bar(painter: QPainter, track: QRectF, bar: Bar, reach: float, role: str) -> None:
    colors = theme.current()
    box(painter, track, radius=2, fill=colors.color("raised"))
    full = QRectF(track)
    full.setWidth(track.width() * min(1.0, bar.share / reach))
    box(painter, full, radius=2, fill=colors.color(role))
    if bar.ghost is not None:
        ghost = QRectF(track.adjusted(0, 1, 0, -1))
        ghost.setWidth(max(2.0, track.width() * min(1.0, bar.ghost / reach)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("text", 0.6), 1.5))
        painter.drawRoundedRect(ghost, 2, 2)

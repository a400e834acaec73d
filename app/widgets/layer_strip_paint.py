"""How the layer strip looks: cells with effect bars, markers under them, and notes that span their cells."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app import theme
from app.numbers import fixed
from app.widgets.painted import (
    box,
    line_height,
    scaled,
    share,
    triangle,
    width_of,
    write,
)

_CENTER = Qt.AlignmentFlag.AlignHCenter
_RIGHT = Qt.AlignmentFlag.AlignRight
LOW_EM = 4.5
"""The height without room for notes."""
_NOTED_EM = 5.0
MARKERS = (("read", True), ("write", False))
"""The words of the markers, and whether each points upwards."""


@dataclass(frozen=True)
class Cell:
    """One position of the residual stream and its causal effect in 0–1; None before a sweep ran.

    `meaning` says what the number is, and `explained` in a sentence how it was found. `control` is that of the wrong
    object: a line across the cell.
    """

    label: str
    effect: float | None = None
    note: str = ""
    meaning: str = "effect"
    explained: str = ""
    control: float | None = None

    @property
    def short_label(self) -> str:
        """`12` for `block 12`, three letters of a word."""
        last = self.label.split()[-1] if self.label.split() else ""
        return last if last.isdigit() else last[:3]

    @property
    def known(self) -> bool:
        """Whether there is an effect to show."""
        return self.effect is not None and not math.isnan(self.effect)

    def told(self) -> str:
        """The cell as a sentence."""
        effect = f"{self.meaning} {self.number()}" if self.known else ""
        if effect and self.control is not None:
            effect += f", wrong object {fixed(self.control, 2)}"
        return " · ".join(part for part in (self.label, effect, self.note) if part)

    def number(self) -> str:
        """The effect with two decimals."""
        if self.effect is None or not self.known:
            return ""
        return fixed(self.effect, 2)

    def short_number(self) -> str:
        """The effect in as few characters as tell it apart."""
        return share(self.effect) if self.effect is not None and self.known else ""


@dataclass(frozen=True)
class Look:
    """All that a picture of the strip depends on; markers and `hovered` count cells from 0."""

    cells: tuple[Cell, ...]
    read: int
    write: int
    hovered: int | None
    focused: bool


def cells_area(area: QRectF, font: QFont) -> QRectF:
    """The row of cells; below it there is a line for the markers, and one for notes where the area is high enough."""
    em = line_height(font)
    below = 2.55 if area.height() >= _NOTED_EM * em else 1.4
    return area.adjusted(0.6 * em, 0.45 * em, -0.6 * em, -below * em)


def cell_rects(area: QRectF, font: QFont, n_cells: int) -> list[QRectF]:
    """One rectangle a cell, left to right."""
    row = cells_area(area, font)
    pitch = row.width() / max(1, n_cells)
    gap = min(7.0, max(2.0, 0.06 * pitch))
    return [QRectF(row.left() + i * pitch + gap / 2, row.top(), pitch - gap, row.height()) for i in range(n_cells)]


def paint_strip(painter: QPainter, area: QRectF, font: QFont, look: Look) -> None:
    """Draw `look` into `area`."""
    colors = theme.current()
    line = colors.color("accent") if look.focused else None
    box(painter, area, radius=6, fill=colors.color("panel"), line=line)
    if not look.cells:
        write(painter, area, "no model", font=font, color=colors.color("muted"), align=_CENTER)
        return
    rects = cell_rects(area, font, len(look.cells))
    for i, (cell, rect) in enumerate(zip(look.cells, rects, strict=True)):
        box(painter, rect, radius=4, fill=colors.color("raised"))
        _bar(painter, rect, cell)
        if i == look.hovered:
            box(painter, rect, radius=4, line=colors.color("muted"), width=1)
    _texts(painter, rects, font, look)
    _outlines(painter, rects, look)
    _markers(painter, rects, font, look)
    if area.height() >= _NOTED_EM * line_height(font):
        _notes(painter, rects, font, look)


def _bar(painter: QPainter, rect: QRectF, cell: Cell) -> None:
    if cell.effect is None or not cell.known:
        return
    colors = theme.current()
    pad = min(6.0, 0.08 * rect.width() + 1)
    room = rect.adjusted(pad, pad, -pad, -pad)
    height = max(1.0, room.height() * _clipped(cell.effect))
    fill = colors.color("line") if cell.note else colors.color("effect")
    box(painter, QRectF(room.left(), room.bottom() - height, room.width(), height), radius=2, fill=fill)
    if cell.control is not None:
        y = room.bottom() - room.height() * _clipped(cell.control)
        painter.setPen(QPen(colors.color("muted"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))


def _clipped(effect: float) -> float:
    return min(1.0, max(0.0, effect))


def _texts(painter: QPainter, rects: list[QRectF], font: QFont, look: Look) -> None:
    """Label and number on one line, or with short labels, or on two lines: the same for all cells."""
    pad = min(8.0, 0.1 * rects[0].width() + 1)
    room = rects[0].width() - 2 * pad
    bold = scaled(font, 0.95, bold=True)
    number = max(width_of(bold, cell.number()) for cell in look.cells)
    plain = scaled(font, 0.95)
    long, short = (
        max(width_of(plain, label) for label in labels)
        for labels in ([c.label for c in look.cells], [c.short_label for c in look.cells])
    )
    space = 6 if number else 0
    for i, (cell, rect) in enumerate(zip(look.cells, rects, strict=True)):
        inner = rect.adjusted(pad, 0, -pad, 0)
        current = i in (look.read, look.write)
        if long + number + space <= room:
            _one_line(painter, inner, cell.label, cell.number(), font, current)
        elif short + number + space <= room:
            fits = width_of(plain, cell.label) + number + space <= room
            label = cell.label if fits and not cell.short_label.isdigit() else cell.short_label
            _one_line(painter, inner, label, cell.number(), font, current)
        else:
            _two_lines(painter, rect.adjusted(1, 0, -1, 0), cell, font, current)


def _ink(*, current: bool) -> QColor:
    return theme.current().color("text", 1.0 if current else 0.72)


def _one_line(painter: QPainter, inner: QRectF, label: str, number: str, font: QFont, current: bool) -> None:
    em = line_height(font)
    line = QRectF(inner.left(), inner.top() + 0.28 * em, inner.width(), 1.1 * em)
    write(painter, line, label, font=scaled(font, 0.95), color=_ink(current=current))
    bold = scaled(font, 0.95, bold=True)
    write(painter, line, number, font=bold, color=theme.current().color("text"), align=_RIGHT)


def _two_lines(painter: QPainter, inner: QRectF, cell: Cell, font: QFont, current: bool) -> None:
    em = line_height(font)
    small = scaled(font, 0.9 if inner.width() > 1.9 * em else 0.78)
    line = QRectF(inner.left(), inner.top() + 0.15 * em, inner.width(), em)
    write(painter, line, cell.short_label, font=small, color=_ink(current=current), align=_CENTER)
    number = cell.short_number()
    bold = scaled(small, 1.0, bold=inner.width() > 1.9 * em)
    if width_of(bold, number) > inner.width():
        return
    below = line.translated(0, 0.98 * em)
    write(painter, below, number, font=bold, color=theme.current().color("text"), align=_CENTER)


def _outlines(painter: QPainter, rects: list[QRectF], look: Look) -> None:
    """White round the cell that is read; dashed round the one that is written, where that is another."""
    colors = theme.current()
    if look.write != look.read:
        pen = QPen(colors.color("accent"), 2, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([2.5, 1.8])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rects[look.write].adjusted(1, 1, -1, -1), 4, 4)
    box(painter, rects[look.read], radius=5, line=colors.color("text"), width=2)


def _markers(painter: QPainter, rects: list[QRectF], font: QFont, look: Look) -> None:
    """The markers under their cells; without words where these would run into each other."""
    bold = scaled(font, 0.95, bold=True)
    places = marker_places(rects, font, look.read, look.write)
    for place, (word, up) in zip(places, MARKERS, strict=True):
        if place.width() >= _marker_width(bold, word):
            _marker(painter, place, bold, word, up=up)
        else:
            triangle(painter, place.center(), 0.6 * line_height(bold), theme.current().color("accent"), up=up)
    if look.read == look.write:
        between = QRectF(places[0].right(), places[0].top(), 0.8 * line_height(bold), places[0].height())
        write(painter, between, "·", font=bold, color=theme.current().color("accent"), align=_CENTER)


def marker_places(rects: list[QRectF], font: QFont, read: int, write: int) -> tuple[QRectF, QRectF]:
    """Where the read marker and the write marker are, to be seen and to be taken hold of; they count cells from 0."""
    bold, em = scaled(font, 0.95, bold=True), line_height(font)
    widths = [_marker_width(bold, word) for word, _ in MARKERS]
    row = QRectF(rects[0].left(), rects[0].bottom() + 0.2 * em, 0, 1.1 * em)
    row.setRight(rects[-1].right())
    if read == write:
        gap = 0.8 * line_height(bold)
        both = _centred(row, rects[read].center().x(), sum(widths) + gap)
        second = QRectF(both.left() + widths[0] + gap, both.top(), widths[1], both.height())
        return QRectF(both.left(), both.top(), widths[0], both.height()), second
    first, second = (
        _centred(row, rects[cell].center().x(), width) for cell, width in zip((read, write), widths, strict=True)
    )
    if first.adjusted(-3, 0, 3, 0).intersects(second):
        first, second = (
            _centred(row, rects[cell].center().x(), min(em, rects[cell].width())) for cell in (read, write)
        )
    return first, second


def _marker_width(font: QFont, word: str) -> float:
    return width_of(font, word) + 0.85 * line_height(font)


def _centred(row: QRectF, x: float, width: float) -> QRectF:
    left = min(max(x - width / 2, row.left()), max(row.left(), row.right() - width))
    return QRectF(left, row.top(), width, row.height())


def _marker(painter: QPainter, place: QRectF, font: QFont, word: str, *, up: bool) -> None:
    color, em = theme.current().color("accent"), line_height(font)
    triangle(painter, QPointF(place.left() + 0.3 * em, place.center().y()), 0.55 * em, color, up=up)
    room = QRectF(place.left() + 0.8 * em, place.top(), width_of(font, word) + 2, place.height())
    write(painter, room, word, font=font, color=color)


def _notes(painter: QPainter, rects: list[QRectF], font: QFont, look: Look) -> None:
    """Neighbours with the same note share it, written once across them."""
    em = line_height(font)
    colors = theme.current()
    small = scaled(font, 0.92)
    for note, group in itertools.groupby(enumerate(look.cells), key=lambda pair: pair[1].note):
        indices = [i for i, _ in group]
        if not note:
            continue
        left, right = rects[indices[0]].left(), rects[indices[-1]].right()
        row = QRectF(left, rects[0].bottom() + 1.3 * em, right - left, 1.05 * em)
        if width_of(small, note) > row.width():
            note = note.partition(":")[0]
        width = width_of(small, note)
        if len(indices) > 1 and width + 3 * em < row.width():
            _spans(painter, row, 0.5 * width + 0.6 * em)
        write(painter, row, note, font=small, color=colors.color("muted"), align=_CENTER)


def _spans(painter: QPainter, row: QRectF, half: float) -> None:
    """A line on each side of the words, to the ends of what they speak of."""
    painter.setPen(QPen(theme.current().color("line"), 1))
    y, middle = row.center().y(), row.center().x()
    for near, far, end in ((middle - half, row.left(), 1), (middle + half, row.right(), -1)):
        painter.drawLine(QPointF(near, y), QPointF(far + end * 0.5, y))
        painter.drawLine(QPointF(far + end * 0.5, y), QPointF(far + end * 0.5, y - 4))

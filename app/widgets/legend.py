"""The legend over a plot: samples with their words, wrapped at the width, or the ends of a colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.widgets.painted import Painted, line_height, scaled, width_of, write
from core.figures.looks import heat

SAMPLE_PX = 24.0
GAP_PX = 12.0
SCALE_PX = 90.0
FONT_SCALE = 0.85
SYMBOLS = (("o", 1.0), ("s", 0.88), ("t1", 1.15), ("d", 1.3), ("t", 1.15), ("h", 1.05))
"""Names in pyqtgraph, and sizes that make them look equally large."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sample: its words, colour, the kind of its marker, dashes of its line, and whether it is hollow."""

    words: str
    color: QColor
    kind: int = 0
    dashes: tuple[float, ...] = ()
    hollow: bool = False
    look: Literal["line", "bar", "point"] = "line"


def symbol(kind: int, radius: float) -> QPainterPath:
    """The outline of a marker round the origin, the same as in written figures."""
    name, size = SYMBOLS[kind % len(SYMBOLS)]
    outline: QPainterPath = Symbols[name]
    return QTransform.fromScale(2 * radius * size, 2 * radius * size).map(outline)


class Legend(Painted):
    """Says what the colours of a plot stand for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._ends: tuple[str, str] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show samples of series."""
        self._entries, self._ends = tuple(entries), None
        self.updateGeometry()
        self.update()

    def show_scale(self, low: str, high: str) -> None:
        """Show the colour scale between the words of its ends."""
        self._entries, self._ends = (), (low, high)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if self._ends is not None:
            return round(self._line_height)
        places = self._places(width)
        return round(places[-1].bottom()) + 1 if places else 0

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def paint(self, painter: QPainter) -> None:
        if self._ends is not None:
            self._paint_scale(painter, *self._ends)
        for entry, rect in zip(self._entries, self._places(self.width()), strict=True):
            self._paint_sample(painter, entry, QPointF(rect.left(), rect.center().y()))
            words = rect.adjusted(SAMPLE_PX + 5, 0, 0, 0)
            write(painter, words, entry.words, font=self._font, color=theme.current().color("text"))

    @property
    def _font(self) -> QFont:
        return scaled(self.font(), FONT_SCALE)

    @property
    def _line_height(self) -> float:
        return line_height(self._font) + 2

    def _places(self, width: float) -> list[QRectF]:
        """Where each entry stands."""
        places: list[QRectF] = []
        x = y = 0.0
        for entry in self._entries:
            room = min(SAMPLE_PX + 5 + width_of(self._font, entry.words) + 1, width)
            if x > 0 and x + room > width:
                x, y = 0.0, y + self._line_height
            places.append(QRectF(x, y, room, self._line_height))
            x += room + GAP_PX
        return places

    def _paint_sample(self, painter: QPainter, entry: Entry, at: QPointF) -> None:
        paper = theme.current().color("panel")
        middle = QPointF(at.x() + SAMPLE_PX / 2, at.y())
        if entry.look == "bar":
            fill = QColor(entry.color)
            fill.setAlphaF(0.18 if entry.hollow else 1.0)
            painter.setBrush(fill)
            painter.setPen(QPen(entry.color, 1.2))
            painter.drawRect(QRectF(middle.x() - 6, middle.y() - 4, 12, 8))
            return
        if entry.look == "line":
            painter.setPen(line_pen(entry.color, entry.dashes))
            painter.drawLine(at, at + QPointF(SAMPLE_PX, 0))
        painter.setPen(QPen(entry.color, 1.3))
        painter.setBrush(paper if entry.hollow else entry.color)
        painter.drawPath(symbol(entry.kind, 3.4).translated(middle))

    def _paint_scale(self, painter: QPainter, low: str, high: str) -> None:
        muted, height = theme.current().color("muted"), self._line_height
        before = width_of(self._font, low) + 6
        write(painter, QRectF(0, 0, before, height), low, font=self._font, color=muted)
        bar = QRectF(before, height / 2 - 4, min(SCALE_PX, self.width() / 3), 8)
        ramp = QLinearGradient(bar.topLeft(), bar.topRight())
        for share in (0.0, 0.5, 1.0):
            ramp.setColorAt(share, QColor(heat(share)))
        painter.fillRect(bar, ramp)
        rest = QRectF(bar.right() + 6, 0, self.width() - bar.right() - 6, height)
        write(painter, rest, high, font=self._font, color=muted)


def line_pen(color: QColor, dashes: tuple[float, ...], width: float = 1.8) -> QPen:
    """A pen of the same width at any zoom; dashes are given in pixels."""
    pen = QPen(color, width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if dashes:
        pen.setDashPattern([d / width * 1.4 for d in dashes])
    return pen

"""Maps over one picture, laid out at a width and painted; written figures show the same (`core.figures`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QPainter, QPen

from app.numbers import written
from app.theme import Theme
from app.widgets.legend import FONT_SCALE
from app.widgets.painted import line_height, rgb_image, scaled, width_of, write
from core.figures.looks import (
    RING_INK,
    RING_SHADE,
    RINGS,
    extent_of,
    key_of,
    letter_places,
    map_scale,
    overlay,
    percent,
    top_of_scale,
    wrapped,
)
from core.plots import Map, Maps, Ring

# In widths of a small letter.
LEAST_SIDE, MOST_SIDE, GAP, MARGIN = 12.0, 21.5, 1.9, 1.4
TAB, BAR = 1.2, (5.0, 0.7)


@dataclass(frozen=True, slots=True)
class MapsPicture:
    """Maps in rows at a width in pixels, each with its title, its own scale and its caption."""

    plot: Maps
    font: QFont
    width_px: float

    @property
    def n_columns(self) -> int:
        """How many maps stand side by side: all, or so many that the last row is full or nearly so."""
        n = len(self.plot.maps)
        fit = int((self._room + GAP) // (LEAST_SIDE + GAP))
        return max(1, n if fit >= n else min(fit, -(-n // 2)))

    @property
    def height_px(self) -> float:
        """The height that everything takes."""
        return max((box.bottom() for box in self.boxes()), default=self._top) + MARGIN * self._letter

    def boxes(self) -> list[QRectF]:
        """Where each map with its words is."""
        boxes: list[QRectF] = []
        left, top, side = MARGIN * self._letter, self._top, self._side
        for first in range(0, len(self.plot.maps), self.n_columns):
            row = self.plot.maps[first : first + self.n_columns]
            n_lines = max(len(self._lines(of.caption, side)) for of in row)
            height = self._line * (n_lines + 2.8) + side
            boxes += [QRectF(left + i * (side + GAP * self._letter), top, side, height) for i in range(len(row))]
            top += height + GAP * self._letter
        return boxes

    def place_of(self, index: int) -> QRectF:
        """Where the picture of a map is."""
        box = self.boxes()[index]
        return QRectF(box.left(), box.top() + 1.4 * self._line, box.width(), box.width())

    def paint(self, painter: QPainter, look: Theme) -> None:
        """Everything, without its ground."""
        left, room = MARGIN * self._letter, self._room * self._letter
        title = QRectF(left, left, room, 1.3 * self._line)
        write(painter, title, self.plot.title, font=scaled(self._small, 1.28, bold=True), color=look.color("text"))
        key = QRectF(left, title.bottom() + 0.2 * self._line, room, self._line)
        self._write_lines(painter, key, self._key, look.color("muted"))
        for index, of in enumerate(self.plot.maps):
            self._paint_map(painter, of, index, look)

    @property
    def _small(self) -> QFont:
        return scaled(self.font, FONT_SCALE)

    @property
    def _letter(self) -> float:
        """Pixels of a small letter."""
        return float(QFontInfo(self._small).pixelSize())

    @property
    def _line(self) -> float:
        return line_height(self._small)

    @property
    def _room(self) -> float:
        """Letters between the margins."""
        return self.width_px / self._letter - 2 * MARGIN

    @property
    def _side(self) -> float:
        letters = (self._room + GAP) / self.n_columns - GAP
        return self._letter * min(MOST_SIDE, max(0.5 * LEAST_SIDE, letters))

    @property
    def _key(self) -> list[str]:
        return self._lines(key_of(self.plot), self._room * self._letter)

    @property
    def _top(self) -> float:
        return MARGIN * self._letter + self._line * (len(self._key) + 1.9)

    def _lines(self, words: str, width_px: float) -> list[str]:
        return wrapped(words, width_px, partial(width_of, self._small))

    def _write_lines(self, painter: QPainter, first: QRectF, lines: list[str], color: QColor) -> None:
        for i, line in enumerate(lines):
            write(painter, first.translated(0, i * self._line), line, font=self._small, color=color)

    def _paint_map(self, painter: QPainter, of: Map, index: int, look: Theme) -> None:
        box, place, line = self.boxes()[index], self.place_of(index), self._line
        title = QRectF(box.left(), box.top(), box.width(), line)
        write(painter, title, of.title, font=scaled(self._small, 1.07, bold=True), color=look.color("text"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(place, rgb_image(overlay(self.plot.picture, of)))
        for ring in self.plot.rings:
            self._outline(painter, ring, place, len(of.values))
        self._paint_letters(painter, place, len(of.values))
        under = QRectF(place.left(), place.bottom() + 0.15 * line, place.width(), line)
        self._paint_scale(painter, of, under, look.color("muted"))
        caption = self._lines(of.caption, box.width())
        self._write_lines(painter, under.translated(0, 1.1 * line), caption, look.color("text"))

    def _paint_scale(self, painter: QPainter, of: Map, under: QRectF, color: QColor) -> None:
        """The colour scale from 0 to the largest share of a patch, and what goes to no patch."""
        top, aside = written(percent(top_of_scale(of))), f"{self.plot.aside_label} {written(percent(of.aside))}"
        words = width_of(self._small, f"0{top}{aside}") + 2 * self._letter
        width, height = min(BAR[0] * self._letter, under.width() - words), BAR[1] * self._letter
        bar = QRectF(under.left() + 0.9 * self._letter, under.center().y() - height / 2, width, height)
        painter.drawImage(bar, rgb_image(map_scale(34)))
        write(painter, under, "0", font=self._small, color=color)
        beside = under.adjusted(bar.right() + 0.4 * self._letter - under.left(), 0, 0, 0)
        write(painter, beside, top, font=self._small, color=color)
        write(painter, under, aside, font=self._small, color=color, align=Qt.AlignmentFlag.AlignRight)

    def _outline(self, painter: QPainter, ring: Ring, place: QRectF, grid: int) -> None:
        """A line round the patches; the ones whose attention is shown have a white line round it as well."""
        point, cell = self._letter / 7, place.width() / grid
        left, top, right, bottom = (v * cell for v in extent_of(ring.patches, grid))
        edge = QRectF(left, top, right - left, bottom - top).translated(place.topLeft())
        lines = [(1.3, RING_SHADE, 2.6), (1.2, RINGS[ring.hue % len(RINGS)], 1.4), (2.9, "#ffffff", 1.1)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for out, color, width in lines[: 3 if ring.asks else 2]:
            pen = QPen(QColor(color), width * point)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(edge.adjusted(-out * point, -out * point, out * point, out * point))

    def _paint_letters(self, painter: QPainter, place: QRectF, grid: int) -> None:
        cell, side = place.width() / grid, TAB * self._letter
        bold, middle = scaled(self._small, 1.07, bold=True), Qt.AlignmentFlag.AlignHCenter
        for ring, (left, top) in zip(self.plot.rings, letter_places(self.plot.rings, grid, side / cell), strict=True):
            tab = QRectF(place.left() + left * cell, place.top() + top * cell, side, side)
            painter.fillRect(tab, QColor(RINGS[ring.hue % len(RINGS)]))
            write(painter, tab, ring.label, font=bold, color=QColor(RING_INK), align=middle)

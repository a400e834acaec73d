"""Pictures on one sheet of paper: each as high as it wants to be, those of a row equally high, with a letter each."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontInfo, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.export.paint import LOOKS, font_of, height_of, paint_panel
from app.widgets.painted import Paints, line_height, scaled
from core.errors import UserError
from core.figures.options import FigureOptions

MM_AN_INCH = 25.4
GAP_EM, LETTER_EM, MARGIN_EM = 1.1, 1.4, 0.35
FEW_COLUMNS = 3
BEYOND = QSizeF(2.0, 2.0)
"""The ground reaches so far over the edges: the page of a PDF has whole points."""
_ROUNDS = 2
"""So often widths are tried until the pictures of a row are equally high."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure, in units of which `per_inch` make an inch: type is as large in them as on the screen."""

    pictures: tuple[QWidget, ...]
    options: FigureOptions

    def __post_init__(self) -> None:
        if not self.pictures:
            raise UserError("There is nothing to draw.", "Choose a picture.")

    @property
    def per_inch(self) -> float:
        return float(self.pictures[0].logicalDpiX())

    @property
    def zoom(self) -> float:
        """Units in a logical pixel of the widgets."""
        return self.options.font_pt / QFontInfo(self.pictures[0].font()).pointSizeF()

    @property
    def width(self) -> float:
        return self.options.width_mm / MM_AN_INCH * self.per_inch

    @property
    def size(self) -> QSizeF:
        """Of the whole."""
        boxes = self.boxes()
        return QSizeF(self.width, max(box.bottom() for box in boxes) + MARGIN_EM * self._em)

    @property
    def size_mm(self) -> QSizeF:
        return self.size * (MM_AN_INCH / self.per_inch)

    @property
    def _em(self) -> float:
        return line_height(font_of(self.pictures[0])) * self.zoom

    @property
    def _letters(self) -> str:
        return string.ascii_lowercase if self.options.letters and len(self.pictures) > 1 else ""

    def boxes(self) -> list[QRectF]:
        """Where each picture is, below its letter."""
        boxes: list[QRectF] = []
        top, margin = MARGIN_EM * self._em, MARGIN_EM * self._em
        head, gap = (LETTER_EM if self._letters else 0.0) * self._em, GAP_EM * self._em
        for row in self._rows():
            widths = self._widths(row, self.width - 2 * margin - (len(row) - 1) * gap)
            heights = [self._height(picture, width) for picture, width in zip(row, widths, strict=True)]
            left = margin
            for width, height in zip(widths, heights, strict=True):
                boxes.append(QRectF(left, top + head, width, height))
                left += width + gap
            top += head + max(heights) + gap
        return boxes

    def paint(self, painter: QPainter) -> None:
        """Everything, on its ground."""
        look, palette = LOOKS[self.options.palette], self.options.palette
        if not look.is_clear:
            painter.fillRect(QRectF(QPointF(), self.size + BEYOND), look.color("panel"))
        for index, (picture, box) in enumerate(zip(self.pictures, self.boxes(), strict=True)):
            if index < len(self._letters):
                painter.setFont(scaled(font_of(picture), 1.1 * self.zoom, bold=True))
                painter.setPen(look.color("text"))
                painter.drawText(box.topLeft() - QPointF(0, 0.4 * self._em), self._letters[index])
            paint_panel(picture, painter, box, palette, zoom=self.zoom)

    def _height(self, picture: QWidget, width: float) -> float:
        return height_of(picture, max(1.0, width), self.options.palette, zoom=self.zoom)

    def _rows(self) -> Iterator[Sequence[QWidget]]:
        """Bars stand alone, so many others beside each other."""
        for bar, run in groupby(self.pictures, is_bar):
            pictures = list(run)
            n_rows = -(-len(pictures) // (1 if bar else self.options.columns or FEW_COLUMNS))
            most = self.options.columns or -(-len(pictures) // n_rows)
            step = 1 if bar else most
            yield from (pictures[first : first + step] for first in range(0, len(pictures), step))

    def _widths(self, row: Sequence[QWidget], room: float) -> list[float]:
        """How wide the pictures of a row are for all to be about equally high."""
        widths = [room / len(row)] * len(row)
        for _ in range(_ROUNDS if len(row) > 1 else 0):
            slopes = [width / max(1.0, self._height(p, width)) for p, width in zip(row, widths, strict=True)]
            widths = [room * slope / sum(slopes) for slope in slopes]
        return widths


def is_bar(picture: QWidget) -> bool:
    """Whether a picture is as high as its words, at any width."""
    fixed = picture.sizePolicy().verticalPolicy() == QSizePolicy.Policy.Fixed
    return isinstance(picture, Paints) and fixed and not picture.hasHeightForWidth()

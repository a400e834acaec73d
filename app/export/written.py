"""Plots as the writer of figures has them, for any painter: what is exported looks like what a study writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontInfo, QPainter
from PySide6.QtSvg import QSvgRenderer

from app import theme
from app.widgets.legend import FONT_SCALE
from core.looks import CLEAR, DARK, LIGHT
from core.looks import Palette as Colors

if TYPE_CHECKING:
    from core.plots import Plot

COLORS: Mapping[str, Colors] = {
    "light": LIGHT,
    "dark": replace(DARK, paper=theme.DARK.panel),
    "transparent": CLEAR,
}
_FAMILIES, _WITHOUT_WEIGHT = re.compile(r"font-family: [^;]*;"), re.compile(r"(<text style=\")(?!font-weight)")
NORMAL_PT = 7.5
"""The type of a legend, as the writer has it."""


class _Same:
    """A plot that is like another only where it is that one: some hold arrays."""

    def __init__(self, plot: Plot) -> None:
        self.plot = plot

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.plot is other.plot

    def __hash__(self) -> int:
        return id(self.plot)


def size_of(plot: Plot, palette: str, width: float, font: QFont, zoom: float) -> QSizeF:
    """How large a plot is at a width; `font` is that of the window, with so many units of the painter in a pixel."""
    point = FONT_SCALE * QFontInfo(font).pixelSize() * zoom / NORMAL_PT
    natural = QSizeF(_renderer(_Same(plot), palette, round(width / point)).defaultSize())
    return natural * min(point, width / natural.width())


def paint_plot(plot: Plot, painter: QPainter, rect: QRectF, palette: str, font: QFont, zoom: float) -> None:
    """Draw a plot at the top left of `rect`, as wide as it."""
    size = size_of(plot, palette, rect.width(), font, zoom)
    size *= min(1.0, rect.height() / max(1.0, size.height()))
    point = FONT_SCALE * QFontInfo(font).pixelSize() * zoom / NORMAL_PT
    _renderer(_Same(plot), palette, round(rect.width() / point)).render(painter, QRectF(rect.topLeft(), size))


@lru_cache(maxsize=48)
def _renderer(same: _Same, palette: str, width_pt: int) -> QSvgRenderer:
    from core.figures import to_svg, type_name  # it loads matplotlib, which takes a while

    # Of a list of types Qt reads the whole as one name, and a weight that is not named is that of the painter.
    text = _FAMILIES.sub(f"font-family: {type_name()};", to_svg(same.plot, COLORS[palette], width_pt))
    text = _WITHOUT_WEIGHT.sub(r"\1font-weight: 400; ", text)
    return QSvgRenderer(QByteArray(text.encode("utf-8")))

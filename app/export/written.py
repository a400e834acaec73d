"""Plots as the writer of figures has them, for any painter: what is exported looks like what a study writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QRectF, QSizeF, QTimer
from PySide6.QtGui import QFont, QFontInfo, QPainter
from PySide6.QtSvg import QSvgRenderer

from app import theme
from app.widgets.legend import FONT_SCALE
from core.figures.looks import CLEAR, DARK, LIGHT
from core.figures.looks import Palette as Colors

if TYPE_CHECKING:
    from core.plots import Plot

COLORS: Mapping[str, Colors] = {
    "light": LIGHT,
    "dark": replace(DARK, paper=theme.DARK.panel),
    "transparent": CLEAR,
}
_FAMILIES, _WITHOUT_WEIGHT = re.compile(r"font-family: [^;]*;"), re.compile(r"(<text style=\")(?!font-weight)")
_NO_PATH = re.compile(r"""<path style="[^"]*"/>""")
"""What is written of a curve of which no value is known; Qt would call it damaged."""
NORMAL_PT = 7.5
"""The type of a legend, as the writer has it."""


N_KEPT = 200
"""Of how many plots at a width the drawing is kept, and while a figure is made of all: it tries several of each."""
LOOK_EVERY_MS = 15


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """A plot at a width. It is like another only where its plot is that one: some hold arrays."""

    plot: Plot
    palette: str
    width_pt: int

    @property
    def key(self) -> tuple[int, str, int]:
        return id(self.plot), self.palette, self.width_pt

    def svg(self) -> bytes:
        """It takes a while, in any thread: matplotlib is told of one style at a time."""
        with _ONE_AT_A_TIME:
            from core.figures.writer import to_svg, type_name

            # Of a list of types Qt reads the whole as one name, and a weight that is not named is that of the painter.
            text = _FAMILIES.sub(f"font-family: {type_name()};", to_svg(self.plot, COLORS[self.palette], self.width_pt))
        text = _NO_PATH.sub("", text)
        return _WITHOUT_WEIGHT.sub(r"\1font-weight: 400; ", text).encode("utf-8")


class _NotDrawnError(Exception):
    """A plot is to be drawn first."""

    def __init__(self, drawing: _Drawing) -> None:
        super().__init__()
        self.drawing = drawing


_ONE_AT_A_TIME = Lock()
_patient: list[bool] = []
_kept: dict[tuple[int, str, int], tuple[_Drawing, QSvgRenderer]] = {}
"""The oldest first; with the plots, so that no other one comes to be called like one of them."""


class OnceDrawn(QObject):
    """Does something with plots once all of them are drawn, which a thread of its own does: the window goes on.

    What is to be done has to be the same whenever it is begun anew.
    """

    def __init__(self, do: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._do = do
        self._drawing: tuple[_Drawing, Future[bytes]] | None = None
        self._looks = QTimer(self)
        self._looks.setInterval(LOOK_EVERY_MS)
        self._looks.timeout.connect(self._look)

    @property
    def waits(self) -> bool:
        """Whether something is being drawn."""
        return self._drawing is not None

    def go(self) -> None:
        """Do it now, or as soon as it can be done."""
        if self.waits:
            return
        _patient.append(True)
        try:
            self._do()
            _forget_oldest()
        except _NotDrawnError as missing:
            thread = ThreadPoolExecutor(1, "drawing a plot")
            self._drawing = (missing.drawing, thread.submit(missing.drawing.svg))
            thread.shutdown(wait=False)
            self._looks.start()
        finally:
            _patient.pop()

    def _look(self) -> None:
        if self._drawing is None or not self._drawing[1].done():
            return
        (drawing, found), self._drawing = self._drawing, None
        self._looks.stop()
        _keep(drawing, found.result())
        self.go()


def size_of(plot: Plot, palette: str, width: float, font: QFont, zoom: float) -> QSizeF:
    """How large a plot is at a width; `font` is that of the window, with so many units of the painter in a pixel."""
    point = FONT_SCALE * QFontInfo(font).pixelSize() * zoom / NORMAL_PT
    natural = QSizeF(_renderer(_Drawing(plot, palette, round(width / point))).defaultSize())
    return natural * min(point, width / natural.width())


def paint_plot(plot: Plot, painter: QPainter, rect: QRectF, palette: str, font: QFont, zoom: float) -> None:
    """Draw a plot at the top left of `rect`, as wide as it."""
    size = size_of(plot, palette, rect.width(), font, zoom)
    size *= min(1.0, rect.height() / max(1.0, size.height()))
    point = FONT_SCALE * QFontInfo(font).pixelSize() * zoom / NORMAL_PT
    drawing = _Drawing(plot, palette, round(rect.width() / point))
    _renderer(drawing).render(painter, QRectF(rect.topLeft(), size))


def _renderer(drawing: _Drawing) -> QSvgRenderer:
    if drawing.key not in _kept:
        if _patient:
            raise _NotDrawnError(drawing)
        _forget_oldest()
        _keep(drawing, drawing.svg())
    return _kept[drawing.key][1]


def _keep(drawing: _Drawing, svg: bytes) -> None:
    _kept[drawing.key] = (drawing, QSvgRenderer(QByteArray(svg)))


def _forget_oldest() -> None:
    while len(_kept) > N_KEPT:
        del _kept[next(iter(_kept))]

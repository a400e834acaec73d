"""Any panel into any painter: with the widget's own `paint`, in light or dark, whatever the window's theme is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontInfo, QPainter
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from app import theme
from app.export.written import paint_plot, size_of
from app.plots.gallery import GalleryView
from app.plots.maps import MapsView
from app.plots.view import PlotView
from app.theme import Theme
from app.widgets.painted import Paints
from app.widgets.posed import Pose
from core.figures.options import Palette
from core.plots import Plot

LOOKS: Mapping[str, Theme] = {
    "light": replace(theme.LIGHT, window="#ffffff", panel="#ffffff"),
    "dark": theme.DARK,
    "transparent": replace(theme.LIGHT, is_clear=True),
}
"""Figures in light are on white; those without a ground are in the ink of light ones."""
_LINES = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
_ROW_PX = 40


def paint_panel(
    widget: QWidget, painter: QPainter, rect: QRectF, palette: Palette = "light", *, zoom: float = 1.0
) -> None:
    """Draw a panel, or one picture of it, into `rect` of the painter.

    A picture is laid out anew: with `zoom`, in units of the painter for each logical pixel, its type is so much larger
    than on the screen. A panel of several pictures and words stands as it does on the screen, scaled to `rect`; one of
    lists and fields alone is drawn as it is, in the theme of the window.
    """
    look = LOOKS[palette]
    with _apart(painter):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not look.is_clear:
            painter.fillRect(rect, look.color("panel"))
        if isinstance(widget, Paints):
            _paint_picture(widget, painter, rect, palette, zoom)
        elif pictures_in(widget):
            _paint_parts(widget, painter, rect, palette)
        else:
            painter.translate(rect.topLeft())
            painter.scale(rect.width() / max(1, widget.width()), rect.height() / max(1, widget.height()))
            widget.render(painter, QPoint())


def height_of(widget: QWidget, width: float, palette: Palette = "light", *, zoom: float = 1.0) -> float:
    """How high a panel is best drawn at a width, both in units of the painter."""
    if not isinstance(widget, Paints):
        return width * widget.height() / max(1, widget.width())
    plot = plot_of(widget)
    if plot is not None:
        return size_of(plot, palette, width, font_of(widget), zoom).height()
    return widget.figure_height(width / zoom) * zoom


def plot_of(widget: QWidget) -> Plot | None:
    """The plot that a widget shows."""
    return widget.plot if isinstance(widget, PlotView | MapsView | GalleryView) else None


def pictures_in(widget: QWidget) -> list[Paints]:
    """The pictures of a panel that can be seen, in reading order, but no buttons; of one that is a picture, itself."""
    if isinstance(widget, QAbstractButton):
        return []
    if isinstance(widget, Paints):
        return [widget]
    found: list[Paints] = []
    for child in widget.children():
        if isinstance(child, QWidget) and child.isVisibleTo(widget) and not child.isWindow():
            found += [picture for picture in pictures_in(child) if not picture.size().isEmpty()]
    places = {id(picture): picture.mapTo(widget, QPoint()) for picture in found}
    return sorted(found, key=lambda of: (places[id(of)].y() // _ROW_PX, places[id(of)].x()))


def _paint_parts(widget: QWidget, painter: QPainter, rect: QRectF, palette: Palette) -> None:
    """Pictures and words where they are on the screen; what is pressed or typed into is no part of a figure."""
    painter.translate(rect.topLeft())
    scale = min(rect.width() / max(1, widget.width()), rect.height() / max(1, widget.height()))
    painter.scale(scale, scale)
    for picture in pictures_in(widget):
        _paint_picture(picture, painter, _place(picture, widget), palette, 1.0)
    painter.setPen(LOOKS[palette].color("text"))
    for label in widget.findChildren(QLabel):
        if label.isVisibleTo(widget) and not isinstance(label.parentWidget(), Paints):
            painter.setFont(font_of(label))
            align = int(label.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask)
            painter.drawText(_place(label, widget), _LINES | align, label.text())


def _place(inner: QWidget, outer: QWidget) -> QRectF:
    """Where a widget is in another."""
    return QRectF(inner.rect()).translated(inner.mapTo(outer, QPoint()))


def _paint_picture(widget: Paints, painter: QPainter, rect: QRectF, palette: Palette, zoom: float) -> None:
    plot = plot_of(widget)
    if plot is not None:
        paint_plot(plot, painter, rect, palette, font_of(widget), zoom)
        return
    size = QSize(max(1, round(rect.width() / zoom)), max(1, round(rect.height() / zoom)))
    with _apart(painter), widget.posed(Pose(size, font_of(widget)), LOOKS[palette]):
        painter.translate(rect.topLeft())
        painter.scale(rect.width() / size.width(), rect.height() / size.height())
        widget.paint(painter)


@contextmanager
def _apart(painter: QPainter) -> Iterator[None]:
    """The painter is afterwards as it was."""
    painter.save()
    try:
        yield
    finally:
        painter.restore()


def font_of(widget: QWidget) -> QFont:
    """The type of a widget, whose letters stand where they belong at any scale."""
    font = QFont(widget.font())
    font.setFamily(QFontInfo(font).family())  # a reader of the file knows no “Sans Serif” of this desktop
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font

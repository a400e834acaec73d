"""What pyqtgraph draws for each kind of plot, in the colours and markers of written figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsRectItem

from app.theme import Theme
from app.widgets.legend import Entry, line_pen, symbol
from core.figures.looks import DARK, DASHES, LIGHT, heat
from core.plots import AxesPlot, Bars, Cloud, Curves, Heatmap, Role, Scatter, Series

STAR_PX, POINT_PX = 17.0, 7.5
BAR_SHARE = 0.78


@dataclass(frozen=True, slots=True)
class PlotFrame:
    """The ranges of both axes; `downwards` counts rows from the top."""

    x: tuple[float, float]
    y: tuple[float, float]
    downwards: bool = False


def frame_of(plot: AxesPlot) -> PlotFrame:
    """The part of the plane that a plot shows."""
    match plot:
        case Curves():
            edge = 0.04 * (plot.x[-1] - plot.x[0]) or 0.5
            return PlotFrame((plot.x[0] - edge, plot.x[-1] + edge), _with_room(plot.y_range))
        case Bars():
            return PlotFrame((-0.5, len(plot.groups) - 0.5), (plot.y_range[0], _with_room(plot.y_range)[1]))
        case Heatmap():
            return PlotFrame((0, len(plot.columns)), (0, len(plot.rows)), downwards=True)
        case Scatter():
            return PlotFrame(_with_room(plot.x_range), _with_room(plot.y_range))


def _with_room(ends: tuple[float, float]) -> tuple[float, float]:
    """A little more, so that a marker on the edge is whole."""
    room = 0.035 * (ends[1] - ends[0])
    return (ends[0] - room, ends[1] + room)


def color_of(theme: Theme, hue: int, role: Role) -> QColor:
    """The colour of a series, as in written figures: controls are grey."""
    return QColor((DARK if theme.dark else LIGHT).hue(hue, role))


def entries_of(plot: AxesPlot, theme: Theme) -> list[Entry]:
    """The samples of the legend; none for a heat map, whose legend is its scale."""
    match plot:
        case Curves():
            return [_entry(s, theme, "line") for s in plot.series]
        case Bars():
            return [_entry(s, theme, "bar") for s in plot.series]
        case Scatter():
            return [_entry(c, theme, "point") for c in plot.clouds]
        case Heatmap():
            return []


def _entry(of: Series | Cloud, theme: Theme, look: Any) -> Entry:
    color = color_of(theme, of.hue, of.role)
    return Entry(of.label, color, of.hue, DASHES[of.role], of.role == "published", look)


def items_of(plot: AxesPlot, theme: Theme, font: QFont) -> list[Any]:
    """Graphics items in the coordinates of the plot."""
    match plot:
        case Curves():
            bands = [item for s in plot.series for item in _bands(plot.x, s, theme)]
            curves = [item for s in reversed(plot.series) for item in _curve(plot.x, s, theme)]
            return [*_references(plot, theme, font), *bands, *curves]
        case Bars():
            bars = [item for i in range(len(plot.series)) for item in _bars(plot, i, theme)]
            return [*bars, *_references(plot, theme, font)]
        case Heatmap():
            return [_cell(plot, i, j, theme) for i in range(len(plot.rows)) for j in range(len(plot.columns))]
        case Scatter():
            return [item for c in plot.clouds for item in _cloud(c, theme)]


def _bands(x: Sequence[float], series: Series, theme: Theme) -> list[Any]:
    """The interval round a curve, one area for each stretch without gaps."""
    if not series.low:
        return []
    fill = color_of(theme, series.hue, series.role)
    fill.setAlphaF(0.12 if series.role == "control" else 0.2)
    items: list[Any] = []
    known = [not math.isnan(v) for v in series.low]
    for there, run in groupby(range(len(x)), key=lambda i: known[i]):
        stretch = list(run)
        if not there:
            continue
        path = QPainterPath()
        upper = [QPointF(x[i], series.high[i]) for i in stretch]
        lower = [QPointF(x[i], series.low[i]) for i in reversed(stretch)]
        path.addPolygon(QPolygonF([*upper, *lower, upper[0]]))
        items.append(_shape(QGraphicsPathItem(path), fill, None if len(stretch) > 1 else fill))
    return items


def _shape(item: Any, fill: QColor | None, line: QColor | None, width: float = 1.2) -> Any:
    pen = QPen(Qt.PenStyle.NoPen) if line is None else QPen(line, width)
    pen.setCosmetic(True)
    item.setPen(pen)
    item.setBrush(QBrush(fill) if fill is not None else QBrush(Qt.BrushStyle.NoBrush))
    return item


def _curve(x: Sequence[float], series: Series, theme: Theme) -> list[Any]:
    y = np.asarray(series.y, np.float64)
    known = np.isfinite(y)
    if not known.any():
        return []
    xs, color = np.asarray(x, np.float64), color_of(theme, series.hue, series.role)
    pen = line_pen(color, DASHES[series.role], 1.3 if series.role == "control" else 1.9)
    items: list[Any] = [pg.PlotCurveItem(xs, y, pen=pen, connect="finite", antialias=True)]
    items.append(_markers(xs[known], y[known], series, theme))
    if series.star is not None and known[series.star]:
        at = {"x": [xs[series.star]], "y": [y[series.star]]}
        edge = pg.mkPen(theme.color("panel"), width=1.0)
        items.append(pg.ScatterPlotItem(**at, symbol="star", size=STAR_PX, pen=edge, brush=color, antialias=True))
    return items


def _markers(x: np.ndarray, y: np.ndarray, of: Series | Cloud, theme: Theme, size: float = POINT_PX) -> Any:
    color = color_of(theme, of.hue, of.role)
    fill = theme.color("panel") if of.role == "published" else color
    pen = pg.mkPen(color, width=1.3)
    return pg.ScatterPlotItem(x, y, symbol=symbol(of.hue, 0.42), size=size, pen=pen, brush=fill, antialias=True)


def bar_sides(plot: Bars, group: int, index: int) -> tuple[float, float]:
    """Left and right of the bar of a series in a group."""
    share = BAR_SHARE / max(1, len(plot.series))
    left = group - BAR_SHARE / 2 + index * share
    return (left + 0.05 * share, left + 0.95 * share)


def _bars(plot: Bars, index: int, theme: Theme) -> list[Any]:
    series, items = plot.series[index], []
    color = color_of(theme, series.hue, series.role)
    fill = QColor(color)
    fill.setAlphaF(0.18 if series.role == "published" else 1.0)
    for group, value in enumerate(series.y):
        if math.isnan(value):
            continue
        left, right = bar_sides(plot, group, index)
        rect = QGraphicsRectItem(QRectF(left, min(plot.foot, value), right - left, abs(value - plot.foot)))
        shape = _shape(rect, fill, color)
        if series.role == "published":
            shape.setPen(line_pen(color, DASHES["published"], 1.4))
        items.append(shape)
        if series.low and not math.isnan(series.low[group]):
            items.append(_interval((left + right) / 2, series.low[group], series.high[group], right - left, theme))
    return items


def _interval(x: float, low: float, high: float, room: float, theme: Theme) -> Any:
    path = QPainterPath(QPointF(x, low))
    path.lineTo(x, high)
    for y in (low, high):
        path.moveTo(x - room / 6, y)
        path.lineTo(x + room / 6, y)
    return _shape(QGraphicsPathItem(path), None, theme.color("text"), 1.3)


def _references(plot: Curves | Bars, theme: Theme, font: QFont) -> list[Any]:
    """Lines across the plot; over bars with their words at the right end, on a ground of their own."""
    items: list[Any] = []
    ground = theme.color("panel", 0.75)
    for reference in plot.references:
        items.append(pg.InfiniteLine(reference.value, angle=0, pen=line_pen(theme.color("muted"), (3.0, 2.5), 1.0)))
        if isinstance(plot, Curves):
            continue
        text = pg.TextItem(reference.label, theme.color("muted"), anchor=(1, 0.85), fill=ground)
        text.setFont(font)
        text.setPos(frame_of(plot).x[1], reference.value)
        items.append(text)
    return items


def _cell(plot: Heatmap, row: int, column: int, theme: Theme) -> Any:
    value = plot.values[row][column]
    color = theme.color("raised") if math.isnan(value) else QColor(heat(share_of(plot, value)))
    return _shape(QGraphicsRectItem(QRectF(column, row, 1, 1)), color, theme.color("panel"), 1.5)


def share_of(plot: Heatmap, value: float) -> float:
    low, high = plot.range
    return (value - low) / (high - low)


def _cloud(cloud: Cloud, theme: Theme) -> list[Any]:
    x, y = np.asarray(cloud.x, np.float64), np.asarray(cloud.y, np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return []
    return [_markers(x[known], y[known], cloud, theme, POINT_PX + 2)]

"""Words inside a plot that depend on its size: tick labels that fit, values in cells, names beside points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont

from app import theme
from app.numbers import tick, written
from app.plots.items import POINT_PX, frame_of, share_of
from app.widgets.painted import line_height, width_of
from core.figures.looks import cell_words, ink_on_heat, number, steps, wrapped
from core.plots import AxesPlot, Bars, Curves, Heatmap, Scatter, Series

CELL_PX = (26.0, 15.0)
TICK_GAP_PX = 6.0
POINT_ROOM_PX = 6.0
Ticks = list[tuple[float, str]]


def left_ticks(plot: AxesPlot, font: QFont, height_px: float) -> Ticks:
    """Places and words up the left axis that do not touch."""
    if isinstance(plot, Heatmap):
        ticks = [(i + 0.5, name) for i, name in enumerate(plot.rows)]
    else:
        ticks = [(value, written(number(value))) for value in steps(*plot.y_range)]
    return _every(ticks, line_height(font), height_px)


def bottom_ticks(plot: AxesPlot, font: QFont, width_px: float) -> Ticks:
    """Places and words along the bottom axis that do not touch; names of groups may take several lines."""
    match plot:
        case Bars():
            return _group_names(plot.groups, font, width_px / max(1, len(plot.groups)))
        case Curves():
            left, right = frame_of(plot).x
            words = [tick(word) for word in plot.ticks]
            fitting = _every(list(zip(plot.x, words, strict=True)), _widest(words, font), width_px)
            return _apart(fitting, font, width_px / (right - left))
        case Heatmap():
            ticks = [(j + 0.5, name) for j, name in enumerate(plot.columns)]
        case Scatter():
            ticks = [(value, written(number(value))) for value in steps(*plot.x_range)]
    return _every(ticks, _widest([words for _, words in ticks], font), width_px)


def _widest(names: Sequence[str], font: QFont) -> float:
    return max((width_of(font, name) for name in names), default=1.0)


def _group_names(names: Sequence[str], font: QFont, slot_px: float) -> Ticks:
    """Names of groups in lines that fit their slots; where a word is too long for that, every second one a line lower.

    A name with free slots beside it in its line may then be twice as wide, at the ends as wide as the margin allows.
    """
    room_px, measure = slot_px - TICK_GAP_PX, partial(width_of, font)
    if all(width_of(font, word) <= room_px for name in names for word in name.split()):
        return [(i, "\n".join(wrapped(name, room_px, measure))) for i, name in enumerate(names)]
    ends = (0, len(names) - 1)
    at_end_px = slot_px + 2 * TICK_GAP_PX
    by_name = [wrapped(name, at_end_px if i in ends else 2 * room_px, measure) for i, name in enumerate(names)]
    return [(i, "\n" * (i % 2) + "\n".join(lines)) for i, lines in enumerate(by_name)]


def _every(ticks: Ticks, size_px: float, room_px: float) -> Ticks:
    """Every tick, or every second, third …, as there is room."""
    n_fit = max(1, int(room_px / (size_px + TICK_GAP_PX)))
    return ticks[:: max(1, math.ceil(len(ticks) / n_fit))]


def _apart(ticks: Ticks, font: QFont, px_a_unit: float) -> Ticks:
    """From the left, those that leave some room after the one before: with uneven steps, every second may not."""
    kept = ticks[:1]
    for x, words in ticks[1:]:
        words_px = (width_of(font, kept[-1][1]) + width_of(font, words)) / 2
        if (x - kept[-1][0]) * px_a_unit >= words_px + TICK_GAP_PX / 2:
            kept.append((x, words))
    return kept


def cell_texts(plot: Heatmap, font: QFont, size_px: tuple[float, float]) -> list[Any]:
    """The value in each cell, where cells of `size_px` are large enough to read it."""
    if size_px[0] < CELL_PX[0] or size_px[1] < CELL_PX[1]:
        return []
    return [
        _text(written(cell_words(value)), QColor(ink_on_heat(share_of(plot, value))), font, (j + 0.5, i + 0.5))
        for i, values in enumerate(plot.values)
        for j, value in enumerate(values)
        if not math.isnan(value)
    ]


def name_texts(plot: Scatter, font: QFont, bounds: QRectF, to_px: Callable[[QPointF], QPointF]) -> list[Any]:
    """Each name right, left, above or below its point: the first place where it covers nothing, if there is one."""
    points = [
        (x, y, name)
        for cloud in plot.clouds
        for x, y, name in zip(cloud.x, cloud.y, cloud.names, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    places = [to_px(QPointF(x, y)) for x, y, _ in points]
    room = QRectF(-POINT_ROOM_PX, -POINT_ROOM_PX, 2 * POINT_ROOM_PX, 2 * POINT_ROOM_PX)
    taken = [room.translated(place) for place in places]
    texts = []
    for (x, y, name), place in zip(points, places, strict=True):
        around = _around(place, width_of(font, name), line_height(font))
        free = [a for a, box in around if bounds.contains(box) and not _covered(box, taken)]
        if free:
            taken.append(dict(around)[free[0]])
            texts.append(_text(name, theme.current().color("muted"), font, (x, y), free[0]))
    return texts


def reference_texts(plot: Curves, font: QFont, bounds: QRectF, to_px: Callable[[QPointF], QPointF]) -> list[Any]:
    """The words of each line across the plot, on a ground of their own: from the right the first place over or under it
    that no curve touches, else a little farther from it, else that which fewest do."""
    (left, right), texts = frame_of(plot).x, []
    curves = [run for series in plot.series for run in _runs_px(plot.x, series, to_px)]
    levels = {reference.value: _level_px((left, right), reference.value, to_px) for reference in plot.references}
    taken: list[QRectF] = []
    ground = theme.current().color("panel", 0.75)
    for reference in plot.references:
        end, width = to_px(QPointF(right, reference.value)), width_of(font, reference.label)
        others = [*curves, *(level for value, level in levels.items() if value != reference.value)]
        boxes = [(a, box) for a, box in _along(end, bounds.left(), width, line_height(font)) if bounds.contains(box)]
        if not boxes:
            continue
        anchor, box = min(boxes, key=lambda at: _covered(at[1], taken) + sum(_touches(run, at[1]) for run in others))
        taken.append(box)
        units_a_px = (right - left) / (end.x() - to_px(QPointF(left, reference.value)).x())
        at = (right - (end.x() - box.right()) * units_a_px, reference.value)
        texts.append(_text(reference.label, theme.current().color("muted"), font, at, anchor, ground))
    return texts


def _along(end: QPointF, left_px: float, width: float, height: float) -> Iterator[tuple[tuple[float, float], QRectF]]:
    """Anchors of a text over and under a line that ends at the right in `end`, and the box that it then takes."""
    for gap in (0.0, POINT_ROOM_PX):
        for right_px in np.arange(end.x() - 1, left_px + width, -height):
            yield (1, 1 + gap / height), QRectF(right_px - width, end.y() - gap - height, width, height)
            yield (1, -gap / height), QRectF(right_px - width, end.y() + gap, width, height)


Run = tuple[np.ndarray, np.ndarray]
"""A stretch of a curve without gaps: x [N] and y [N] in pixels, from left to right."""


def _runs_px(x: Sequence[float], series: Series, to_px: Callable[[QPointF], QPointF]) -> list[Run]:
    runs = []
    for known, run in groupby(zip(x, series.y, strict=True), key=lambda point: math.isfinite(point[1])):
        if known:
            places = [to_px(QPointF(*point)) for point in run]
            runs.append((np.array([at.x() for at in places]), np.array([at.y() for at in places])))
    return runs


def _level_px(ends: tuple[float, float], value: float, to_px: Callable[[QPointF], QPointF]) -> Run:
    places = [to_px(QPointF(x, value)) for x in ends]
    return np.array([at.x() for at in places]), np.array([at.y() for at in places])


def _touches(run: Run, box: QRectF) -> bool:
    """Whether a stretch, with its markers, goes through a box."""
    (x, y), room = run, POINT_PX / 2
    left, right = max(x[0], box.left() - room), min(x[-1], box.right() + room)
    if left > right:
        return False
    heights = np.append(y[(x > left) & (x < right)], np.interp([left, right], x, y))
    return bool(heights.max() > box.top() - room and heights.min() < box.bottom() + room)


def _around(at: QPointF, width: float, height: float) -> list[tuple[tuple[float, float], QRectF]]:
    """Anchors of a text at a point, and the box that it then takes."""
    gap = POINT_ROOM_PX + 2
    return [
        ((-gap / width, 0.5), QRectF(at.x() + gap, at.y() - height / 2, width, height)),
        ((1 + gap / width, 0.5), QRectF(at.x() - gap - width, at.y() - height / 2, width, height)),
        ((0.5, 1 + gap / height), QRectF(at.x() - width / 2, at.y() - gap - height, width, height)),
        ((0.5, -gap / height), QRectF(at.x() - width / 2, at.y() + gap, width, height)),
    ]


def _covered(box: QRectF, taken: Sequence[QRectF]) -> bool:
    return any(box.intersects(other) for other in taken)


def _text(
    words: str,
    color: QColor,
    font: QFont,
    at: tuple[float, float],
    anchor: tuple[float, float] = (0.5, 0.5),
    ground: QColor | None = None,
) -> Any:
    text = pg.TextItem(words, color, anchor=anchor, fill=ground)
    text.textItem.document().setDocumentMargin(0)
    text.setFont(font)
    text.setPos(*at)
    return text

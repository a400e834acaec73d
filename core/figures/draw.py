"""How each kind of plot is laid out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import groupby

from core.figures.axes import (
    DASHES,
    LARGE,
    MARGIN,
    NORMAL,
    SMALL,
    TICK_LINE,
    Entry,
    Frame,
    bar_area,
    heading,
    number,
    peak_star,
    point_mark,
    reference_lines,
    reference_room,
    steps,
    x_axis,
    y_axis,
)
from core.figures.axes import hue as color_of
from core.figures.drawing import Area, Drawing, Line, Mark, Text, box, text_width, wrapped
from core.figures.maps import draw_maps
from core.figures.palette import heat, ink_on_heat
from core.plots import Bars, Curves, Heatmap, Maps, Plot, Points, Series

WIDTH = 360.0
FRAME_HEIGHT = 165.0
LEFT = 46.0
BELOW = 34.0


def draw(plot: Plot) -> Drawing:
    """The drawing of a plot, 360 points (5 inches) wide or as wide as its cells need."""
    match plot:
        case Curves():
            return _curves(plot)
        case Bars():
            return _bars(plot)
        case Heatmap():
            return _heatmap(plot)
        case Points():
            return _points(plot)
        case Maps():
            return draw_maps(plot, len(plot.maps))


def _curves(plot: Curves) -> Drawing:
    entries = [Entry(s.label, s.hue, s.role) for s in plot.series]
    marks, top = heading(plot.title, entries, WIDTH)
    room = reference_room(plot.references)
    edge = 0.03 * (plot.x[-1] - plot.x[0]) or 0.5
    x_range = (plot.x[0] - edge, plot.x[-1] + edge)
    frame = Frame(LEFT, top, WIDTH - LEFT - MARGIN - room, FRAME_HEIGHT, x_range, plot.y_range)
    marks += y_axis(frame, plot.y_label)
    marks += x_axis(frame, plot.x_label, list(zip(plot.x, plot.ticks, strict=True)))
    marks += reference_lines(frame, plot.references)
    for series in plot.series:
        marks += _band(frame, plot.x, series)
    for series in reversed(plot.series):
        marks += _curve(frame, plot.x, series)
    return _finished(marks, frame, plot.title)


def _finished(marks: list[Mark], frame: Frame, title: str, n_lines: int = 1) -> Drawing:
    """The drawing, with room for tick labels of so many lines."""
    return Drawing(WIDTH, frame.bottom + max(BELOW, 16 + TICK_LINE * n_lines), tuple(marks), title)


def _band(frame: Frame, x: Sequence[float], series: Series) -> list[Mark]:
    """The interval around a curve, one polygon for each stretch without gaps."""
    if not series.low:
        return []
    marks: list[Mark] = []
    opacity = 0.10 if series.role == "control" else 0.16
    for stretch in _stretches(series.y):
        upper = [(frame.x(x[i]), frame.y(series.high[i])) for i in stretch]
        lower = [(frame.x(x[i]), frame.y(series.low[i])) for i in reversed(stretch)]
        if len(stretch) > 1:
            marks.append(Area((*upper, *lower), color_of(series.hue, series.role), opacity))
        else:
            marks.append(Line((upper[0], lower[0]), color_of(series.hue, series.role), 1.0))
    return marks


def _curve(frame: Frame, x: Sequence[float], series: Series) -> list[Mark]:
    marks: list[Mark] = []
    for stretch in _stretches(series.y):
        points = tuple((frame.x(x[i]), frame.y(series.y[i])) for i in stretch)
        if len(points) > 1:
            width = 1.1 if series.role == "control" else 1.6
            marks.append(Line(points, color_of(series.hue, series.role), width, DASHES[series.role]))
        marks += [point_mark(series.hue, series.role, *point) for point in points]
    if series.star is not None:
        at = (frame.x(x[series.star]), frame.y(series.y[series.star]))
        marks.append(peak_star(series.hue, series.role, *at))
    return marks


def _stretches(y: Sequence[float]) -> list[list[int]]:
    """Indices of the values that exist, cut at the gaps."""
    runs = groupby(range(len(y)), key=lambda i: math.isnan(y[i]))
    return [list(run) for missing, run in runs if not missing]


def _bars(plot: Bars) -> Drawing:
    entries = [Entry(s.label, s.hue, s.role, "bar") for s in plot.series]
    marks, top = heading(plot.title, entries, WIDTH)
    room = reference_room(plot.references)
    frame = Frame(LEFT, top, WIDTH - LEFT - MARGIN - room, FRAME_HEIGHT, (-0.5, len(plot.groups) - 0.5), plot.y_range)
    marks += y_axis(frame, plot.y_label)
    share = 0.78 / max(1, len(plot.series))
    for group in range(len(plot.groups)):
        for index, series in enumerate(plot.series):
            left = group - 0.39 + index * share
            marks += _bar(frame, series, group, (left + 0.04 * share, left + 0.96 * share))
    marks += reference_lines(frame, plot.references)
    slot = frame.width / len(plot.groups) - 3
    words = [wrapped(group, slot, partial(text_width, size=SMALL)) for group in plot.groups]
    marks += x_axis(frame, "", [(index, "\n".join(lines)) for index, lines in enumerate(words)])
    return _finished(marks, frame, plot.title, max(len(lines) for lines in words))


def _bar(frame: Frame, series: Series, group: int, sides: tuple[float, float]) -> list[Mark]:
    value = series.y[group]
    if math.isnan(value):
        return []
    left, right = map(frame.x, sides)
    middle = (left + right) / 2
    marks: list[Mark] = [
        bar_area(box(left, frame.y(value), right - left, frame.bottom - frame.y(value)), series.hue, series.role)
    ]
    if series.low:
        low, high = frame.y(series.low[group]), frame.y(series.high[group])
        marks.append(Line(((middle, low), (middle, high)), "ink", 0.8))
        marks += [Line(((middle - 2, y), (middle + 2, y)), "ink", 0.8) for y in (low, high)]
    return marks


def _heatmap(plot: Heatmap) -> Drawing:
    n_rows, n_columns = len(plot.rows), len(plot.columns)
    side = min(34.0, max(15.0, 260.0 / max(n_rows, n_columns)))
    marks, top = heading(plot.title, (), WIDTH)
    frame = Frame(LEFT, top, side * n_columns, side * n_rows, (0, n_columns), (0, n_rows))
    for row, values in enumerate(plot.values):
        for column, value in enumerate(values):
            marks += _cell(plot, value, (frame.left + column * side, frame.top + row * side), side)
    for row, words in enumerate(plot.rows):
        marks.append(Text(frame.left - 5, frame.top + (row + 0.5) * side + 2.6, words, SMALL, "muted", "end"))
    for column, words in enumerate(plot.columns):
        marks.append(Text(frame.left + (column + 0.5) * side, frame.bottom + 11, words, SMALL, "muted", "middle"))
    middle = (frame.left + frame.width / 2, frame.top + frame.height / 2)
    marks.append(Text(middle[0], frame.bottom + 24, plot.x_label, NORMAL, "ink", "middle"))
    marks.append(Text(frame.left - 30, middle[1], plot.y_label, NORMAL, "ink", "middle", turned=True))
    marks += _scale(plot, frame.right + 18, frame.top, min(frame.height, 140.0))
    room = max(text_width(w, SMALL) for w in (plot.low_label, plot.high_label))
    width = max(frame.right + 18 + 14 + room + 2 * MARGIN, 2 * MARGIN + text_width(plot.title, 1.1 * LARGE))
    return Drawing(width, frame.bottom + BELOW, tuple(marks), plot.title)


def _cell(plot: Heatmap, value: float, at: tuple[float, float], side: float) -> list[Mark]:
    if math.isnan(value):
        return [Area(box(*at, side - 0.6, side - 0.6), "grid")]
    low, high = plot.range
    share = (value - low) / (high - low)
    marks: list[Mark] = [Area(box(*at, side - 0.6, side - 0.6), heat(share))]
    if side >= 20:
        words = f"{value:.2f}".replace("0.", ".", 1).replace("-", "−")
        marks.append(Text(at[0] + side / 2, at[1] + side / 2 + 2.4, words, 6.5, ink_on_heat(share), "middle"))
    return marks


def _scale(plot: Heatmap, left: float, top: float, height: float) -> list[Mark]:
    """The colour scale: `high_label` at its upper end, `low_label` at its lower."""
    n, (low, high) = 60, plot.range
    step = height / n
    marks: list[Mark] = [Area(box(left, top + i * step, 9, step + 0.3), heat(1 - (i + 0.5) / n)) for i in range(n)]
    for label, value, y in ((plot.high_label, high, top + 6), (plot.low_label, low, top + height - 9)):
        marks.append(Text(left + 13, y, number(value), SMALL, "muted"))
        marks.append(Text(left + 13, y + 8.5, label, SMALL, "muted"))
    return marks


def _points(plot: Points) -> Drawing:
    entries = [Entry(c.label, c.hue, c.role, "point") for c in plot.clouds]
    marks, top = heading(plot.title, entries, WIDTH)
    frame = Frame(LEFT, top, WIDTH - LEFT - 4 * MARGIN, FRAME_HEIGHT + 20, plot.x_range, plot.y_range)
    marks += y_axis(frame, plot.y_label)
    marks += x_axis(frame, plot.x_label, [(v, number(v)) for v in steps(*plot.x_range)])
    shown = [(c, x, y, n) for c in plot.clouds for x, y, n in zip(c.x, c.y, c.names, strict=True) if x == x and y == y]
    places = [(frame.x(x), frame.y(y)) for _, x, y, _ in shown]
    marks += [point_mark(c.hue, c.role, *at, 3.0) for (c, *_), at in zip(shown, places, strict=True)]
    marks += _names([name for *_, name in shown], places, frame)
    return _finished(marks, frame, plot.title)


def _names(names: Sequence[str], places: Sequence[tuple[float, float]], frame: Frame) -> list[Mark]:
    """Each name right, left, above or below its marker: where it covers no other name or marker."""
    marks: list[Mark] = []
    taken = [(x - 3.5, y - 3.5, x + 3.5, y + 3.5) for x, y in places]
    for name, (x, y) in zip(names, places, strict=True):
        width = text_width(name, SMALL)
        sides = ((x + 6, y + 2.5), (x - 6 - width, y + 2.5), (x - width / 2, y - 6), (x - width / 2, y + 11))
        boxes = [(left, base - 6, left + width, base + 1) for left, base in sides]
        inside = [b for b in boxes if b[2] < frame.right + 3 * MARGIN and b[0] > frame.left] or boxes
        chosen = min(inside, key=lambda b: sum(_touch(b, t) for t in taken))
        taken.append(chosen)
        marks.append(Text(chosen[0], chosen[3] - 1, name, SMALL, "muted"))
    return marks


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

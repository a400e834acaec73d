"""Curves, bars and points: plots along two axes, with a legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from core.figures.looks import DASHES, Palette, number, steps, wrapped
from core.figures.sheet import (
    BELOW,
    LEFT,
    MARGIN,
    SMALL,
    Look,
    add_head,
    new_axes,
    place_of,
    sheet_width,
    width_of,
    write,
)
from core.plots import Bars, Cloud, Curves, Reference, Role, Scatter, Series

FRAME_HEIGHT = 165.0
BAR_SHARE = 0.78
MARKERS = "os^Dvh"
NAME_GAPS = (6.0, 14.0, 24.0, 36.0)


def _frame(figure: Figure, plot: Curves | Bars | Scatter, height: float, room: float) -> Axes:
    """Axes with ticks up the left side, and so much room on the right."""
    axes = new_axes(figure, (LEFT, BELOW, sheet_width(figure) - LEFT - MARGIN - room, height))
    axes.set_ylim(*plot.y_range)
    axes.set_yticks(ticks := steps(*plot.y_range), [number(tick) for tick in ticks])
    axes.set_ylabel(plot.y_label)
    return axes


def _marker(hue: int, role: Role, palette: Palette) -> Look:
    """A series' marker: filled where it was measured, hollow where it was published."""
    color = palette.hue(hue, role)
    fill = palette.paper if role == "published" else color
    return {"marker": MARKERS[hue % len(MARKERS)], "mfc": fill, "mec": color, "mew": 0.9}


def _dashes(dashes: tuple[float, ...]) -> Any:
    return (0, dashes) if dashes else "-"


def _references(axes: Axes, references: Sequence[Reference], palette: Palette) -> None:
    """Dashed lines across the axes with their words at the right end."""
    for reference in references:
        axes.axhline(reference.value, color=palette.muted, lw=0.8, ls=_dashes((3.0, 2.5)), zorder=1.5)
        look: Look = {"size": SMALL, "color": palette.muted, "va": "center_baseline"}
        write(axes, reference.label, (4, 0), (1, reference.value), across=axes.get_yaxis_transform(), **look)


def _reference_room(references: Sequence[Reference]) -> float:
    return max((width_of(reference.label) + 6 for reference in references), default=4.0)


def draw_curves(figure: Figure, plot: Curves, palette: Palette) -> None:
    """Lines with markers; an interval is a band."""
    axes = _frame(figure, plot, FRAME_HEIGHT, _reference_room(plot.references))
    edge = 0.03 * (plot.x[-1] - plot.x[0]) or 0.5
    axes.set_xlim(plot.x[0] - edge, plot.x[-1] + edge)
    axes.set_xticks(plot.x, _apart(plot, axes))
    axes.set_xlabel(plot.x_label)
    _references(axes, plot.references, palette)
    x = np.asarray(plot.x)
    for series in plot.series:
        _band(axes, x, series, palette.hue(series.hue, series.role))
    lines = [_curve(axes, x, series, palette) for series in reversed(plot.series)][::-1]
    add_head(axes, plot.title, [(s.label, line) for s, line in zip(plot.series, lines, strict=True)])


def _apart(plot: Curves, axes: Axes) -> list[str]:
    """Tick labels; one that would touch the one before is left out."""
    per_unit = place_of(axes)[2] / (axes.get_xlim()[1] - axes.get_xlim()[0])
    labels, end = [], -math.inf
    for x, words in zip(plot.x, plot.ticks, strict=True):
        half = width_of(words) / 2
        fits = x * per_unit - half > end + 3
        labels.append(words if fits else "")
        end = x * per_unit + half if fits else end
    return labels


def _band(axes: Axes, x: np.ndarray, series: Series, color: str) -> None:
    """The interval round a curve, cut at its gaps; round a value between two gaps it is a line."""
    if not series.low:
        return
    low, high = np.asarray(series.low), np.asarray(series.high)
    known = np.isfinite(series.y)
    opacity = 0.10 if series.role == "control" else 0.16
    axes.fill_between(x, low, high, where=known, color=color, alpha=opacity, lw=0)
    beside = np.pad(known, 1)
    alone = known & ~beside[:-2] & ~beside[2:]
    if alone.any():
        axes.vlines(x[alone], low[alone], high[alone], color=color, lw=1.0)


def _curve(axes: Axes, x: np.ndarray, series: Series, palette: Palette) -> Artist:
    color, width = palette.hue(series.hue, series.role), 1.1 if series.role == "control" else 1.6
    look: Look = {"color": color, "lw": width, "ls": _dashes(DASHES[series.role]), "clip_on": False}
    (line,) = axes.plot(x, np.clip(series.y, *axes.get_ylim()), **look, **_marker(series.hue, series.role, palette))
    if series.star is not None:
        star: Look = {
            "marker": "*",
            "ms": 13,
            "mfc": color,
            "mec": palette.paper,
            "mew": 0.75,
            "clip_on": False,
            "zorder": 4,
        }
        axes.plot(x[series.star], series.y[series.star], **star)
    return line


def draw_bars(figure: Figure, plot: Bars, palette: Palette) -> None:
    """Groups of bars, their names in lines that fit; an interval is a line with two ends."""
    axes = _frame(figure, plot, FRAME_HEIGHT, _reference_room(plot.references))
    axes.set_xlim(-0.5, len(plot.groups) - 0.5)
    slot = place_of(axes)[2] / len(plot.groups) - 3
    axes.set_xticks(range(len(plot.groups)), ["\n".join(wrapped(group, slot, width_of)) for group in plot.groups])
    share = BAR_SHARE / max(1, len(plot.series))
    entries: list[tuple[str, Artist]] = []
    for index, series in enumerate(plot.series):
        middle = np.arange(len(plot.groups)) - BAR_SHARE / 2 + (index + 0.5) * share
        look = _bar_look(series, palette)
        axes.bar(middle, np.asarray(series.y) - plot.foot, 0.92 * share, plot.foot, **look)
        if series.low:
            away = np.array([np.subtract(series.y, series.low), np.subtract(series.high, series.y)])
            ends: Look = {"fmt": "none", "ecolor": palette.ink, "elinewidth": 0.8, "capsize": 2, "clip_on": False}
            axes.errorbar(middle, series.y, np.maximum(away, 0), **ends)
        entries.append((series.label, Patch(**look)))
    _references(axes, plot.references, palette)
    add_head(axes, plot.title, entries, sample=1.3)


def _bar_look(series: Series, palette: Palette) -> Look:
    """Filled where it was measured, tinted with a dashed outline where it was published."""
    color = palette.hue(series.hue, series.role)
    if series.role == "published":
        return {"facecolor": (color, 0.18), "edgecolor": color, "lw": 0.9, "ls": _dashes((3.0, 1.5))}
    return {"facecolor": color, "edgecolor": color, "lw": 0}


def draw_scatter(figure: Figure, plot: Scatter, palette: Palette) -> None:
    """Markers with their names."""
    axes = _frame(figure, plot, FRAME_HEIGHT + 20, 3 * MARGIN)
    axes.set_xlim(*plot.x_range)
    axes.set_xticks(ticks := steps(*plot.x_range), [number(tick) for tick in ticks])
    axes.set_xlabel(plot.x_label)
    entries: list[tuple[str, Artist]] = []
    for cloud in plot.clouds:
        look: Look = {"ls": "", "ms": 5.4, "clip_on": False, **_marker(cloud.hue, cloud.role, palette)}
        axes.plot(cloud.x, cloud.y, **look)
        entries.append((cloud.label, Line2D([], [], **look)))
    _names(axes, plot.clouds, palette)
    add_head(axes, plot.title, entries, sample=1.3)


def _names(axes: Axes, clouds: Sequence[Cloud], palette: Palette) -> None:
    """Each name beside its marker, or at the end of a thin line, where it covers the fewest names and markers."""
    named = [(n, (x, y)) for c in clouds for n, x, y in zip(c.names, c.x, c.y, strict=True) if x == x and y == y]
    places = [axes.transData.transform(at) for _, at in named]
    taken = [Bbox([place - 3.5, place + 3.5]) for place in places]
    left, bottom, right, top = axes.bbox.extents
    room = Bbox.from_extents(left, bottom - MARGIN, right + 3 * MARGIN, top + MARGIN)

    def cost(spot: tuple[Bbox, Look]) -> int:
        outside = not np.array_equal(Bbox.union([room, spot[0]]).extents, room.extents)
        return spot[0].count_overlaps(taken) + 100 * outside

    line: Look = {"arrowstyle": "-", "color": palette.muted, "lw": 0.4, "shrinkA": 0, "shrinkB": 3}
    for (name, at), place in zip(named, places, strict=True):
        box, look = min(_spots(name, place), key=cost)
        taken.append(box)
        arrow = line if math.hypot(*look["xytext"]) > 1.5 * NAME_GAPS[0] else None
        look |= {"textcoords": "offset points", "annotation_clip": False, "size": SMALL, "color": palette.muted}
        axes.annotate(name, at, arrowprops=arrow, **look)


def _spots(name: str, place: np.ndarray) -> Iterator[tuple[Bbox, Look]]:
    """Where a name can stand round its marker, the nearest first, and how it is then written."""
    width, height = width_of(name), SMALL
    for gap, turn in product(NAME_GAPS, range(8)):
        toward = np.array([round(math.cos(turn * math.pi / 4), 3), round(math.sin(turn * math.pi / 4), 3)])
        across, up = np.sign(toward).astype(int)
        left, bottom = place + gap * toward - (width * (1 - across) / 2, height * (1 - up) / 2)
        look: Look = {"ha": ("center", "left", "right")[across], "va": ("center", "bottom", "top")[up]}
        yield Bbox.from_bounds(left, bottom, width, height), {"xytext": tuple(gap * toward), **look}

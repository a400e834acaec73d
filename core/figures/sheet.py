"""A figure as a sheet of paper measured in points (1/72 inch), which are its pixels until it is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.textpath import text_to_path
from matplotlib.transforms import ScaledTranslation

from core.figures.looks import wrapped

POINTS_AN_INCH = 72
WIDTH = 360.0
LEFT, BELOW, MARGIN = 46.0, 40.0, 10.0
SMALL, NORMAL, LARGE = 7.0, 7.5, 9.0
LINE = 11.5
SAMPLE_GAP, ENTRY_GAP = 0.65, 1.6
"""In widths of a letter, as figures.mplstyle has them."""
Entry = tuple[str, Artist]
Place = tuple[float, float, float, float]
"""Left, bottom, width and height."""
Shift = tuple[float, float]
Look = dict[str, Any]
"""Options of matplotlib by their names."""


def new_axes(figure: Figure, place: Place) -> Axes:
    """Axes at a place."""
    axes = figure.add_axes((0, 0, 1, 1))
    _put(axes, place)
    return axes


def sheet_of(axes: Axes) -> Figure:
    """The figure that the axes are on."""
    return cast(Figure, axes.get_figure(root=True))


def sheet_width(figure: Figure) -> float:
    """How wide the sheet is."""
    return float(figure.get_figwidth()) * POINTS_AN_INCH


def place_of(axes: Axes) -> Place:
    """Where the axes are."""
    left, bottom, width, height = axes.bbox.bounds
    return left, bottom, width, height


def _put(axes: Axes, place: Place) -> None:
    width, height = sheet_of(axes).bbox.size
    axes.set_position((place[0] / width, place[1] / height, place[2] / width, place[3] / height))


def fit(figure: Figure, least: float = 0.0) -> None:
    """Make the canvas, at least so wide, as large as what is drawn; what hangs on axes keeps its size."""
    drawn = figure.get_tightbbox().padded(MARGIN / POINTS_AN_INCH)
    left, right = (min(0, drawn.x0), max(least / POINTS_AN_INCH, drawn.x1)) if least else (drawn.x0, drawn.x1)
    places = [place_of(axes) for axes in figure.axes]
    figure.set_size_inches(right - left, drawn.height)
    for axes, (x, y, width, height) in zip(figure.axes, places, strict=True):
        _put(axes, (x - left * POINTS_AN_INCH, y - drawn.y0 * POINTS_AN_INCH, width, height))


def write(axes: Axes, words: str, away: Shift, corner: Shift, across: Any = "axes fraction", **font: Any) -> None:
    """Words so many points away from a corner of the axes."""
    axes.annotate(words, corner, away, across, "offset points", annotation_clip=False, **font)


def width_of(words: str, size: float = SMALL, weight: str = "normal") -> float:
    """Room for one line of text."""
    return float(text_to_path.get_text_width_height_descent(words, FontProperties(size=size, weight=weight), False)[0])


def add_head(axes: Axes, title: str, entries: Sequence[Entry] = (), sample: float = 2.7) -> None:
    """The title and under it the legend, both in lines as wide as the figure; `sample` is in widths of a letter."""
    inches = sheet_of(axes).dpi_scale_trans
    indent, up = MARGIN - LEFT, 7.0
    for row in reversed(_rows(entries, sample, sheet_width(sheet_of(axes)) - 2 * MARGIN)):
        labels, handles = zip(*row, strict=True)
        where = axes.transAxes + ScaledTranslation(indent / POINTS_AN_INCH, up / POINTS_AN_INCH, inches)
        look: Look = {"loc": "lower left", "bbox_to_anchor": (0, 1), "bbox_transform": where, "handlelength": sample}
        axes.add_artist(Legend(axes, handles, labels, ncols=len(row), **look))
        up += LINE
    write_title(axes, title, (indent, up + 3), sheet_width(sheet_of(axes)) - 2 * MARGIN)


def _rows(entries: Sequence[Entry], sample: float, room: float) -> list[list[Entry]]:
    """Entries of a legend in rows that fit into the room; a legend of matplotlib's would stand in columns."""
    rows: list[list[Entry]] = []
    right = math.inf
    for words, artist in entries:
        width = NORMAL * (sample + SAMPLE_GAP) + width_of(words, NORMAL)
        if right + width > room:
            rows, right = [*rows, []], 0.0
        rows[-1].append((words, artist))
        right += width + NORMAL * ENTRY_GAP
    return rows


def write_title(axes: Axes, title: str, away: Shift, room: float) -> None:
    """The title over axes, in lines of this width."""
    lines = wrapped(title, room, partial(width_of, size=LARGE, weight="bold"))
    write(axes, "\n".join(lines), away, (0, 1), size=LARGE, weight="bold", va="bottom")

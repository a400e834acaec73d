"""Heat maps, and maps over one picture: every cell or patch in its own colour, with a scale beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from core.figures.looks import (
    HEAT,
    RING_INK,
    RING_SHADE,
    RINGS,
    Palette,
    cell_words,
    extent_of,
    ink_on_heat,
    key_of,
    letter_places,
    map_scale,
    number,
    overlay,
    percent,
    top_of_scale,
    wrapped,
)
from core.figures.sheet import (
    BELOW,
    LEFT,
    NORMAL,
    SMALL,
    Look,
    add_head,
    new_axes,
    place_of,
    sheet_of,
    width_of,
    write,
    write_title,
)
from core.plots import Heatmap, Map, Maps, Ring

SIDE, GAP, LINE, TAB = 112.0, 13.0, 9.0, 8.5
BAR = (34.0, 5.0)
KEY_UP = 20.0


def draw_heatmap(figure: Figure, plot: Heatmap, palette: Palette) -> None:
    """Square cells, with their values where they are large enough."""
    n_rows, n_columns = len(plot.rows), len(plot.columns)
    side = min(34.0, max(15.0, 260.0 / max(n_rows, n_columns)))
    axes = new_axes(figure, (LEFT, BELOW, side * n_columns, side * n_rows))
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    colors = LinearSegmentedColormap.from_list("heat", HEAT).with_extremes(bad=palette.grid)
    low, high = plot.range
    cells = axes.pcolormesh(plot.values, cmap=colors, vmin=low, vmax=high, edgecolors=palette.paper, lw=0.6)
    cells.set_clip_on(False)
    axes.set_ylim(n_rows, 0)
    axes.set_xticks(np.arange(n_columns) + 0.5, plot.columns)
    axes.set_yticks(np.arange(n_rows) + 0.5, plot.rows)
    axes.tick_params(length=0)
    axes.set(xlabel=plot.x_label, ylabel=plot.y_label)
    for row, column in product(range(n_rows), range(n_columns)):
        share = (plot.values[row][column] - low) / (high - low)
        if side >= 20 and not math.isnan(share):
            look: Look = {"size": 6.5, "color": ink_on_heat(share), "ha": "center", "va": "center_baseline"}
            axes.text(column + 0.5, row + 0.5, cell_words(plot.values[row][column]), **look)
    _heat_scale(axes, plot, colors, palette)
    add_head(axes, plot.title)


def _heat_scale(beside: Axes, plot: Heatmap, colors: Colormap, palette: Palette) -> None:
    """The colour scale: `high_label` at its upper end, `low_label` at its lower."""
    left, bottom, width, all_height = place_of(beside)
    height = min(all_height, 140.0)
    scale = new_axes(sheet_of(beside), (left + width + 18, bottom + all_height - height, 9, height))
    scale.imshow(np.linspace(1, 0, 128)[:, None], cmap=colors, aspect="auto")
    scale.set_axis_off()
    ends = ((plot.high_label, plot.range[1], 1, "top"), (plot.low_label, plot.range[0], 0, "bottom"))
    for label, value, at, va in ends:
        write(scale, f"{number(value)}\n{label}".strip(), (4, 0), (1, at), size=SMALL, color=palette.muted, va=va)


def draw_maps(figure: Figure, plot: Maps, palette: Palette) -> None:
    """The maps side by side, each with its title, its own scale and its caption."""
    width = len(plot.maps) * (SIDE + GAP) - GAP
    key = wrapped(key_of(plot), width, width_of)
    frames = [new_axes(figure, (index * (SIDE + GAP), BELOW, SIDE, SIDE)) for index in range(max(1, len(plot.maps)))]
    frames[0].set_axis_off()  # there may be no map
    for axes, of in zip(frames, plot.maps, strict=False):
        _map(axes, plot, of, palette)
    small: Look = {"size": SMALL, "color": palette.muted, "va": "bottom"}
    write(frames[0], "\n".join(key), (0, KEY_UP), (0, 1), **small)
    write_title(frames[0], plot.title, (0, KEY_UP + 4 + len(key) * LINE), width)


def _map(axes: Axes, plot: Maps, of: Map, palette: Palette) -> None:
    grid = len(of.values)
    axes.set_axis_off()
    axes.imshow(overlay(plot.picture, of), extent=(0, grid, grid, 0))
    for ring in plot.rings:
        _outline(axes, ring, grid)
    _letters(axes, plot.rings, grid)
    write(axes, of.title, (0, 6), (0, 1), size=NORMAL, weight="bold", va="bottom")
    left, bottom, _, _ = place_of(axes)
    scale = new_axes(sheet_of(axes), (left + 6, bottom - 10, *BAR))
    scale.imshow(map_scale(34), aspect="auto")
    scale.set_axis_off()
    small: Look = {"size": SMALL, "color": palette.muted, "va": "center_baseline"}
    write(scale, "0", (-2, 0), (0, 0.5), ha="right", **small)
    write(scale, percent(top_of_scale(of)), (3, 0), (1, 0.5), **small)
    write(axes, f"{plot.aside_label} {percent(of.aside)}", (0, -7.5), (1, 0), ha="right", **small)
    write(axes, "\n".join(wrapped(of.caption, SIDE, width_of)), (0, -15), (0, 0), size=SMALL, va="top")


def _outline(axes: Axes, ring: Ring, grid: int) -> None:
    """A line round the patches; the ones whose attention is shown have a white line round it as well."""
    point = grid / SIDE
    left, top, right, bottom = extent_of(ring.patches, grid)
    lines = [(1.3, RING_SHADE, 2.6), (1.2, RINGS[ring.hue % len(RINGS)], 1.4), (2.9, "#ffffff", 1.1)]
    for out, color, width in lines[: 3 if ring.asks else 2]:
        out *= point
        size = (right - left + 2 * out, bottom - top + 2 * out)
        look: Look = {"fill": False, "ec": color, "lw": width, "joinstyle": "miter", "clip_on": False, "snap": False}
        axes.add_patch(Rectangle((left - out, top - out), *size, **look))


def _letters(axes: Axes, rings: Sequence[Ring], grid: int) -> None:
    tab = TAB * grid / SIDE
    look: Look = {"size": NORMAL, "weight": "bold", "color": RING_INK, "ha": "center", "va": "center_baseline"}
    for ring, (left, top) in zip(rings, letter_places(rings, grid, tab), strict=True):
        fill: Look = {"color": RINGS[ring.hue % len(RINGS)], "lw": 0, "clip_on": False, "snap": False}
        axes.add_patch(Rectangle((left, top), tab, tab, **fill))
        axes.text(left + tab / 2, top + tab / 2, ring.label, **look)

"""How maps over one picture are laid out: side by side, each with its title, its colour scale and its caption."""

from __future__ import annotations

import base64
import io
from functools import lru_cache, partial

import numpy as np
from PIL import Image

from core.figures.axes import LARGE, MARGIN, NORMAL, SMALL
from core.figures.drawing import Area, Drawing, Line, Mark, Picture, Text, box, text_width, wrapped
from core.figures.palette import RINGS, viridis
from core.plots import Map, Maps, Ring

SIDE, GAP = 112.0, 13.0
LINE = 9.0
OPACITY = 0.78
ABOVE, SCALE = 12.0, 16.0
BAR = (34.0, 5.0)
TAB = 8.5
SHADE, INK = "#101216", "#14161a"


def draw_maps(plot: Maps, n_columns: int, side: float = SIDE) -> Drawing:
    """The maps in rows of `n_columns`, each picture `side` points wide."""
    marks: list[Mark] = [Text(MARGIN, MARGIN + LARGE, plot.title, LARGE, bold=True)]
    key = _key(plot, n_columns, side)
    marks += [Text(MARGIN, MARGIN + LARGE + 13 + i * LINE, line, SMALL, "muted") for i, line in enumerate(key)]
    boxes = map_boxes(plot, n_columns, side)
    for of, (x, y, _, _) in zip(plot.maps, boxes, strict=True):
        marks += _map(plot, of, (x, y), side)
    right = max((x + width for x, _, width, _ in boxes), default=side)
    bottom = max((y + height for _, y, _, height in boxes), default=MARGIN + LARGE)
    return Drawing(right + MARGIN, bottom + MARGIN, tuple(marks), plot.title)


def _key(plot: Maps, n_columns: int, side: float) -> list[str]:
    """How to read the maps, in lines."""
    asking = [ring.label for ring in plot.rings if ring.asks]
    who = f" White frame: {asking[0]}, whose tokens look." if asking else ""
    words = f"Colour: share of attention a patch, each map on a scale of its own.{who}"
    n_columns = min(n_columns, max(1, len(plot.maps)))
    return wrapped(words, n_columns * (side + GAP) - GAP, partial(text_width, size=SMALL))


def map_boxes(plot: Maps, n_columns: int, side: float = SIDE) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height of each map with its words, in points."""
    top = MARGIN + LARGE + 12 + len(_key(plot, n_columns, side)) * LINE
    boxes: list[tuple[float, float, float, float]] = []
    for first in range(0, len(plot.maps), n_columns):
        row = plot.maps[first : first + n_columns]
        n_lines = max(len(wrapped(of.caption, side, partial(text_width, size=SMALL))) for of in row)
        height = ABOVE + side + SCALE + n_lines * LINE
        boxes += [(MARGIN + i * (side + GAP), top, side, height) for i in range(len(row))]
        top += height + GAP
    return boxes


def _map(plot: Maps, of: Map, at: tuple[float, float], side: float) -> list[Mark]:
    x, y = at
    marks: list[Mark] = [Text(x, y + 7, of.title, NORMAL, bold=True)]
    y += ABOVE
    marks.append(Picture(x, y, side, overlay(plot.picture, of)))
    cell = side / len(of.values)
    for ring in plot.rings:
        marks += _outline(ring, (x, y), cell, len(of.values))
    for ring in plot.rings:
        marks += _letter(ring, (x, y), cell, len(of.values))
    marks += _scale(of, x, y + side + 5)
    marks.append(Text(x + side, y + side + 10.3, f"{plot.aside_label} {percent(of.aside)}", SMALL, "muted", "end"))
    for i, line in enumerate(wrapped(of.caption, side, partial(text_width, size=SMALL))):
        marks.append(Text(x, y + side + SCALE + 5.5 + i * LINE, line, SMALL))
    return marks


def _scale(of: Map, x: float, y: float) -> list[Mark]:
    """The colour scale from 0 to the largest share of a patch, as it looks over white."""
    n, (width, height) = 17, BAR
    colors = on_white(viridis((np.arange(n) + 0.5) / n))
    step = width / n
    marks: list[Mark] = [Text(x, y + 5.3, "0", SMALL, "muted")]
    for i, (red, green, blue) in enumerate(colors):
        room = step if i == n - 1 else step + 0.3
        marks.append(Area(box(x + 6 + i * step, y, room, height), f"#{red:02x}{green:02x}{blue:02x}"))
    marks.append(Text(x + 6 + width + 3, y + 5.3, percent(top_of_scale(of)), SMALL, "muted"))
    return marks


def _outline(ring: Ring, at: tuple[float, float], cell: float, grid: int) -> list[Mark]:
    """A line round the patches; the ones whose attention is shown have a white line round it as well."""
    edge = _extent(ring, at, cell, grid)
    lines: list[Mark] = [_frame(edge, 1.3, SHADE, 2.6), _frame(edge, 1.2, RINGS[ring.hue % len(RINGS)], 1.4)]
    return [*lines, _frame(edge, 2.9, "#ffffff", 1.1)] if ring.asks else lines


def _frame(edge: tuple[float, float, float, float], out: float, color: str, width: float) -> Line:
    left, top, right, bottom = edge[0] - out, edge[1] - out, edge[2] + out, edge[3] + out
    corners = box(left, top, right - left, bottom - top)
    # The first side is drawn twice, so that the corner where the line ends is as sharp as the others.
    return Line((*corners, corners[0], corners[1]), color, width)


def _letter(ring: Ring, at: tuple[float, float], cell: float, grid: int) -> list[Mark]:
    """The letter above the box, or below it where there is no room above."""
    left, top, _, bottom = _extent(ring, at, cell, grid)
    y = top - TAB - 3.6 if top - TAB - 3.6 >= at[1] else bottom + 3.6
    return [
        Area(box(left - 2.0, y, TAB, TAB), RINGS[ring.hue % len(RINGS)]),
        Text(left - 2.0 + TAB / 2, y + 6.8, ring.label, NORMAL, INK, "middle", bold=True),
    ]


def _extent(ring: Ring, at: tuple[float, float], cell: float, grid: int) -> tuple[float, float, float, float]:
    rows, columns = zip(*(divmod(patch, grid) for patch in ring.patches), strict=True)
    left, top = at[0] + min(columns) * cell, at[1] + min(rows) * cell
    return left, top, at[0] + (max(columns) + 1) * cell, at[1] + (max(rows) + 1) * cell


def on_white(colors: np.ndarray) -> np.ndarray:
    """Colours [N, 3] of a map as they look over white."""
    mixed: np.ndarray = ((1 - OPACITY) * 255 + OPACITY * colors).round().astype(np.uint8)
    return mixed


@lru_cache(maxsize=64)
def overlay(picture: str, of: Map) -> str:
    """The picture under the colours of a map, as a PNG in base64."""
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"), np.float64)  # [S, S, 3]
    values = np.asarray(of.values, np.float64)  # [G, G]
    colors = viridis(values / top_of_scale(of))
    sides = [np.arange(n) * len(values) // n for n in pixels.shape[:2]]
    mixed = (1 - OPACITY) * pixels + OPACITY * colors[np.ix_(*sides)]
    file = io.BytesIO()
    Image.fromarray(mixed.round().astype(np.uint8)).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def top_of_scale(of: Map) -> float:
    """The share at the upper end of a map's colour scale: its largest, but a fifth of an even spread at least.

    Otherwise the noise of a map whose attention is all elsewhere would look like a pattern.
    """
    shares = [value for row in of.values for value in row]
    return max([*shares, 0.2 / len(shares)])


def percent(share: float) -> str:
    """A share in whole per cent, below ten per cent with one decimal."""
    digits = 0 if share >= 0.0995 else 1
    return f"{100 * share:.{digits}f} %".replace("0.0 %", "0 %")

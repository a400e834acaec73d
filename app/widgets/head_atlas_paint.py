"""How the head atlas looks: a grid of blocks × heads, attention in miniature over an edge from local to global."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from app import theme
from app.widgets.marks import keep_inside
from app.widgets.painted import box, line_height, scaled, width_of, write

WAITING = "waiting for the engine"
COMPUTING = "computing"
_TITLE = "all blocks × heads"
_LEAST_THUMBNAIL_PX = 4.0
_EDGE, _LEAST_EDGE_PX, _MOST_EDGE_PX = 0.14, 1.5, 3.0
_ENLARGED_PX, _LARGE_ENOUGH_PX = 132.0, 64.0
_OFF_VEIL = 0.7
_FILL_ALPHA = 225  # of 255: the grid is calmer than its legend
_WIDEST = 2.4  # a cell is at most this many times as wide as high


@dataclass(frozen=True)
class Grid:
    """Where the cells are; `pitch` is the distance between two of them."""

    left: float
    top: float
    pitch_x: float
    pitch_y: float
    n_blocks: int
    n_heads: int

    @property
    def gap(self) -> float:
        """What is free between two cells."""
        return min(3.0, max(1.0, 0.1 * min(self.pitch_x, self.pitch_y)))

    @property
    def radius(self) -> float:
        """Of the corners of a cell."""
        return min(3.0, 0.2 * self.pitch_y)

    @property
    def right(self) -> float:
        """Where the cells end."""
        return self.left + self.n_heads * self.pitch_x

    def cell(self, block: int, head: int) -> QRectF:
        """The rectangle of one head, without the gap to its neighbours."""
        x, y = self.left + head * self.pitch_x, self.top + block * self.pitch_y
        return QRectF(x, y, self.pitch_x - self.gap, self.pitch_y - self.gap)

    @cached_property
    def cells(self) -> tuple[tuple[int, int, QRectF], ...]:
        """Block, head and rectangle of every head."""
        heads = product(range(self.n_blocks), range(self.n_heads))
        return tuple((block, head, self.cell(block, head)) for block, head in heads)

    def head_at(self, at: QPointF) -> tuple[int, int] | None:
        """The block and head at a point."""
        if not self.n_blocks or not self.n_heads:
            return None
        block, head = math.floor((at.y() - self.top) / self.pitch_y), math.floor((at.x() - self.left) / self.pitch_x)
        inside = 0 <= block < self.n_blocks and 0 <= head < self.n_heads
        return (block, head) if inside else None


@dataclass(frozen=True)
class Heads:
    """What each answer changes: scores [L, H], and every thumbnail in one image."""

    scores: np.ndarray
    thumbnails: QImage | None


@dataclass(frozen=True)
class Choice:
    """What is said of the selected head in the legend, and whether it is being computed anew."""

    block: int
    head: int
    score: float
    off: bool
    stale: bool

    def told(self) -> str:
        """In a few characters."""
        if self.stale:
            return COMPUTING
        known = "" if math.isnan(self.score) else f" · {self.score:.2f}"
        return f"b{self.block} h{self.head}{known}{' · off' if self.off else ''}"

    def color(self) -> QColor:
        """The colour of the words."""
        return theme.current().color("warning" if self.stale else "text")


def grid_in(area: QRectF, font: QFont, n_blocks: int, n_heads: int) -> Grid:
    """The largest grid that leaves room for the legend above and the names of the blocks at the right."""
    em = line_height(font)
    top = 1.7 * em if area.height() > 5 * em else 0.3 * em
    names = width_of(scaled(font, 0.92), f"b{max(0, n_blocks - 1)}") + 0.8 * em
    room = area.adjusted(2, top, -names - 2, -0.25 * em)
    pitch_y = max(1.0, room.height() / max(1, n_blocks))
    pitch_y = min(pitch_y, 3.6 * em)
    pitch_x = max(1.0, min(room.width() / max(1, n_heads), _WIDEST * pitch_y))
    pitch_y = min(pitch_y, 1.25 * pitch_x)
    return Grid(room.left(), room.top(), pitch_x, pitch_y, n_blocks, n_heads)


def thumbnail_sheet(maps: np.ndarray, vmax: np.ndarray) -> np.ndarray:
    """Pixels `[L * rows, H * cols, 3]` of maps `[L, H, rows, cols]`, each block on its own scale `vmax` [L]."""
    n_blocks, n_heads, rows, cols = maps.shape
    top = np.where(vmax > 0, vmax, 1.0)[:, None, None, None]
    shares = np.nan_to_num(maps / top).swapaxes(1, 2)  # [L, rows, H, cols]
    return theme.viridis(shares.reshape(n_blocks * rows, n_heads * cols))


def paint_waiting(painter: QPainter, area: QRectF, font: QFont) -> None:
    """What is said before there are heads."""
    write(painter, area, WAITING, font=font, color=theme.current().color("muted"), align=Qt.AlignmentFlag.AlignHCenter)


def figure_height(width_px: float, font: QFont, n_blocks: int, n_heads: int) -> float:
    """The height at which cells are as high as wide, where words are not larger."""
    grid = grid_in(QRectF(0, 0, width_px, 1e6), font, n_blocks, n_heads)
    return grid.top + n_blocks * min(grid.pitch_x, grid.pitch_y) + 0.25 * line_height(font)


def paint_cells(painter: QPainter, grid: Grid, heads: Heads, outlines: Callable[[QPainter], None] | None) -> None:
    """Each head in the colour of its score, or a frame where that is not known; with thumbnails, only at its edge.

    `outlines` draws the shapes of all cells, which cut them out of plain rectangles: quicker than round ones each time.
    Without it each is drawn, as a figure needs it, in which nothing is cut out.
    """
    if heads.thumbnails is not None and _are_readable(grid, heads.thumbnails):
        _paint_thumbnails(painter, grid, heads.thumbnails, heads.scores)
        return
    fills = theme.local_global(np.nan_to_num(heads.scores)).tolist()
    unknown, half = np.isnan(heads.scores).tolist(), grid.gap / 2
    if outlines is None:
        for block, head, cell in grid.cells:
            red, green, blue = fills[block][head]
            line = theme.current().color("line") if unknown[block][head] else None
            fill = None if line is not None else QColor(red, green, blue, _FILL_ALPHA)
            box(painter, cell, radius=grid.radius, fill=fill, line=line)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for block, head, cell in grid.cells:
        if not unknown[block][head]:
            red, green, blue = fills[block][head]
            painter.fillRect(cell.adjusted(-half, -half, half, half), QColor(red, green, blue, _FILL_ALPHA))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    outlines(painter)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    for block, head, cell in grid.cells:
        if unknown[block][head]:
            box(painter, cell, radius=grid.radius, line=theme.current().color("line"))


def paint_outlines(painter: QPainter, grid: Grid) -> None:
    """The shapes of all cells."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.black)
    for _, _, cell in grid.cells:
        painter.drawRoundedRect(cell, grid.radius, grid.radius)


def paint_off(painter: QPainter, grid: Grid, off: frozenset[tuple[int, int]]) -> None:
    """Heads that are off, greyed and crossed out from corner to corner."""
    colors = theme.current()
    for block, head in off:
        if not (block < grid.n_blocks and head < grid.n_heads):
            continue
        cell = grid.cell(block, head)
        painter.fillRect(cell, colors.color("panel", _OFF_VEIL))
        inner = cell.adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(colors.color("text"), min(2.0, max(1.2, 0.09 * cell.height()))))
        painter.drawLine(inner.topLeft(), inner.bottomRight())
        painter.drawLine(inner.bottomLeft(), inner.topRight())


def paint_rings(
    painter: QPainter, grid: Grid, selected: tuple[int, int], hovered: tuple[int, int] | None, *, focused: bool
) -> None:
    """Round the selected head, and round the one that the pointer is on."""
    colors = theme.current()
    if hovered is not None and hovered != selected:
        _ring(painter, grid.cell(*hovered), colors.color("text", 0.6), 1.0)
    _ring(painter, grid.cell(*selected), colors.color("panel"), 1.0, out=0.0)
    _ring(painter, grid.cell(*selected), colors.color("accent" if focused else "text"), 2.0, out=1.5)


def _are_readable(grid: Grid, sheet: QImage) -> bool:
    return bool(grid.cells) and min(grid.cell(0, 0).width(), grid.cell(0, 0).height()) >= _LEAST_THUMBNAIL_PX


def _part(sheet: QImage, grid: Grid, block: int, head: int) -> QRectF:
    """Where the map of one head is in the sheet."""
    wide, high = sheet.width() / grid.n_heads, sheet.height() / grid.n_blocks
    return QRectF(head * wide, block * high, wide, high)


def _paint_thumbnails(painter: QPainter, grid: Grid, sheet: QImage, scores: np.ndarray) -> None:
    """A map that fills each cell, over an edge in the colour of the score."""
    edges, unknown = theme.local_global(np.nan_to_num(scores)).tolist(), np.isnan(scores).tolist()
    line = theme.current().color("line")
    edge = min(_MOST_EDGE_PX, max(_LEAST_EDGE_PX, _EDGE * grid.pitch_y))
    shrunk = grid.pitch_y < sheet.height() / max(1, grid.n_blocks)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)  # so that no patch is left out
    for block, head, cell in grid.cells:
        painter.drawImage(cell.adjusted(0, 0, 0, -edge), sheet, _part(sheet, grid, block, head))
        color = line if unknown[block][head] else QColor(*edges[block][head])
        painter.fillRect(QRectF(cell.left(), cell.bottom() - edge, cell.width(), edge), color)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def paint_enlarged(painter: QPainter, area: QRectF, grid: Grid, sheet: QImage, head: tuple[int, int]) -> None:
    """One map large, beside its cell, where the cell itself is small."""
    cell, side = grid.cell(*head), min(_ENLARGED_PX, area.height() - 4)
    if min(cell.width(), cell.height()) >= min(_LARGE_ENOUGH_PX, 0.6 * side):
        return
    place = QRectF(cell.right() + grid.pitch_x, cell.center().y() - side / 2, side, side)
    if place.right() > area.right() - 2:
        place.moveRight(cell.left() - grid.pitch_x)
    place = keep_inside(place, area.adjusted(2, 2, -2, -2))
    colors = theme.current()
    painter.fillRect(place.adjusted(-3, -3, 3, 3), colors.color("panel"))
    painter.drawImage(place, sheet, _part(sheet, grid, *head))
    box(painter, place.adjusted(-2, -2, 2, 2), radius=2, line=colors.color("text"), width=1.5)


def paint_names(painter: QPainter, grid: Grid, font: QFont, chosen: int) -> None:
    """`b0`, `b1` … at the right, as many as there is room for, and always that of the selected block."""
    em = line_height(font)
    colors = theme.current()
    every = max(1, math.ceil(0.95 * em / grid.pitch_y))
    left = grid.right + 0.45 * em
    for block in range(grid.n_blocks):
        if block != chosen and (block % every or abs(block - chosen) * grid.pitch_y < 0.95 * em):
            continue
        middle = grid.cell(block, 0).center().y()
        row = QRectF(left, middle - 0.5 * em, 4 * em, em)
        face = scaled(font, 0.92, bold=block == chosen)
        write(painter, row, f"b{block}", font=face, color=colors.color("text" if block == chosen else "muted"))


def _ring(painter: QPainter, cell: QRectF, color: QColor, width: float, out: float = 1.0) -> None:
    box(
        painter,
        cell.adjusted(-out, -out, out, out),
        radius=min(3.0, 0.2 * cell.height()) + out,
        line=color,
        width=width,
    )


def legend_row(area: QRectF, font: QFont) -> QRectF:
    """Where the legend stands."""
    return QRectF(area.left() + 2, area.top(), area.width() - 4, 1.5 * line_height(font))


def legend_fits(row: QRectF, font: QFont, told: str) -> tuple[bool, bool]:
    """Whether there is room for the title, and for the two colours, beside what is told; the title goes first."""
    em = line_height(font)
    free = row.width() - width_of(scaled(font, 0.95, bold=True), told) - 0.8 * em
    title, keys = width_of(font, _TITLE) + em, sum(width_of(font, word) + 1.5 * em for word in ("local", "global"))
    return title + keys <= free, keys <= free


def paint_legend(painter: QPainter, row: QRectF, font: QFont, fits: tuple[bool, bool]) -> None:
    """Title and the two colours, as far as they fit."""
    muted, em = theme.current().color("muted"), line_height(font)
    with_title, with_keys = fits
    x = row.left()
    if with_title:
        write(painter, row, _TITLE, font=font, color=muted)
        x += width_of(font, _TITLE) + em
    if not with_keys:
        return
    for word, score in (("local", 0.0), ("global", 1.0)):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*theme.local_global(np.array(score)).tolist()))
        painter.drawEllipse(QPointF(x + 0.3 * em, row.center().y()), 0.3 * em, 0.3 * em)
        write(painter, row.adjusted(x - row.left() + 0.8 * em, 0, 0, 0), word, font=font, color=muted)
        x += width_of(font, word) + 1.5 * em


def paint_choice(painter: QPainter, row: QRectF, font: QFont, choice: Choice) -> None:
    """At the right of the legend what is selected."""
    bold = scaled(font, 0.95, bold=True)
    write(painter, row, choice.told(), font=bold, color=choice.color(), align=Qt.AlignmentFlag.AlignRight)

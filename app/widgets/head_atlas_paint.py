"""How the head atlas looks: a grid of blocks × heads, coloured from local to global, with attention in miniature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from app import theme
from app.widgets.painted import STALE_OPACITY, box, line_height, scaled, width_of, write

WAITING = "waiting for the engine"
COMPUTING = "computing"
_TITLE = "all blocks × heads"
_LEAST_THUMBNAIL_PX = 7.0
_FILL_ALPHA = 225  # of 255: the grid is calmer than its legend
_WIDEST = 2.1  # a cell is at most this many times as wide as high


@dataclass(frozen=True)
class Grid:
    """Where the cells are; `pitch` is the distance between two of them."""

    left: float
    top: float
    pitch_x: float
    pitch_y: float
    n_blocks: int
    n_heads: int

    def cell(self, block: int, head: int) -> QRectF:
        """The rectangle of one head, without the gap to its neighbours."""
        gap = min(3.0, max(1.0, 0.1 * min(self.pitch_x, self.pitch_y)))
        x, y = self.left + head * self.pitch_x, self.top + block * self.pitch_y
        return QRectF(x, y, self.pitch_x - gap, self.pitch_y - gap)

    def head_at(self, at: QPointF) -> tuple[int, int] | None:
        """The block and head at a point."""
        if not self.n_blocks or not self.n_heads:
            return None
        block, head = math.floor((at.y() - self.top) / self.pitch_y), math.floor((at.x() - self.left) / self.pitch_x)
        inside = 0 <= block < self.n_blocks and 0 <= head < self.n_heads
        return (block, head) if inside else None


@dataclass(frozen=True)
class Look:
    """All that a picture of the atlas depends on; `thumbnails` holds every map in one image."""

    scores: np.ndarray  # [L, H]
    thumbnails: QImage | None
    selected: tuple[int, int]
    hovered: tuple[int, int] | None
    focused: bool
    stale: bool


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


def paint_atlas(painter: QPainter, area: QRectF, font: QFont, look: Look) -> None:
    """Draw `look` into `area`."""
    colors = theme.current()
    n_blocks, n_heads = look.scores.shape
    if not n_blocks or not n_heads:
        write(painter, area, WAITING, font=font, color=colors.color("muted"), align=Qt.AlignmentFlag.AlignHCenter)
        return
    grid = grid_in(area, font, n_blocks, n_heads)
    if grid.top > line_height(font):
        _legend(painter, QRectF(area.left() + 2, area.top(), area.width() - 4, 1.5 * line_height(font)), font, look)
    painter.setOpacity(STALE_OPACITY if look.stale else 1.0)
    _cells(painter, grid, look)
    painter.setOpacity(1.0)
    _names(painter, grid, font, look)
    if look.hovered is not None and look.hovered != look.selected:
        _ring(painter, grid.cell(*look.hovered), colors.color("text", 0.6), 1.0)
    _ring(painter, grid.cell(*look.selected), colors.color("panel"), 1.0, out=0.0)
    _ring(painter, grid.cell(*look.selected), colors.color("accent" if look.focused else "text"), 2.0, out=1.5)


def _cells(painter: QPainter, grid: Grid, look: Look) -> None:
    fills = theme.local_global(np.nan_to_num(look.scores))
    radius = min(3.0, 0.2 * grid.pitch_y)
    line = theme.current().color("line")
    for block in range(grid.n_blocks):
        for head in range(grid.n_heads):
            cell = grid.cell(block, head)
            if math.isnan(look.scores[block, head]):
                box(painter, cell, radius=radius, line=line)
            else:
                red, green, blue = (int(part) for part in fills[block, head])
                box(painter, cell, radius=radius, fill=QColor(red, green, blue, _FILL_ALPHA))
            if look.thumbnails is not None:
                _thumbnail(painter, grid, look.thumbnails, block, head)


def _thumbnail(painter: QPainter, grid: Grid, sheet: QImage, block: int, head: int) -> None:
    """One map in the middle of its cell, square patches kept square; none where it could not be read."""
    cell = grid.cell(block, head)
    wide, high = sheet.width() / grid.n_heads, sheet.height() / grid.n_blocks
    inset = min(2.0, 0.08 * cell.height() + 0.5)
    zoom = min((cell.width() - 2 * inset) / wide, (cell.height() - 2 * inset) / high)
    if zoom * min(wide, high) < _LEAST_THUMBNAIL_PX:
        return
    target = QRectF(0, 0, zoom * wide, zoom * high)
    target.moveCenter(cell.center())
    painter.drawImage(target, sheet, QRectF(head * wide, block * high, wide, high))


def _names(painter: QPainter, grid: Grid, font: QFont, look: Look) -> None:
    """`b0`, `b1` … at the right, as many as there is room for, and always that of the selected block."""
    em = line_height(font)
    colors = theme.current()
    every = max(1, math.ceil(0.95 * em / grid.pitch_y))
    left = grid.left + grid.n_heads * grid.pitch_x + 0.45 * em
    chosen = look.selected[0]
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


def _legend(painter: QPainter, row: QRectF, font: QFont, look: Look) -> None:
    """Title, the two colours, and at the right what is selected; what does not fit is left out, title first."""
    colors = theme.current()
    em = line_height(font)
    told, color = _selection(look)
    bold = scaled(font, 0.95, bold=True)
    free = row.width() - width_of(bold, told) - 0.8 * em
    title, keys = width_of(font, _TITLE) + em, sum(width_of(font, word) + 1.5 * em for word in ("local", "global"))
    x = row.left()
    if title + keys <= free:
        write(painter, row, _TITLE, font=font, color=colors.color("muted"))
        x += title
    if keys <= free:
        for word, score in (("local", 0.0), ("global", 1.0)):
            red, green, blue = (int(part) for part in theme.local_global(np.array(score)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(red, green, blue))
            painter.drawEllipse(QPointF(x + 0.3 * em, row.center().y()), 0.3 * em, 0.3 * em)
            write(
                painter, row.adjusted(x - row.left() + 0.8 * em, 0, 0, 0), word, font=font, color=colors.color("muted")
            )
            x += width_of(font, word) + 1.5 * em
    write(painter, row, told, font=bold, color=color, align=Qt.AlignmentFlag.AlignRight)


def _selection(look: Look) -> tuple[str, QColor]:
    if look.stale:
        return COMPUTING, theme.current().color("warning")
    block, head = look.selected
    score = look.scores[block, head]
    told = f"b{block} h{head}" + ("" if math.isnan(score) else f" · {score:.2f}")
    return told, theme.current().color("text")

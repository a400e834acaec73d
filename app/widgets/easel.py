"""The canvas with the tools and the palette as strips along it, where the room is; in a narrow place they fold away."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.widgets.chips import ChipGrid
from app.widgets.tool_strip import TOOL_PX, ToolStrip

N_CHIPS = 16
GAP_PX = 4
BESIDE_PX, BELOW_PX = 28, 27
"""How wide a chip of a strip beside the canvas is, and how high one of a strip below it."""
SMALLEST_PX, LARGEST_PX = 21, 36
"""Between these a chip is as long as there is room for."""
ENOUGH = 0.8
"""A strip is shown where it leaves the canvas this share of the side that it would have alone."""
SMALLEST_TOOL_PX = 22
MOST_COLUMNS = 2
"""Of the tools, which stand at the left of the canvas."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the canvas, the two grids and the tools stand, in how many columns; without columns they are folded."""

    canvas: QRect
    grids: tuple[QRect, QRect] = (QRect(), QRect())
    columns: int = 0
    tools: QRect = field(default_factory=QRect)
    tool_columns: int = 0

    @property
    def side(self) -> int:
        """Of the square in the canvas."""
        return min(self.canvas.width(), self.canvas.height())


def plan_of(width: int, height: int, n_tools: int = 0) -> Plan:
    """The strips that leave the canvas most, below it or beside it, or none where all would leave it too little; the
    tools only where the others are as they would be without them."""
    without = _plan_of(width, height)
    for columns in range(1, MOST_COLUMNS + 1):
        wide, rows = columns * TOOL_PX + GAP_PX, -(-n_tools // columns)
        plan = _plan_of(max(0, width - wide), height)
        tall = min(TOOL_PX, plan.canvas.height() // rows) if rows else 0
        if (
            plan.columns == without.columns > 0
            and plan.side >= ENOUGH * min(width, height)
            and tall >= SMALLEST_TOOL_PX
        ):
            canvas, *grids = (rect.translated(wide, 0) for rect in (plan.canvas, *plan.grids))
            top = canvas.top() + max(0, (canvas.height() - rows * tall) // 2)
            tools = QRect(canvas.left() - wide, top, wide - GAP_PX, rows * tall)
            return Plan(canvas, (grids[0], grids[1]), plan.columns, tools, columns)
    return without


def _plan_of(width: int, height: int) -> Plan:
    alone = Plan(QRect(0, 0, width, height))
    found = [plan for n in (1, 2) for plan in (_beside(width, height, n), _below(width, height, n)) if plan is not None]
    best = max(found, key=lambda plan: plan.side, default=alone)
    return best if best.side >= ENOUGH * alone.side else alone


def _beside(width: int, height: int, n: int) -> Plan | None:
    """Each grid in `n` columns at the right of the canvas."""
    rows = N_CHIPS // n
    tall = min(LARGEST_PX, height // rows)
    wide = n * BESIDE_PX
    strip = 2 * wide + 2 * GAP_PX
    side = min(width - strip, height)
    if tall < SMALLEST_PX or side <= 0:
        return None
    left = (width - side - strip) // 2
    first = QRect(left + side + GAP_PX, (height - rows * tall) // 2, wide, rows * tall)
    return Plan(QRect(left, 0, side, height), (first, first.translated(wide + GAP_PX, 0)), n)


def _below(width: int, height: int, n: int) -> Plan | None:
    """Each grid in `n` lines under the canvas."""
    columns = N_CHIPS // n
    wide = min(LARGEST_PX, (width - 1) // columns)
    tall = n * BELOW_PX
    room = QRect(0, 0, width, height - 2 * tall - 2 * GAP_PX)
    if wide < SMALLEST_PX or room.height() <= 0:
        return None
    first = QRect((width - columns * wide - 1) // 2, room.bottom() + 1 + GAP_PX, columns * wide + 1, tall)
    return Plan(room, (first, first.translated(0, tall + GAP_PX)), columns)


class Easel(QWidget):
    """Lays out a canvas, two grids of sixteen chips and the tools. `folded` says when some of them are hidden, or all
    are back. One that `is_bare` shows the canvas alone, and nothing is folded."""

    folded = Signal(bool)

    def __init__(self, canvas: QWidget, grids: tuple[ChipGrid, ChipGrid], tools: ToolStrip) -> None:
        super().__init__()
        self._canvas, self._grids, self._tools = canvas, grids, tools
        self.is_folded = self.is_bare = False
        canvas.setParent(self)
        tools.setParent(self)
        for grid in grids:
            grid.setParent(self)

    def sizeHint(self) -> QSize:
        return self._canvas.sizeHint() + QSize(2 * (BESIDE_PX + GAP_PX), 0)

    def minimumSizeHint(self) -> QSize:
        return self._canvas.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        plan = Plan(self.rect()) if self.is_bare else plan_of(self.width(), self.height(), self._tools.n_cells)
        self._canvas.setGeometry(plan.canvas)
        for grid, place in zip(self._grids, plan.grids, strict=True):
            grid.setVisible(plan.columns > 0)
            if plan.columns:
                grid.set_columns(plan.columns)
                grid.setGeometry(place)
        self._tools.setVisible(plan.tool_columns > 0)
        if plan.tool_columns:
            self._tools.set_columns(plan.tool_columns)
            self._tools.setGeometry(plan.tools)
        if not self.is_bare and self.is_folded != (plan.tool_columns == 0):
            self.is_folded = plan.tool_columns == 0
            self.folded.emit(self.is_folded)

"""The palette of the stimulus: shape and colour chips for the selected item, along the canvas or in pop-overs."""

from __future__ import annotations

from app.desk import Desk
from app.edits import set_selected_property
from app.widgets.chips import Chip, ChipGrid
from app.widgets.tools.select import Select
from core.document import stimulus_of
from core.stimuli.render import shape_mask, shape_name
from core.stimuli.stimulus import COLOR_NAMES, COLORS, N_COLORS, N_SHAPES

CHIP_PX = 48
POPPED_COLUMNS = 8


def shape_chips() -> list[Chip]:
    """The 16 shapes of the study's size of set."""
    return [Chip("shape", i, shape_name(i), None, shape_mask(i, CHIP_PX)) for i in range(N_SHAPES)]


def color_chips() -> list[Chip]:
    """The 16 colours of the study."""
    return [Chip("color", i, COLOR_NAMES[i], COLORS[i], None) for i in range(N_COLORS)]


class Palette:
    """Chips set the selected item's shape or colour, or are dropped on any item; while another tool than *Select* is in
    the hand, they say what that places and paints in.

    `strip` are the grids for a place along the canvas, and `popped` those of the pop-over that stands for them where
    there is no such place.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.strip = ChipGrid(), ChipGrid()
        self.popped = ChipGrid(POPPED_COLUMNS), ChipGrid(POPPED_COLUMNS)
        for grids in (self.strip, self.popped):
            for name, grid, chips in zip(("Shapes", "Colours"), grids, (shape_chips(), color_chips()), strict=True):
                grid.set_chips(chips)
                grid.setAccessibleName(name)
                grid.chosen.connect(self._choose)

    def _choose(self, kind: str, value: int) -> None:
        selecting = self._desk.hand.tool == Select.name
        self._desk.take_up(**({"shape": value} if kind == "shape" else {"color": value, "rgb": COLORS[value]}))
        if selecting:
            set_selected_property(self._desk, kind, value)

    def refresh(self) -> None:
        """Mark the selected item's shape and colour, or those in the hand."""
        items = stimulus_of(self._desk.document, self._desk.view.side).items
        index, hand = self._desk.view.item, self._desk.hand
        shape: int | None = hand.shape
        color = COLORS.index(hand.rgb) if hand.rgb in COLORS else None
        if hand.tool == Select.name:
            shape = color = None
            if 0 <= index < len(items):
                shape, color = items[index].shape, items[index].color
        for shapes, colors in (self.strip, self.popped):
            shapes.set_current(shape)
            colors.set_current(color)

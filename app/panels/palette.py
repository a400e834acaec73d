"""The palette of the stimulus: shape and colour chips for the selected item, along the canvas or in pop-overs."""

from __future__ import annotations

from app.desk import Desk
from app.edits import set_selected_property
from app.widgets.chips import Chip, ChipGrid
from app.widgets.fold import PopOver
from core.document import stimulus_of
from core.render import shape_mask, shape_name
from core.scene import COLOR_NAMES, COLORS, N_COLORS, N_SHAPES

CHIP_PX = 48


def shape_chips() -> list[Chip]:
    """The 16 shapes of the study's size of set."""
    return [Chip("shape", i, shape_name(i), None, shape_mask(i, CHIP_PX)) for i in range(N_SHAPES)]


def color_chips() -> list[Chip]:
    """The 16 colours of the study."""
    return [Chip("color", i, COLOR_NAMES[i], COLORS[i], None) for i in range(N_COLORS)]


class Palette:
    """Chips set the selected item's shape or colour, or are dropped on any item.

    `strip` are the grids for a place along the canvas, and `folded` the buttons that stand for them where there is no
    such place.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.strip = ChipGrid(), ChipGrid()
        self._popped = ChipGrid(), ChipGrid()
        self.folded = PopOver("Shape ▾", self._popped[:1]), PopOver("Colour ▾", self._popped[1:])
        for grids in (self.strip, self._popped):
            for name, grid, chips in zip(("Shapes", "Colours"), grids, (shape_chips(), color_chips()), strict=True):
                grid.set_chips(chips)
                grid.setAccessibleName(name)
                grid.chosen.connect(lambda kind, value: set_selected_property(desk, kind, value))
        for button, grid in zip(self.folded, self._popped, strict=True):
            grid.chosen.connect(lambda *_, button=button: button.frame.hide())

    def refresh(self) -> None:
        """Mark the selected item's shape and colour."""
        items = stimulus_of(self._desk.document, self._desk.view.side).items
        index = self._desk.view.item
        selected = items[index] if 0 <= index < len(items) else None
        for shapes, colors in (self.strip, self._popped):
            shapes.set_current(None if selected is None else selected.shape)
            colors.set_current(None if selected is None else selected.color)

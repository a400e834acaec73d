"""The palette: shape and colour chips for the selected item, and what can be done to a pair."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.desk import Desk
from app.edits import set_selected_property
from app.panels import Panel
from app.widgets.chips import Chip, ChipGrid
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


class PalettePanel(QScrollArea, Panel):
    """Chips set the selected item's shape or colour, or are dropped on any item; buttons act on the pair."""

    title, place, order = "Palette", "middle", 20
    width_px = 200

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.shapes, self.colors = ChipGrid(), ChipGrid()
        self.shapes.set_chips(shape_chips())
        self.colors.set_chips(color_chips())
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(10, 4, 10, 8)
        for title, grid in (("Shapes", self.shapes), ("Colours", self.colors)):
            layout.addWidget(QLabel(title))
            layout.addWidget(grid)
            grid.setAccessibleName(title)
            grid.chosen.connect(lambda kind, value: set_selected_property(desk, kind, value))
        layout.addWidget(QLabel("Pair"))
        layout.addLayout(_buttons(desk.actions["pair"]))
        layout.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setMinimumWidth(body.minimumSizeHint().width() + 12)

    def refresh(self) -> None:
        """Mark the selected item's shape and colour."""
        items = stimulus_of(self._desk.document, self._desk.view.side).items
        index = self._desk.view.item
        selected = items[index] if 0 <= index < len(items) else None
        self.shapes.set_current(None if selected is None else selected.shape)
        self.colors.set_current(None if selected is None else selected.color)


def _buttons(actions: Sequence[QAction]) -> QGridLayout:
    grid = QGridLayout()
    grid.setSpacing(5)
    for index, action in enumerate(actions):
        button = QToolButton()
        button.setDefaultAction(action)
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        grid.addWidget(button, index // 2, index % 2)
    return grid

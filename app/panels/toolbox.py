"""The tools of the canvas, along it or with the palette in a pop-over, and how they draw."""

from __future__ import annotations

from app.desk import Desk
from app.drawing import is_for
from app.panels.palette import POPPED_COLUMNS, Palette
from app.widgets.brush_button import BrushButton
from app.widgets.fold import PopOver
from app.widgets.tool_strip import ToolStrip
from app.widgets.tools import tools
from core.document import stimulus_of


class Toolbox:
    """`strip` is for a place along the canvas, and `folded` the button that stands for it, and for the `palette`, where
    there is none."""

    def __init__(self, desk: Desk, palette: Palette) -> None:
        self._desk = desk
        self._brushes = BrushButton(), BrushButton()
        self.strip = ToolStrip(tools(), self._brushes[:1])
        self._popped = ToolStrip(tools(), self._brushes[1:], POPPED_COLUMNS)
        self.folded = PopOver("Tools ▾", (self._popped, *palette.popped))
        actions = {action.text(): action for action in desk.actions.get("tool", ())}
        for strip in (self.strip, self._popped):
            for button in strip.buttons:
                if button.kind.name in actions:
                    button.follow(actions[button.kind.name])
                button.clicked.connect(self.folded.frame.hide)
        for grid in palette.popped:
            grid.chosen.connect(self.folded.frame.hide)
        for brush in self._brushes:
            brush.options.changed.connect(lambda field, value: desk.take_up(**{field: value}))

    def refresh(self) -> None:
        """Mark the tool in the hand."""
        hand = self._desk.hand
        stimulus = stimulus_of(self._desk.document, self._desk.view.side)
        for strip in (self.strip, self._popped):
            strip.set_current(hand.tool)
            strip.set_usable(lambda kind: is_for(kind, stimulus))
        for brush in self._brushes:
            brush.show_hand(hand)

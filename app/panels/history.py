"""The history strip: click a step to go back to it, in a step of its own; the keys undo and redo."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.desk import Desk
from app.panels import Panel
from app.widgets.history_strip import HistoryStrip, Step
from app.widgets.painted import rgb_image
from core.document import Document, controls_in_force
from core.render import render, shape_mask
from core.scene import COLORS, Stimulus

THUMBNAIL_PX = 76
ITEM_PX = 24


class HistoryPanel(QWidget, Panel):
    """All states of the undo stack, each with the margin that was measured for it."""

    title, place, order = "History", "bottom", 70
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._made: dict[int, tuple[str, Document, Step]] = {}
        self._decisions: object = None
        self.strip = HistoryStrip()
        self.strip.chosen.connect(desk.store.go_to)
        self.strip.stepped.connect(desk.store.undo.setIndex)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.addWidget(self.strip)
        self.setFixedHeight(self.strip.sizeHint().height() + 16)

    def refresh(self) -> None:
        """Show the steps; those that are as before are not drawn again."""
        desk, steps = self._desk, self._desk.store.steps()
        forgotten = desk.decisions is not self._decisions
        now = (desk.store.undo.index(), len(desk.decisions), desk.decisions.get(desk.document))
        if not self.has_news(steps, *now) and not forgotten:
            return
        if forgotten:
            self._decisions, self._made = desk.decisions, {}
        current = desk.store.undo.index()
        shown = [self._kept(at, *step, current=at == current) for at, step in enumerate(steps)]
        self.strip.set_steps(shown, current)

    def _kept(self, at: int, text: str, document: Document, *, current: bool) -> Step:
        """The step at a place, as it was made last if it is the same and no answer can have come for it meanwhile."""
        before, of, step = self._made.get(at, ("", None, None))
        kept = step is not None and before == text and of is document and not current
        if step is None or not kept or (step.margin is None and document in self._desk.decisions):
            step = self._step(text, document)
            self._made[at] = (text, document, step)
        return step

    def _step(self, text: str, document: Document) -> Step:
        decision = self._desk.decisions.get(document)
        layer = f"b{document.interventions[-1].site.block}" if document.interventions else ""
        margin = None if decision is None else decision.margin
        flipped = decision is not None and decision.flipped
        control = ", ".join(controls_in_force(document))
        answer = "" if decision is None else decision.answer
        sided = decision is None or len(decision.labels) == 2
        return Step(text, layer, margin, flipped, _thumbnail(document.base), control, answer, sided)


@lru_cache(maxsize=2048)
def _thumbnail(stimulus: Stimulus) -> QImage:
    """A sketch THUMBNAIL_PX wide and high: the items in their places, larger than life to be told apart."""
    if stimulus.photo is not None:
        whole = Image.fromarray(render(stimulus))
        return rgb_image(np.asarray(whole.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.BOX)))
    sketch = np.full((THUMBNAIL_PX, THUMBNAIL_PX, 3), 255, np.uint8)
    room = stimulus.geometry.image_px - stimulus.geometry.cell_px
    for item in stimulus.items:
        x = round(item.x_px / room * (THUMBNAIL_PX - ITEM_PX))
        y = round(item.y_px / room * (THUMBNAIL_PX - ITEM_PX))
        sketch[y : y + ITEM_PX, x : x + ITEM_PX][shape_mask(item.shape, ITEM_PX)] = COLORS[item.color]
    return rgb_image(sketch)

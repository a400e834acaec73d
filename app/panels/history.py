"""The history strip: click a step to go back to it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea

from app.desk import Desk
from app.widgets.history_strip import HistoryStrip, Step
from core.document import Document
from core.render import render
from core.scene import Stimulus

SHRINK = 4


class HistoryPanel(QScrollArea):
    """All states of the undo stack, each with the margin that was measured for it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._drawn: object = None
        self.strip = HistoryStrip()
        self.strip.chosen.connect(desk.store.undo.setIndex)
        self.setWidget(self.strip)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(self.strip.sizeHint().height() + 14)

    def refresh(self) -> None:
        """Show the steps, and keep the one in force in sight."""
        store = self._desk.store
        steps = tuple(self._step(text, document) for text, document in store.steps())
        state = (steps, store.undo.index())
        if state == self._drawn:
            return
        self._drawn = state
        self.strip.set_steps(*state)
        place = self.strip.card_rect(store.undo.index()).center().toPoint()
        self.ensureVisible(place.x(), place.y(), 120, 0)

    def _step(self, text: str, document: Document) -> Step:
        decision = self._desk.decisions.get(document)
        layer = f"b{document.interventions[-1].block}" if document.interventions else ""
        margin = None if decision is None else decision.margin
        return Step(text, layer, margin, decision is not None and decision.flipped, _thumbnail(document.base))


@lru_cache(maxsize=512)
def _thumbnail(stimulus: Stimulus) -> np.ndarray:
    """The picture [S / 4, S / 4, 3], averaged down."""
    picture = render(stimulus)
    side = picture.shape[0] // SHRINK
    small = picture[: side * SHRINK, : side * SHRINK].reshape(side, SHRINK, side, SHRINK, 3)
    mean: np.ndarray = small.mean(axis=(1, 3)).astype(np.uint8)
    return mean

"""What the tools over the canvas do to the stimulus that is shown: every gesture is one undo step."""

from __future__ import annotations

import secrets
from dataclasses import replace

from PySide6.QtCore import QObject

from app.desk import Desk
from app.edits import edit_stimulus
from app.item_edits import place_item
from app.widgets.canvas import StimulusCanvas
from app.widgets.tools import tools
from core.document import erase_paint, paint_with, stimulus_of
from core.scene import Stimulus
from core.strokes import Cover, Ink


class Drawing(QObject):
    """Keeps the tool of the hand on the canvas, and makes edits of what it covers, as it goes.

    What a gesture does is done to the stimulus that there was when it began, so that its last word is all that counts.
    """

    def __init__(self, desk: Desk, canvas: StimulusCanvas) -> None:
        super().__init__(canvas)
        self._desk, self._canvas = desk, canvas
        self._before = Stimulus()
        self._gesture, self._seed = "", 0
        canvas.gesture_started.connect(self._begin)
        canvas.covered.connect(self._cover)
        canvas.item_wanted.connect(lambda x_px, y_px: place_item(desk, x_px, y_px))
        canvas.color_picked.connect(lambda rgb: desk.take_up(rgb=rgb))
        canvas.gesture_finished.connect(self._finish)
        canvas.gesture_cancelled.connect(lambda: desk.store.cancel(self._gesture))

    @property
    def _stimulus(self) -> Stimulus:
        return stimulus_of(self._desk.document, self._desk.view.side)

    def refresh(self) -> None:
        """Put the tool of the hand on the canvas, unless it is there; one for photos goes where there is none."""
        desk, canvas = self._desk, self._canvas
        canvas.set_hand(desk.hand)
        kind = next((kind for kind in tools() if kind.name == desk.hand.tool), tools()[0])
        if kind.photos_only and self._stimulus.photo is None and canvas.held is None:
            kind = tools()[0]
            desk.hand = replace(desk.hand, tool=kind.name)
        if canvas.resting_kind is not kind:
            canvas.take(kind(canvas))

    def _begin(self) -> None:
        self._before, self._gesture = self._stimulus, self._desk.new_gesture()
        self._seed = secrets.randbits(32)

    def _finish(self) -> None:
        self._gesture = ""

    def _cover(self, cover: Cover) -> None:
        tool, before = self._canvas.tool, self._before
        if tool.use == "ink":
            hand = self._desk.hand
            after = paint_with(before, cover, Ink(hand.rgb, hand.noisy, self._seed))
        else:
            after = erase_paint(before, cover)
        edit_stimulus(self._desk, tool.words, lambda _: after, self._gesture)

"""What the tools over the canvas do to the stimulus that is shown: every gesture is one undo step."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from app.desk import Desk
from app.item_edits import place_item
from app.widgets.canvas import StimulusCanvas
from app.widgets.covering import ObjectMarker
from app.widgets.hand import next_size
from app.widgets.tools import Tool, tools
from app.widgets.tools.crop import Crop as CropTool
from core.arrange import crop_photo
from core.document import Document, stimulus_of, with_stimulus
from core.stimuli.drawn import erase_paint, mark_object, paint_with
from core.stimuli.stimulus import Crop, Stimulus, item_name, n_items
from core.stimuli.strokes import Cover, Ink


def is_for(kind: type[Tool], stimulus: Stimulus) -> bool:
    """Whether a tool has something to do on a stimulus: some are for photos, one for those that are not square."""
    photo = stimulus.photo
    return not kind.photos_only or (photo is not None and (kind is not CropTool or photo.crop is not None))


@dataclass(frozen=True, slots=True)
class _Run:
    """Keys or notches of a kind in a row, about the same."""

    kind: str
    subject: tuple[object, ...]
    gesture: str


class Drawing(QObject):
    """Keeps the tool of the hand on the canvas, and makes edits of what it covers, as it goes.

    What a gesture does is done to the stimulus that there was when it began, so that its last word is all that counts.
    Keys and notches of the wheel that do the same to the same are one gesture, until something else is done.
    """

    def __init__(self, desk: Desk, canvas: StimulusCanvas) -> None:
        super().__init__(canvas)
        self._desk, self._canvas = desk, canvas
        self._before, self._begun = Stimulus(), desk.document
        self._cropped = desk.document
        self._made: Stimulus | None = None
        self._run: _Run | None = None
        self._gesture, self._seed, self._chosen = "", 0, -1
        canvas.gesture_started.connect(self._begin)
        canvas.step_started.connect(self._go_on)
        canvas.covered.connect(self._cover)
        canvas.item_wanted.connect(lambda x_px, y_px: place_item(desk, x_px, y_px))
        canvas.size_stepped.connect(lambda steps: desk.take_up(size_px=next_size(desk.hand.size_px, steps)))
        canvas.laid_down.connect(lambda: desk.take_up(tool=tools()[0].name))
        canvas.crop_wanted.connect(self._crop)
        canvas.color_picked.connect(lambda rgb: desk.take_up(rgb=rgb))
        canvas.gesture_finished.connect(self._finish)
        canvas.gesture_cancelled.connect(self._cancel)

    @property
    def _subject(self) -> tuple[object, ...]:
        """What keys and the wheel are about: the tool, and what is selected in which picture."""
        view = self._desk.view
        return self._desk.hand.tool, view.side, view.item, view.also

    @property
    def _stimulus(self) -> Stimulus:
        return stimulus_of(self._desk.document, self._desk.view.side)

    def refresh(self) -> None:
        """Put the tool of the hand on the canvas, unless it is there; one for photos goes where there is none.

        A gesture ends, and stays, where another picture is shown or somebody else has changed it.
        """
        desk, canvas = self._desk, self._canvas
        if self._run is not None and self._run.subject != self._subject:
            self._run = None
        if canvas.held is not None and self._made is not None and self._made != self._stimulus:
            canvas.finish()
        canvas.set_hand(desk.hand)
        kind = next((kind for kind in tools() if kind.name == desk.hand.tool), tools()[0])
        if not is_for(kind, self._stimulus) and canvas.held is None:
            kind = tools()[0]
            desk.hand = replace(desk.hand, tool=kind.name)
        if canvas.resting_kind is not kind:
            canvas.take(kind(canvas))

    def edit(self, text: str, change: Callable[[Stimulus], Stimulus]) -> None:
        """An edit of the gesture that is under way, or one by itself."""
        self._put(text, with_stimulus(self._desk.document, self._desk.view.side, change(self._stimulus)))

    def _put(self, text: str, document: Document) -> None:
        made, self._made = self._made, None
        self._desk.edit(text, document, self._gesture)
        self._made = None if made is None else self._stimulus

    def _crop(self, crop: Crop) -> None:
        """Objects that leave the square come back with it, but not over what was changed elsewhere meanwhile."""
        if self._desk.document is not self._cropped:
            self._begun = self._desk.document
        self._put("Crop", crop_photo(self._begun, self._desk.view.side, crop))
        self._cropped = self._desk.document

    def _go_on(self, kind: str) -> None:
        run = self._run
        self._begin()
        if run is not None and (run.kind, run.subject) == (kind, self._subject):
            self._gesture = run.gesture
        self._run = _Run(kind, self._subject, self._gesture)

    def _begin(self) -> None:
        self._run = None
        self._begun = self._cropped = self._desk.document
        self._before = self._stimulus
        self._made, self._gesture = self._before, self._desk.new_gesture()
        self._chosen = self._desk.view.item
        self._seed = secrets.randbits(32)

    def _mark(self, tool: ObjectMarker, cover: Cover) -> None:
        """An object of a photo is marked, or more or less of the selected one."""
        desk, before = self._desk, self._before
        chosen = -1 if tool.joins == "new" else self._chosen
        after = mark_object(before, cover, chosen, take=tool.joins == "take")
        if after is None:
            return
        index = chosen if 0 <= chosen < n_items(before) else n_items(before)
        self.edit(f"Mark {item_name(index)}", lambda _: after)
        desk.look(item=index, also=())

    def _finish(self) -> None:
        self._gesture, self._made = "", None

    def _cancel(self) -> None:
        gesture = self._gesture
        self._finish()
        self._desk.store.cancel(gesture)

    def _cover(self, cover: Cover) -> None:
        tool, before = self._canvas.tool, self._before
        if tool.use == "ink":
            hand = self._desk.hand
            after = paint_with(before, cover, Ink(hand.rgb, hand.noisy, self._seed))
        elif isinstance(tool, ObjectMarker):
            self._mark(tool, cover)
            return
        else:
            after = erase_paint(before, cover)
        self.edit(tool.words, lambda _: after)

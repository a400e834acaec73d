"""Goes from scene to scene. The way is one gesture, like a drag: every state on it is asked about, and the next one is
shown only once the model has answered."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QObject, QTimer

from core.between import between
from core.document import Document
from core.documents.work import Scene
from core.errors import UserError
from core.interventions.probe import AddProbeDirection
from core.questions import Answer

if TYPE_CHECKING:
    from app.desk import Desk

TWEEN_MS, TICK_MS = 600, 10


@dataclass(slots=True)
class _Way:
    """From a state to a scene: when it was set out on, and what of it is shown now."""

    start: Document
    scene: Scene
    gesture: str
    began_s: float
    shown: Document


class Stage(QObject):
    """Which scene was gone to last, `at`, and the way to it while it lasts.

    `prepared` are whole answers to scenes that a rehearsal has got, shown at once while the engine computes its own.
    """

    GOING: ClassVar[str] = "Scene: "

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._at: int | None = None
        self._scene: Scene | None = None
        self._way: _Way | None = None
        self._arrived_at = desk.store.undo.index()
        self.prepared: dict[Document, Answer] = {}
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK_MS)
        self._ticks.timeout.connect(self._step)

    @property
    def at(self) -> int | None:
        """The scene that was gone to last, also while what it shows is edited; None before the first one.

        It is the same one wherever it is put, also by undo; of one that is not there any more, what is in its place.
        """
        scenes = self._desk.store.scenes
        if self._at is None or not scenes:
            return None
        here = (index for index, scene in enumerate(scenes) if scene is self._scene)
        return next(here, min(self._at, len(scenes) - 1))

    @at.setter
    def at(self, index: int | None) -> None:
        scenes = self._desk.store.scenes
        self._at, self._scene = index, None if index is None else scenes[min(index, len(scenes) - 1)]
        self._desk.redraw()

    @property
    def moving(self) -> bool:
        """Whether a scene is on its way."""
        return self._way is not None

    def go_to(self, index: int, *, at_once: bool = False) -> None:
        """Show a scene in a step of its own, so that what was edited is not lost.

        Raises UserError where there is no such scene.
        """
        desk, scenes = self._desk, self._desk.store.scenes
        if not 0 <= index < len(scenes):
            have = f"There are {len(scenes)}." if scenes else "Use Scenes ▸ Add scene."
            raise UserError(f"There is no scene {index + 1}.", have)
        self.arrive()
        scene = scenes[index]
        self._way = _Way(desk.document, scene, desk.new_gesture(), time.monotonic(), desk.document)
        self.at = index
        self.show_pad(scene.document)
        if at_once or between(desk.document, scene.document, 0.25) == desk.document:
            self.arrive()
            return
        desk.store.look(scene.view)
        self._ticks.start()

    def go_on(self, by: int) -> None:
        """To the next scene or the one before; at the ends it stays.

        Raises UserError where there are none.
        """
        n, at = len(self._desk.store.scenes), self.at
        there = (0 if at is None else at + by) if n else 0
        if n == 0 or 0 <= there < n:
            self.go_to(there)

    def reset(self) -> None:
        """The scene as it was made.

        Raises UserError where none was gone to.
        """
        self.go_to(self.at or 0)

    def arrive(self) -> None:
        """Be where the way leads at once."""
        way = self._way
        self.halt()
        if way is None or self._desk.document is not way.shown:
            return
        store = self._desk.store
        store.edit(f"{self.GOING}{way.scene.name}", way.scene.document, way.gesture, view=way.scene.view)
        self._arrived_at = store.undo.index()
        self._show_prepared(way.scene.document)

    def begin(self) -> None:
        """A talk begins with what is shown."""
        self._arrived_at = self._desk.store.undo.index()

    def undo(self) -> None:
        """Take back what was edited since the scene was there, a step at a time: never the scene, nor the talk."""
        if not self.moving and self._desk.store.undo.index() > self._arrived_at:
            self._desk.store.undo.undo()

    def halt(self) -> None:
        """Stay where the way has led by now."""
        self._way = None
        self._ticks.stop()

    def _step(self) -> None:
        """The next state on the way, if the one that is shown is answered; its place is where the clock is then."""
        way, desk = self._way, self._desk
        if way is None or desk.document is not way.shown:  # somebody has taken over
            self.halt()
            return
        share = 1000 * (time.monotonic() - way.began_s) / TWEEN_MS
        if share >= 1:
            self.arrive()
        elif desk.is_settled() or desk.failure is not None:
            state = between(way.start, way.scene.document, share)
            desk.store.edit(f"{self.GOING}{way.scene.name}", state, way.gesture, view=way.scene.view)
            way.shown = desk.document

    def _show_prepared(self, document: Document) -> None:
        """The answer of the rehearsal until the engine's own is there, unless something else was learned since."""
        answer, desk = self.prepared.get(document), self._desk
        if answer is not None and not desk.is_settled() and desk.made_by(document.model) in (None, answer.model.fit):
            desk.take(answer)
            desk.redraw()

    def show_pad(self, document: Document) -> None:
        """Bring to the front the pad of the last edit that is on, or the probe."""
        edit = next((edit for edit in reversed(document.interventions) if edit.enabled), None)
        if edit is None:
            return
        self._desk.probe_shown = isinstance(edit, AddProbeDirection)
        if edit.pads and self._desk.pad_shown not in edit.pads:
            self._desk.pad_shown = edit.pads[0]

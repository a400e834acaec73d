"""The current document and view, the undo stack, and a card for every state that was shown; one command class serves
the whole program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from weakref import WeakMethod

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from core.document import Document, View
from core.documents.work import Moment, Scene
from core.errors import UserError

_MERGE_ID = 1
BACK_TO = "Back to: "
State = tuple[Document, tuple[Scene, ...], int]
"""A document, its scenes, and how often something that no step leads back from was done to what a file keeps."""


@dataclass(frozen=True, slots=True)
class Card:
    """A state that was shown, and its place on the undo stack; None where it was shown before the stack began."""

    moment: Moment
    at: int | None = None


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the user made of a card."""

    name: str = ""
    starred: bool = False
    deleted: bool = False


class Store(QObject):
    """Holds one immutable `Document`, one `View`, and the scenes, which are edited and undone like the document.
    `changed` carries nothing: compare what you drew.

    `follow` gives the view that goes on with another document: its arguments are the view, that before, and that after.
    """

    changed = Signal()

    def __init__(self, document: Document, view: View) -> None:
        super().__init__()
        self.document = document
        self.view = view
        self.scenes: tuple[Scene, ...] = ()
        self.follow: Callable[[View, Document, Document], View] = lambda view, before, after: view
        self.undo = QUndoStack(self)
        self._opened_with = view
        self._opened_as = Moment("Opened", document, view)
        self._earlier: tuple[Card, ...] = ()
        self._marks: dict[int, _Mark] = {}
        self._n_marks = self._n_marks_saved = 0
        self._steps: list[tuple[str, Document]] = []
        self._cards: list[Card] = []
        # Only then is the stack complete: while a command runs, it is not in it yet.
        self.undo.indexChanged.connect(self._list_steps)
        self.undo.indexChanged.connect(self.changed)
        self._list_steps()

    def __del__(self) -> None:
        # A stack says that it has become empty while it is destroyed, to a store of which nothing is left.
        if isValid(self.undo):
            self.undo.blockSignals(True)

    def edit(
        self,
        text: str,
        document: Document,
        gesture: str = "",
        view: View | None = None,
        scenes: tuple[Scene, ...] | None = None,
    ) -> None:
        """Replace the document in one undo step; edits of one non-empty `gesture` in a row are one step.

        The last of them names it. Steps that were undone stay: going back from them becomes a step before this one.
        `view` is how the new document is looked at, and `scenes` what is to be shown to others, where they are not as
        before.
        """
        scenes = self.scenes if scenes is None else scenes
        if document != self.document or scenes != self.scenes:
            if self.undo.canRedo():
                self._step_back(gesture)
            self.undo.push(self._change(text, document, gesture, view, scenes))
            self._forget_step_back(gesture)
        if view is not None:
            self.look(view)

    def edit_scenes(self, text: str, scenes: tuple[Scene, ...]) -> None:
        """Replace the scenes in one undo step; what is shown stays."""
        self.edit(text, self.document, scenes=scenes)

    def _change(
        self,
        text: str,
        document: Document,
        gesture: str = "",
        view: View | None = None,
        scenes: tuple[Scene, ...] | None = None,
    ) -> _Change:
        told = (self.scenes, self.scenes if scenes is None else scenes)
        return _Change(text, (self.document, document), gesture, (self.view, view or self.view), told, self._set)

    def cancel(self, gesture: str) -> None:
        """Take back the step of a gesture that is under way; it leaves nothing to redo that was not there before."""
        last = self._last
        if last.gesture == gesture != "":
            last.cancelled = True
            self.undo.undo()
            self.look(last.seen[0])
        self._forget_step_back(gesture)

    def go_to(self, index: int) -> None:
        """Back to an earlier state in a step of its own, so that nothing is lost; to an undone one by redoing.

        The markers are where they were when it was made.
        """
        text, document = self.steps()[index]
        made_with = self.view_of(index)
        self.look(replace(self.view, read=made_with.read, write=made_with.write))
        if index > self.undo.index():
            self.undo.setIndex(index)
        else:
            self.edit(BACK_TO + text.removeprefix(BACK_TO), document)

    @property
    def _last(self) -> _Change:
        """The last step that is done; one that does nothing where there is none."""
        command = self.undo.command(self.undo.index() - 1)
        return command if isinstance(command, _Change) else self._change("", self.document)

    def _step_back(self, gesture: str) -> None:
        """Redo what was undone and make the way back to here a step; the document stays as it is."""
        index, here, view, scenes = self.undo.index(), self.document, self.view, self.scenes
        text = self.steps()[index][0]
        with QSignalBlocker(self):
            self.undo.setIndex(self.undo.count())
            step = self._change(BACK_TO + text.removeprefix(BACK_TO), here, view=view, scenes=scenes)
            step.made_for, step.index_before = gesture, index
            self.undo.push(step)
        self.view = view

    def _forget_step_back(self, gesture: str) -> None:
        """Where nothing is left of a gesture, what was undone before it can be redone again."""
        step = self._last
        if step.made_for == gesture != "":
            step.cancelled = True
            with QSignalBlocker(self):
                self.undo.undo()
            self.undo.setIndex(step.index_before)

    def steps(self) -> list[tuple[str, Document]]:
        """Every state of the undo stack with what led to it, the oldest first; `undo.index()` is in force."""
        return self._steps

    def _list_steps(self) -> None:
        commands = [self.undo.command(i) for i in range(self.undo.count())]
        changes = [c for c in commands if isinstance(c, _Change)]
        first = changes[0].before if changes else self.document
        self._steps = [(self._opened_as.text, first), *((c.text(), c.after) for c in changes)]
        self._list_cards()

    def view_of(self, index: int) -> View:
        """How the state at `index` of `steps()` was looked at when it was made."""
        command = self.undo.command(index - 1) if index > 0 else None
        return command.seen[1] if isinstance(command, _Change) else self._opened_with

    def begin(
        self,
        document: Document,
        view: View,
        shown: Sequence[Moment] = (),
        scenes: tuple[Scene, ...] = (),
        *,
        saved: bool = True,
    ) -> None:
        """Go on from another document, with nothing to undo; `shown` are the states that were shown before.

        It is clean where it is `saved`.
        """
        with QSignalBlocker(self):
            self.undo.clear()
        self.document, self.view, self._opened_with, self.scenes = document, view, view, scenes
        *earlier, last = shown or (Moment("Opened", document, view),)
        if last.document != document:
            earlier, last = [*earlier, last], Moment("Opened", document, view)
        self._opened_as, self._earlier = last, tuple(Card(moment) for moment in earlier)
        self._marks = {0: _Mark(last.name, last.starred)}
        self._n_marks_saved = self._n_marks
        if not saved:
            self.undo.resetClean()
        self._list_steps()
        self.changed.emit()

    @property
    def is_clean(self) -> bool:
        """Whether the document is as it was saved last, and so is what else its file keeps of the user's work."""
        return self.undo.isClean() and self._n_marks == self._n_marks_saved

    def is_at(self, state: State | None) -> bool:
        """Whether nothing that a file keeps of the user's work is otherwise than it was at `state`."""
        if state is None:
            return False
        document, scenes, n_marks = state
        return document is self.document and scenes is self.scenes and n_marks == self._n_marks

    @property
    def state(self) -> State:
        """What `is_at` knows again."""
        return self.document, self.scenes, self._n_marks

    def touch(self) -> None:
        """Something is there that a file of the document keeps, and that no step leads back from."""
        self._n_marks += 1
        self.changed.emit()

    def set_clean(self) -> None:
        """The document was saved as it is."""
        self._n_marks_saved = self._n_marks
        self.undo.setClean()
        self.changed.emit()

    def cards(self) -> list[Card]:
        """Every state that was ever shown and not deleted, the oldest first: also what undo does not reach."""
        return self._cards

    @property
    def card_in_force(self) -> int:
        """Which card is of the state in force."""
        index = self.undo.index()
        done = [at for at, card in enumerate(self._cards) if card.at is not None and card.at <= index]
        return done[-1] if done else len(self._cards) - 1

    def _list_cards(self) -> None:
        self._marks = {at: mark for at, mark in self._marks.items() if at < len(self._steps)}
        before = {card.at: card for card in self._cards}
        line = []
        # A step of the scenes alone shows nothing else than the one before it.
        shown = [at for at, step in enumerate(self._steps) if at == 0 or step[1] is not self._steps[at - 1][1]]
        in_force = max(at for at in shown if at <= self.undo.index())
        for at in shown:
            (text, document), mark = self._steps[at], self._marks.get(at, _Mark())
            if not mark.deleted or at == in_force:
                moment = Moment(text, document, self.view_of(at), name=mark.name, starred=mark.starred)
                known = before.get(at)
                line.append(known if known is not None and _same(known.moment, moment) else Card(moment, at))
        self._cards = [*self._earlier, *line]

    def go_to_card(self, index: int) -> None:
        """Back to the state of a card, in a step of its own, with the markers as they were."""
        card = self._cards[index]
        if card.at is not None:
            self.go_to(card.at)
            return
        text, view = card.moment.text, card.moment.view
        self.look(replace(self.view, read=view.read, write=view.write))
        self.edit(BACK_TO + text.removeprefix(BACK_TO), card.moment.document)

    def mark(self, index: int, *, name: str | None = None, starred: bool | None = None) -> None:
        """Call a card something, or let it stand out."""
        moment = self._cards[index].moment
        now = {"name": moment.name if name is None else name, "starred": moment.starred if starred is None else starred}
        if now != {"name": moment.name, "starred": moment.starred}:
            self._set_mark(index, _Mark(**now))  # type: ignore[arg-type]

    def delete_card(self, index: int) -> None:
        """Take a card away; its state can still be undone to, and then has a card for as long as it is in force.

        Raises UserError for the state in force.
        """
        if index == self.card_in_force:
            raise UserError("This is the state that is shown.", "Go to another one before its card is deleted.")
        self._set_mark(index, _Mark(deleted=True))

    def _set_mark(self, index: int, mark: _Mark) -> None:
        card = self._cards[index]
        if card.at is not None:
            self._marks[card.at] = mark
        else:
            renamed = Card(replace(card.moment, name=mark.name, starred=mark.starred))
            kept = () if mark.deleted else (renamed,)
            self._earlier = (*self._earlier[:index], *kept, *self._earlier[index + 1 :])
        self._n_marks += 1
        self._list_cards()
        self.changed.emit()

    def look(self, view: View) -> None:
        """Look at something else: not an edit, not undone."""
        if view != self.view:
            self.view = view
            self.changed.emit()

    def _set(self, document: Document, scenes: tuple[Scene, ...]) -> None:
        self.view = self.follow(self.view, self.document, document)
        self.document, self.scenes = document, scenes


def _same(one: Moment, other: Moment) -> bool:
    """By identity first: comparing pictures takes its time."""
    plain = (one.text, one.name, one.starred) == (other.text, other.name, other.starred)
    return plain and one.document is other.document and one.view == other.view


class _Change(QUndoCommand):
    """From one document and its scenes to others, and how each was looked at when the other was made of it."""

    def __init__(
        self,
        text: str,
        documents: tuple[Document, Document],
        gesture: str,
        seen: tuple[View, View],
        scenes: tuple[tuple[Scene, ...], tuple[Scene, ...]],
        put: Callable[[Document, tuple[Scene, ...]], None],
    ) -> None:
        super().__init__(text)
        self.before, self.after = documents
        self.gesture, self.seen, self.scenes = gesture, seen, scenes
        # The stack, and so the store, must not go while one of its own commands is taken apart.
        self._put = WeakMethod(put)
        self.cancelled = False
        self.made_for, self.index_before = "", 0

    def redo(self) -> None:
        self._show(self.after, self.scenes[1])

    def undo(self) -> None:
        self.gesture = ""  # redone, it is not gone on with
        # The stack drops an obsolete command, but only after it has run.
        self.setObsolete(self.cancelled)
        self._show(self.before, self.scenes[0])

    def _show(self, document: Document, scenes: tuple[Scene, ...]) -> None:
        put = self._put()
        if put is not None:
            put(document, scenes)

    def id(self) -> int:
        return _MERGE_ID if self.gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other.gesture != self.gesture:
            return False
        self.after, self.seen, self.scenes = (
            other.after,
            (self.seen[0], other.seen[1]),
            (self.scenes[0], other.scenes[1]),
        )
        self.setText(other.text())
        if self.after == self.before and self.scenes[0] == self.scenes[1]:
            self.setObsolete(True)
        return True

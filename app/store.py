"""The current document and view, and the undo stack; one command class serves the whole program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.document import Document, View

_MERGE_ID = 1
BACK_TO = "Back to: "


class Store(QObject):
    """Holds one immutable `Document` and one `View`. `changed` carries nothing: compare what you drew.

    `follow` gives the view that goes on with another document: its arguments are the view, that before, and that after.
    """

    changed = Signal()

    def __init__(self, document: Document, view: View) -> None:
        super().__init__()
        self.document = document
        self.view = view
        self.follow: Callable[[View, Document, Document], View] = lambda view, before, after: view
        self.undo = QUndoStack(self)
        self._opened_with = view
        self._steps: list[tuple[str, Document]] = []
        # Only then is the stack complete: while a command runs, it is not in it yet.
        self.undo.indexChanged.connect(self._list_steps)
        self.undo.indexChanged.connect(self.changed)
        self._list_steps()

    def edit(self, text: str, document: Document, gesture: str = "", view: View | None = None) -> None:
        """Replace the document in one undo step; edits of one non-empty `gesture` in a row are one step.

        The last of them names it. Steps that were undone stay: going back from them becomes a step before this one.
        `view` is how the new document is looked at, where that is not as before.
        """
        if document != self.document:
            if self.undo.canRedo():
                self._step_back(gesture)
            self.undo.push(self._change(text, document, gesture, view))
            self._forget_step_back(gesture)
        if view is not None:
            self.look(view)

    def _change(self, text: str, document: Document, gesture: str = "", view: View | None = None) -> _Change:
        return _Change(text, self.document, document, gesture, (self.view, view or self.view), self._set)

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
        index, here, view = self.undo.index(), self.document, self.view
        text = self.steps()[index][0]
        with QSignalBlocker(self):
            self.undo.setIndex(self.undo.count())
            step = self._change(BACK_TO + text.removeprefix(BACK_TO), here, view=view)
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
        self._steps = [("Opened", first), *((c.text(), c.after) for c in changes)]

    def view_of(self, index: int) -> View:
        """How the state at `index` of `steps()` was looked at when it was made."""
        command = self.undo.command(index - 1) if index > 0 else None
        return command.seen[1] if isinstance(command, _Change) else self._opened_with

    def look(self, view: View) -> None:
        """Look at something else: not an edit, not undone."""
        if view != self.view:
            self.view = view
            self.changed.emit()

    def _set(self, document: Document) -> None:
        self.view = self.follow(self.view, self.document, document)
        self.document = document


class _Change(QUndoCommand):
    """From one document to another, and how each was looked at when the other was made of it."""

    def __init__(
        self,
        text: str,
        before: Document,
        after: Document,
        gesture: str,
        seen: tuple[View, View],
        put: Callable[[Document], None],
    ) -> None:
        super().__init__(text)
        self.before, self.after, self.gesture, self.seen, self._put = before, after, gesture, seen, put
        self.cancelled = False
        self.made_for, self.index_before = "", 0

    def redo(self) -> None:
        self._put(self.after)

    def undo(self) -> None:
        # The stack drops an obsolete command, but only after it has run.
        self.setObsolete(self.cancelled)
        self._put(self.before)

    def id(self) -> int:
        return _MERGE_ID if self.gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other.gesture != self.gesture:
            return False
        self.after, self.seen = other.after, (self.seen[0], other.seen[1])
        self.setText(other.text())
        if self.after == self.before:
            self.setObsolete(True)
        return True

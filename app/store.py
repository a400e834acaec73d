"""The current document and view, and the undo stack; one command class serves the whole program."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.document import Document, View

_MERGE_ID = 1
BACK_TO = "Back to: "


class Store(QObject):
    """Holds one immutable `Document` and one `View`. `changed` carries nothing: compare what you drew."""

    changed = Signal()

    def __init__(self, document: Document, view: View) -> None:
        super().__init__()
        self.document = document
        self.view = view
        self.undo = QUndoStack(self)
        # Only then is the stack complete: while a command runs, it is not in it yet.
        self.undo.indexChanged.connect(self.changed)

    def edit(self, text: str, document: Document, gesture: str = "") -> None:
        """Replace the document in one undo step; edits of one non-empty `gesture` in a row are one step.

        The last of them names it. Steps that were undone stay: going back from them becomes a step before this one.
        """
        if document == self.document:
            return
        if self.undo.canRedo():
            self._step_back(gesture)
        self.undo.push(_Change(text, self.document, document, gesture, self._set))
        self._forget_step_back(gesture)

    def cancel(self, gesture: str) -> None:
        """Take back the step of a gesture that is under way; it leaves nothing to redo that was not there before."""
        if self._last.gesture == gesture != "":
            self._last.cancelled = True
            self.undo.undo()
        self._forget_step_back(gesture)

    def go_to(self, index: int) -> None:
        """Back to an earlier state in a step of its own, so that nothing is lost; to an undone one by redoing."""
        text, document = self.steps()[index]
        if index > self.undo.index():
            self.undo.setIndex(index)
        else:
            self.edit(BACK_TO + text.removeprefix(BACK_TO), document)

    @property
    def _last(self) -> _Change:
        """The last step that is done; one that does nothing where there is none."""
        command = self.undo.command(self.undo.index() - 1)
        return command if isinstance(command, _Change) else _Change("", self.document, self.document, "", self._set)

    def _step_back(self, gesture: str) -> None:
        """Redo what was undone and make the way back to here a step; the document stays as it is."""
        index, here = self.undo.index(), self.document
        text = self.steps()[index][0]
        with QSignalBlocker(self):
            self.undo.setIndex(self.undo.count())
            step = _Change(BACK_TO + text.removeprefix(BACK_TO), self.document, here, "", self._set)
            step.made_for, step.index_before = gesture, index
            self.undo.push(step)

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
        commands = [self.undo.command(i) for i in range(self.undo.count())]
        changes = [c for c in commands if isinstance(c, _Change)]
        first = changes[0].before if changes else self.document
        return [("Opened", first), *((c.text(), c.after) for c in changes)]

    def look(self, view: View) -> None:
        """Look at something else: not an edit, not undone."""
        if view != self.view:
            self.view = view
            self.changed.emit()

    def _set(self, document: Document) -> None:
        self.document = document


class _Change(QUndoCommand):
    """From one document to another."""

    def __init__(
        self, text: str, before: Document, after: Document, gesture: str, put: Callable[[Document], None]
    ) -> None:
        super().__init__(text)
        self.before, self.after, self.gesture, self._put = before, after, gesture, put
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
        self.after = other.after
        self.setText(other.text())
        if self.after == self.before:
            self.setObsolete(True)
        return True

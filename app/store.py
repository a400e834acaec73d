"""The current document and view, and the undo stack; one command class serves the whole program."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.document import Document, View

_MERGE_ID = 1


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

    def edit(self, text: str, document: Document, gesture: str = "", view: View | None = None) -> None:
        """Replace the document in one undo step; edits of one non-empty `gesture` in a row are one step.

        The last of them names it. `view` is how the new one is looked at, where that is not as before.
        """
        if document != self.document:
            seen = (self.view, view or self.view)
            self.undo.push(_Change(text, self.document, document, gesture, seen, self._set))
        if view is not None:
            self.look(view)

    def cancel(self, gesture: str) -> None:
        """Take back the step of a gesture that is under way; it leaves nothing to redo."""
        command = self.undo.command(self.undo.index() - 1)
        if isinstance(command, _Change) and command.gesture == gesture:
            command.cancelled = True
            self.undo.undo()
            self.look(command.seen[0])

    def steps(self) -> list[tuple[str, Document]]:
        """Every state of the undo stack with what led to it, the oldest first; `undo.index()` is in force."""
        commands = [self.undo.command(i) for i in range(self.undo.count())]
        changes = [c for c in commands if isinstance(c, _Change)]
        first = changes[0].before if changes else self.document
        return [("Opened", first), *((c.text(), c.after) for c in changes)]

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
        self.changed.emit()


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

"""The current document and view, and the undo stack; one command class serves the whole program."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.document import Document, View

_MERGE_ID = 1


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

        The last of them names it.
        """
        if document != self.document:
            self.undo.push(_Change(text, self.document, document, gesture, self._set))

    def cancel(self, gesture: str) -> None:
        """Take back the step of a gesture that is under way; it leaves nothing to redo."""
        command = self.undo.command(self.undo.index() - 1)
        if isinstance(command, _Change) and command.gesture == gesture:
            command.cancelled = True
            self.undo.undo()

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

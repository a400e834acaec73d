"""The question at the start, after a window ended without saving: restore, keep for later, or delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.journal import Entry
from core.documents.files import read_preview, read_work
from core.errors import UserError
from core.library import name_of

WORDS = "Relata ended without saving. What was not saved is here: nothing of it is lost until you delete it."
PICTURE_PX = 64


class Recovery(QDialog):
    """Lists what was left behind, with a picture; what is neither restored nor deleted is offered again."""

    def __init__(self, entries: Sequence[Entry], restore: Callable[[Entry], None], window: QWidget) -> None:
        super().__init__(window)
        self._entries = list(entries)
        self._restore = restore
        self.question: QMessageBox | None = None
        self.setWindowTitle("Restore what was not saved?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list, self.said = QListWidget(), QLabel(WORDS)
        self.said.setWordWrap(True)
        self.list.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.list.setAccessibleName("What was not saved")
        for entry in self._entries:
            picture = QPixmap()
            picture.loadFromData(read_preview(entry.path), "PNG")
            self.list.addItem(QListWidgetItem(QIcon(picture), _words(entry.path)))
        self.list.setCurrentRow(0)
        buttons = QDialogButtonBox()
        self.restore = buttons.addButton("Restore", QDialogButtonBox.ButtonRole.AcceptRole)
        self.keep = buttons.addButton("Keep for later", QDialogButtonBox.ButtonRole.RejectRole)
        self.delete = buttons.addButton("Delete", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.restore.clicked.connect(self._restore_chosen)
        self.keep.clicked.connect(self.close)
        self.delete.clicked.connect(self._ask_deletion)
        layout = QVBoxLayout(self)
        for widget in (self.said, self.list, buttons):
            layout.addWidget(widget)
        self.resize(520, 320)
        self.finished.connect(self._release)

    def _take(self) -> Entry:
        row = self.list.currentRow()
        self.list.takeItem(row)
        return self._entries.pop(row)

    def _restore_chosen(self) -> None:
        entry = self._take()
        try:
            self._restore(entry)
        except UserError as error:
            self.said.setText(str(error))
            self._offer_rest()
        else:
            self._go_on()

    def _ask_deletion(self) -> None:
        """Nothing is left of it after that, so that this is always asked."""
        words = f"Delete what was not saved?\n{self.list.currentItem().text()}\nIt does not come back."
        self.question = QMessageBox(QMessageBox.Icon.Question, "Delete", words, parent=self)
        self.question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.question.addButton("Delete", QMessageBox.ButtonRole.AcceptRole)
        self.question.setDefaultButton(self.question.addButton(QMessageBox.StandardButton.Cancel))
        self.question.accepted.connect(self._delete_chosen)
        self.question.open()

    def _delete_chosen(self) -> None:
        self._take().delete()
        self._go_on()

    def _offer_rest(self) -> None:
        for button in (self.restore, self.delete):
            button.setEnabled(bool(self._entries))

    def _go_on(self) -> None:
        self._offer_rest()
        if not self._entries:
            self.close()

    def _release(self) -> None:
        while self._entries:
            self._entries.pop().release()


def _words(path: Path) -> str:
    """What it is of, when it was written, and how much is in it."""
    when = datetime.fromtimestamp(path.stat().st_mtime).astimezone().strftime("%d %B, %H:%M")
    try:
        work = read_work(path)
    except UserError as error:
        return f"{when}\n{error.message}"
    name = Path(work.journal_of).stem if work.journal_of else "Untitled"
    last = work.history[-1].text if work.history else ""
    n_states = "1 state" if len(work.history) == 1 else f"{len(work.history)} states"
    return f"{name} — {name_of(work.document.model)}\n{when} · {n_states}, the last: {last}"

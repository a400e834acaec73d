"""A small dialog for the name and the note of a scene; what is written is one undo step once it is closed."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from app.desk import Desk
from app.scenes import write_scene

SIZE = QSize(460, 280)


class SceneNote(QDialog):
    """The name, and what is to be said."""

    def __init__(self, desk: Desk, index: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._index = desk, index
        scene = desk.store.scenes[index]
        self.setWindowTitle(f"Scene {index + 1}")
        self.name, self.note = QLineEdit(scene.name), QPlainTextEdit(scene.note)
        self.note.setTabChangesFocus(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.addRow("Name", self.name)
        form.addRow("Note", self.note)
        form.addRow(buttons)
        self.resize(SIZE)
        self.accepted.connect(self._write)
        self.finished.connect(self.deleteLater)

    def _write(self) -> None:
        if self._index < len(self._desk.store.scenes):  # an undo may have taken it away
            write_scene(self._desk, self._index, self.name.text().strip(), self.note.toPlainText().strip())

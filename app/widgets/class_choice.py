"""Choose a class by typing some letters of its name; the first choice is what the model answers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QLineEdit, QWidget


class ClassChoice(QComboBox):
    """A list of classes that narrows down to those with the letters typed."""

    label_chosen = Signal(int)  # −1 for the answer

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self.line = QLineEdit()
        self.setLineEdit(self.line)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(20)
        for named in (self, self.line):
            named.setAccessibleName("Class")
        self.setToolTip("Of which class; type some letters of its name")
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.setCompleter(completer)
        self.activated.connect(lambda index: self.label_chosen.emit(index - 1))
        self.line.editingFinished.connect(self._settle)

    def show_labels(self, labels: tuple[str, ...], answer: str) -> bool:
        """Offer these classes, and say whether they are others; `answer` stands behind the first choice."""
        changed = labels != self._labels
        if changed:
            self._labels = labels
            self.clear()
            self.addItems(["", *labels])
        words = f"{answer} (the answer)" if answer else "the answer"
        if self.itemText(0) != words:
            self.setItemText(0, words)
            self.line.setCursorPosition(0)
        return changed

    def _settle(self) -> None:
        """Take a name that was typed whole; where there is none of it, show again what is chosen."""
        typed = self.findText(self.currentText(), Qt.MatchFlag.MatchFixedString)
        if typed >= 0 and typed != self.currentIndex():
            self.setCurrentIndex(typed)
            self.label_chosen.emit(typed - 1)
        else:
            self.setEditText(self.itemText(self.currentIndex()))

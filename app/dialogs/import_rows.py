"""One row for each thing that a checkpoint does not say: its value, which can be changed, and why it was taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from core.library import WORDS, Assumption

MANY = 12
"""Of more names only how many there are is shown, and others can only be chosen."""


class ImportRows(QWidget):
    """The rows; `stated` holds what is not as it was assumed, by name."""

    changed = Signal()

    def __init__(self, unsaid: Sequence[Assumption]) -> None:
        super().__init__()
        self._unsaid = tuple(unsaid)
        self.boxes: dict[str, QComboBox] = {}
        grid = QGridLayout(self)
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(2)
        for row, each in enumerate(self._unsaid):
            word = WORDS.get(each.name, each.name.replace("_", " "))
            label, why = QLabel(word[0].upper() + word[1:]), QLabel(each.why)
            box = self.boxes[each.name] = _box(each)
            box.setAccessibleName(label.text())
            box.setToolTip(each.why)
            box.currentTextChanged.connect(lambda _: self.changed.emit())
            label.setBuddy(box)
            why.setWordWrap(True)
            why.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            grid.addWidget(label, 2 * row, 0)
            grid.addWidget(box, 2 * row, 1)
            grid.addWidget(why, 2 * row + 1, 1)
            grid.setRowMinimumHeight(2 * row + 1, 22)

    @property
    def stated(self) -> dict[str, Any]:
        """What is not as it was assumed, by name."""
        values = {each.name: self._value(each) for each in self._unsaid}
        return {each.name: values[each.name] for each in self._unsaid if values[each.name] != each.value}

    def _value(self, unsaid: Assumption) -> Any:
        """What a row says: one of the choices, or what was typed, as a list where that is one."""
        text = self.boxes[unsaid.name].currentText().strip()
        known = {setting_words(value): value for value in (unsaid.value, *unsaid.choices)}
        if text in known:
            return known[text]
        return [part.strip() for part in text.split(",")] if isinstance(unsaid.value, tuple | list) else text


def _box(unsaid: Assumption) -> QComboBox:
    box = QComboBox()
    box.addItems(list(dict.fromkeys(setting_words(value) for value in (unsaid.value, *unsaid.choices))))
    box.setEditable(not (isinstance(unsaid.value, tuple | list) and len(unsaid.value) > MANY))
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box


def setting_words(value: Any) -> str:
    """A value as it is shown and typed."""
    if isinstance(value, tuple | list):
        if len(value) > MANY:
            return f"{len(value):,} names: {value[0]}, {value[1]}, …"
        return ", ".join(setting_words(part) for part in value)
    return str(value)

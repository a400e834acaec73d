"""The command palette and the sheet of keys: both made from the window's actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.search import Name, ranked

SMALLEST, MARGIN = QSize(360, 320), QSize(24, 64)
ROUND_SHEET_PX = 48
NamedAction = tuple[str, QAction]


def keys_of(action: QAction) -> str:
    """The action's shortcut in the platform's words."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


class CommandPalette(QDialog):
    """Type a few letters, press Enter. An action's data is what else it is called."""

    def __init__(self, actions: Sequence[NamedAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("All commands")
        self.resize(fitting(parent, 460, 420))
        self.search, self.found = QLineEdit(), QListWidget()
        self.nothing = QLabel("No command has all of these words. With fewer, more are found.")
        self.nothing.setWordWrap(True)
        self.search.setPlaceholderText("Type a command")
        self._actions = [action for _, action in actions]
        self._places = [menu for menu, _ in actions]
        self._names = [Name(action.text(), menu, action.data() or "") for menu, action in actions]
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.nothing)
        layout.addWidget(self.found)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._run)
        self.found.itemActivated.connect(self._run)
        self.search.installEventFilter(self)
        self._filter("")

    def _filter(self, words: str) -> None:
        self.found.clear()
        for index in ranked(words, self._names):
            action = self._actions[index]
            item = QListWidgetItem(f"{self._places[index]} ▸ {action.text()}\t{keys_of(action)}")
            item.setData(Qt.ItemDataRole.UserRole, action)
            self.found.addItem(item)
        self.found.setCurrentRow(0)
        self.nothing.setVisible(self.found.count() == 0)

    def _run(self) -> None:
        item = self.found.currentItem()
        if item is not None:
            self.accept()
            item.data(Qt.ItemDataRole.UserRole).trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        arrows = (Qt.Key.Key_Up, Qt.Key.Key_Down)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in arrows:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.found.setCurrentRow(min(max(self.found.currentRow() + step, 0), self.found.count() - 1))
            return True
        return super().eventFilter(watched, event)


WIDGET_KEYS = (
    ("Stimulus", "Select an item", "Tab"),
    ("Stimulus", "Move by a patch, by a pixel", "arrows, Alt+arrows"),
    ("Pad", "Choose the thumb", "A, B, Tab"),
    ("Pad", "Move the thumb, in large steps", "arrows, Shift+arrows"),
    ("Pad", "Next landmark", "Enter"),
    ("Pad", "Back to the model's own value", "Delete"),
    ("Edits", "Switch, change the strength, offer the controls", "Space, Left and Right, Enter"),
    ("Edits", "Move, remove", "Alt+Up and Alt+Down, Delete"),
    ("Attention", "Move the query", "arrows"),
    ("Attention", "Who looks at me", "A"),
    ("Attention", "Blink the baseline", "hold C"),
    ("Lens", "Scrub through the layers", "wheel"),
    ("Lens", "Another layer or token of the map", "arrows"),
    ("Lens", "Blink the baseline", "hold C"),
    ("Any drag", "Take it back", "Esc"),
)


class ShortcutSheet(QDialog):
    """All keys on one sheet."""

    def __init__(self, actions: Sequence[NamedAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys")
        rows = [(menu, action.text(), keys_of(action)) for menu, action in actions if keys_of(action)]
        body = QWidget()
        grid = QGridLayout(body)
        grid.setHorizontalSpacing(24)
        for index, row in enumerate((*rows, *WIDGET_KEYS)):
            for column, text in enumerate(row):
                grid.addWidget(QLabel(text), index, column)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        QVBoxLayout(self).addWidget(area)
        self.resize(fitting(parent, body.sizeHint().width() + ROUND_SHEET_PX, 560))


def fitting(parent: QWidget, width_px: int, height_px: int) -> QSize:
    """A size that the window it stands over, and its screen, have room for."""
    room = parent.screen().availableGeometry().size().boundedTo(parent.size().expandedTo(SMALLEST))
    return QSize(width_px, height_px).boundedTo(room - MARGIN)

"""The command palette and the sheet of keys: both made from the window's actions."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.search import Name, ranked
from app.widgets.painted import scaled

SMALLEST, MARGIN = QSize(360, 320), QSize(24, 64)
ROUND_SHEET_PX, BETWEEN_COLUMNS_PX, MOST_COLUMNS = 48, 40, 3
NamedAction = tuple[str, QAction]
ALSO_CALLED = {
    "Settings…": "preferences options configuration font size decimal sign",
    "Keys": "keyboard shortcuts hotkeys bindings",
    "Quit": "exit close",
    "Theme: dark": "dark mode night",
    "Theme: light": "light mode day",
    "Open picture…": "photo image import jpeg png",
    "Open model…": "timm hugging face download import checkpoint weights",
    "Export figure…": "save image picture png svg pdf screenshot",
    "Export film…": "gif video movie mp4 animation",
    "Copy data": "csv excel spreadsheet table clipboard numbers",
    "Copy picture": "clipboard image screenshot",
    "Copy as Python": "script code",
    "Start the talk": "presentation slides present slideshow",
    "Check the talk…": "presentation slides rehearse preflight",
    "Add scene": "slide presentation",
    "Fit subspaces…": "das learn",
    "Swap from source": "interchange activation patching",
    "This head at its mean": "ablate ablation",
    "Run on cuda": "gpu graphics card",
    "Make a set…": "dataset batch of pictures",
    "Fine-tune this model…": "train training finetuning",
    "Copy report": "version bug crash",
    "Show log": "crash errors",
}
"""What people who know other programs type, of commands that have no `alias` of their own."""


def keys_of(action: QAction) -> str:
    """The action's shortcut in the platform's words."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


class CommandPalette(QDialog):
    """Type a few letters, press Enter. An action's data is what else it is called."""

    def __init__(self, actions: Sequence[NamedAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("All commands")
        self.resize(fitting(parent, 560, 460))
        self.search, self.found = QLineEdit(), QTreeWidget()
        self._dress()
        self.nothing = QLabel("No command has all of these words. With fewer, more are found.")
        self.nothing.setWordWrap(True)
        self.search.setPlaceholderText("Type a command")
        self.search.setAccessibleName("Find a command")
        self.found.setAccessibleName("Commands")
        self._actions = [action for _, action in actions]
        self._places = [menu for menu, _ in actions]
        self._names = [Name(a.text(), menu, f"{a.data() or ''} {ALSO_CALLED.get(a.text(), '')}") for menu, a in actions]
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
            item = QTreeWidgetItem([f"{self._places[index]} ▸ {action.text()}", keys_of(action)])
            item.setData(0, Qt.ItemDataRole.UserRole, action)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight)
            self.found.addTopLevelItem(item)
        self.found.setCurrentIndex(self.found.model().index(0, 0))
        self.nothing.setVisible(self.found.topLevelItemCount() == 0)

    def _dress(self) -> None:
        """Two columns, words and keys, and nothing round them."""
        self.found.setColumnCount(2)
        self.found.setHeaderHidden(True)
        self.found.setRootIsDecorated(False)
        self.found.setUniformRowHeights(True)
        self.found.header().setStretchLastSection(False)
        self.found.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.found.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def _run(self) -> None:
        item = self.found.currentItem()
        if item is not None:
            self.accept()
            item.data(0, Qt.ItemDataRole.UserRole).trigger()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        arrows = (Qt.Key.Key_Up, Qt.Key.Key_Down)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in arrows:
            return QCoreApplication.sendEvent(self.found, event)
        return super().eventFilter(watched, event)


WIDGET_KEYS = (
    ("Stimulus", "Select an item", "Tab"),
    ("Stimulus", "Move by a patch, by a pixel", "arrows, Alt+arrows"),
    ("Stimulus", "Draw a larger picture along, with any tool", "hold Space"),
    ("Stimulus", "Stroke on from the last one; square, circle", "Shift"),
    ("Stimulus", "Size of the brush; take the colour under it", "Shift+wheel, Alt+click"),
    ("Stimulus", "Object of a photo: more, less of it", "Shift, Ctrl"),
    ("Stimulus", "Lay the tool down", "Esc"),
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
    ("Scenes", "Go to a scene, move it", "arrows, Alt+arrows"),
    ("Scenes", "Name and note, take it away", "F2, Delete"),
    ("Talk", "Next scene", "→, ↓, Space, PgDn"),
    ("Talk", "Scene before", "←, ↑, PgUp"),
    ("Talk", "Go to a scene", "its number, Enter"),
    ("Talk", "The scene as it was", "R"),
    ("Talk", "Laser", "L, or hold it"),
    ("Talk", "Black", "B or ."),
    ("Talk", "Notes, full screen", "P, F11"),
    ("Talk", "Meter, picture or pad alone", "double click"),
    ("Talk", "End", "Esc"),
    ("Any drag", "Take it back", "Esc"),
)


class ShortcutSheet(QDialog):
    """All keys on one sheet."""

    def __init__(self, actions: Sequence[NamedAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys")
        rows = [(menu, action.text(), keys_of(action)) for menu, action in actions if keys_of(action)]
        groups: dict[str, list[tuple[str, str]]] = {}
        for menu, text, keys in (*rows, *WIDGET_KEYS):
            groups.setdefault(menu, []).append((text, keys))
        area = QScrollArea()
        area.setAccessibleName("Keys")
        area.setWidgetResizable(True)
        QVBoxLayout(self).addWidget(area)
        for n_columns in range(MOST_COLUMNS, 0, -1):
            body = _sheet(list(groups.items()), n_columns)
            wanted = body.sizeHint() + QSize(ROUND_SHEET_PX, ROUND_SHEET_PX)
            area.setWidget(body)
            self.resize(fitting(parent, wanted.width(), wanted.height()))
            if self.width() == wanted.width():
                break


Group = tuple[str, list[tuple[str, str]]]


def in_columns(groups: Sequence[Group], n_columns: int) -> list[list[Group]]:
    """Groups in their order, in columns of about the same number of lines."""
    lines = [len(rows) + 2 for _, rows in groups]
    columns: list[list[Group]] = [[] for _ in range(n_columns)]
    above = 0
    for group, n_lines in zip(groups, lines, strict=True):
        columns[min(n_columns - 1, int((above + n_lines / 2) * n_columns / sum(lines)))].append(group)
        above += n_lines
    return columns


def _sheet(groups: Sequence[Group], n_columns: int) -> QWidget:
    body = QWidget()
    columns = QHBoxLayout(body)
    columns.setSpacing(BETWEEN_COLUMNS_PX)
    for column in in_columns(groups, n_columns):
        columns.addLayout(_listed(column))
    return body


def _listed(groups: Sequence[Group]) -> QVBoxLayout:
    """One column of the sheet: each group under its name."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(5)
    for name, rows in groups:
        title = QLabel(name)
        title.setFont(scaled(title.font(), 1.0, bold=True))
        grid.addWidget(title, grid.rowCount(), 0, 1, 2)
        for text, keys in rows:
            line = grid.rowCount()
            grid.addWidget(QLabel(text), line, 0)
            grid.addWidget(QLabel(keys), line, 1, Qt.AlignmentFlag.AlignRight)
    column = QVBoxLayout()
    column.addLayout(grid)
    column.addStretch(1)
    return column


def fitting(parent: QWidget, width_px: int, height_px: int) -> QSize:
    """A size that the window it stands over, and its screen, have room for."""
    room = parent.screen().availableGeometry().size().boundedTo(parent.size().expandedTo(SMALLEST))
    return QSize(width_px, height_px).boundedTo(room - MARGIN)

"""The page of the settings on which commands get other keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.keys import Keys, is_whole, said, used_in_panels

PRESS = "Choose a command, click into the field, and press its new keys."


class KeysPage(QWidget):
    """Every command with its keys. Keys that another command has are taken from it only when that is asked for."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys
        self.filter, self.list, self.field = QLineEdit(), QTreeWidget(), QKeySequenceEdit()
        self.said, self.take = QLabel(PRESS), QPushButton("Use them here instead")
        self.none, self.reset, self.reset_all = QPushButton("No keys"), QPushButton("Reset"), QPushButton("Reset all")
        self._arrange()
        self.filter.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(lambda *_: self._begin())
        self.field.editingFinished.connect(self._pressed)
        self.take.clicked.connect(lambda: self._give(self.field.keySequence()))
        self.none.clicked.connect(lambda: self._give())
        self.reset.clicked.connect(lambda: self._reset(self.name))
        self.reset_all.clicked.connect(lambda: self._reset(""))
        self._fill()
        self.list.setCurrentItem(self._items()[0])

    def _arrange(self) -> None:
        self.filter.setPlaceholderText("Find a command, or the keys of one")
        self.filter.setAccessibleName("Find a command")
        self.list.setAccessibleName("Commands")
        self.list.setHeaderLabels(["Command", "Keys"])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.field.setMaximumSequenceLength(1)
        self.field.setAccessibleName("New keys")
        self.said.setWordWrap(True)
        row, buttons, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        for widget in (self.field, self.none, self.reset):
            row.addWidget(widget)
        buttons.addWidget(self.said, 1)
        buttons.addWidget(self.take)
        buttons.addWidget(self.reset_all)
        layout.addWidget(self.filter)
        layout.addWidget(self.list, 1)
        layout.addLayout(row)
        layout.addLayout(buttons)

    @property
    def name(self) -> str:
        """The command that is chosen."""
        item = self.list.currentItem()
        return "" if item is None else str(item.data(0, Qt.ItemDataRole.UserRole))

    def choose(self, name: str) -> None:
        """Choose a command by its name."""
        self.filter.clear()
        self.list.setCurrentItem(next(item for item in self._items() if item.data(0, Qt.ItemDataRole.UserRole) == name))

    def _items(self) -> list[QTreeWidgetItem]:
        items = (self.list.topLevelItem(at) for at in range(self.list.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _fill(self) -> None:
        for name in self._keys.names:
            item = QTreeWidgetItem([name, ""])
            item.setData(0, Qt.ItemDataRole.UserRole, name)
            self.list.addTopLevelItem(item)
        self._show()

    def _show(self) -> None:
        """The keys of each; those that are not its own stand out."""
        for item, name in zip(self._items(), self._keys.names, strict=True):
            item.setText(1, said(self._keys.of(name)))
            font = self.font()
            font.setBold(not self._keys.is_own(name))
            item.setFont(1, font)
        if self.name:
            self.reset.setEnabled(not self._keys.is_own(self.name))

    def _filter(self, words: str) -> None:
        wanted = words.lower().split()
        for item in self._items():
            told = f"{item.text(0)} {item.text(1)}".lower()
            item.setHidden(not all(word in told for word in wanted))

    def _begin(self) -> None:
        self.field.clear()
        self._say(PRESS)
        self._show()

    def _pressed(self) -> None:
        keys, name = self.field.keySequence(), self.name
        if not is_whole(keys) or not name or keys in self._keys.of(name):
            return
        holder, panel = self._keys.holder(keys, but=name), used_in_panels(keys)
        if holder:
            self._say(f"{said([keys])} is {holder}.", may_take=True)
        elif panel:
            self._say(f"{said([keys])} is used in panels: {panel}.")
        else:
            self._give(keys)

    def _give(self, *keys: QKeySequence) -> None:
        self._keys.choose(self.name, keys)
        self.field.clear()
        self._say(f"{self.name}: {said(keys) or 'no keys'}.")
        self._show()

    def _reset(self, name: str) -> None:
        self._keys.reset(name)
        self._begin()

    def _say(self, words: str, *, may_take: bool = False) -> None:
        self.said.setText(words)
        self.take.setVisible(may_take)

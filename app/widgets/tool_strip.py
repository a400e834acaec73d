"""The strip of tools beside the canvas, and the buttons that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from app import theme
from app.widgets.marks import ink_on, paint_focus
from app.widgets.painted import Paints, box
from app.widgets.tools import Tool

TOOL_PX = 26
_SKETCH_PX = 16


class ToolButton(Paints, QToolButton):
    """A tool as a sketch of itself; it says its name and key."""

    def __init__(self, kind: type[Tool]) -> None:
        super().__init__()
        self.kind = kind
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{kind.name} tool")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def follow(self, action: QAction) -> None:
        """Do what a command does, and say the key that it has now."""
        self.clicked.connect(action.trigger)
        action.changed.connect(lambda: self._say_key(action))
        self._say_key(action)

    def _say_key(self, action: QAction) -> None:
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{self.kind.name}{f' ({key})' if key else ''}\n{self.kind.tip}")

    def sizeHint(self) -> QSize:
        return QSize(TOOL_PX, TOOL_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SKETCH_PX + 4, _SKETCH_PX + 4)

    def paint(self, painter: QPainter) -> None:
        colors, rect = theme.current(), self.rect().toRectF().adjusted(1, 1, -1, -1)
        ink = colors.color("text" if self.isEnabled() else "line")
        if self.isChecked():
            box(painter, rect, radius=5, fill=colors.color("accent"))
            ink = ink_on(colors.color("accent"))
        elif self.underMouse():
            box(painter, rect, radius=5, fill=colors.color("raised"))
        if self.hasFocus():
            paint_focus(painter, rect, colors)
        painter.translate(rect.center().x() - _SKETCH_PX / 2, rect.center().y() - _SKETCH_PX / 2)
        painter.setPen(QPen(ink, 1.4, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self.kind.sketch(painter)


class ToolStrip(QWidget):
    """A button for every tool, in one column or more, and what else belongs below them."""

    def __init__(self, kinds: Sequence[type[Tool]], below: Sequence[QWidget] = (), columns: int = 1) -> None:
        super().__init__()
        self.buttons = tuple(ToolButton(kind) for kind in kinds)
        self.setAccessibleName("Tools")
        self._below = tuple(below)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self.set_columns(columns)

    @property
    def n_cells(self) -> int:
        """How many buttons and other things stand in it."""
        return len(self.buttons) + len(self._below)

    def set_columns(self, columns: int) -> None:
        """Stand in this many columns."""
        for at, widget in enumerate((*self.buttons, *self._below)):
            self._grid.addWidget(widget, at // columns, at % columns)

    def set_current(self, name: str) -> None:
        """Mark the tool in the hand."""
        for button in self.buttons:
            button.setChecked(button.kind.name == name)

    def set_usable(self, usable: Callable[[type[Tool]], bool]) -> None:
        """Which tools have something to do here."""
        for button in self.buttons:
            button.setEnabled(usable(button.kind))

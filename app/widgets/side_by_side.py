"""What is shown of one model; with a second one, both beside each other, each under its model's name."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.widgets.cut import CutLabel

GAP_PX = 6


class SideBySide(QWidget):
    """The first widget alone, or both with names above them."""

    def __init__(self, first: QWidget, second: QWidget) -> None:
        super().__init__()
        self.names = CutLabel(Qt.TextElideMode.ElideMiddle), CutLabel(Qt.TextElideMode.ElideMiddle)
        for name in self.names:
            name.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._second = QWidget()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_PX)
        self._columns = (QWidget(), self._second)
        for column, name, shown in zip(self._columns, self.names, (first, second), strict=True):
            inside = QVBoxLayout(column)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(0)
            inside.addWidget(name)
            inside.addWidget(shown)
            layout.addWidget(column, 1)
        self._show_second(False)

    @property
    def is_double(self) -> bool:
        """Whether both are shown."""
        return not self._second.isHidden()

    def show_names(self, names: tuple[str, str] | None) -> bool:
        """Show both under these names, or without names the first alone; whether that is another number than before."""
        for label, name in zip(self.names, names or ("", ""), strict=True):
            label.show_text(name)
        changes = self.is_double != (names is not None)
        if changes:
            self._show_second(names is not None)
        return changes

    def _show_second(self, shown: bool) -> None:
        self._second.setVisible(shown)
        for column, name in zip(self._columns, self.names, strict=True):
            name.setVisible(shown)
            column.updateGeometry()  # so that whoever asks for its size at once is told the new one
        self.updateGeometry()

"""A row of widgets that goes on in the next line where it is too narrow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

GAP_PX = 4


class Flow(QWidget):
    """Lays out its widgets from left to right at their own sizes, in as many lines as the width asks for."""

    def __init__(self, widgets: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets = tuple(widgets)
        for widget in widgets:
            widget.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at a width in pixels."""
        return max((place.bottom() + 1 for place in self._places(width)), default=0)

    def sizeHint(self) -> QSize:
        return QSize(max(self.minimumSizeHint().width(), self.width()), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest widget."""
        sizes = [widget.sizeHint() for widget in self._widgets]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        for widget, place in zip(self._widgets, self._places(self.width()), strict=True):
            widget.setGeometry(place)
        super().resizeEvent(event)

    def _places(self, width: int) -> list[QRect]:
        places: list[QRect] = []
        x = y = line = 0
        for widget in self._widgets:
            size = widget.sizeHint()
            if x > 0 and x + size.width() > width:
                x, y, line = 0, y + line + GAP_PX, 0
            places.append(QRect(x, y, size.width(), size.height()))
            x, line = x + size.width() + GAP_PX, max(line, size.height())
        return places

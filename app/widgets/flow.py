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
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at a width in pixels."""
        n_lines = sum(place.left() == 0 for place in self._places(width))
        return max(0, n_lines * (self.minimumSizeHint().height() + GAP_PX) - GAP_PX)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [widget.sizeHint() for widget in self._widgets]
        width = sum(s.width() + GAP_PX for s in sizes) - GAP_PX
        return QSize(max(0, width), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest widget."""
        sizes = [widget.sizeHint() for widget in self._widgets]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        for widget, place in zip(self._widgets, self._places(self.width()), strict=True):
            widget.setGeometry(place)
        super().resizeEvent(event)

    def _places(self, width: int) -> list[QRect]:
        """Where each widget stands, in the middle of its line."""
        tall = self.minimumSizeHint().height()
        places: list[QRect] = []
        x = y = 0
        for widget in self._widgets:
            size = widget.sizeHint()
            if x > 0 and x + size.width() > width:
                x, y = 0, y + tall + GAP_PX
            places.append(QRect(x, y + (tall - size.height()) // 2, size.width(), size.height()))
            x += size.width() + GAP_PX
        return places


class ScrolledBody(QWidget):
    """What a panel scrolls: never lower than its parts need at least, while Qt would ask for what they like best."""

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return -1 if layout is None else layout.minimumHeightForWidth(width)

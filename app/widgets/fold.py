"""A row that folds what it has no room for into a pop-over, and a button that holds one widget in a pop-over."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.widgets.flow import GAP_PX

MARGIN_PX = 6


class PopOver(QToolButton):
    """A button; pressed, it shows what it holds right under it, until there is a click elsewhere."""

    def __init__(self, text: str, held: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self.setText(text)
        self.setProperty("chip", True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.frame = QFrame(self, Qt.WindowType.Popup)
        self.frame.setFrameShape(QFrame.Shape.StyledPanel)
        self._inside = QVBoxLayout(self.frame)
        self._inside.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        self._inside.setSpacing(GAP_PX)
        for widget in held:
            self._inside.addWidget(widget)
        self.clicked.connect(self.open)

    def hold(self, widget: QWidget) -> None:
        """Hold one more."""
        self._inside.addWidget(widget)
        widget.show()

    def open(self) -> None:
        """Show what it holds, on this screen."""
        self.frame.adjustSize()
        screen = self.screen().availableGeometry()
        place = self.mapToGlobal(QPoint(0, self.height() + 2))
        place.setX(max(screen.left(), min(place.x(), screen.right() - self.frame.width())))
        if place.y() + self.frame.height() > screen.bottom():
            place.setY(self.mapToGlobal(QPoint(0, 0)).y() - self.frame.height() - 2)
        self.frame.move(place)
        self.frame.show()


class FoldingRow(QWidget):
    """Buttons from left to right; those that do not fit are held by a last one, “⋯”."""

    def __init__(self, buttons: Sequence[QToolButton], name: str) -> None:
        super().__init__()
        self._buttons = tuple(buttons)
        self.more = PopOver("⋯")
        self.more.setAccessibleName(name)
        self.more.setToolTip(name)
        self.more.setParent(self)
        for button in self._buttons:
            button.setParent(self)
            button.clicked.connect(self.more.frame.hide)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        sizes = [button.sizeHint() for button in self._buttons]
        tall = max((size.height() for size in sizes), default=0)
        return QSize(sum(size.width() + GAP_PX for size in sizes), tall)

    def minimumSizeHint(self) -> QSize:
        return self.more.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fitting = self._n_fitting()
        x = 0
        for button in self._buttons[:fitting]:
            if button.parentWidget() is not self:
                button.setParent(self)
                button.show()
            size = button.sizeHint()
            button.setGeometry(x, (self.height() - size.height()) // 2, size.width(), size.height())
            x += size.width() + GAP_PX
        for button in self._buttons[fitting:]:
            if button.parentWidget() is self:
                self.more.hold(button)
        self.more.setVisible(fitting < len(self._buttons))
        size = self.more.sizeHint()
        self.more.setGeometry(x, (self.height() - size.height()) // 2, size.width(), size.height())

    def _n_fitting(self) -> int:
        """How many buttons there is room for, beside the last one where not all fit."""
        if self.sizeHint().width() - GAP_PX <= self.width():
            return len(self._buttons)
        room = self.width() - self.more.sizeHint().width()
        n = 0
        for button in self._buttons:
            room -= button.sizeHint().width() + GAP_PX
            if room < 0:
                break
            n += 1
        return n

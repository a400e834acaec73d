"""A part of a picture seen larger: the same part in every view of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object

MOST = 8.0
STEP = 1.25
"""How much larger one notch of the wheel makes it."""
_NOTCH = 120.0  # eighths of a degree


@dataclass(frozen=True, slots=True)
class Closeup:
    """How many times as large as the whole it is, and which place of it is in the middle, in shares of a side."""

    scale: float = 1.0
    x: float = 0.5
    y: float = 0.5

    def whole(self, view: QRectF) -> QRectF:
        """Where the whole picture lies, of which a part fills `view`."""
        if self.scale == 1:
            return QRectF(view)
        width, height = self.scale * view.width(), self.scale * view.height()
        return QRectF(view.center().x() - self.x * width, view.center().y() - self.y * height, width, height)

    def zoomed(self, factor: float, view: QRectF, at: QPointF) -> Closeup:
        """Larger by a factor; what is at `at` stays there, as far as the picture reaches."""
        whole, scale = self.whole(view), min(MOST, max(1.0, self.scale * factor))
        x, y = (at.x() - whole.left()) / whole.width(), (at.y() - whole.top()) / whole.height()
        off = at - view.center()
        return _within(scale, x - off.x() / (scale * view.width()), y - off.y() / (scale * view.height()))

    def moved(self, by: QPointF, view: QRectF) -> Closeup:
        """The picture drawn along by a way in the view."""
        width, height = self.scale * view.width(), self.scale * view.height()
        return _within(self.scale, self.x - by.x() / width, self.y - by.y() / height)


WHOLE = Closeup()


def _within(scale: float, x: float, y: float) -> Closeup:
    """No place beside the picture is shown."""
    half = 0.5 / scale
    return Closeup(scale, min(1 - half, max(half, x)), min(1 - half, max(half, y)))


class Zooming(_Widget):
    """A mixin, first of the bases: Ctrl and the wheel zoom about the pointer, the wheel alone and the middle button
    move what is larger than its view. `closeup_wanted` asks for it; `show_closeup` shows it.
    """

    closeup_wanted = Signal(object)  # Closeup

    closeup = WHOLE
    _drawn_from: QPointF | None = None

    def show_closeup(self, closeup: Closeup) -> None:
        """Show this part of the picture."""
        if closeup != self.closeup:
            self.closeup = closeup
            self.update()

    def view_rect(self) -> QRectF:
        """Where the picture is seen, in widget coordinates."""
        raise NotImplementedError

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned, view = QPointF(event.angleDelta()), self.view_rect()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and turned.y():
            self.want(self.closeup.zoomed(STEP ** (turned.y() / _NOTCH), view, event.position()))
        elif self.closeup.scale > 1:
            self.want(self.closeup.moved(turned / 3, view))
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and self._draw_along(event):
            return True
        return super().event(event)

    def _draw_along(self, event: QMouseEvent) -> bool:
        """The middle button takes hold of the picture; whether the event is about that."""
        kind, middle = event.type(), event.button() == Qt.MouseButton.MiddleButton
        if kind == QEvent.Type.MouseButtonPress and middle and self.closeup.scale > 1:
            self._drawn_from = event.position()
        elif self._drawn_from is None:
            return False
        elif kind == QEvent.Type.MouseMove:
            by, self._drawn_from = event.position() - self._drawn_from, event.position()
            self.want(self.closeup.moved(by, self.view_rect()))
        elif kind == QEvent.Type.MouseButtonRelease and middle:
            self._drawn_from = None
        event.accept()
        return True

    def want(self, closeup: Closeup) -> None:
        """Ask for a part of the picture, unless it is the one that is seen."""
        if closeup != self.closeup:
            self.closeup_wanted.emit(closeup)

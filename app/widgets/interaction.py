"""What widgets share in how they are handled: keys, tool tips, notches of a wheel, and gestures.

Mixins before the class of a widget, so that buttons and sliders behave like everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QHideEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object

ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""Steps to the right and down."""
RESETS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

_NOTCH = 120  # eighths of a degree in one click of a wheel

Held = TypeVar("Held")


class Notches:
    """Counts the clicks of a wheel; what finer wheels and touchpads send adds up to them."""

    def __init__(self) -> None:
        self._rest = 0

    def of(self, event: QWheelEvent) -> int:
        """How many clicks have come full with `event`, which is taken."""
        event.accept()
        self._rest += event.angleDelta().y() or event.angleDelta().x()
        full = int(self._rest / _NOTCH)
        self._rest -= full * _NOTCH
        return full


class Interactive(_Widget):
    """Takes keys that are shortcuts elsewhere, says what is under the pointer, and shows that it has the keyboard."""

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is for this widget, though it may be a shortcut of the window."""
        return False

    def tip_at(self, place: QPointF) -> tuple[str, QRect] | None:
        """The tool tip at a place, and where it holds; “” for none there. None where it is the same everywhere."""
        return None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.wants(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = self.tip_at(QPointF(event.pos()))
            if tip is not None:
                QToolTip.showText(event.globalPos(), tip[0], self, tip[1])
                return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


class Blinking(_Widget):
    """While C is held, the baseline is to be shown."""

    blink = Signal(bool)

    _blinking = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_C and not event.modifiers():
            self._set_blinking(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_C and not event.isAutoRepeat():
            self._set_blinking(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._set_blinking(False)

    def _set_blinking(self, on: bool) -> None:
        if on != self._blinking:
            self._blinking = on
            self.blink.emit(on)


class Holding(Generic[Held], _Widget):
    """A gesture: something is in the hand from a press to the release, or to what takes it all back."""

    gesture_started = Signal()
    gesture_finished = Signal()
    gesture_cancelled = Signal()

    held: Held | None = None

    def put_back(self, held: Held) -> None:
        """Show again what was before the gesture, as far as the widget showed it by itself."""

    def cancel(self) -> None:
        """Take back the gesture that is under way, if there is one: Escape does, and hiding the widget."""
        held, self.held = self.held, None
        if held is not None:
            self.put_back(held)
            self.gesture_cancelled.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        self.cancel()
        super().hideEvent(event)

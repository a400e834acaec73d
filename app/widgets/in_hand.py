"""What a canvas does for the tool in the hand: mouse and keys go to it, and Space stands in for the pan tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QKeySequence, QMouseEvent, QWheelEvent

from app.widgets.closeup import Zooming
from app.widgets.hand import Hand
from app.widgets.interaction import Holding, Interactive
from app.widgets.tools import Tool
from app.widgets.tools.pan import Pan
from app.widgets.tools.select import Select


class InHand(Zooming, Holding[object], Interactive):
    """A mixin of the canvas. `laid_down` says that Escape was pressed with nothing under way: back to *Select*;
    `step_started` of what kind a gesture of one key, or of one notch of the wheel, is."""

    laid_down = Signal()
    step_started = Signal(str)

    pixels: np.ndarray | None = None
    hand = Hand()
    tool: Tool
    _resting: Tool | None = None

    def take(self, tool: Tool) -> None:
        """Use another tool; a gesture of the one before is taken back, or ends where it went on by itself."""
        self.end_gesture()
        self.tool.leave()
        self.tool, self._resting = tool, None
        self.setCursor(tool.cursor)
        self.update()

    @property
    def resting_kind(self) -> type[Tool]:
        """The kind of the tool that is in the hand, or will be again when Space is let go of."""
        return type(self.tool if self._resting is None else self._resting)

    def set_hand(self, hand: Hand) -> None:
        """Draw like this from now on."""
        if hand != self.hand:
            self.hand = hand
            self.update()

    def begin(self, held: object) -> None:
        """A gesture of the tool begins: `held` is in the hand."""
        self.held = held
        self.gesture_started.emit()

    def step(self, kind: str, ask: Callable[[], None]) -> None:
        """A gesture of one key, or of one notch of the wheel: it goes on with those of its kind that came before it."""
        self.step_started.emit(kind)
        ask()
        self.gesture_finished.emit()

    def finish(self) -> None:
        """The gesture has ended, and what it did is to stay."""
        self.held = None
        self.update()
        self.gesture_finished.emit()

    def end_gesture(self) -> None:
        """The gesture under way, if there is one, ends: one that went on by itself stays."""
        if self.held is not None and self.tool.goes_on:
            self.finish()
        else:
            self.cancel()

    def put_back(self, held: object) -> None:
        self.tool.put_back(held)
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        self.end_gesture()
        super().hideEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.pixels is not None and (self.held is None or self.tool.goes_on):
            self.tool.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.tool.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.held is not None and event.button() == Qt.MouseButton.LeftButton:
            self.tool.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.tool.wheel(event):
            super().wheelEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if self.held is None:
            self.tool.leave()
        super().leaveEvent(event)

    def wants(self, event: QKeyEvent) -> bool:
        if self.held is not None and _takes_back(event):
            return True
        if event.key() == Qt.Key.Key_Escape and not isinstance(self.tool, Select):
            return True
        return self.tool.wants(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.held is None and self._resting is None:
            resting = self.tool
            self.take(Pan(cast(Any, self)))
            self._resting = resting
        elif event.key() == Qt.Key.Key_Space and self._resting is not None:
            event.accept()
        elif not self.wants(event):
            super().keyPressEvent(event)
        elif self.held is not None and _takes_back(event):
            self.cancel()
        elif event.key() == Qt.Key.Key_Escape and not isinstance(self.tool, Select):
            self.laid_down.emit()
        else:
            self.tool.key_pressed(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._resting is not None:
            if not event.isAutoRepeat():
                self._lay_down_pan()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.tool.goes_on:
            self.end_gesture()
        if self._resting is not None:
            self._lay_down_pan()

    def _lay_down_pan(self) -> None:
        """Space was let go of: back to the tool from before."""
        if self._resting is not None:
            self.take(self._resting)


def _takes_back(event: QKeyEvent) -> bool:
    """Whether a key takes back the gesture under way: Escape, and undo, which is not to undo a part of it."""
    return event.key() == Qt.Key.Key_Escape or event.matches(QKeySequence.StandardKey.Undo)

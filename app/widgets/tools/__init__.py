"""Tools of the stimulus canvas: what it does with the mouse and the keys, one file a tool.

A tool is in the strip beside the canvas, in *Stimulus ▸ Tool* and in the command palette because it lies in this room.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QWheelEvent

from core.registry import kinds

if TYPE_CHECKING:
    from app.widgets.canvas import StimulusCanvas

Use = Literal["", "ink", "eraser", "object"]
"""What is to become of the pixels that a tool covers."""


class Tool:
    """What a canvas does with the mouse and the keys while it is in the hand; by itself, nothing.

    To add one, write a class in a file of its own in this room, with a `name`, a `key` and a `tip`, and a `sketch` of
    itself. It is made of the canvas, which has the picture: `canvas.frame()` says where that lies, `canvas.at` which
    place of it is under the pointer, `canvas.items` and `canvas.item_at` what is on it, `canvas.hand` how to draw. A
    gesture begins with `canvas.begin(held)`, where `held` is any value that says what is in the hand, and ends with
    `canvas.finish()`; in between, `canvas.held` is that value. Escape and whatever hides the canvas end it too: the
    tool then gets it back in `put_back`. A tool asks for changes by the canvas's signals, and shows by `paint` what
    only the gesture knows.
    """

    name: ClassVar[str] = ""
    key: ClassVar[str] = ""
    tip: ClassVar[str] = ""
    order: ClassVar[int] = 100
    words: ClassVar[str] = ""
    """What a gesture of it is called in the history."""
    use: ClassVar[Use] = ""
    photos_only: ClassVar[bool] = False
    goes_on = False
    """Whether a gesture goes on after the button came up, until the next press, Enter, or another tool."""
    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, canvas: StimulusCanvas) -> None:
        self.canvas = canvas

    @staticmethod
    def sketch(painter: QPainter) -> None:
        """Draw what the strip shows of it, in a square of 16 by 16, with pen and brush as they are set."""

    def press(self, event: QMouseEvent) -> None:
        """A button went down; nothing is held, unless a gesture `goes_on`."""

    def move(self, event: QMouseEvent) -> None:
        """The pointer moved, with or without something in the hand."""

    def release(self, event: QMouseEvent) -> None:
        """The left button came up while something was held."""

    def wheel(self, event: QWheelEvent) -> bool:
        """The wheel was turned; whether that was for this tool."""
        return False

    def leave(self) -> None:
        """The pointer left the canvas, or the tool is laid down; nothing is held."""

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is for this tool. Escape is the canvas's while something is held."""
        return False

    def key_pressed(self, event: QKeyEvent) -> None:
        """A key that it wants went down."""

    def picture_changed(self) -> None:
        """Another picture is shown, perhaps with fewer items."""

    def put_back(self, held: object) -> None:
        """The gesture was taken back."""

    def paint(self, painter: QPainter) -> None:
        """Draw over the picture and its items."""

    def tip_at(self, place: QPointF) -> tuple[str, QRect] | None:
        """The tool tip at a place, and where it holds; None where the canvas says what is there."""
        return None


@cache
def tools() -> tuple[type[Tool], ...]:
    """Every tool that lies in this room, in order."""
    return kinds("app.widgets.tools", Tool)

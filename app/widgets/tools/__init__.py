"""Tools of the stimulus canvas: what it does with the mouse and the keys, one file a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

if TYPE_CHECKING:
    from app.widgets.canvas import StimulusCanvas


class Tool:
    """What a canvas does with the mouse and the keys while it is in the hand; by itself, nothing.

    To add one, write a class in a file of its own in this room and give it to `StimulusCanvas.take`. It is made of the
    canvas, which has the picture: `canvas.frame()` says where that lies, `canvas.items` and `canvas.item_at` what is on
    it. A gesture begins with `canvas.begin(held)`, where `held` is any value that says what is in the hand, and ends
    with `canvas.finish()`; in between, `canvas.held` is that value. Escape and whatever hides the canvas end it too:
    the tool then gets it back in `put_back`. A tool asks for changes by the canvas's signals, and shows by `paint`
    what only the gesture knows.
    """

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, canvas: StimulusCanvas) -> None:
        self.canvas = canvas

    def press(self, event: QMouseEvent) -> None:
        """A button went down; nothing is held."""

    def move(self, event: QMouseEvent) -> None:
        """The pointer moved, with or without something in the hand."""

    def release(self, event: QMouseEvent) -> None:
        """The left button came up while something was held."""

    def leave(self) -> None:
        """The pointer left the canvas, or the tool is laid down; nothing is held."""

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is for this tool. Escape is the canvas's while something is held."""
        return False

    def key(self, event: QKeyEvent) -> None:
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

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from pytestqt.qtbot import QtBot

from app.widgets.canvas import StimulusCanvas
from app.widgets.tools import Tool
from tests.app.widgets.gestures import move, open_on_screen, press, release


class Noted(Tool):
    """Holds whatever is pressed, and notes what happens."""

    def __init__(self, canvas: StimulusCanvas) -> None:
        super().__init__(canvas)
        self.noted: list[object] = []

    def press(self, event: QMouseEvent) -> None:
        self.canvas.begin("pencil")
        self.noted.append("press")

    def move(self, event: QMouseEvent) -> None:
        self.noted.append(("move", self.canvas.held))

    def release(self, event: QMouseEvent) -> None:
        self.canvas.finish()
        self.noted.append("release")

    def leave(self) -> None:
        self.noted.append("leave")

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_Q

    def key_pressed(self, event: QKeyEvent) -> None:
        self.noted.append("key")

    def put_back(self, held: object) -> None:
        self.noted.append(("put back", held))


@pytest.fixture
def canvas(qtbot: QtBot) -> StimulusCanvas:
    widget = StimulusCanvas()
    open_on_screen(qtbot, widget, 456, 456)
    widget.show_picture(np.full((224, 224, 3), 255, dtype=np.uint8), [], 16, selected=None)
    widget.setFocus()
    return widget


@pytest.fixture
def tool(canvas: StimulusCanvas) -> Noted:
    tool = Noted(canvas)
    canvas.take(tool)
    return tool


def test_mouse_and_keys_go_to_the_tool_in_the_hand(qtbot: QtBot, canvas: StimulusCanvas, tool: Noted) -> None:
    press(canvas, QPointF(50, 50))
    move(canvas, QPointF(60, 60))
    release(canvas, QPointF(60, 60))
    qtbot.keyClick(canvas, Qt.Key.Key_Q)
    qtbot.keyClick(canvas, Qt.Key.Key_W)

    assert tool.noted == ["press", ("move", "pencil"), "release", "key"]


def test_escape_gives_a_tool_back_what_was_in_the_hand(qtbot: QtBot, canvas: StimulusCanvas, tool: Noted) -> None:
    press(canvas, QPointF(50, 50))

    qtbot.keyClick(canvas, Qt.Key.Key_Escape)

    assert tool.noted == ["press", ("put back", "pencil")]
    assert canvas.held is None


def test_another_tool_takes_back_the_gesture_of_the_one_before(canvas: StimulusCanvas, tool: Noted) -> None:
    press(canvas, QPointF(50, 50))

    canvas.take(Tool(canvas))

    assert tool.noted == ["press", ("put back", "pencil"), "leave"]
    assert canvas.held is None

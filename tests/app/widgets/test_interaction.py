"""Keys, tool tips, wheels and gestures are the same in every widget, buttons and sliders included."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.widgets.interaction import Holding, Interactive, Notches
from tests.app.widgets.gestures import wheel

PLACE = QPointF(5, 5)


class Handle(Holding[str], Interactive, QAbstractSlider):
    """Takes Delete and speaks at the left; counts the clicks of a wheel."""

    def __init__(self) -> None:
        super().__init__()
        self.notches, self.n = Notches(), 0
        self.back: list[str] = []
        self.cancelled: list[None] = []
        self.gesture_cancelled.connect(lambda: self.cancelled.append(None))

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_Delete

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        return ("left" if place.x() < 20 else ""), QRect()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.n += self.notches.of(event)

    def put_back(self, held: str) -> None:
        self.back.append(held)


@pytest.fixture
def handle(qtbot: QtBot) -> Handle:
    widget = Handle()
    qtbot.addWidget(widget)
    widget.resize(60, 40)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.mark.parametrize(
    ("angles", "n"),
    [([120], 1), ([-240], -2), ([40, 40, 39], 0), ([40, 40, 40], 1), ([100, 100, -80, -120], 0), ([90, -120], 0)],
)
def test_fine_turns_of_a_wheel_add_up_to_clicks(handle: Handle, angles: list[int], n: int) -> None:
    for angle in angles:
        wheel(handle, PLACE, angle)

    assert handle.n == n


@pytest.mark.parametrize(("key", "taken"), [(Qt.Key.Key_Delete, True), (Qt.Key.Key_F2, False)])
def test_a_key_that_is_wanted_is_no_shortcut_of_the_window(handle: Handle, key: Qt.Key, taken: bool) -> None:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(handle, event)

    assert event.isAccepted() == taken


def test_the_tool_tip_is_that_of_the_place(handle: Handle) -> None:
    for x, told in ((5, "left"), (50, "")):
        place = QPoint(x, 5)
        QApplication.sendEvent(handle, QHelpEvent(QEvent.Type.ToolTip, place, handle.mapToGlobal(place)))
        if told:
            assert QToolTip.text() == told
    QToolTip.hideText()


def test_what_is_hidden_in_mid_gesture_takes_it_back_once(handle: Handle) -> None:
    handle.held = "thing"

    handle.hide()
    handle.cancel()

    assert handle.held is None
    assert handle.back == ["thing"]
    assert len(handle.cancelled) == 1


def test_without_a_gesture_there_is_nothing_to_cancel(handle: Handle) -> None:
    handle.hide()

    assert handle.back == []
    assert handle.cancelled == []

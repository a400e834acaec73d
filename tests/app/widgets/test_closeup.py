"""A part of the picture is seen larger in the stimulus and in the attention alike."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels.inside import InsidePanel
from app.panels.stimulus import StimulusPanel
from app.widgets.attention_view import AttentionView
from app.widgets.canvas import CanvasItem, StimulusCanvas
from app.widgets.closeup import MOST, WHOLE, Closeup
from tests.app.widgets.gestures import open_on_screen

VIEW = QRectF(10, 20, 200, 200)
CTRL, NO_KEYS = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


def turn(widget: QWidget, place: QPointF, turned: QPoint, keys: Qt.KeyboardModifier) -> None:
    at, none = widget.mapToGlobal(place), Qt.MouseButton.NoButton
    event = QWheelEvent(place, at, QPoint(), turned, none, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


def place_of(closeup: Closeup, at: QPointF) -> tuple[float, float]:
    whole = closeup.whole(VIEW)
    return (at.x() - whole.left()) / whole.width(), (at.y() - whole.top()) / whole.height()


@pytest.mark.parametrize("at", [QPointF(10, 20), QPointF(60, 200), QPointF(209, 30)])
def test_what_is_under_the_pointer_stays_there(at: QPointF) -> None:
    closeup = WHOLE
    for factor in (1.5, 2.0, 0.8):
        before, closeup = place_of(closeup, at), closeup.zoomed(factor, VIEW, at)
        assert place_of(closeup, at) == pytest.approx(before)


def test_it_is_never_smaller_than_the_whole_nor_beside_it() -> None:
    far = WHOLE.zoomed(100, VIEW, VIEW.topLeft())

    assert far.scale == MOST
    for closeup in (far, far.moved(QPointF(5000, -5000), VIEW), WHOLE.moved(QPointF(40, 40), VIEW)):
        assert closeup.whole(VIEW).adjusted(-0.01, -0.01, 0.01, 0.01).contains(VIEW)
    assert far.zoomed(1e-9, VIEW, VIEW.center()) == WHOLE


def test_the_canvas_shows_the_part_and_its_items_are_taken_hold_of_there(qtbot: QtBot) -> None:
    canvas = StimulusCanvas()
    open_on_screen(qtbot, canvas, 456, 456)
    item = CanvasItem("A", "item_a", 32, 48, 32, (0,), False, True)
    canvas.show_picture(np.full((224, 224, 3), 255, np.uint8), [item], 16, selected=None)
    asked: list[Closeup] = []
    canvas.closeup_wanted.connect(asked.append)
    small, corner = canvas.item_rect(0), canvas.item_rect(0).topLeft()

    turn(canvas, corner, QPoint(0, 480), CTRL)
    canvas.show_closeup(asked[-1])

    assert canvas.item_rect(0).width() > 2 * small.width()
    assert canvas.item_rect(0).topLeft().toPoint() == corner.toPoint()
    turn(canvas, corner, QPoint(0, -240), NO_KEYS)
    canvas.show_closeup(asked[-1])
    assert canvas.item_rect(0).top() < corner.y() - 60, "the wheel alone moves the picture"


def test_a_token_of_the_attention_is_where_it_is_seen(qtbot: QtBot) -> None:
    view = AttentionView()
    open_on_screen(qtbot, view, 460, 460)
    view.show_attention(np.zeros((224, 224, 3), np.uint8), np.zeros((14, 14)), 1.0, (), 0, (("CLS", 0.1),), "words")
    hovered: list[int] = []
    view.token_hovered.connect(hovered.append)
    token = 1 + 3 * 14 + 5

    view.show_closeup(WHOLE.zoomed(3, view.picture_rect(), view.token_rect(token).center()))

    assert view.token_rect(token).width() == pytest.approx(3 * view.picture_rect().width() / 14)
    qtbot.mouseMove(view, view.token_rect(token).center().toPoint())
    assert hovered == [token]


def test_both_pictures_show_the_same_part_and_the_whole_again(window: MainWindow) -> None:
    canvas, attention = window.panel(StimulusPanel).canvas, window.panel(InsidePanel).view
    commands = {action.text(): action for _, action in window.all_actions()}

    commands["Zoom in"].trigger()
    turn(canvas, canvas.view_rect().center(), QPoint(0, 120), CTRL)

    assert canvas.closeup == attention.closeup == window.desk.closeup
    assert canvas.closeup.scale > 1.5
    commands["Whole picture"].trigger()
    assert canvas.closeup == attention.closeup == WHOLE

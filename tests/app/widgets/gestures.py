"""Real events for the widget tests: mouse with modifiers, wheel, drops, keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

LEFT, RIGHT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
COPY = Qt.DropAction.CopyAction
NO_KEYS = Qt.KeyboardModifier.NoModifier
ALT, CTRL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def open_on_screen(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    """Show `widget` at a size, in the active window, so that it can take the keyboard."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()


def press(widget: QWidget, place: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    _mouse(widget, QEvent.Type.MouseButtonPress, place, LEFT, keys)


def move(widget: QWidget, place: QPointF, keys: Qt.KeyboardModifier = NO_KEYS, *, held: Qt.MouseButton = LEFT) -> None:
    _mouse(widget, QEvent.Type.MouseMove, place, NO_BUTTON, keys, held)


def release(widget: QWidget, place: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    _mouse(widget, QEvent.Type.MouseButtonRelease, place, LEFT, keys)


def drag(widget: QWidget, start: QPointF, end: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    press(widget, start, keys)
    move(widget, (start + end) / 2, keys)
    move(widget, end, keys)
    release(widget, end, keys)


def wheel(widget: QWidget, place: QPointF, angle: int, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    event = QWheelEvent(
        place,
        widget.mapToGlobal(place),
        QPoint(0, 0),
        QPoint(0, angle),
        NO_BUTTON,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def carry(widget: QWidget, place: QPointF, mime: QMimeData, action: Qt.DropAction = COPY) -> bool:
    """Bring `mime` over a place; whether the widget would take it there."""
    enter = QDragEnterEvent(place.toPoint(), action, mime, LEFT, NO_KEYS)
    QApplication.sendEvent(widget, enter)
    over = QDragMoveEvent(place.toPoint(), action, mime, LEFT, NO_KEYS)
    QApplication.sendEvent(widget, over)
    return enter.isAccepted() and over.isAccepted()


def drop(
    widget: QWidget,
    place: QPointF,
    mime: QMimeData,
    action: Qt.DropAction = COPY,
    *,
    keys: Qt.KeyboardModifier = NO_KEYS,
) -> bool:
    """Bring `mime` over a place and let it go; whether the widget took it."""
    carry(widget, place, mime, action)
    event = QDropEvent(place, action, mime, LEFT, keys)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def carry_away(widget: QWidget) -> None:
    QApplication.sendEvent(widget, QDragLeaveEvent())


def ask_menu(widget: QWidget, reason: QContextMenuEvent.Reason, place: QPoint) -> None:
    QApplication.sendEvent(widget, QContextMenuEvent(reason, place, widget.mapToGlobal(place)))


def _mouse(
    widget: QWidget,
    kind: QEvent.Type,
    place: QPointF,
    button: Qt.MouseButton,
    keys: Qt.KeyboardModifier,
    held: Qt.MouseButton = LEFT,
) -> None:
    held = NO_BUTTON if kind == QEvent.Type.MouseButtonRelease else held
    QApplication.sendEvent(widget, QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, keys))

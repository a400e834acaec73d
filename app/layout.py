"""Where the docks stand, and how large windows may be: never larger than their screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import get_args

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from app.panels import Panel, Place

TITLE_BAR_PX = 32
ROOM_FOR_HISTORY_PX = 700
STUDY_SIZE, STUDY_MARGIN = QSize(704, 620), QSize(48, 32)


def arrange(window: QMainWindow, docks: Mapping[type[Panel], QDockWidget]) -> None:
    """Every dock in its place: bars above and below, panels side by side between them, the others put away."""
    room = window.screen().availableGeometry()
    of = {place: [dock for kind, dock in docks.items() if kind.place == place] for place in get_args(Place)}
    for dock in (*of["floating"], *of["behind"]):
        dock.hide()
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
    for dock in (*of["top"], *of["middle"], *of["bottom"]):
        # What is shown for a moment only would still make the window larger.
        dock.setFloating(False)
        dock.setVisible(dock is not of["bottom"][-1] or room.height() >= ROOM_FOR_HISTORY_PX)
    _stack(window, of["top"], Qt.DockWidgetArea.TopDockWidgetArea)
    _stack(window, of["bottom"], Qt.DockWidgetArea.BottomDockWidgetArea)
    # In one area with the meter: between areas Qt leaves room for a central widget, and there is none.
    window.splitDockWidget(of["top"][-1], of["middle"][0], Qt.Orientation.Vertical)
    for left, right in pairwise(of["middle"]):
        window.splitDockWidget(left, right, Qt.Orientation.Horizontal)
    widths_px = [kind.width_px for kind in docks if kind.place == "middle"]
    window.resizeDocks(of["middle"], widths_px, Qt.Orientation.Horizontal)
    _, beside, inside, *_ = of["middle"]
    for dock in of["behind"]:
        dock.setFloating(False)
        window.tabifyDockWidget(inside, dock)
        dock.hide()
    for dock in of["floating"]:
        # Not in the way, and once it is opened, over the palette and the stimulus: the inside stays in sight.
        # Docked, it shares the place of the stimulus.
        window.tabifyDockWidget(beside, dock)
        dock.setFloating(True)
        place = QRect(window.pos() + QPoint(24, 170), STUDY_SIZE.boundedTo(room.size() - STUDY_MARGIN))
        place.moveBottom(min(place.bottom(), room.bottom() - STUDY_MARGIN.height() // 2))
        dock.setGeometry(place)
        dock.hide()


def _stack(window: QMainWindow, docks: Sequence[QDockWidget], area: Qt.DockWidgetArea) -> None:
    """One dock below the other in an area."""
    window.addDockWidget(area, docks[0])
    for above, below in pairwise(docks):
        window.splitDockWidget(above, below, Qt.Orientation.Vertical)


def room_for(window: QWidget) -> QSize:
    """How large a window may be for its frame to fit on its screen."""
    frame = window.frameGeometry().size() - window.size()
    if not frame.height():  # it is not there before the window is shown
        frame = QSize(0, TITLE_BAR_PX)
    return window.screen().availableGeometry().size() - frame


class OnScreen(QObject):
    """Keeps a window and the docks that float beside it no larger than the screen that each is on."""

    def __init__(self, window: QMainWindow, docks: Iterable[QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._docks = window, tuple(docks)
        for widget in (window, *self._docks):
            widget.installEventFilter(self)

    def keep(self) -> None:
        """Make every window fit, and bring back what sticks out."""
        self._limit()
        for window in self._windows():
            _bring_back(window)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and watched is self._window:
            self._limit()
        elif event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            watched.windowHandle().screenChanged.connect(self._follow, Qt.ConnectionType.UniqueConnection)
            self._follow(watched.screen())
            _bring_back(watched)
        return False

    def _follow(self, screen: QScreen) -> None:
        """A window is on this screen now, which may itself become smaller; it may be in the hand and is not moved."""
        screen.availableGeometryChanged.connect(self.keep, Qt.ConnectionType.UniqueConnection)
        self._limit()
        for window in self._windows():
            _shrink(window)

    def _windows(self) -> tuple[QWidget, ...]:
        return (self._window, *(dock for dock in self._docks if dock.isFloating()))

    def _limit(self) -> None:
        """Let the content ask for more room, but not for more than the screen has.

        A minimum that was set takes the place of the one that Qt would take from the content.
        """
        self._window.setMinimumSize(self._window.minimumSizeHint().boundedTo(room_for(self._window)))


def _shrink(window: QWidget) -> None:
    """Make a window fit on its screen, where it does not fill it on purpose."""
    if not window.isMaximized() and not window.isFullScreen():
        window.resize(window.size().boundedTo(room_for(window)))


def _bring_back(window: QWidget) -> None:
    """Make a window fit, and move it back where it sticks out."""
    if window.isMaximized() or window.isFullScreen():
        return
    _shrink(window)
    screen, frame = window.screen().availableGeometry(), window.frameGeometry()
    x = max(screen.left(), min(frame.left(), screen.right() + 1 - frame.width()))
    y = max(screen.top(), min(frame.top(), screen.bottom() + 1 - frame.height()))
    if (x, y) != (frame.left(), frame.top()):
        window.move(x, y)

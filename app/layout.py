"""Where the docks stand, and how large windows may be: never larger than their screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget

from app.panels import Panel
from app.widgets.marks import name_parts

TITLE_BAR_PX = 32
ROOM_FOR_HISTORY_PX, LOW_PX, WIDE_PX = 800, 640, 1200
STUDY_SIZE, STUDY_MARGIN = QSize(848, 620), QSize(48, 32)
ROOMS = ("", "middle", "low")
GIVEN = "relata-height-given"
Docks = Mapping[type[Panel], QDockWidget]


@dataclass(frozen=True, slots=True)
class Column:
    """Panels in one place, the first in front: by title, or all those of a place that no title names.

    Its width is a share, and another one in a low window, where the squares in it are small. What is `below` them are
    further rows, by title; the `heights` of all rows are shares.
    """

    panels: tuple[str, ...]
    width: int
    width_low: int
    below: tuple[tuple[str, ...], ...] = ()
    heights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Workspace:
    """What is in sight: columns of panels between the meter and, if `bars`, what drives them."""

    name: str
    tip: str
    columns: tuple[Column, ...]
    columns_narrow: tuple[Column, ...] = ()
    bars: tuple[str, ...] = ("Layers", "History", "Scenes")


STIMULUS, INSIDE = ("Stimulus",), ("Inside",)
ANSWERS = ("Sweep", "Does it hold?")
WORKSPACES = (
    Workspace(
        "Explore",
        "Stimulus, attention and interventions beside each other",
        (Column(STIMULUS, 478, 290), Column(INSIDE, 424, 246), Column(("Interventions", "middle"), 526, 412)),
    ),
    Workspace(
        "Inside",
        "Attention and all that looks inside, large",
        (Column(("Stimulus", "Interventions"), 390, 290), Column(INSIDE, 500, 330), Column(("behind",), 538, 330)),
        (Column(("Stimulus", "Interventions"), 420, 300), Column(("Inside", "behind"), 600, 640)),
        bars=("Layers",),
    ),
    Workspace(
        "Study",
        "Studies, training and their results",
        (Column(STIMULUS, 420, 290), Column(("floating", *ANSWERS), 1000, 640)),
        (Column(("floating", *ANSWERS, "Stimulus"), 1000, 1000),),
        bars=(),
    ),
    Workspace(
        "Present",
        "The stimulus and the pads, large",
        (Column(STIMULUS, 700, 400), Column(("Interventions",), 730, 550)),
        bars=("Layers", "Scenes"),
    ),
)
"""In the order of their keys."""


def arrange(window: QMainWindow, docks: Docks, workspace: Workspace = WORKSPACES[0]) -> None:
    """Every dock in its place: bars above and below, columns between them, the others put away."""
    narrow = workspace.columns_narrow and window.width() < WIDE_PX
    columns = workspace.columns_narrow if narrow else workspace.columns
    stacks, named = _stacks(columns, docks), {title for column in columns for row in column.below for title in row}
    bars = {place: [dock for kind, dock in docks.items() if kind.place == place] for place in ("top", "bottom")}
    shown = [dock for kind, dock in docks.items() if kind.title in workspace.bars and _has_room(kind, window)]
    for dock in docks.values():
        # What is shown for a moment only would still make the window larger.
        dock.setFloating(False)
        within = dock.objectName() in named or any(dock in stack for stack in stacks)
        dock.setVisible(within or dock in (*bars["top"], *shown))
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
    _stack(window, bars["top"], Qt.DockWidgetArea.TopDockWidgetArea)
    _stack(window, bars["bottom"], Qt.DockWidgetArea.BottomDockWidgetArea)
    # In one area with the meter: between areas Qt leaves room for a central widget, and there is none.
    window.splitDockWidget(bars["top"][-1], stacks[0][0], Qt.Orientation.Vertical)
    for left, right in pairwise(stacks):
        window.splitDockWidget(left[0], right[0], Qt.Orientation.Horizontal)
    below = _split_rows(window, docks, columns, stacks)
    for stack in (*stacks, *below):
        for dock in stack[1:]:
            window.tabifyDockWidget(stack[0], dock)
        stack[0].raise_()
    low = window.height() < LOW_PX
    widths = [column.width_low if low else column.width for column in columns]
    window.resizeDocks([stack[0] for stack in stacks], widths, Qt.Orientation.Horizontal)
    in_sight = {*bars["top"], *bars["bottom"], *(dock for stack in (*stacks, *below) for dock in stack)}
    _put_away(window, {kind: dock for kind, dock in docks.items() if dock not in in_sight}, stacks)


def _stacks(columns: Sequence[Column], docks: Docks) -> list[list[QDockWidget]]:
    """The docks of each column that has any."""
    named = {title for column in columns for title in column.panels}
    stacks = []
    for column in columns:
        chosen = [
            dock
            for wanted in column.panels
            for kind, dock in docks.items()
            if kind.title == wanted or (kind.place == wanted and kind.title not in named)
        ]
        stacks.append(chosen)
    return [stack for stack in stacks if stack]


def _split_rows(
    window: QMainWindow, docks: Docks, columns: Sequence[Column], stacks: Sequence[Sequence[QDockWidget]]
) -> list[list[QDockWidget]]:
    """The further rows of each column, each below the one before; before docks are tabs, which no split would part."""
    by_title = {kind.title: dock for kind, dock in docks.items()}
    found = []
    for column in columns:
        head = next((stack[0] for stack in stacks if stack[0].objectName() in column.panels), None)
        rows = [[by_title[title] for title in row] for row in column.below]
        heads = [] if head is None or not rows else [head, *(row[0] for row in rows)]
        for above, under in pairwise(heads):
            window.splitDockWidget(above, under, Qt.Orientation.Vertical)
        if heads:
            window.resizeDocks(heads, column.heights, Qt.Orientation.Vertical)
            found += rows
    return found


def _put_away(window: QMainWindow, docks: Docks, stacks: Sequence[Sequence[QDockWidget]]) -> None:
    """Hidden, and where each is when it is opened: floating, else a tab of the column that is most like it."""
    room, columns = window.screen().availableGeometry(), {stack[0]: stack for stack in stacks}
    inside = next((dock for dock in columns if dock.objectName() in INSIDE), stacks[-1][0])
    for kind, dock in docks.items():
        if kind.place != "floating":
            window.tabifyDockWidget(inside, dock)
            dock.hide()
            continue
        # Not in the way, and once it is opened, over the stimulus: the inside stays in sight.
        # Docked, it shares the place of the stimulus.
        window.tabifyDockWidget(stacks[0][0], dock)
        dock.setFloating(True)
        place = QRect(window.pos() + QPoint(24, 170), STUDY_SIZE.boundedTo(room.size() - STUDY_MARGIN))
        place.moveBottom(min(place.bottom(), room.bottom() - STUDY_MARGIN.height() // 2))
        dock.setGeometry(place)
        dock.hide()


def fronts(workspace: Workspace, docks: Docks) -> list[QDockWidget]:
    """The first dock of each column, where a workspace stands in its own columns with its own panels; else none."""
    shown = {dock for kind, dock in docks.items() if not kind.bar and not dock.isHidden()}
    for columns in (workspace.columns, workspace.columns_narrow):
        stacks = _stacks(columns, docks)
        places = [stack[0].x() for stack in stacks]
        in_order = sorted(set(places)) == places
        if shown == {dock for stack in stacks for dock in stack} and in_order and not any(map(_floats, shown)):
            return [stack[0] for stack in stacks]
    return []


def _floats(dock: QDockWidget) -> bool:
    return dock.isFloating()


def room_of(window: QWidget) -> str:
    """Which of `ROOMS` a window has by its height."""
    high, middle, low = ROOMS
    return low if window.height() < LOW_PX else middle if window.height() < ROOM_FOR_HISTORY_PX else high


def _has_room(kind: type[Panel], window: QWidget) -> bool:
    return kind.title != "History" or window.height() >= ROOM_FOR_HISTORY_PX


def hide_empty(docks: Docks) -> None:
    """Bars without anything to show take no room."""
    for dock in docks.values():
        panel = dock.widget()
        if isinstance(panel, Panel) and panel.is_empty():
            dock.hide()


def _stack(window: QMainWindow, docks: Sequence[QDockWidget], area: Qt.DockWidgetArea) -> None:
    """One dock below the other in an area."""
    window.addDockWidget(area, docks[0])
    for above, below in pairwise(docks):
        window.splitDockWidget(above, below, Qt.Orientation.Vertical)


def fill(dock: QDockWidget, panel: QWidget) -> None:
    """Put a panel into its dock, and call the parts that have no name after it."""
    dock.setWidget(panel)
    name_parts(panel, dock.windowTitle())


def limit(bar: QWidget) -> None:
    """Give a bar the height that it needs, unless it has one of its own."""
    if bar.property(GIVEN) or bar.minimumHeight() < bar.maximumHeight():
        bar.setProperty(GIVEN, True)
        bar.setFixedHeight(bar.sizeHint().height())


def room_for(window: QWidget) -> QSize:
    """How large a window may be for its frame to fit on its screen."""
    frame = window.frameGeometry().size() - window.size()
    if not frame.height():  # it is not there before the window is shown
        frame = QSize(0, TITLE_BAR_PX)
    return window.screen().availableGeometry().size() - frame


class OnScreen(QObject):
    """Keeps a window and the docks that float beside it no larger than the screen that each is on."""

    resized = Signal()
    """The window has another size."""

    def __init__(self, window: QMainWindow, docks: Iterable[QDockWidget]) -> None:
        super().__init__(window)
        self._window, self._docks = window, tuple(docks)
        self._low: bool | None = None
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
            _name_tab_bars(self._window)
        elif event.type() == QEvent.Type.Resize and watched is self._window:
            self.resized.emit()
            self._fit_bars()
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

    def _fit_bars(self) -> None:
        """In a low window the bars leave their room to the panels."""
        low = self._window.height() < LOW_PX
        if low == self._low:
            return
        self._low = low
        for dock in self._docks:
            panel = dock.widget()
            if isinstance(panel, Panel) and panel.bar:
                panel.set_low(low)
                for inner in dock.widget().findChildren(QWidget):
                    inner.updateGeometry()  # each layout on the way remembers what it was told
                limit(dock.widget())

    def _windows(self) -> tuple[QWidget, ...]:
        return (self._window, *(dock for dock in self._docks if dock.isFloating()))

    def _limit(self) -> None:
        """Let the content ask for more room, but not for more than the screen has.

        A minimum that was set takes the place of the one that Qt would take from the content.
        """
        self._window.setMinimumSize(self._window.minimumSizeHint().boundedTo(room_for(self._window)))


def _name_tab_bars(window: QMainWindow) -> None:
    """Qt makes one wherever docks lie over each other, and leaves it without a name for screen readers."""
    for bar in window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if not bar.accessibleName():
            bar.setAccessibleName("Panels in one place")


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

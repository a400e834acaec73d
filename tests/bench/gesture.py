"""A synthetic drag in the real window, and the clocks that watch it. No torch here, as in the window itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.desk import Desk, Found
from app.widgets.pad import SubspacePad
from core.analyses.decision import Decision, Verdict
from core.document import Document

MOUSE_S = 1 / 125
EARLY_S = 0.001
"""A timer that comes no more than this before its time has come in time."""
FRAME_MS = 16
FRAME_DONE = QEvent.Type(QEvent.registerEventType())
REST_S = 10.0


def wait_for(seconds: float) -> None:
    """Let the event loop run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Let the event loop run until something holds.

    Raises TimeoutError where it does not in time.
    """
    end = time.perf_counter() + seconds
    while not holds():
        if time.perf_counter() > end:
            raise TimeoutError(f"nothing came within {seconds:.0f} s")
        wait_for(0.02)


class Ticks:
    """A timer that has a widget painted again, as a moving picture would, and notes when it comes."""

    def __init__(self, widget: QWidget) -> None:
        self._at: list[float] = []
        self._widget = widget
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> Ticks:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.stop()

    def intervals_ms(self) -> np.ndarray:
        """From each tick to the next."""
        return 1000 * np.diff(self._at)

    def _tick(self) -> None:
        self._at.append(time.perf_counter())
        self._widget.update()


class Drag(QObject):
    """Moves the first thumb over the pad, 125 times a second, and notes when the meter shows which answer.

    Mouse events that come due while the window is busy become one, at the newest place, as a window system
    would do it; each of them counts from the time when it was due.
    """

    def __init__(self, desk: Desk, pad: SubspacePad, meter: QWidget) -> None:
        super().__init__()
        self._desk, self._pad, self._meter = desk, pad, meter
        self._edits: list[tuple[Document, list[float]]] = []
        self._shown: list[tuple[Document, float]] = []
        self._last_painted = desk.found(Decision())
        self._start = 0.0
        self._n_due = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(1000 * MOUSE_S))
        self._timer.timeout.connect(self._move)

    @property
    def n_shown(self) -> int:
        """How many answers have been painted."""
        return len(self._shown)

    def run(self, seconds: float) -> None:
        """Press, move for a while, wait for the last answer, and let go."""
        self._meter.installEventFilter(self)
        mouse_event(self._pad, QEvent.Type.MouseButtonPress, self._pad.thumb_place(0))
        self._start, self._n_due = time.perf_counter(), 1
        self._timer.start()
        wait_for(seconds)
        self._timer.stop()
        wait_until(lambda: bool(self._shown) and self._shown[-1][0] == self._edits[-1][0], REST_S)
        self._meter.removeEventFilter(self)
        mouse_event(self._pad, QEvent.Type.MouseButtonRelease, place_of_drag(self._pad, self._n_due))

    def latencies_ms(self) -> np.ndarray:
        """For each mouse event: until the meter had been painted with the answer to its edit or a later one."""
        order = {document: index for index, (document, _) in enumerate(self._edits)}
        found: list[float] = []
        answered = 0
        for document, at in self._shown:
            index = order.get(document, -1)
            for _, dues in self._edits[answered : index + 1]:
                found += [1000 * (at - due) for due in dues]
            answered = max(answered, index + 1)
        return np.array(found)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._is_new(found := self._desk.found(Decision())):
            self._last_painted = found
            # Comes when this frame is through, with every widget in it.
            QCoreApplication.postEvent(self, QEvent(FRAME_DONE), Qt.EventPriority.HighEventPriority.value)
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() != FRAME_DONE:
            return super().event(event)
        if self._last_painted is not None:
            self._shown.append((self._last_painted.document, time.perf_counter()))
        return True

    def _is_new(self, found: Found[Verdict] | None) -> bool:
        """Whether this is another verdict than the one painted last: the other parts of an answer bring none."""
        if found is None or self._last_painted is None:
            return found is not self._last_painted
        return found.value is not self._last_painted.value

    def _move(self) -> None:
        now = time.perf_counter()
        n_due = int((now + EARLY_S - self._start) / MOUSE_S)
        dues = [min(now, self._start + MOUSE_S * index) for index in range(self._n_due, n_due + 1)]
        if not dues:
            return
        self._n_due = n_due + 1
        before = self._desk.document
        mouse_event(self._pad, QEvent.Type.MouseMove, place_of_drag(self._pad, n_due))
        if self._desk.document is not before:
            self._edits.append((self._desk.document, dues))


def place_of_drag(pad: QWidget, index: int) -> QPointF:
    """Where the mouse is at its `index`-th event: on a curve over most of the pad that does not come back to where it
    was."""
    t = 2 * math.pi * index * MOUSE_S
    x, y = 0.5 + 0.35 * math.cos(t / 1.7), 0.5 + 0.35 * math.sin(t / 1.1)
    return QPointF(x * pad.width(), y * pad.height())


def mouse_event(widget: QWidget, kind: QEvent.Type, place: QPointF) -> None:
    """A mouse event with the left button held, and Alt, so that no landmark catches the thumb."""
    left, none, alt = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.AltModifier
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    event = QMouseEvent(kind, place, QPointF(widget.mapToGlobal(place)), button, held, alt)
    QApplication.sendEvent(widget, event)

"""Signals that ask the window to end: it closes, and takes the engine and the jobs along."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from core.signals import ENDING, hear


class Signals(QObject):
    """Calls `end` with the number of each signal, from the event loop.

    Python runs its handlers only when it runs anything, and Qt may wait in its loop for ever: the bytes that
    `signal.set_wakeup_fd` writes wake it.
    """

    def __init__(self, parent: QObject, end: Callable[[int], object]) -> None:
        super().__init__(parent)
        self._ours, self._theirs = socket.socketpair()
        for side in (self._ours, self._theirs):
            side.setblocking(False)
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda: self._ours.recv(1))
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        # A handler may run within any function: what it ends must not be half-way through a change.
        hear(ENDING, lambda number: QTimer.singleShot(0, self, lambda: end(number)))

"""Every command of the menus: for how long it keeps the window from doing anything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from gesture import wait_for, wait_until
from measure import Row, row_of_repeats
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication

from app import theme
from app.live import Live
from app.main_window import MainWindow
from app.panels.study import StudyPanel
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view

READY_S = 120.0
AFTER_S = 0.15
TICK_MS = 2
N_ROUNDS = 3
N_SLOWEST = 5
N_REPAINTS = 5
LEFT_OUT = (
    *("Open picture…", "Open model…", "Quit", "Run on", "Restart engine"),
    *("Open…", "New", "Save", "Duplicate", "Revert", "Locate"),
)
"""Those that wait for a person, end the window, or start another one or another engine."""


def rows() -> list[Row]:
    """The slowest commands with the study hidden and with it open, in repaints of the whole window."""
    app = QApplication([])
    theme.apply(app)
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live())
    window.show()
    window.desk.live.start()
    window.desk.ask()
    try:
        wait_until(window.desk.is_settled, READY_S)
        return [*_slowest(window, "study hidden"), *_slowest(window, "study open")]
    finally:
        window.close_without_asking()


def _slowest(window: MainWindow, state: str) -> list[Row]:
    repaint_s = min(_blocked_s(lambda: window.grab()) for _ in range(N_REPAINTS))
    found: dict[str, list[float]] = {}
    for _ in range(N_ROUNDS):
        for _, action in window.all_actions():
            if action.isEnabled() and not action.text().startswith(LEFT_OUT):
                _stand(window, state)
                found.setdefault(action.text(), []).append(_blocked_s(_pressed(action)) / repaint_s)
                _put_away_dialogs()
    slowest = sorted(found, key=lambda text: -max(found[text]))[:N_SLOWEST]
    head = row_of_repeats(f"repaint of the window, {state}", [1000 * repaint_s], "ms")
    return [head, *(row_of_repeats(f"{text}, {state} / repaint", found[text]) for text in slowest)]


def _stand(window: MainWindow, state: str) -> None:
    """The same state before each command."""
    window._docks[StudyPanel].setVisible(state == "study open")
    window.desk.store.undo.setIndex(0)
    wait_for(0.05)
    wait_until(window.desk.is_settled, READY_S)


def _pressed(action: QAction) -> Callable[[], None]:
    return action.trigger


def _blocked_s(do: Callable[[], object]) -> float:
    """The longest time from one moment when the event loop ran to the next, from when something was done on."""
    at = [time.perf_counter()]
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: at.append(time.perf_counter()))
    timer.start(TICK_MS)
    do()
    at.append(time.perf_counter())
    QCoreApplication.processEvents()
    at.append(time.perf_counter())
    wait_for(AFTER_S)
    timer.stop()
    return max(later - earlier for earlier, later in pairwise(at))


def _put_away_dialogs() -> None:
    popup = QApplication.activeModalWidget() or QApplication.activePopupWidget()
    if popup is not None:
        popup.close()

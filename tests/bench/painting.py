"""What a drag costs the window: refreshing its panels and painting its widgets, for each answer.

The answers are canned, so that nothing else runs meanwhile. It is one thread's processor time that counts.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
from canned import CannedAnswers
from gesture import mouse_event, place_of_drag, wait_for
from measure import N_REPEATS, Row, row_of_repeats
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app import theme
from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.store import Store
from app.widgets.painted import Paints
from app.widgets.rows import RowView
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.document import move_item, with_stimulus
from core.questions import Question

N_WARM_UP, N_ANSWERS = 10, 30
TARGET_MS = 8.0
LONG_HISTORY = 500
ENGINE_S = 0.03
"""How long the engine would take: meanwhile timers run, and the meter's trail grows no faster than in a real drag."""
SCREEN_PX = (1920, 1080)
WHOLE = "mouse event and answer, with all that follows"
PAINT, REFRESH = "paint", "refresh"

Spent = dict[str, float]
"""Milliseconds of processor time for each answer, by what they were spent on."""


def rows() -> list[Row]:
    """Drags, with a short history and with a long one; the parts also beside the whole."""
    with tempfile.TemporaryDirectory() as folder:
        app = QApplication(["bench", "-platform", f"offscreen:configfile={_screen_in(Path(folder))}"])
    theme.apply(app)
    drag = CannedDrag()
    drag.run(N_WARM_UP)
    short = [drag.run(N_ANSWERS) for _ in range(N_REPEATS)]
    drag.lengthen_history(LONG_HISTORY)
    drag.run(N_WARM_UP)
    long = [drag.run(N_ANSWERS) for _ in range(N_REPEATS)]
    drag.window.close_without_asking()
    return [
        row_of_repeats(
            "painting and refreshing, an answer", [_sum(t) for t in short], "ms", limit="≤", target=TARGET_MS
        ),
        row_of_repeats("painting and refreshing / the whole", [_sum(t) / t[WHOLE] for t in short]),
        *(row_of_repeats(name, [turn.get(name, 0.0) for turn in short], "ms") for name in _costly_first(short)),
        *(
            row_of_repeats(f"{name}, {LONG_HISTORY} steps", [turn.get(name, 0.0) for turn in long], "ms")
            for name in (WHOLE, f"{REFRESH} HistoryPanel", f"{PAINT} HistoryStrip")
        ),
    ]


def _screen_in(folder: Path) -> Path:
    """The description, in a file, of a screen that the whole window fits on, which the usual offscreen one is not."""
    width, height = SCREEN_PX
    screen = {"name": "bench", "x": 0, "y": 0, "width": width, "height": height, "dpr": 1}
    file = folder / "screen.json"
    file.write_text(json.dumps({"screens": [screen | {"logicalDpi": 96, "logicalBaseDpi": 96}]}), encoding="utf-8")
    return file


class CannedDrag:
    """The colour pad's thumb goes round in the real window, and each place of it is answered at once."""

    def __init__(self) -> None:
        self._spent: Spent = {}
        self._n_moved = 0
        for kind in (Paints, RowView):
            kind.paintEvent = self._clocked(kind.paintEvent, PAINT)  # type: ignore[method-assign]
        self.window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live())
        for panel in self.window._panels.values():
            panel.refresh = self._clocked(panel.refresh, f"{REFRESH} {type(panel).__name__}")  # type: ignore[method-assign]
        self._canned = CannedAnswers()
        self.window.show()
        self._answer()

    def run(self, n_answers: int) -> Spent:
        """Press, go on for so many answers, and let go."""
        pad = self.window.panel(InterventionsPanel).pads["color"]
        mouse_event(pad, QEvent.Type.MouseButtonPress, pad.thumb_place(0))
        self._answer()
        self._spent.clear()
        for _ in range(n_answers):
            self._n_moved += 1
            start = time.thread_time()
            mouse_event(pad, QEvent.Type.MouseMove, place_of_drag(pad, self._n_moved))
            QApplication.processEvents()
            self._add(WHOLE, time.thread_time() - start)
            self._answer()
        spent = {name: 1000 * seconds / n_answers for name, seconds in self._spent.items()}
        mouse_event(pad, QEvent.Type.MouseButtonRelease, place_of_drag(pad, self._n_moved))
        self._answer()
        return spent

    def lengthen_history(self, n_steps: int) -> None:
        """Make so many steps of undo."""
        desk = self.window.desk
        for index in range(n_steps):
            stimulus = move_item(desk.document.base, 1, 16 * (index % 7), 128)
            desk.store.edit("Move B", with_stimulus(desk.document, "base", stimulus))
            self._answer()

    def _answer(self) -> None:
        """Both parts, each painted before the next comes."""
        desk = self.window.desk
        parts = self._canned.parts(Question(desk.document, tuple(dict.fromkeys(desk.wanted()))))
        wait_for(ENGINE_S)
        for part in parts:
            start = time.thread_time()
            desk.live.answered.emit(part)
            QApplication.processEvents()
            self._add(WHOLE, time.thread_time() - start)

    def _clocked(self, method: Callable[..., Any], what: str) -> Callable[..., Any]:
        """`method`, its time noted under `what`; of a paint event, with the widget's kind."""

        @wraps(method)
        def clocked(*arguments: Any) -> Any:
            start = time.thread_time()
            result = method(*arguments)
            kind = f" {type(arguments[0]).__name__}" if what == PAINT else ""
            self._add(what + kind, time.thread_time() - start)
            return result

        return clocked

    def _add(self, what: str, seconds: float) -> None:
        self._spent[what] = self._spent.get(what, 0.0) + seconds


def _sum(spent: Spent) -> float:
    return sum(ms for name, ms in spent.items() if name != WHOLE)


def _costly_first(turns: list[Spent]) -> list[str]:
    names = {name for turn in turns for name in turn}
    return sorted(names, key=lambda name: -float(np.median([turn.get(name, 0.0) for turn in turns])))

"""The colour pad's thumb under the mouse: from the mouse event to the pixels, and how even the frames are."""

from __future__ import annotations

from functools import partial

import numpy as np
from gesture import Drag, Ticks, wait_for, wait_until
from measure import Row, Skipped, row_of_repeats
from PySide6.QtWidgets import QApplication
from raw_forward import RawForward

from app import theme
from app.desk import Desk
from app.live import Live
from app.main_window import MainWindow
from app.panels.decision import DecisionPanel
from app.panels.interventions import InterventionsPanel
from app.store import Store
from core.analyses.decision_map import DecisionMap
from core.analyses.pad import Pad
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view

READY_S = 120.0
N_ROUNDS = 5
RAW_S, IDLE_S, DRAG_S = 1.0, 2.0, 3.0


def rows() -> list[Row]:
    """Drags and idle stretches in turn, with the raw forward of one image timed before and after each."""
    cards = subspace_cards(DEFAULT_MODEL)
    view = demo_view(cards)
    if ("color", view.write) not in cards:
        raise Skipped(f"no colour subspace of “{DEFAULT_MODEL}” is bundled")
    app = QApplication([])
    theme.apply(app)
    window = MainWindow(Store(demo_document(), view), Live())
    window.show()
    window.desk.live.start()
    window.desk.ask()
    try:
        _wait_for_pad(window.desk)
        return _rows_of_rounds(window)
    finally:
        window.close_without_asking()


def _has_whole_maps(desk: Desk) -> bool:
    """Whether every cell of the decision maps that are wanted is there, so that the engine goes on with nothing."""
    maps = [desk.found(analysis) for analysis in desk.wanted() if isinstance(analysis, DecisionMap)]
    return all(found is not None and found.current and not np.isnan(found.value).any() for found in maps)


def _wait_for_pad(desk: Desk) -> None:
    """Until the pad can be dragged and the engine has nothing left to do."""

    def ready() -> bool:
        if desk.failure is not None:
            raise RuntimeError(f"{desk.failure.message}\n{desk.failure.details}")
        pad = desk.found(Pad("color", desk.view.write))
        if pad is not None and pad.current and pad.refusal is not None:
            raise Skipped(f"the engine shows no colour pad: {pad.refusal.message} {pad.refusal.hint}")
        return desk.is_settled() and not desk.live.busy and _has_whole_maps(desk)

    wait_until(ready, READY_S)


def _at_rest(window: MainWindow) -> bool:
    desk = window.desk
    return not desk.live.busy and _has_whole_maps(desk) and not window.panel(DecisionPanel).meter.is_fading()


def _rows_of_rounds(window: MainWindow) -> list[Row]:
    rounds = []
    with RawForward() as raw:
        before = raw.seconds(RAW_S)
        for _ in range(N_ROUNDS):
            with Ticks(window.panel(DecisionPanel).meter) as idle:
                wait_for(IDLE_S)
            drag = Drag(window.desk, window.panel(InterventionsPanel).pads["color"], window.panel(DecisionPanel).meter)
            with Ticks(window.panel(DecisionPanel).meter) as busy:
                drag.run(DRAG_S)
            wait_until(partial(_at_rest, window), READY_S)
            after = raw.seconds(RAW_S)
            rounds.append(_numbers(drag, idle.intervals_ms(), busy.intervals_ms(), 500 * (before + after)))
            before = after
    return [row_of_repeats(name, [numbers[name, unit] for numbers in rounds], unit) for name, unit in rounds[0]]


def _numbers(drag: Drag, idle_ms: np.ndarray, busy_ms: np.ndarray, raw_ms: float) -> dict[tuple[str, str], float]:
    """What one round has found, by name and unit."""
    p50, p95 = np.percentile(drag.latencies_ms(), [50, 95])
    idle, busy = np.percentile(idle_ms, 95), np.percentile(busy_ms, 95)
    return {
        ("raw forward, batch 1, beside the window", "ms"): raw_ms,
        ("edit to pixels, p50", "ms"): p50,
        ("edit to pixels, p95", "ms"): p95,
        ("edit to pixels, p50 / raw forward", "×"): p50 / raw_ms,
        ("edit to pixels, p95 / raw forward", "×"): p95 / raw_ms,
        ("answers shown during a drag", "/s"): drag.n_shown / DRAG_S,
        ("frame interval p95, idle", "ms"): idle,
        ("frame interval p95, drag", "ms"): busy,
        ("frame interval p95, drag / idle", "×"): busy / idle,
        ("longest frame interval, drag", "ms"): busy_ms.max(),
    }

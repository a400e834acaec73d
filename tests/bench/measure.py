"""Timing in turns: the sides of a ratio run one after another, again and again, so that whatever else the machine
does falls on all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.cores import n_threads

N_REPEATS = 5
"""A measurement is cut into this many stretches of time; each gives one value, and the median of them counts."""

Times = dict[str, np.ndarray]
"""Seconds [N] of each side, one for each turn."""


class Skipped(Exception):
    """A family that cannot be measured here, and why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One number. `low` and `high` are the least and largest of the repeats; `limit` is "≤", "≥" or "" for none."""

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    limit: str = ""
    target: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.limit == "≤" else self.value >= self.target


def n_engine_threads() -> int:
    """As many threads as the engine process uses: one core stays free for the window."""
    return n_threads(left_free=1)


def take_turns(sides: Mapping[str, Callable[[], object]], *, seconds: float, at_least: int = 3 * N_REPEATS) -> Times:
    """Run all sides in turn for about `seconds`, in the other direction every other time, after one warm-up."""
    for side in sides.values():
        side()
    times: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[order[0]]) < at_least:
        for name in order:
            start = time.perf_counter()
            sides[name]()
            times[name].append(time.perf_counter() - start)
        order.reverse()
    return {name: np.array(values) for name, values in times.items()}


def row_of(
    name: str,
    times: Times,
    formula: Callable[[dict[str, float]], float],
    unit: str = "×",
    *,
    limit: str = "",
    target: float | None = None,
) -> Row:
    """The row whose value is `formula` of the medians of all sides, the median over the repeats."""
    n_turns = min(len(values) for values in times.values())
    stretches = np.array_split(np.arange(n_turns), min(N_REPEATS, n_turns))
    values = [formula({side: float(np.median(t[turns])) for side, t in times.items()}) for turns in stretches]
    return row_of_repeats(name, values, unit, limit=limit, target=target)


def row_of_repeats(
    name: str, values: list[float], unit: str = "×", *, limit: str = "", target: float | None = None
) -> Row:
    """The median of repeats, with the least and the largest."""
    return Row(name, float(np.median(values)), unit, min(values), max(values), limit, target)

"""Signals that ask a process to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

FROM_A_TERMINAL = tuple(getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name))
ENDING = (*FROM_A_TERMINAL, signal.SIGTERM)
STATUS = 128  # and the signal's number: what a shell says of a program that a signal has ended


def ignore(*signals: signal.Signals) -> None:
    """Leave them to the parent: a terminal sends them to every process of a program."""
    for number in signals:
        signal.signal(number, signal.SIG_IGN)


def hear(signals: tuple[signal.Signals, ...], heard: Callable[[int], object]) -> dict[signal.Signals, Any]:
    """Call `heard` with the number of each signal that comes; returns what they did before.

    Those that are ignored stay so: whoever started the program, such as `nohup`, wants it to go on.
    """
    kept = (signal.SIG_IGN, None)  # None: not from Python, which could not restore it
    before = {number: signal.getsignal(number) for number in signals if signal.getsignal(number) not in kept}

    def hear(number: int, _: FrameType | None) -> None:
        heard(number)

    for number in before:
        signal.signal(number, hear)
    return before


@contextmanager
def first_heard(*signals: signal.Signals) -> Iterator[Callable[[], int | None]]:
    """The number of the first signal that came since, None so far; the next one does as usual."""
    numbers: list[int] = []

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def heard(number: int) -> None:
        numbers.append(number)
        restore()

    before = hear(signals, heard)
    try:
        yield lambda: numbers[0] if numbers else None
    finally:
        restore()

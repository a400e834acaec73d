"""A job's progress on the terminal."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Generator, Sequence
from types import FrameType
from typing import TypeVar

from core.jobs.progress import Progress

Result = TypeVar("Result")


def watch(job: Generator[object, None, Result], *, quiet: bool = False) -> Result:
    """Run a job to its end with a line of progress and time left on the terminal; what else it yields is passed over.

    Ctrl-C lets the step under way finish and closes the job, which can then write what it has; a second
    one stops at once. Raises KeyboardInterrupt.
    """
    start, first, shown = time.monotonic(), None, 0.0
    asked_to_stop = _hear_interrupts()
    try:
        while True:
            progress = next(job)
            if asked_to_stop():
                raise KeyboardInterrupt
            if quiet or not isinstance(progress, Progress):
                continue
            now = time.monotonic()
            first = progress.done if first is None else first
            if now - shown < 0.5:
                continue
            shown = now
            rate = (progress.done - first) / (now - start) if now > start else 0.0
            left = f"{(progress.total - progress.done) / rate / 60:.1f} min left" if rate else ""
            values = "  ".join(f"{name} {value:.3f}" for name, value in progress.values.items())
            print(
                f"\r\033[K{100 * progress.done / progress.total:5.1f} %  {left}  {progress.message}  {values}",
                end="",
                file=sys.stderr,
            )
    except StopIteration as stop:
        result: Result = stop.value
        return result
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        job.close()
        if shown:
            print("\r\033[K", end="", file=sys.stderr)


def say_assumed(sentences: Sequence[str], name: str = "") -> None:
    """Say once what was taken for granted of a model, where its numbers do not mix with it."""
    for sentence in sentences:
        print(f"relata: {f'{name}: ' if name else ''}{sentence}", file=sys.stderr)


def _hear_interrupts() -> Callable[[], bool]:
    """Whether Ctrl-C was pressed since; the next one interrupts as usual."""
    heard: list[int] = []

    def hear(number: int, _: FrameType | None) -> None:
        heard.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, hear)
    return lambda: bool(heard)

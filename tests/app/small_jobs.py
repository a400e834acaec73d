"""Jobs without a network, for the processes that run them."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from functools import partial
from itertools import count as count_up
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.progress import Progress

Steps = Generator[Any, None, Any]


def count(n: int) -> Steps:
    """Yield progress and every number, and return their sum."""
    for i in range(n):
        yield Progress(i, n, f"number {i}")
        yield f"found {i}"
    return sum(range(n))


def count_quietly(n: int) -> Steps:
    """Yield progress alone."""
    for i in range(n):
        yield Progress(i, n, f"number {i}")


def work_for_ever(checkpoint: str) -> Steps:
    """Go on until closed, and then write a checkpoint."""
    done = 0
    try:
        while True:
            done += 1
            yield Progress(1, 2, "working")
    finally:
        Path(checkpoint).write_text(f"{done} steps")


def be_deaf() -> Steps:
    """Say one thing and never listen again."""
    yield Progress(1, 2, "deaf")
    signal.pause()


def break_down() -> Steps:
    """Stumble over something that nobody expected."""
    yield Progress(1, 2, "about to fail")
    raise ValueError("no such number")


def refuse() -> Steps:
    """Refuse what a user can mend."""
    yield Progress(1, 2, "looking")
    raise UserError("There is nothing to count.", "Give it something.")


def die() -> Steps:
    """End as a process does that runs out of memory."""
    yield Progress(1, 2, "about to die")
    os.kill(os.getpid(), signal.SIGKILL)


def fine_tune_and_die(n_steps: int, **options: Any) -> Steps:
    """Fine-tune with a checkpoint every third step, and end after so many steps as `kill -9` ends a process."""
    from core.jobs import train as training
    from core.jobs.train_job import fine_tune

    training.train = partial(training.train, save_every=3)  # type: ignore[assignment]
    steps = count_up(1)
    for said in fine_tune(**options):
        yield said
        if isinstance(said, Progress) and "task" in said.values and next(steps) == n_steps:
            os.kill(os.getpid(), signal.SIGKILL)


def pace() -> Steps:
    """Yield how willing this process is to let others go first."""
    yield os.nice(0)

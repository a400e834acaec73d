"""What a job says while it works."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of work, one line of words, and named numbers worth plotting."""

    done: int
    total: int
    message: str
    values: dict[str, float] = field(default_factory=dict)


Job = Generator[Progress, None, Result]


def part(job: Job[Result], done: int, share: int, total: int) -> Generator[Progress, None, Result]:
    """A job as a part of a longer one: its progress moves from `done` by `share` of `total`."""
    while True:
        try:
            progress = next(job)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        moved = share * progress.done / max(1, progress.total)
        try:
            yield Progress(round(done + moved), total, progress.message, progress.values)
        except GeneratorExit:
            job.close()
            raise

"""Jobs that a test tells how far they are."""

from __future__ import annotations

from dataclasses import replace

from app.jobs import Jobs, Run
from core.runner import Order


class PretendJobs(Jobs):
    """Takes orders and starts nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled: list[int] = []

    def start(self, order: Order) -> int:
        number = len(self._runs)
        self._say(Run(number, order, "running"))
        return number

    def cancel(self, number: int, grace_ms: int | None = None) -> None:
        self.cancelled.append(number)

    def tell(self, number: int = -1, **changes: object) -> None:
        """A job, by default the one started last, has gone on."""
        number = number if number >= 0 else len(self._runs) - 1
        self._say(replace(self._runs[number], **changes))  # type: ignore[arg-type]

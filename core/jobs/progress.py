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

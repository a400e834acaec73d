"""What can be found out about a state: frozen values, each with one `run(state)`, one kind in a file.

Importing a kind loads no torch: the window names analyses, the engine process runs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from core.state import State

Value = TypeVar("Value", covariant=True)


class Analysis(Protocol[Value]):
    """A frozen dataclass whose fields are its options. The value itself is what is asked for and what is remembered.

    `run` yields a first answer quickly, and then better ones: each replaces the one before. It may be dropped between
    two of them when something newer is asked. It raises UserError where there is nothing to find.
    """

    def run(self, state: State) -> Iterator[Value]:
        """What is found in a state."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an analysis found nothing, and what to do about it."""

    message: str
    hint: str = ""

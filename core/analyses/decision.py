"""What the model says, with the edits and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analyses import Analysis

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """Logits [C] with and without the edits, in the order of `labels`."""

    labels: tuple[str, ...]
    logits: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def margin(self) -> float:
        """Last logit minus first: same − different."""
        return self.logits[-1] - self.logits[0]

    @property
    def baseline_margin(self) -> float:
        """The margin of the model itself, without edits."""
        return self.baseline[-1] - self.baseline[0]

    @property
    def flipped(self) -> bool:
        """Whether the edits change the answer."""
        return (self.margin > 0) != (self.baseline_margin > 0)


@dataclass(frozen=True, slots=True)
class Decision(Analysis[Verdict]):
    """The logits of the base. It is computed first, whatever else is wanted."""

    def run(self, state: State) -> Iterator[Verdict]:
        now, before = state.logits(state.edits), state.logits(())
        yield Verdict(state.model.labels, tuple(now.tolist()), tuple(before.tolist()))

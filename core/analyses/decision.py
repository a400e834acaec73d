"""What the model says, with the edits and without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analyses import Analysis
from core.cards import judges_relation

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """Logits [C] with and without the edits, in the order of `labels`; “different” and “same” come first where the
    head has them. The answer is the label of the largest logit."""

    labels: tuple[str, ...]
    logits: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def answer(self) -> str:
        """The label of the largest logit, of equals the first."""
        return self.labels[_largest(self.logits)]

    @property
    def flipped(self) -> bool:
        """Whether the edits change the answer."""
        return _largest(self.logits) != _largest(self.baseline)

    @property
    def sides(self) -> tuple[int, int]:
        """The classes (low, high) that the margin is between: of two, the first and the last.

        Of more, the high one is the answer, and the low one the answer without edits; where these are one and the
        same, the low one is the runner-up.
        """
        if len(self.labels) == 2:
            return 0, 1
        now, before = _largest(self.logits), _largest(self.baseline)
        if now != before:
            return before, now
        return max((i for i in range(len(self.labels)) if i != now), key=self.logits.__getitem__), now

    @property
    def margin(self) -> float:
        """The logit of the high side minus that of the low one: same − different."""
        low, high = self.sides
        return self.logits[high] - self.logits[low]

    @property
    def baseline_margin(self) -> float:
        """The margin between the same classes in the model itself, without edits."""
        low, high = self.sides
        return self.baseline[high] - self.baseline[low]

    @property
    def mapped(self) -> int:
        """The class whose probability a decision map shows: “same”, the last of two, or of more the model's own
        answer without edits."""
        return 1 if len(self.labels) == 2 or judges_relation(self.labels) else _largest(self.baseline)


def _largest(logits: Sequence[float]) -> int:
    return max(range(len(logits)), key=logits.__getitem__)


@dataclass(frozen=True, slots=True)
class Decision(Analysis[Verdict]):
    """The logits of the base. It is computed first, whatever else is wanted."""

    def run(self, state: State) -> Iterator[Verdict]:
        yield verdict(state)


def verdict(state: State) -> Verdict:
    """What the model says of a state."""
    now, before = state.logits(state.edits), state.logits(())
    return Verdict(state.model.labels, tuple(now.tolist()), tuple(before.tolist()))

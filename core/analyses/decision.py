"""What the model says, with the edits and without."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analyses import Analysis
from core.cards import judges_relation

if TYPE_CHECKING:
    from torch import Tensor

    from core.state import State


ALL_UP_TO, N_LARGEST = 64, 20
"""Of more classes than the first, a verdict holds as many of the largest logits as the second says, with the edits and
without."""


@dataclass(frozen=True, slots=True)
class Share:
    """One class of several: its probability and logit, with the edits and without."""

    label: str
    share: float
    baseline: float
    logit: float
    baseline_logit: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Logits [C] with and without the edits, in the order of `labels`; “different” and “same” come first where the
    head has them. The answer is the label of the largest logit.

    Of very many classes only the largest are held; `others` is log Σ exp of the logits of the rest, with the edits and
    without. `lens` says in a sentence what is shown of a network without classes, "" where it has some, and `right` the
    share of examples that are on their side of it.
    """

    labels: tuple[str, ...]
    logits: tuple[float, ...]
    baseline: tuple[float, ...]
    others: tuple[float, float] = (-math.inf, -math.inf)
    lens: str = ""
    right: float | None = None

    @property
    def unit(self) -> str:
        """What a margin is measured in, for the label of an axis: nothing but where it is σ of examples."""
        return ", σ of the examples" if self.lens else ""

    def largest(self, n: int) -> tuple[Share, ...]:
        """The classes of the `n` largest logits, the largest first, of equals the first."""
        order = sorted(range(len(self.labels)), key=self.logits.__getitem__, reverse=True)[:n]
        now, before = (_shares(of, rest) for of, rest in zip((self.logits, self.baseline), self.others, strict=True))
        return tuple(Share(self.labels[i], now[i], before[i], self.logits[i], self.baseline[i]) for i in order)

    @property
    def answer(self) -> str:
        """The label of the largest logit, of equals the first."""
        return self.labels[_largest(self.logits)]

    @property
    def baseline_answer(self) -> Share:
        """The class that the model itself answers, without edits."""
        label = self.labels[_largest(self.baseline)]
        return next(each for each in self.largest(len(self.labels)) if each.label == label)

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


def _shares(logits: Sequence[float], others: float) -> list[float]:
    """The softmax of logits beside others whose log Σ exp is given."""
    top = max(logits)
    whole = sum(math.exp(logit - top) for logit in (*logits, others))
    return [math.exp(logit - top) / whole for logit in logits]


@dataclass(frozen=True, slots=True)
class Decision(Analysis[Verdict]):
    """The logits of the base. It is computed first, whatever else is wanted."""

    def run(self, state: State) -> Iterator[Verdict]:
        yield verdict(state)


def verdict(state: State) -> Verdict:
    """What the model says of a state."""
    return verdict_of(state, state.logits(state.edits), state.logits(()))


def verdict_of(state: State, now: Tensor, before: Tensor) -> Verdict:
    """What logits [C] say, with the edits and without."""
    if len(now) <= ALL_UP_TO:
        scale = state.scale
        right = None if scale is None else scale.right
        return Verdict(state.labels, tuple(now.tolist()), tuple(before.tolist()), lens=state.lens_words(), right=right)
    import torch

    held = torch.cat([of.topk(N_LARGEST).indices for of in (now, before)]).unique()  # in ascending order
    rest = torch.ones_like(now, dtype=torch.bool).index_fill(0, held, value=False)
    others = [float(of[rest].logsumexp(0)) for of in (now, before)]
    labels = tuple(state.labels[index] for index in held.tolist())
    return Verdict(labels, tuple(now[held].tolist()), tuple(before[held].tolist()), (others[0], others[1]))

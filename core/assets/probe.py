"""A linear probe for the relation of a pair, after one block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Probe:
    """A linear read-out of a pair's tokens after one block, `weight` [2, F] and `bias` [2], F = 2 n D.

    Rows are in the order of `RELATIONS`; F holds the n tokens of the first item, then those of the second, as
    `side_by_side` gives them. `card` says what was measured of it, `hash` is that of its tensors.
    """

    weight: Tensor
    bias: Tensor
    card: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""

    def logits(self, features: Tensor) -> Tensor:
        """Logits [N, 2] of features [N, F]."""
        return features @ self.weight.T + self.bias

    def answers(self, features: Tensor) -> Tensor:
        """The class [N] of features [N, F]."""
        return self.logits(features).argmax(1)

    def margin(self, x: Tensor, tokens: Tensor) -> Tensor:
        """The logit same − different [B] of the pairs at tokens [B, 2 n] of the stream [B, T, D]."""
        different, same = self.logits(side_by_side(x, tokens)).unbind(1)
        return same - different


def side_by_side(x: Tensor, tokens: Tensor) -> Tensor:
    """The rows of the stream [B, T, D] at tokens [B, 2 n], one behind the other: [B, 2 n D]."""
    return x.gather(1, tokens[:, :, None].expand(-1, -1, x.shape[2])).flatten(1)

"""Push a pair along the direction of a linear probe for its relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.interventions.subspace import Context
from core.scene import RELATIONS, Relation, pair_items

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Probe:
    """A linear read-out of a pair's tokens after one block, `weight` [2, F] and `bias` [2], F = 2 n D.

    Rows are in the order of `RELATIONS`; F holds the n tokens of the first item, then those of the second, as
    `side_by_side` gives them. `card` says what was measured of it.
    """

    weight: Tensor
    bias: Tensor
    card: Mapping[str, Any] = field(default_factory=dict)

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


def add_direction(x: Tensor, tokens: Tensor, direction: Tensor) -> Tensor:
    """The stream [B, T, D] with directions [B, 2 n D] added to the tokens [B, 2 n] that they speak of."""
    change = direction.unflatten(1, (tokens.shape[1], -1))  # [B, 2 n, D]
    return x.scatter_add(1, tokens[:, :, None].expand_as(change), change)


def probe_and_tokens(x: Tensor, context: Context, block: int, pair: int) -> tuple[Probe, Tensor]:
    """The probe after a block, and the tokens [1, 2 n] of a pair in the order in which it reads them.

    Raises UserError where there is no such probe or pair, or the pair covers other tokens than the probe reads.
    """
    if not context.probes:
        raise UserError("This model has no probes.", "Make them with relata probe.")
    if block not in context.probes:
        raise UserError(f"There is no probe after block {block}.", "Choose a block that has one.")
    probe = context.probes[block]
    first, second = pair_items(pair)
    tokens = [*context.item_tokens(first), *context.item_tokens(second)]
    n_read = probe.weight.shape[1] // x.shape[2]
    if len(tokens) != n_read:
        raise UserError(
            f"The items of the pair cover {len(tokens)} tokens, the probe reads {n_read}.",
            "Align both with the patch grid.",
        )
    return probe, x.new_tensor([tokens]).long()


@dataclass(frozen=True, slots=True)
class AddProbeDirection:
    """Add α times the probe's row of a relation to the tokens of both items of a pair.

        x'_t = x_t + α w_t,   w = the raw row [2 n D] of `toward`, cut into the tokens in the order they were read

    Towards the relation that the pair has not, it is the intervention; towards the one that it has, its control.

    Source: Lepori et al. 2024, linear probes and interventions.
    """

    block: int
    pair: int
    toward: Relation
    strength: float = 1.0
    enabled: bool = True

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D].

        Raises UserError where there is no such probe or pair, or the pair covers other tokens than the probe reads.
        """
        probe, tokens = probe_and_tokens(x, context, self.block, self.pair)
        row = probe.weight[RELATIONS.index(self.toward)]
        return add_direction(x, tokens, self.strength * row[None])

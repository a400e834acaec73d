"""What heads take from items to items: the shares of attention within objects, within pairs, between pairs.

Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.analyses import Analysis
from core.errors import UserError
from core.masses import Masses, attention_shares
from core.stimuli.stimulus import pairs_in

if TYPE_CHECKING:
    from torch import Tensor

    from core.state import State


@dataclass(frozen=True, slots=True)
class ItemShares(Analysis[Mapping[str, Masses]]):
    """`core.masses.attention_shares` [L, H] by kind, edits in force, the local (0) to global (1) score among them."""

    def run(self, state: State) -> Iterator[Mapping[str, Masses]]:
        import torch

        if not state.tokens:
            raise UserError("There is no item whose attention could be shared out.", "Use Stimulus ▸ Random pair.")
        patterns = (state.pattern(block) for block in range(state.model.n_blocks))
        shares = [item_masses(pattern, state.tokens, state.model.n_prefix) for pattern in patterns]
        kinds = attention_shares(state.numpy(torch.stack(shares)), pairs_in(state.document.base))
        if not state.model.n_prefix:
            kinds.pop("CLS")
        yield kinds


def item_masses(pattern: Tensor, items: Sequence[Sequence[int]], n_prefix: int) -> Tensor:
    """Attention [H, I, I + 2] that the tokens of an item give, on average, to each item, the background and the prefix.

    `pattern` [H, T, T] is query by key; the last axis adds up to 1. A patch that items share counts for the last one.
    """
    import torch

    n_items = len(items)
    which = torch.full((pattern.shape[-1],), n_items, device=pattern.device)
    which[:n_prefix] = n_items + 1
    for index, item in enumerate(items):
        which[list(item)] = index
    sets = torch.nn.functional.one_hot(which, n_items + 2).to(pattern)  # [T, I + 2]
    return torch.stack([(pattern[:, list(item)] @ sets).mean(1) for item in items], 1)

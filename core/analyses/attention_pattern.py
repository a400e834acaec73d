"""The attention pattern of a block, and what its heads take from items to items.

Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern".
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.engine import read
from core.families.model import Model
from core.site import Site


def attention_pattern(model: Model, residual: Tensor, block: int) -> Tensor:
    """The whole pattern [H, T, T] of a block, query by key, from the stream [1, T, D] that enters it."""
    return read(model, residual, Site(block, "pattern"))[0]


def item_masses(pattern: Tensor, items: Sequence[Sequence[int]], n_prefix: int) -> Tensor:
    """Attention [H, I, I + 2] that the tokens of an item give, on average, to each item, the background and the prefix.

    `pattern` [H, T, T] is query by key; the last axis adds up to 1. A patch that items share counts for the last one.
    """
    n_items = len(items)
    which = torch.full((pattern.shape[-1],), n_items, device=pattern.device)
    which[:n_prefix] = n_items + 1
    for index, item in enumerate(items):
        which[list(item)] = index
    sets = torch.nn.functional.one_hot(which, n_items + 2).to(pattern)  # [T, I + 2]
    return torch.stack([(pattern[:, list(item)] @ sets).mean(1) for item in items], 1)

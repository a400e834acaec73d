"""Attention of one token over all heads, and how local or global each head is.

Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern". What we changed: the score
is one minus the mass that item tokens keep within their own item and CLS, measured directly.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.engine import queries_and_keys
from core.families.model import Model


def attention_pattern(model: Model, residual: Tensor, block: int) -> Tensor:
    """The whole pattern [H, T, T] of a block, query by key, from the stream [1, T, D] that enters it."""
    layer = model.blocks[block]
    q, k = queries_and_keys(layer.attn, layer.norm1(residual))  # [1, H, T, K]
    pattern: Tensor = (q[0] @ k[0].transpose(-2, -1) * layer.attn.scale).softmax(-1)
    return pattern


def head_score(item_rows: Tensor, items: Sequence[Sequence[int]], n_prefix: int) -> Tensor:
    """Local (0) to global (1) score [L, H] from the rows of all item tokens [L, H, Q, T].

    The mean share of an item token's attention that goes to patches outside its own item.
    """
    patches = torch.ones(item_rows.shape[-1], dtype=torch.bool, device=item_rows.device)
    patches[:n_prefix] = False
    outside = []
    start = 0
    for item in items:
        rows = item_rows[:, :, start : start + len(item)]  # [L, H, n, T]
        elsewhere = patches.clone()
        elsewhere[list(item)] = False
        outside.append(rows[..., elsewhere].sum(-1))
        start += len(item)
    return torch.cat(outside, -1).mean(-1)

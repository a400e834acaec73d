"""Attention of one token over all heads, and how local or global each head is.

Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern". What we changed: the score
is one minus the mass that item tokens keep within their own item and CLS, measured directly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine import queries_and_keys
from core.families.model import Model


@dataclass(frozen=True, slots=True)
class HeadPatterns:
    """Attention of a token [L, H, T], to it [L, H, T], and of item tokens [L, H, Q, T]."""

    rows: Tensor
    received: Tensor
    item_rows: Tensor


def head_patterns(model: Model, entering: Sequence[Tensor], token: int, items: Sequence[Sequence[int]]) -> HeadPatterns:
    """Patterns at every block from the streams [1, T, D] that enter them."""
    queries = [t for item in items for t in item]
    rows, received, item_rows = [], [], []
    for block, residual in zip(model.blocks, entering, strict=True):
        q, k = queries_and_keys(block.attn, block.norm1(residual))  # [1, H, T, K]
        pattern = (q[0] @ k[0].transpose(-2, -1) * block.attn.scale).softmax(-1)  # [H, T, T]
        rows.append(pattern[:, token])
        received.append(pattern[:, :, token])
        item_rows.append(pattern[:, queries])
    return HeadPatterns(torch.stack(rows), torch.stack(received), torch.stack(item_rows))


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

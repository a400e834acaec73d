"""Attention, spelt once, and the functions of torch in which networks do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import UserError
from core.site import Part

Visit = Callable[[Part, Tensor], Tensor]

ADD = (torch.Tensor.add, torch.add, torch.Tensor.add_)
MATMUL = (torch.Tensor.matmul, torch.matmul, torch.bmm, torch.Tensor.bmm)
SOFTMAX = (torch.Tensor.softmax, torch.softmax, F.softmax)
SDPA = F.scaled_dot_product_attention
MULTI_HEAD = F.multi_head_attention_forward


def attend(
    q: Tensor, k: Tensor, v: Tensor, scale: float, visit: Visit = lambda _, x: x, mask: Tensor | None = None
) -> Tensor:
    """What each head takes from the values, [B, H, Q, K], for queries [B, H, Q, K], keys and values [B, H, T, K].

        scores = scale · q kᵀ + mask,   pattern = softmax over keys,   out = pattern v

    A boolean mask says which keys may be looked at.
    """
    q, k, v = visit("q", q), visit("k", k), visit("v", v)
    scores = q @ k.transpose(-2, -1) * scale  # [B, H, Q, T]
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
    pattern = visit("pattern", visit("scores", scores).softmax(-1))
    return visit("head_out", pattern @ v)


def attend_fused(
    visit: Visit,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`attend` with the arguments of `scaled_dot_product_attention`.

    Raises UserError where it is random.
    """
    if dropout_p:
        raise UserError("This attention is random.", "Attention in evaluation mode alone can be looked into.")
    if enable_gqa:
        key, value = (x.repeat_interleave(query.shape[-3] // x.shape[-3], -3) for x in (key, value))
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    return attend(query, key, value, query.shape[-1] ** -0.5 if scale is None else scale, visit, attn_mask)


def multi_head(visit: Visit, *args: Any, **kwargs: Any) -> Any:
    """torch's own multi-head attention, its heads attending by `attend`.

    It calls the fused function by a name of its own module, where no mode sees it.
    """
    given = signature(MULTI_HEAD).bind(*args, **kwargs)
    given.arguments["need_weights"] = False
    own = F.scaled_dot_product_attention
    try:
        F.scaled_dot_product_attention = lambda *a, **k: attend_fused(visit, *a, **k)
        return MULTI_HEAD(*given.args, **given.kwargs)
    finally:
        F.scaled_dot_product_attention = own


def is_over_keys(args: Sequence[Any], kwargs: Mapping[str, Any], n_queries: int, n_keys: int) -> bool:
    """Whether a softmax with these arguments is over the keys of an attention."""
    x, dim = args[0], args[1] if len(args) > 1 else kwargs.get("dim")
    return x.shape[-2:] == (n_queries, n_keys) and dim in (-1, x.ndim - 1)

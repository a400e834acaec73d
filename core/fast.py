"""Short cuts through a network, each used only where it was shown to give what the network itself gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from timm.layers import Attention
from timm.models.vision_transformer import Block
from torch import Tensor

from core.attention import attend
from core.families.model import Model
from core.inside import read_inside
from core.site import Part

READ_OUT, CLS_ROW, QUERY_ROWS = "read-out", "CLS row", "query rows"
TOLERANCE = 1e-5
"""Of the largest number that is compared, or of 1."""


def is_shown(model: Model, path: object, quick: Callable[[Tensor], Tensor], whole: Callable[[Tensor], Tensor]) -> bool:
    """Whether a short cut gives on two streams [2, T, D] of noise what the network itself gives; tried once a model."""
    if path not in model.shown:
        with torch.inference_mode(False), torch.no_grad(), torch.autocast(model.device.type, enabled=False):
            shape = (2, model.wiring.n_tokens, model.width)
            x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(model.device)
            try:
                wanted = whole(x)
                error = (quick(x) - wanted).abs().max() / wanted.abs().max().clamp_min(1.0)
                model.shown[path] = bool(error <= TOLERANCE)
            except (AttributeError, LookupError, TypeError, RuntimeError):
                model.shown[path] = False  # a part that it takes for granted is not there, or is another
    return model.shown[path]


def leave(model: Model, residual: Tensor) -> Tensor:
    """What the network makes of the stream [B, T, D] after the last block, without the way there where it can be."""

    def alone(x: Tensor) -> Tensor:
        network: Any = model.network
        logits: Tensor = network.forward_head(network.norm(x))
        return logits

    return alone(residual) if is_shown(model, READ_OUT, alone, model.wiring.leave) else model.wiring.leave(residual)


def can_cut(model: Model) -> bool:
    """Whether the CLS row of the last block is enough for the logits, and can be had alone."""
    last = model.n_blocks - 1

    def whole(x: Tensor) -> Tensor:
        return leave(model, model.wiring.advance(last, x))

    return model.reads_cls_only and is_shown(
        model, CLS_ROW, lambda x: leave(model, cls_row(model.blocks[last], x)), whole
    )


def cls_row(block: Any, residual: Tensor) -> Tensor:
    """The CLS token [B, 1, D] after a block of timm: keys and values of all tokens, the query of CLS alone.

    Raises TypeError for another kind of block.
    """
    attn = block.attn
    if type(block) is not Block or type(attn) is not Attention or attn.gate is not None:
        raise TypeError("not a standard block with standard attention")
    width = attn.attn_dim
    normed = block.norm1(residual)  # [B, T, D]
    weight, bias = attn.qkv.weight, attn.qkv.bias
    q = F.linear(normed[:, :1], weight[:width], None if bias is None else bias[:width])
    kv = F.linear(normed, weight[width:], None if bias is None else bias[width:])
    k, v = kv.chunk(2, dim=-1)
    q, k, v = (part.unflatten(-1, (attn.num_heads, -1)).transpose(1, 2) for part in (q, k, v))  # [B, H, T, K]
    out = attend(attn.q_norm(q), attn.k_norm(k), v, attn.scale)  # [B, H, 1, K]
    out = out.transpose(1, 2).flatten(2)  # [B, 1, D]
    x = residual[:, :1] + block.ls1(attn.proj(attn.norm(out)))
    row: Tensor = x + block.ls2(block.mlp(block.norm2(x)))
    return row


def pattern_rows(model: Model, residual: Tensor, block: int, queries: Tensor) -> Tensor:
    """Rows [B, H, Q, T] of the pattern of `block` for queries [B, Q]; no others are formed where that can be."""
    n_attentions = model.anatomies[block].n_attentions

    def call(x: Tensor) -> Tensor:
        return model.wiring.advance(block, x)

    def whole(x: Tensor, queries: Tensor) -> Tensor:
        return _rows(read_inside(call, x, "pattern", n_attentions=n_attentions), queries)

    def alone(x: Tensor, queries: Tensor) -> Tensor:
        def only_asked(part: Part, value: Tensor) -> Tensor:
            return _rows(value, queries) if part == "q" else value

        return read_inside(call, x, "pattern", only_asked, n_attentions)

    two = torch.tensor([[1, 0], [0, 2]], device=residual.device)
    if is_shown(model, (QUERY_ROWS, block), lambda x: alone(x, two), lambda x: whole(x, two)):
        return alone(residual, queries)
    return whole(residual, queries)


def _rows(x: Tensor, queries: Tensor) -> Tensor:
    """Rows of x [B, H, T, K] at queries [B, Q]."""
    index = queries[:, None, :, None].expand(-1, x.shape[1], -1, x.shape[3])
    return x.gather(2, index)  # [B, H, Q, K]

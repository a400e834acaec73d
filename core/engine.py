"""The executor: runs a network's own modules block by block, records, edits and resumes.

Block −1 stands for the embeddings; the stream after block b is `resid_post` of b and `resid_pre` of b + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import UserError
from core.families.model import PARITY_TOLERANCE, Model

Edit = tuple[int, Callable[[Tensor], Tensor]]
"""After this block, replace the residual stream [B, T, D] by what the function returns."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a pass left behind: the stream [B, T, D] after block −1, 0, …, edits applied, and logits [B, C]."""

    residuals: tuple[Tensor, ...]
    logits: Tensor

    def after(self, block: int) -> Tensor:
        """The residual stream after `block`, −1 for the embeddings."""
        return self.residuals[block + 1]


def to_input(model: Model, pixels: np.ndarray) -> Tensor:
    """RGB bytes [B, S, S, 3] → the normalised tensor [B, 3, S, S] that the network receives."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).to(model.device)
    x = x.permute(0, 3, 1, 2).float() / 255.0  # [B, 3, S, S]
    mean = x.new_tensor(model.mean).view(1, 3, 1, 1)
    std = x.new_tensor(model.std).view(1, 3, 1, 1)
    return (x - mean) / std


def embed(model: Model, x: Tensor) -> Tensor:
    """Normalised images [B, 3, S, S] → the residual stream [B, T, D] that enters block 0."""
    network = model.network
    stream: Tensor = network.norm_pre(network._pos_embed(network.patch_embed(x)))
    return finite(stream, model, "The embedding")


def read_out(model: Model, residual: Tensor) -> Tensor:
    """The stream after the last block [B, T, D] → logits [B, C]."""
    logits: Tensor = model.network.forward_head(model.network.norm(residual))
    return finite(logits, model, "The answer")


def run(model: Model, x: Tensor, edits: Sequence[Edit] = ()) -> Trace:
    """A whole pass over images [B, 3, S, S] that records the stream after every block."""
    residual = _edited(embed(model, x), -1, edits)  # [B, T, D]
    residuals = [residual]
    for index in range(model.n_blocks):
        residual = _edited(advance(model, residual, index), index, edits)
        residuals.append(residual)
    return Trace(tuple(residuals), read_out(model, residual))


def resume(model: Model, residual: Tensor, start_block: int, edits: Sequence[Edit] = ()) -> Tensor:
    """Logits [B, C] of the stream [B, T, D] that enters `start_block`, run on to the end.

    Edits after block `start_block` − 1 are applied first; earlier ones are taken to be in `residual`.
    The last block computes the CLS row alone where the read-out looks at nothing else.
    """
    blocks = model.blocks
    last = len(blocks) - 1
    residual = _edited(residual, start_block - 1, edits)
    cut = model.reads_cls_only and all(block != last for block, _ in edits)
    for index in range(start_block, len(blocks)):
        if index == last and cut:
            return read_out(model, _cls_row(blocks[index], residual))
        residual = _edited(blocks[index](residual), index, edits)
    return read_out(model, residual)


def advance(model: Model, residual: Tensor, block: int) -> Tensor:
    """The stream [B, T, D] after `block`, from the stream that enters it."""
    stream: Tensor = model.blocks[block](residual)
    return finite(stream, model, f"The output of block {block}")


def finite(x: Tensor, model: Model, what: str) -> Tensor:
    """`x` itself.

    Raises UserError where a number in it is NaN or infinite; `what` says what it is.
    """
    if not x.isfinite().all():
        raise UserError(f"{what} of {model.name} is not finite.", "Check the model's weights and card, and the edits.")
    return x


def _edited(residual: Tensor, block: int, edits: Sequence[Edit]) -> Tensor:
    for at, apply in edits:
        if at == block:
            residual = apply(residual)
    return residual


def _cls_row(block: Any, residual: Tensor) -> Tensor:
    """The CLS token [B, 1, D] after a block: keys and values of all tokens, the query of CLS alone."""
    attn = block.attn
    width = attn.attn_dim
    normed = block.norm1(residual)  # [B, T, D]
    weight, bias = attn.qkv.weight, attn.qkv.bias
    q = F.linear(normed[:, :1], weight[:width], None if bias is None else bias[:width])
    kv = F.linear(normed, weight[width:], None if bias is None else bias[width:])
    k, v = kv.chunk(2, dim=-1)
    q, k, v = (_split_heads(part, attn.num_heads) for part in (q, k, v))  # [B, H, T, K]
    out = F.scaled_dot_product_attention(attn.q_norm(q), attn.k_norm(k), v)  # [B, H, 1, K]
    out = out.transpose(1, 2).flatten(2)  # [B, 1, D]
    x = residual[:, :1] + block.ls1(attn.proj(attn.norm(out)))
    row: Tensor = x + block.ls2(block.mlp(block.norm2(x)))
    return row


def _split_heads(x: Tensor, n_heads: int) -> Tensor:
    heads: Tensor = x.unflatten(-1, (n_heads, -1)).transpose(1, 2)  # [B, H, T, K]
    return heads


def attention_rows(model: Model, residual: Tensor, block: int, queries: Tensor) -> Tensor:
    """Attention patterns [B, H, Q, T] of `block` for query tokens [Q], or [B, Q] with one row an example.

    `residual` [B, T, D] is the stream that enters the block. Only the rows asked for are formed.
    """
    layer = model.blocks[block]
    attn = layer.attn
    normed = layer.norm1(residual)  # [B, T, D]
    q, k = queries_and_keys(attn, normed)  # [B, H, T, K] each
    index = queries.expand(len(residual), -1)[:, None, :, None].expand(-1, q.shape[1], -1, q.shape[3])
    scores = q.gather(2, index) @ k.transpose(-2, -1)  # [B, H, Q, T]
    pattern: Tensor = (scores * attn.scale).softmax(-1)
    return pattern


def queries_and_keys(attn: Any, normed: Tensor) -> tuple[Tensor, Tensor]:
    """q and k [B, H, T, K] of an attention layer for its normalised input [B, T, D]."""
    width = attn.attn_dim
    weight, bias = attn.qkv.weight, attn.qkv.bias
    qk = F.linear(normed, weight[: 2 * width], None if bias is None else bias[: 2 * width])
    q, k = qk.chunk(2, dim=-1)
    return attn.q_norm(_split_heads(q, attn.num_heads)), attn.k_norm(_split_heads(k, attn.num_heads))


def parity_error(model: Model, n_images: int = 2, seed: int = 0) -> float:
    """Largest difference between the executor and the network's own forward, over logits and block outputs.

    Raises UserError where one of them is not finite.
    """
    size = model.geometry.image_px
    x = torch.randn(n_images, 3, size, size, generator=torch.Generator().manual_seed(seed)).to(model.device)
    network = model.network
    trace = run(model, x)
    _, theirs = network.forward_intermediates(x, output_fmt="NLC", return_prefix_tokens=True)
    ours = [residual[:, model.n_prefix :] for residual in trace.residuals[1:]]
    # A tuple of patches and prefix only where there are prefix tokens.
    patches: list[Tensor] = [b[0] if isinstance(b, tuple) else b for b in list[Any](theirs)]
    errors = [(a - b).abs().max() for a, b in zip(ours, patches, strict=True)]
    errors.append((trace.logits - network(x)).abs().max())
    errors.append((resume(model, trace.after(-1), 0) - network(x)).abs().max())
    return float(torch.stack(errors).max())


def verify(model: Model) -> Model:
    """The model, once the executor is shown to equal the network's own forward.

    Raises UserError where a logit or a block output differs by more than PARITY_TOLERANCE, or is not finite, or the
    network cannot run at all.
    """
    try:
        with torch.inference_mode():
            error = parity_error(model)
    except RuntimeError as failure:
        said = " ".join(str(failure).split())[:200]
        raise UserError(f"{model.name} cannot run: {said}.", "Check the network's arguments in its card.") from failure
    if not error <= PARITY_TOLERANCE:
        raise UserError(
            f"The executor and {model.name} itself disagree by {error:.1e}.",
            "This architecture cannot be run exactly, so nothing is shown for it.",
        )
    return model

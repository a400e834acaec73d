"""The executor: runs a network's own blocks one by one, records, edits at any site, and resumes.

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
from core.inside import attend, keep, read_inside, run_inside
from core.site import Part, Site

Edit = tuple[Site, Callable[[Tensor], Tensor]]
"""At this site, go on with what the function returns for the value there."""


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
    residual = edited(embed(model, x), Site(-1), edits)  # [B, T, D]
    residuals = [residual]
    for block in range(model.n_blocks):
        residual = advance(model, residual, block, edits)
        residuals.append(residual)
    return Trace(tuple(residuals), read_out(model, residual))


def resume(model: Model, residual: Tensor, start_block: int, edits: Sequence[Edit] = ()) -> Tensor:
    """Logits [B, C] of the stream [B, T, D] that enters `start_block`, run on to the end.

    Edits after block `start_block` − 1 are applied first; earlier ones are taken to be in `residual`.
    The last block computes the CLS row alone where the read-out looks at nothing else.
    """
    last = model.n_blocks - 1
    residual = edited(residual, Site(start_block - 1), edits)
    cut = model.reads_cls_only and all(site.block != last for site, _ in edits)
    for block in range(start_block, model.n_blocks):
        if block == last and cut:
            return read_out(model, _cls_row(model.blocks[block], residual))
        residual = advance(model, residual, block, edits)
    return read_out(model, residual)


def advance(model: Model, residual: Tensor, block: int, edits: Sequence[Edit] = ()) -> Tensor:
    """The stream [B, T, D] after `block`, from the stream that enters it, with the edits of that block.

    The block runs as the network's own call, unless an edit is inside it.
    """
    here = [(site, apply) for site, apply in edits if site.block == block]
    if all(site.part in ("resid_pre", "resid_post") for site, _ in here):
        entering = edited(residual, Site(block, "resid_pre"), here)
        stream = edited(model.blocks[block](entering), Site(block), here)
    else:
        stream = run_inside(model.blocks[block], residual, lambda part, x: edited(x, Site(block, part), here))
    return finite(stream, model, f"The output of block {block}")


def finite(x: Tensor, model: Model, what: str) -> Tensor:
    """`x` itself.

    Raises UserError where a number in it is NaN or infinite; `what` says what it is.
    """
    if not x.isfinite().all():
        raise UserError(f"{what} of {model.name} is not finite.", "Check the model's weights and card, and the edits.")
    return x


def edited(x: Tensor, site: Site, edits: Sequence[Edit]) -> Tensor:
    """The value at a site after its edits, in order."""
    for at, apply in edits:
        if at == site:
            x = apply(x)
    return x


def read(model: Model, residual: Tensor, site: Site, edits: Sequence[Edit] = ()) -> Tensor:
    """The value at a site of a block, from the stream [B, T, D] that enters the block, edits of that block applied."""
    return read_inside(
        model.blocks[site.block],
        residual,
        site.part,
        lambda part, x: edited(x, Site(site.block, part), edits),
    )


def attention_rows(model: Model, residual: Tensor, block: int, queries: Tensor) -> Tensor:
    """Attention patterns [B, H, Q, T] of `block` for query tokens [Q], or [B, Q] with one row an example.

    `residual` [B, T, D] is the stream that enters the block. Only the rows asked for are formed.
    """

    def only_asked(part: Part, x: Tensor) -> Tensor:
        if part != "q":
            return x
        index = queries.expand(len(residual), -1)[:, None, :, None].expand(-1, x.shape[1], -1, x.shape[3])
        return x.gather(2, index)  # [B, H, Q, K]

    return read_inside(model.blocks[block], residual, "pattern", only_asked)


def _cls_row(block: Any, residual: Tensor) -> Tensor:
    """The CLS token [B, 1, D] after a block: keys and values of all tokens, the query of CLS alone."""
    attn = block.attn
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
    errors += [
        (run_inside(block, trace.after(index - 1), keep) - trace.after(index)).abs().max()
        for index, block in enumerate(model.blocks)
    ]
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

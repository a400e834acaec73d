"""The executor: runs a network's own blocks one by one, records, edits at any site, and resumes.

Block −1 stands for the embeddings; the stream after block b is `resid_post` of b and `resid_pre` of b + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.errors import UserError
from core.families.model import PARITY_TOLERANCE, Model
from core.fast import can_cut, cls_row, leave, pattern_rows
from core.inside import keep, no_part, read_inside, run_inside
from core.site import Site
from core.wiring import check_extras, images, watch

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
    return finite(model.wiring.enter(x), model, "The embedding")


def read_out(model: Model, residual: Tensor) -> Tensor:
    """The stream after the last block [B, T, D] → logits [B, C]."""
    return finite(leave(model, residual), model, "The answer")


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
    cut = all(site.block != last for site, _ in edits) and can_cut(model)
    for block in range(start_block, model.n_blocks):
        if block == last and cut:
            return read_out(model, cls_row(model.blocks[block], residual))
        residual = advance(model, residual, block, edits)
    return read_out(model, residual)


def advance(model: Model, residual: Tensor, block: int, edits: Sequence[Edit] = ()) -> Tensor:
    """The stream [B, T, D] after `block`, from the stream that enters it, with the edits of that block.

    The block runs as the network's own call, unless an edit is inside it.
    """
    here = [(site, apply) for site, apply in edits if site.block == block]
    call = partial(model.wiring.advance, block)
    if all(site.part in ("resid_pre", "resid_post") for site, _ in here):
        stream = edited(call(edited(residual, Site(block, "resid_pre"), here)), Site(block), here)
    else:
        for site, _ in here:
            _check_part(model, site)
        n_attentions = model.anatomies[block].n_attentions
        stream = run_inside(call, residual, lambda part, x: edited(x, Site(block, part), here), n_attentions)
    return finite(stream, model, f"The output of block {block}")


def _check_part(model: Model, site: Site) -> None:
    """Raises UserError where a block has no such part."""
    if site.part not in model.anatomies[site.block].parts:
        raise no_part(type(model.blocks[site.block]).__name__, site.part)


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
    _check_part(model, site)
    return read_inside(
        partial(model.wiring.advance, site.block),
        residual,
        site.part,
        lambda part, x: edited(x, Site(site.block, part), edits),
        model.anatomies[site.block].n_attentions,
    )


def attention_rows(model: Model, residual: Tensor, block: int, queries: Tensor) -> Tensor:
    """Attention patterns [B, H, Q, T] of `block` for query tokens [Q], or [B, Q] with one row an example.

    `residual` [B, T, D] is the stream that enters the block.
    """
    _check_part(model, Site(block, "pattern"))
    return pattern_rows(model, residual, block, queries.expand(len(residual), -1))


def parity_error(model: Model, n_images: int = 2, seed: int = 0) -> float:
    """Largest difference between the executor and the network's own forward, over logits, streams and inside parts.

    Each block is compared on the stream that the network gives it. Its inside is compared on one image, of which the
    last is taken.

    Raises UserError where one of them is not finite, or the network is not run block by block.
    """
    x = images(model.network, model.geometry.image_px, n_images, seed)
    own = watch(model.network, x)
    last = model.n_blocks - 1
    pairs = [(embed(model, x), own.calls[0].stream)]
    for block, (call, answer) in enumerate(zip(own.calls, own.streams, strict=True)):
        pairs.append((advance(model, call.stream, block), answer))
        pairs.append((_seen_inside(model, call.stream[-1:], block), answer[-1:]))
    pairs.append((read_out(model, own.streams[last]), own.logits))
    pairs.append((resume(model, own.calls[last].stream, last), own.logits))
    return float(torch.stack([(a - b).abs().max() for a, b in pairs]).max())


def _seen_inside(model: Model, residual: Tensor, block: int) -> Tensor:
    """The stream after a block of which every part is visited."""
    call = partial(model.wiring.advance, block)
    return finite(run_inside(call, residual, keep), model, f"The output of block {block}")


def verify(model: Model) -> Model:
    """The model, once the executor is shown to equal the network's own forward.

    Raises UserError where a logit or a block output differs by more than PARITY_TOLERANCE, or is not finite, or the
    network cannot run at all.
    """
    try:
        with torch.inference_mode():
            error = parity_error(model)
            check_extras(model.wiring)
    except (RuntimeError, ValueError, TypeError, AssertionError, LookupError) as failure:
        said = " ".join(str(failure).split())[:200]
        raise UserError(f"{model.name} cannot run: {said}.", "Check the network's arguments in its card.") from failure
    if not error <= PARITY_TOLERANCE:
        raise UserError(
            f"The executor and {model.name} itself disagree by {error:.1e}.",
            "This architecture cannot be run exactly, so nothing is shown for it.",
        )
    return model

"""The deletion test: which order of patches keeps the answer longest as they are removed, and which loses it soonest.

Source: Vilas et al. 2023, deletion test; attention rollout after Abnar and Zuidema 2020; docs/methods.md, "Relevance".
What we changed: shares of tokens in place of every number of them, and the area in units of accuracy.
`paper_convention` takes the authors' sum at our shares, and their loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from core.engine import advance, embed, read_out, to_input
from core.errors import UserError
from core.families.model import Model
from core.fast import is_shown
from core.progress import Job, Progress
from core.readings.memories import Sublayer, pass_block
from core.readings.relevance import ClassHead, Loss, relevance
from core.site import Site
from core.stimuli.datasets import Example
from core.stimuli.render import render_many
from core.studies.measures.lens_walk import BATCH

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
"""Shares of the patches that are removed."""
ORDERS = ("relevance", "attention rollout", "random")
FIRST = ("least first", "most first")

Curve = list[float]
Values = Sequence[Mapping[Sublayer, Tensor]]


def measure_deletion(
    model: Model, examples: Sequence[Example], head: ClassHead, values: Values, *, loss: Loss, seed: int
) -> Job[dict[tuple[str, str], Curve]]:
    """Accuracy at each of SHARES, by order and by what goes first.

    Raises UserError where tokens cannot be taken out of the network, or it has no CLS to ask.
    """
    check_removable(model)
    generator = torch.Generator().manual_seed(seed)
    hits = {(order, first): np.zeros(len(SHARES)) for order in ORDERS for first in FIRST}
    for start in range(0, len(examples), BATCH):
        chunk = examples[start : start + BATCH]
        with torch.inference_mode():
            x = embed(model, to_input(model, render_many([example.stimulus for example in chunk])))
            classes = torch.tensor([example.label for example in chunk], device=x.device)
            maps = _orders(model, x, classes, head, values, loss)
            maps["random"] = torch.rand(maps["relevance"].shape, generator=generator).to(x.device)
            for (order, first), found in hits.items():
                ranked = maps[order].argsort(-1, descending=first == "least first")  # what is kept longest in front
                found += [_n_right(model, x, ranked, classes, share) for share in SHARES]
        yield Progress(min(start + BATCH, len(examples)), len(examples), "class lens: tokens removed")
    return {name: (found / len(examples)).tolist() for name, found in hits.items()}


def area(curve: Curve, *, paper_convention: bool) -> float:
    """The mean accuracy over the shares removed; or the authors' sum over the largest accuracy, without the first."""
    if paper_convention:
        return sum(curve[1:]) / (len(curve) * (max(curve) or 1.0))
    return float(np.trapezoid(curve, SHARES) / (SHARES[-1] - SHARES[0]))


def check_removable(model: Model) -> None:
    """Raises UserError where a block does not go on with fewer tokens as if the others were never attended to."""
    if not model.n_prefix:
        raise UserError(f"{model.name} has no CLS whose relevance could order patches.", "Leave the deletion test out.")
    kept = torch.arange(0, model.wiring.n_tokens, 2, device=model.device)
    bias = torch.full((model.wiring.n_tokens,), -torch.inf, device=model.device).index_fill(0, kept, 0.0)

    def whole(x: Tensor) -> Tensor:
        return advance(model, x, 0, [(Site(0, "scores"), lambda scores: scores + bias)])[:, kept]

    if not is_shown(model, "fewer tokens", lambda x: advance(model, x[:, kept], 0), whole):
        raise UserError(f"Tokens cannot be taken out of {model.name}.", "Leave the deletion test out.")


def _orders(model: Model, x: Tensor, classes: Tensor, head: ClassHead, values: Values, loss: Loss) -> dict[str, Tensor]:
    """How much each patch matters to CLS, [B, P], by relevance over all blocks and by attention rollout."""
    total = x.new_zeros(x.shape[:2])
    rollout = torch.eye(x.shape[1], device=x.device).expand(len(x), -1, -1)
    for block in range(model.n_blocks):
        seen = pass_block(model, x, block)
        total += relevance(seen, values[block]["attn_out"], head, classes[:, None], loss=loss)[:, 0].sum(1)
        mixed = seen.parts["pattern"].mean(1) + torch.eye(x.shape[1], device=x.device)  # [B, T, T]
        rollout = mixed / mixed.sum(-1, keepdim=True) @ rollout
        x = seen.after
    return {"relevance": total[:, model.n_prefix :], "attention rollout": rollout[:, 0, model.n_prefix :]}


def _n_right(model: Model, x: Tensor, ranked: Tensor, classes: Tensor, share: float) -> int:
    """How many pictures are still answered right with the share of patches removed that are ranked last [B, P]."""
    n_kept = max(1, round(ranked.shape[1] * (1 - share)))
    prefix = torch.arange(model.n_prefix, device=x.device).expand(len(x), -1)
    kept = torch.cat([prefix, ranked[:, :n_kept] + model.n_prefix], 1)
    x = x.gather(1, kept[..., None].expand(-1, -1, x.shape[2]))
    for block in range(model.n_blocks):
        x = advance(model, x, block)
    return int((read_out(model, x).argmax(-1) == classes).sum())

"""Interchange pairs run up to a block once, so that a search for subspaces goes on from there.

Source: Geiger et al. 2023; Lepori et al. 2024, distributed alignment search; docs/methods.md, "DAS".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.engine import advance, embed, to_input
from core.families.model import Model
from core.progress import Job, Progress
from core.site import block_words
from core.stimuli.counterfactuals import InterchangePair
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus
from core.stimuli.tokens import gather_tokens, item_tokens, kept_tokens


@dataclass(frozen=True, slots=True)
class PairCache:
    """Prefixes of N interchange pairs after one block.

    `base` [N, T, D]; `donor` and `wrong` [N, n, D] are the source's tokens of the donor and, as a control, of
    the wrong item; `tokens` [N, n] those of the edited item; `item_values` [N, I, D] token means of the base's items.
    """

    base: Tensor
    donor: Tensor
    wrong: Tensor
    tokens: Tensor
    labels: Tensor
    item_values: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def cache_pairs(
    model: Model,
    pairs: Sequence[InterchangePair],
    blocks: Sequence[int],
    *,
    batch: int = 100,
    keep_background: float = 1.0,
    seed: int = 0,
) -> Job[dict[int, PairCache]]:
    """Run bases and sources once and keep what interchange after each of `blocks` needs.

    Of the background tokens a share is kept, drawn for each picture.
    """
    whole: dict[int, PairCache] = {}
    rng = np.random.default_rng([seed, 3])
    for start in range(0, len(pairs), batch):
        few = pairs[start : start + batch]
        with torch.no_grad():
            bases, sources = (
                _entering(model, [getattr(pair, side) for pair in few], keep_background, rng)
                for side in ("base", "source")
            )
            chunks = _cache_chunk(model, few, blocks, bases, sources)
        for block, chunk in chunks.items():
            cache = whole.setdefault(block, _room_for(chunk, len(pairs)))
            for name in PairCache.__slots__:
                getattr(cache, name)[start : start + len(chunk)] = getattr(chunk, name)
        done = min(start + batch, len(pairs))
        yield Progress(done, len(pairs), f"running pairs up to {block_words(max(blocks))}: {done} of {len(pairs)}")
    return whole


def _room_for(chunk: PairCache, n: int) -> PairCache:
    """An unfilled cache of `n` pairs like those of `chunk`."""
    tensors = {name: getattr(chunk, name) for name in PairCache.__slots__}
    return PairCache(**{name: value.new_empty((n, *value.shape[1:])) for name, value in tensors.items()})


def _entering(
    model: Model, stimuli: Sequence[Stimulus], keep_background: float, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """The stream [N, T, D] that enters the first block, and where in it the tokens [N, I, n] of the items are."""
    x, tokens = embed(model, to_input(model, render_many(stimuli))), item_tokens(model, stimuli)
    if keep_background == 1.0:
        return x, tokens
    kept = kept_tokens(stimuli, model.geometry, keep_background, rng, model.n_prefix)
    places = model.n_prefix + torch.arange(tokens[0].numel(), device=model.device)  # as they are kept: after the prefix
    return gather_tokens(x, torch.from_numpy(kept).to(model.device)), places.view_as(tokens[0]).expand_as(tokens)


def _cache_chunk(
    model: Model,
    pairs: Sequence[InterchangePair],
    blocks: Sequence[int],
    bases: tuple[Tensor, Tensor],
    sources: tuple[Tensor, Tensor],
) -> dict[int, PairCache]:
    (x, base_tokens), (s, source_tokens) = bases, sources  # [N, T, D] and [N, I, n]
    rows = torch.arange(len(pairs), device=model.device)
    edited, donors, wrongs = (
        torch.tensor([getattr(p, role) for p in pairs], device=model.device) for role in ("edited", "donor", "wrong")
    )
    labels = torch.tensor([p.label for p in pairs], device=model.device)
    classes = torch.tensor([[getattr(i, p.property) for i in p.base.items] for p in pairs], device=model.device)
    out = {}
    for block in range(-1, max(blocks) + 1):
        if block >= 0:
            x, s = advance(model, x, block), advance(model, s, block)
        if block in blocks:
            items = torch.stack([gather_tokens(x, tokens).mean(1) for tokens in base_tokens.unbind(1)], 1)  # [N, I, D]
            donor, wrong = (gather_tokens(s, source_tokens[rows, which]) for which in (donors, wrongs))
            out[block] = PairCache(x, donor, wrong, base_tokens[rows, edited], labels, items, classes)
    return out

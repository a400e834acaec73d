"""Where the tokens of items look: at their own item, its partner, the other pair, the background, or CLS.

Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern".
What we changed: every mass is measured directly and averaged over the items, so that the five add up to 1, and only
the rows of item tokens are formed. `paper_convention` takes the larger of the two objects of a pair, and calls
1 − WP − BG, attention to CLS included, WO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from core.engine import advance, attention_rows, embed, to_input
from core.families.model import Model
from core.masses import KINDS, Masses, Pairs, attention_shares, kind_series, mass_curves
from core.plots import Heatmap, Maps, Plot, Series
from core.progress import Job, Progress
from core.statistics import mean_interval
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus
from core.stimuli.tokens import item_tokens
from core.studies.attention import Attention, peak_blocks
from core.studies.measures.stages import STAGES, StageHead, order_words, pick_heads, stage_maps, typical_image
from core.studies.published import ATTENTION
from core.studies.result import Row, item_pairs
from core.studies.study import Bench, Found


def measure_attention(bench: Bench, study: Attention) -> Job[Found]:
    """Masses per head on the study's number of test images, half of each label, or on the pictures that are given."""
    model, stimuli = bench.model, [e.stimulus for e in bench.examples(study.n, study.seed)]
    masses = yield from item_masses(model, stimuli)
    pairs = item_pairs(model)
    kinds = paper_masses(masses, pairs) if study.paper_convention else attention_shares(masses, pairs)
    if not model.n_prefix:
        del kinds["CLS"]
    heads, maps = _stages(model, stimuli, masses, pairs)
    what = "test images" if bench.given is None else "pictures of the set"
    notes = _notes(kinds, heads, f"{study.n} {what}", paper_convention=study.paper_convention)
    return Found(_rows(kinds, heads), {**_plots(kinds), "attention-stages": maps}, notes)


def _stages(
    model: Model, stimuli: Sequence[Stimulus], masses: Masses, pairs: Pairs
) -> tuple[tuple[StageHead, ...], Maps]:
    """The head of each stage, and the maps of the first item of the last pair in a typical image."""
    stages = [s for s in STAGES[model.task] if s != "CLS" or model.n_prefix]
    heads = pick_heads({kind: value.mean(0) for kind, value in attention_shares(masses, pairs).items()}, stages)
    item = pairs[-1][0]
    shares = attention_shares(masses, pairs, [item])
    image = typical_image(shares, heads)
    shown = {h.stage: float(shares[h.stage][image, h.block, h.head]) for h in heads}
    return heads, stage_maps(model, stimuli[image], item, heads, shown, len(stimuli))


def _notes(kinds: dict[str, Masses], heads: Sequence[StageHead], of: str, *, paper_convention: bool) -> tuple[str, ...]:
    peaks = [f"Our peaks: {peak_words(peak_blocks(_rows(kinds, ())))}."]
    peaks += [f"{c.model}, another model: {peak_words(c.peaks)} (published, {c.source})." for c in ATTENTION if c.peaks]
    notes = [
        f"Means over {of}; bands are 95 % intervals over images for the head with the largest mean.",
        *peaks,
        "Published curves of attention exist as pictures only, so none is drawn beside ours.",
        order_words(heads),
        "For each stage the head with the largest mean share is shown, on the image whose shares are nearest to these "
        "means. One head stands for each stage; the curves show the largest of every block.",
    ]
    if paper_convention:
        notes.append(
            "The paper's formula: WO is 1 − WP − BG and so counts attention to CLS as within the object; the heads of "
            "the stages are picked by shares measured directly all the same."
        )
    return tuple(notes)


def item_masses(model: Model, stimuli: Sequence[Stimulus], *, batch: int = 50) -> Job[Masses]:
    """Attention [N, L, H, I, I + 2] that the tokens of an item give, on average, to each item, the background and
    the prefix tokens; the last axis adds up to 1.
    """
    parts = []
    for start in range(0, len(stimuli), batch):
        chunk = stimuli[start : start + batch]
        with torch.inference_mode():
            x = embed(model, to_input(model, render_many(chunk)))  # [B, T, D]
            tokens = item_tokens(model, chunk)  # [B, I, n]
            parts.append(_chunk_masses(model, x, tokens).double().cpu().numpy())
        yield Progress(min(start + batch, len(stimuli)), len(stimuli), "attention of item tokens")
    masses: Masses = np.concatenate(parts)
    return masses


def _chunk_masses(model: Model, x: Tensor, tokens: Tensor) -> Tensor:
    """[B, L, H, I, I + 2] from the embeddings [B, T, D] and the tokens of the items [B, I, n]."""
    sets = _key_sets(x.shape[1], tokens, model.n_prefix).to(x.dtype)  # [B, T, I + 2]
    n_items, size = tokens.shape[1:]
    layers = []
    for block in range(model.n_blocks):
        rows = attention_rows(model, x, block, tokens.flatten(1))  # [B, H, I n, T]
        masses = rows @ sets[:, None]  # [B, H, I n, I + 2]
        layers.append(masses.unflatten(2, (n_items, size)).mean(3))  # [B, H, I, I + 2]
        if block + 1 < model.n_blocks:
            x = advance(model, x, block)
    return torch.stack(layers, 1)


def _key_sets(n_tokens: int, tokens: Tensor, n_prefix: int) -> Tensor:
    """Which set each token belongs to [B, T, I + 2]: an item, the background, or the prefix."""
    n_images, n_items, _ = tokens.shape
    which = torch.full((n_images, n_tokens), n_items, device=tokens.device)
    which[:, :n_prefix] = n_items + 1
    for item in range(n_items):
        which.scatter_(1, tokens[:, item], item)
    return torch.nn.functional.one_hot(which, n_items + 2)


def paper_masses(masses: Masses, pairs: Pairs) -> dict[str, Masses]:
    """The authors' quantities [N, L, H]: WP and BG are those of the object of the last pair that has more, WO is the
    rest, the score is WP + BG, and BP is that of the pair that has more.
    """
    n_items = masses.shape[3]
    a, b = pairs[-1]
    kinds = {
        "WP": np.maximum(masses[..., a, b], masses[..., b, a]),
        "BG": np.maximum(masses[..., a, n_items], masses[..., b, n_items]),
        "CLS": (masses[..., a, n_items + 1] + masses[..., b, n_items + 1]) / 2,
    }
    kinds["WO"] = 1 - kinds["WP"] - kinds["BG"]
    kinds["score"] = kinds["WP"] + kinds["BG"]
    if len(pairs) > 1:
        display, sample = list(pairs[0]), list(pairs[1])
        there = np.mean([masses[..., i, display].sum(-1) for i in sample], 0)
        back = np.mean([masses[..., i, sample].sum(-1) for i in display], 0)
        kinds["BP"] = np.maximum(there, back)
    return kinds


def _rows(kinds: dict[str, Masses], heads: Sequence[StageHead]) -> list[Row]:
    _, n_blocks, n_heads = kinds["WO"].shape
    means = {name: value.mean(0) for name, value in kinds.items()}
    stages = {(h.block, h.head): h.stage for h in heads}
    return [
        {
            "block": block,
            "head": head,
            **{name: round(float(v[block, head]), 6) for name, v in means.items()},
            "stage": stages.get((block, head), ""),
        }
        for block in range(n_blocks)
        for head in range(n_heads)
    ]


def _plots(kinds: dict[str, Masses]) -> dict[str, Plot]:
    n_blocks, n_heads = kinds["WO"].shape[1:]
    blocks = tuple(str(b) for b in range(n_blocks))
    score = kinds["score"].mean(0)
    series = [_head_curve(name, kinds[name]) for name in KINDS if name in kinds]
    curves = mass_curves({name: value.mean(0) for name, value in kinds.items()}, series)
    heat = Heatmap(
        title="Local and global heads",
        x_label="head",
        y_label="block",
        values=tuple(tuple(float(v) for v in row) for row in score),
        columns=tuple(str(h) for h in range(n_heads)),
        rows=blocks,
        low_label="local",
        high_label="global",
    )
    return {"attention-curves": curves, "attention-heads": heat}


def peak_words(peaks: Mapping[str, int]) -> str:
    """Blocks of peaks in words."""
    return ", ".join(f"{kind} in block {block}" for kind, block in peaks.items())


def _head_curve(name: str, values: Masses) -> Series:
    """Per block, the head whose mean over images is largest, with its interval."""
    best = values.mean(0).argmax(-1)  # [L]
    bands = [mean_interval(values[:, block, head]) for block, head in enumerate(best)]
    return kind_series(name, *zip(*bands, strict=True))

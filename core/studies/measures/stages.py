"""One head for each stage of a comparison, side by side on one stimulus.

Source: Lepori et al. 2024, figure of example heads; docs/methods.md, "Attention pattern". What we changed: heads and
stimulus are picked by measured shares, never by eye.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.engine import advance, attention_rows, embed, to_input
from core.families.model import Model
from core.maps import aside_label, png_of, rings_of
from core.masses import Masses
from core.plots import Map, Maps
from core.stimuli.render import render
from core.stimuli.stimulus import ITEM_LETTERS, Stimulus, Task
from core.stimuli.tokens import item_tokens

STAGES: dict[Task, tuple[str, ...]] = {"discrimination": ("WO", "WP", "BG", "CLS"), "rmts": ("WO", "WP", "BP", "BG")}
LOCAL_TO_GLOBAL = ("WO", "WP", "BP", "BG")
NAMES = {
    "WO": "within the object",
    "WP": "within the pair",
    "BP": "between the pairs",
    "BG": "background",
    "CLS": "CLS",
}


@dataclass(frozen=True, slots=True)
class StageHead:
    """The head that stands for a stage, with the mean share of attention that made it the one."""

    stage: str
    block: int
    head: int
    mean: float


def pick_heads(means: Mapping[str, Masses], stages: Sequence[str]) -> tuple[StageHead, ...]:
    """For each stage the head with the largest mean share [L, H], in order of depth.

    A head that leads in two stages stands for the one that it gives more to; the other stage takes its next head.
    Where shares are equal the earlier stage, block and head come first.
    """
    ranked = sorted(
        (-float(means[stage][block, head]), index, block, head)
        for index, stage in enumerate(stages)
        for block, head in np.ndindex(means[stage].shape)
    )
    picked: dict[int, StageHead] = {}
    taken: set[tuple[int, int]] = set()
    for share, index, block, head in ranked:
        if index not in picked and (block, head) not in taken:
            picked[index] = StageHead(stages[index], block, head, -share)
            taken.add((block, head))
    return tuple(sorted((picked[i] for i in sorted(picked)), key=lambda p: p.block))


def typical_image(shares: Mapping[str, Masses], heads: Sequence[StageHead]) -> int:
    """The image whose shares [N, L, H] in these heads are nearest to their means, the first where several are."""
    far = sum((shares[h.stage][:, h.block, h.head] - h.mean) ** 2 for h in heads)
    return int(np.argmin(far))


def order_words(heads: Sequence[StageHead]) -> str:
    """In which order the stages come, and whether it is the published one from local to global."""
    said = ", ".join(f"{NAMES[h.stage]} (block {h.block})" for h in heads)
    by_stage = {h.stage: h.block for h in heads}
    blocks = [by_stage[stage] for stage in LOCAL_TO_GLOBAL if stage in by_stage]
    if blocks != sorted(blocks):
        wanted = ", ".join(NAMES[stage] for stage in LOCAL_TO_GLOBAL if stage in by_stage)
        return f"In order of depth: {said}. This is not the order from local to global ({wanted})."
    strict = len(set(blocks)) == len(blocks)
    order = "Local comes before global" if strict else "Local comes no later than global, though stages share a block"
    return f"In order of depth: {said}. {order}, as published for CLIP B/16, another model."


def stage_maps(
    model: Model, stimulus: Stimulus, item: int, heads: Sequence[StageHead], shares: Mapping[str, float], n: int
) -> Maps:
    """Where the tokens of an item look in each head; `shares` by stage are of this item in this stimulus."""
    rows = _mean_rows(model, stimulus, item, heads)
    grid = stimulus.geometry.grid
    others = "both objects" if len(stimulus.items) == 2 else f"all {len(stimulus.items)} objects"
    maps = []
    for head, row in zip(heads, rows, strict=True):
        patches = row[model.n_prefix :].reshape(grid, grid)
        where = _where(head.stage, item, len(stimulus.items))
        caption = (
            f"Block {head.block}, head {head.head}: of the attention of {ITEM_LETTERS[item]}’s tokens "
            f"{percent(shares[head.stage])} {where}; {percent(head.mean)} on average over {others} of {n} images."
        )
        values = tuple(tuple(float(v) for v in line) for line in patches)
        aside = float(row[: model.n_prefix].sum())
        maps.append(Map(_title(head.stage), caption, values, aside, (head.block, head.head)))
    return Maps(
        "The stages in one picture: one head of each",
        png_of(stimulus),
        rings_of(stimulus, item),
        tuple(maps),
        aside_label(model.n_prefix),
    )


def _mean_rows(model: Model, stimulus: Stimulus, item: int, heads: Sequence[StageHead]) -> list[Masses]:
    """The attention [T] of the tokens of an item, their mean, in each head."""
    found: dict[StageHead, Masses] = {}
    with torch.inference_mode():
        x = embed(model, to_input(model, render(stimulus)[None]))  # [1, T, D]
        queries = item_tokens(model, [stimulus])[:, item]  # [1, n]
        for block in range(max((h.block for h in heads), default=-1) + 1):
            here = [h for h in heads if h.block == block]
            if here:
                rows = attention_rows(model, x, block, queries)[0].mean(1).double().cpu().numpy()  # [H, T]
                found |= {h: rows[h.head] for h in here}
            x = advance(model, x, block)
    return [found[h] for h in heads]


def _where(stage: str, item: int, n_items: int) -> str:
    letters = ITEM_LETTERS[:n_items]
    return {
        "WO": f"stays within {letters[item]}",
        "WP": f"goes to {letters[item ^ 1]}",
        "BP": "goes to the other pair",
        "BG": "goes to the background",
        "CLS": "goes to CLS",
    }[stage]


def _title(stage: str) -> str:
    return NAMES[stage][0].upper() + NAMES[stage][1:]


def percent(share: float) -> str:
    """A share in whole per cent, never broken over two lines."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"

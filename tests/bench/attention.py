"""The attention study in batches of item rows against a loop over images, blocks and heads with whole patterns."""

from __future__ import annotations

import numpy as np
import torch
from measure import Row, row_of, take_turns
from network import finished, open_bundled

from core.engine import advance, attention_rows, embed, to_input
from core.families.model import Model
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus
from core.stimuli.tokens import item_tokens
from core.studies.measures.attention import item_masses

SECONDS = 20.0
N_BATCH, N_LOOP = 50, 5


def rows() -> list[Row]:
    """Images a second both ways, and their ratio."""
    model = open_bundled()
    examples = split_examples("test", N_BATCH, geometry=model.geometry)
    stimuli = [e.stimulus for e in examples]
    sides = {
        "batched": lambda: list(item_masses(model, stimuli)),
        "loop": lambda: [_masses_of_one(model, s) for s in stimuli[:N_LOOP]],
    }
    times = take_turns({name: finished(model, do) for name, do in sides.items()}, seconds=SECONDS)
    return [
        row_of("attention study, batched item rows", times, lambda m: N_BATCH / m["batched"], "images/s"),
        row_of("attention study, one image and head at a time", times, lambda m: N_LOOP / m["loop"], "images/s"),
        row_of("attention study, batched : loop", times, lambda m: m["loop"] / N_LOOP * N_BATCH / m["batched"]),
    ]


def _masses_of_one(model: Model, stimulus: Stimulus) -> list[float]:
    """Within, between and background mass of each head, from the whole pattern of every block."""
    found = []
    with torch.inference_mode():
        x = embed(model, to_input(model, render_many([stimulus])))
        a, b = (tokens.tolist() for tokens in item_tokens(model, [stimulus])[0])
        everything = torch.arange(x.shape[1], device=x.device)[None]
        background = [t for t in range(model.n_prefix, x.shape[1]) if t not in (*a, *b)]
        for block in range(model.n_blocks):
            pattern = attention_rows(model, x, block, everything).cpu().numpy()[0]  # [H, T, T]
            for head in range(model.n_heads):
                for own, other in ((a, b), (b, a)):
                    rows = pattern[head][own]
                    found += [float(np.sum(rows[:, keys]) / np.sum(rows)) for keys in (own, other, background)]
            x = advance(model, x, block)
    return found

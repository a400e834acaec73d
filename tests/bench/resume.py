"""Resuming at a block against the share of the forward that is left from there."""

from __future__ import annotations

import torch
from measure import Row, row_of, take_turns
from network import finished, noise, open_bundled

from core.engine import embed, resume, run
from core.families.model import Model

SECONDS = {1: 10.0, 32: 40.0}
AT_MOST = 1.2


def rows() -> list[Row]:
    """For each block: time of `resume` / ((raw forward − embeddings) · blocks left / blocks)."""
    model = open_bundled()
    with torch.inference_mode():
        return [row for n_images, seconds in SECONDS.items() for row in _rows_of_batch(model, n_images, seconds)]


def _rows_of_batch(model: Model, n_images: int, seconds: float) -> list[Row]:
    x = noise(model, n_images)
    trace = run(model, x)
    sides = {"raw": lambda: model.network(x), "embed": lambda: embed(model, x)}
    for block in range(model.n_blocks):
        sides[f"{block}"] = lambda block=block: resume(model, trace.after(block - 1), block)
    times = take_turns({name: finished(model, do) for name, do in sides.items()}, seconds=seconds)
    found = []
    for block in range(model.n_blocks):
        left = (model.n_blocks - block) / model.n_blocks
        name = f"resume at block {block} / its share, batch {n_images}"
        found.append(
            row_of(
                name,
                times,
                lambda m, block=block, left=left: m[f"{block}"] / ((m["raw"] - m["embed"]) * left),
                limit="≤",
                target=AT_MOST,
            )
        )
    return found

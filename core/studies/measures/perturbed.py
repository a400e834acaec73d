"""How often patches still name the right class where what they may attend to is limited.

Source: Vilas et al. 2023, perturbed attention; docs/methods.md, "Many pictures". What we changed: CLS is never counted,
every picture weighs the same, and tokens are hidden as keys in place of removed, which is the same for all others.
`paper_convention` counts CLS where the authors do, in the perturbed numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.engine import Edit, advance, embed, to_input
from core.families.model import Model
from core.interventions.context import Context
from core.interventions.limit_attention import LimitAttention
from core.progress import Job, Progress
from core.readings.projection import project
from core.site import Site
from core.stimuli.datasets import Example
from core.stimuli.render import render_many
from core.studies.measures.lens_walk import BATCH, Array, on_items, ranks_of_classes

WAYS = ("intact", "patches alone", "no CLS", "no context", "objects, intact", "no objects", "context, intact")
"""Which patches are counted: all in the first three, those of items in the next two, the others in the last two."""


def measure_perturbed(
    model: Model, examples: Sequence[Example], *, paper_convention: bool
) -> Job[dict[str, list[float]]]:
    """By way, of each picture the share of patches that name the right class in the last block.

    Without CLS, and without masks, there are fewer ways.
    """
    on, n_prefix = on_items(model, examples), model.n_prefix
    ways = [way for way in WAYS if (n_prefix or way != "no CLS") and (on.any() or way in WAYS[:3])]
    found: dict[str, list[float]] = {way: [] for way in ways}
    for start in range(0, len(examples), BATCH):
        chunk, here = examples[start : start + BATCH], on[start : start + BATCH]
        with torch.inference_mode():
            x = embed(model, to_input(model, render_many([example.stimulus for example in chunk])))
            classes = torch.tensor([example.label for example in chunk], device=x.device)
            first = {
                edits: (ranks_of_classes(project(model, _last(model, x, here, edits)), classes) == 0).cpu().numpy()
                for edits in ("intact", *(way for way in ways if "intact" not in way))
            }
        for way in ways:
            right = first["intact" if "intact" in way else way]
            counted = _counted(way, here, n_prefix, with_cls=paper_convention and "intact" not in way)
            found[way] += [float(row[of].mean()) for row, of in zip(right, counted, strict=True) if of.any()]
        yield Progress(min(start + BATCH, len(examples)), len(examples), "class lens: attention limited")
    return found


def _counted(way: str, on: Array, n_prefix: int, *, with_cls: bool) -> Array:
    """Which tokens [N, T] count."""
    index = WAYS.index(way)
    counted = np.ones_like(on) if index < 3 else on.copy() if index < 5 else ~on
    counted[:, :n_prefix] = False
    if with_cls:
        counted[:, 0] = True
    return counted


def _last(model: Model, x: Tensor, on: Array, way: str) -> Tensor:
    """The stream after the last block, one way."""
    edits: list[Edit] = []
    context = Context((), n_prefix=model.n_prefix)
    if way in ("patches alone", "no CLS"):
        limit = LimitAttention(0, "themselves" if way == "patches alone" else "no CLS")
        edits = [(site, partial(limit.apply, context=context)) for site in limit.sites(model.n_blocks)]
    elif way in ("no context", "no objects"):
        hidden = ~on if way == "no context" else on.copy()
        hidden[:, : model.n_prefix] = False
        bias = torch.zeros(hidden.shape, device=x.device).masked_fill(torch.from_numpy(hidden).to(x.device), -torch.inf)
        edits = [
            (Site(block, "scores"), lambda scores: scores + bias[:, None, None]) for block in range(model.n_blocks)
        ]
    for block in range(model.n_blocks):
        x = advance(model, x, block, edits)
    return x

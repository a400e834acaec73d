"""One walk over labelled pictures that keeps what the class lens is measured by: small numbers for each token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.engine import embed, read_out, to_input
from core.families.model import Model
from core.progress import Job, Progress
from core.readings.memories import (
    SUBLAYERS,
    Direction,
    Sublayer,
    is_composed_of_strongest,
    key_value_agreement,
    pass_block,
)
from core.readings.projection import identifiability, project
from core.site import ProjectedPart
from core.stimuli.datasets import Example
from core.stimuli.render import render_many
from core.stimuli.tokens import patches_of_items

BATCH = 16

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """N pictures: the right class and the network's answer [N]; whether a token lies on an item [N, T].

    `found` [N, L + 1, T] is identifiability of the right class after each block, the embeddings first. `logits` of the
    right class and `top` classes are by part; those of `resid_post` begin with the embeddings. `agrees` says of each
    sub-layer [N, L, T] whether what fires holds the right class, `by_chance` a random one, and `composed` whether the
    sub-layer's own answer is that of a memory that fires.
    """

    labels: Array
    answers: Array
    on_items: Array
    found: Array
    logits: Mapping[ProjectedPart, Array]
    top: Mapping[ProjectedPart, Array]
    agrees: Mapping[Sublayer, Array]
    by_chance: Mapping[Sublayer, Array]
    composed: Mapping[Sublayer, Array]


Scores = Sequence[Mapping[Sublayer, Tensor]]
"""E Vᵀ [C, M] of each block's sub-layers."""


def walk(model: Model, examples: Sequence[Example], scores: Scores, direction: Direction, seed: int) -> Job[Walked]:
    """Everything about these pictures, without edits."""
    generator = torch.Generator().manual_seed(seed)
    chunks: list[dict[str, Array]] = []
    for start in range(0, len(examples), BATCH):
        chunk = examples[start : start + BATCH]
        with torch.inference_mode():
            chunks.append(_walk_chunk(model, chunk, scores, direction, generator))
        yield Progress(min(start + BATCH, len(examples)), len(examples), "class lens: every token at every depth")
    every = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}

    def named(kind: str) -> dict[Any, Array]:
        return {name.removeprefix(f"{kind} "): value for name, value in every.items() if name.startswith(f"{kind} ")}

    return Walked(
        np.array([example.label for example in examples]),
        every["answers"],
        on_items(model, examples),
        every["found"],
        named("logits"),
        named("top"),
        named("agrees"),
        named("chance"),
        named("composed"),
    )


def on_items(model: Model, examples: Sequence[Example]) -> Array:
    """Whether each token [N, T] lies on an item of its picture, or in a mask."""
    on = np.zeros((len(examples), model.wiring.n_tokens), bool)
    for row, example in zip(on, examples, strict=True):
        for patches in patches_of_items(example.stimulus):
            row[[model.n_prefix + patch for patch in patches]] = True
    return on


def ranks_of_classes(logits: Tensor, classes: Tensor) -> Tensor:
    """The rank [B, T] of each picture's class [B] among logits [B, T, C]: as many as are larger."""
    own = logits.gather(-1, classes[:, None, None].expand(-1, logits.shape[1], 1))
    return (logits > own).sum(-1)


def _walk_chunk(
    model: Model, chunk: Sequence[Example], scores: Scores, direction: Direction, generator: torch.Generator
) -> dict[str, Array]:
    x = embed(model, to_input(model, render_many([example.stimulus for example in chunk])))  # [B, T, D]
    classes = torch.tensor([example.label for example in chunk], device=x.device)
    n_classes = len(model.labels)
    others = torch.randint(n_classes, (len(chunk),), generator=generator).to(x.device)
    kept: dict[str, list[Tensor]] = {}

    def keep(name: str, value: Tensor) -> None:
        kept.setdefault(name, []).append(value)

    def read(part: ProjectedPart, h: Tensor) -> Tensor:
        p = project(model, h)  # [B, T, C]
        keep(f"logits {part}", p.gather(-1, classes[:, None, None].expand(-1, p.shape[1], 1))[..., 0])
        keep(f"top {part}", p.argmax(-1))
        if part == "resid_post":
            keep("found", identifiability(ranks_of_classes(p, classes), n_classes))
        return p

    read("resid_post", x)
    for block in range(model.n_blocks):
        seen = pass_block(model, x, block)
        for part in SUBLAYERS:
            answers = read(part, seen.parts[part]).argmax(-1)
            fired, of = seen.coefficients[part], scores[block][part]
            keep(f"agrees {part}", key_value_agreement(of, fired, classes, direction))
            keep(f"chance {part}", key_value_agreement(of, fired, others, direction))
            keep(f"composed {part}", is_composed_of_strongest(of, fired, answers))
        read("resid_mid", x + seen.parts["attn_out"])
        x = seen.after
        read("resid_post", x)
    arrays = {name: torch.stack(values, 1).cpu().numpy() for name, values in kept.items()}
    return {**arrays, "answers": read_out(model, x).argmax(-1).cpu().numpy()}

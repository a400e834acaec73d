"""What a linear probe of its own would read at each token, beside what the network's own read-out does.

Source: Vilas et al. 2023, linear probes; docs/methods.md, "Many pictures". Ridge regression on raw features, one
for every token position, block and part: α = 1, an intercept, targets ±1. What we changed: of patches a few positions,
evenly spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from core.engine import embed, to_input
from core.families.model import Model
from core.progress import Job, Progress
from core.readings.memories import pass_block
from core.readings.projection import project
from core.stimuli.datasets import Example
from core.stimuli.render import render_many
from core.studies.measures.lens_walk import BATCH

N_PATCHES = 16
"""Positions of patches that are probed."""
Probed = Literal["resid_post", "attn_out", "mlp_out"]
PARTS: tuple[Probed, ...] = get_args(Probed)


def measure_probes(
    model: Model, train: Sequence[Example], test: Sequence[Example]
) -> Job[dict[tuple[str, Probed, int], tuple[float, float]]]:
    """Top-1 accuracy by (CLS or image, part, block): of the probes, and of the projection at the same tokens."""
    n_prefix, n_classes = model.n_prefix, len(model.labels)
    patches = (
        torch.linspace(n_prefix, model.wiring.n_tokens - 1, N_PATCHES, device=model.device).round().long().unique()
    )
    positions = torch.cat([torch.arange(min(1, n_prefix), device=model.device), patches])
    labels = torch.tensor([example.label for example in (*train, *test)], device=model.device)
    streams = _embedded(model, [*train, *test])
    found: dict[tuple[str, Probed, int], tuple[float, float]] = {}
    for block in range(model.n_blocks):
        features: dict[Probed, list[Tensor]] = {part: [] for part in PARTS}
        with torch.inference_mode():
            for index, x in enumerate(streams):
                seen = pass_block(model, x, block)
                streams[index] = seen.after
                for part in PARTS:
                    value = seen.after if part == "resid_post" else seen.parts[part]
                    features[part].append(value[:, positions])
            for part, chunks in features.items():
                h = torch.cat(chunks)  # [N, Q, D]
                probe = ridge_answers(h[: len(train)], labels[: len(train)], h[len(train) :], n_classes)
                own = project(model, h[len(train) :]).argmax(-1)  # [N, Q]
                right = [(answers == labels[len(train) :, None]).double().mean(0) for answers in (probe, own)]
                for name, of in (("CLS", slice(0, min(1, n_prefix))), ("image", slice(min(1, n_prefix), None))):
                    if len(right[0][of]):
                        found[name, part, block] = (float(right[0][of].mean()), float(right[1][of].mean()))
        yield Progress(block + 1, model.n_blocks, "class lens: linear probes")
    return found


def ridge_answers(x: Tensor, labels: Tensor, unseen: Tensor, n_classes: int, alpha: float = 1.0) -> Tensor:
    """The class [M, Q] that ridge regressions on x [N, Q, D] with labels [N], one for each of Q, give to [M, Q, D].

    Solved over examples: they are often fewer than the features.
    """
    x, unseen = (value.double().transpose(0, 1) for value in (x, unseen))  # [Q, N, D], [Q, M, D]
    mean = x.mean(1, keepdim=True)
    x, unseen = x - mean, unseen - mean
    targets = 2 * torch.nn.functional.one_hot(labels, n_classes).double() - 1  # [N, C]
    offset = targets.mean(0)
    gram = x @ x.mT + alpha * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)  # [Q, N, N]
    weights = torch.linalg.solve(gram, (targets - offset).expand(len(x), -1, -1))  # [Q, N, C]
    answers: Tensor = (unseen @ x.mT @ weights + offset).argmax(-1).T
    return answers


def _embedded(model: Model, examples: Sequence[Example]) -> list[Tensor]:
    """The streams that enter block 0, in batches."""
    with torch.inference_mode():
        return [
            embed(model, to_input(model, render_many([e.stimulus for e in chunk])))
            for chunk in (examples[i : i + BATCH] for i in range(0, len(examples), BATCH))
        ]

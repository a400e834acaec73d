"""Accuracy of a model on labelled sets, in fp32."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch

from core.engine import embed, resume, to_input
from core.families.model import Model, require_relation
from core.progress import Job, Progress, part
from core.stimuli.datasets import Example, Split, split_examples
from core.stimuli.render import render_many


def predictions(model: Model, examples: Sequence[Example], *, batch: int = 64) -> Job[list[int]]:
    """The class that the model chooses for each example, 0 for different and 1 for same, or another one that it has.

    Raises UserError where it has no such classes.
    """
    found = yield from answers(model, examples, batch=batch)
    return [chosen for chosen, _ in found]


def answers(model: Model, examples: Sequence[Example], *, batch: int = 64) -> Job[list[tuple[int, float]]]:
    """The class that the model chooses for each example, as `predictions` counts, and the margin same − different.

    Raises UserError where it has no such classes.
    """
    require_relation(model)
    found: list[tuple[int, float]] = []
    for start in range(0, len(examples), batch):
        few = examples[start : start + batch]
        with torch.inference_mode():
            x = to_input(model, render_many([e.stimulus for e in few]))
            logits = resume(model, embed(model, x), 0)  # [B, C]
            margins = logits[:, 1] - logits[:, 0]
            found += zip(logits.argmax(-1).tolist(), margins.tolist(), strict=True)
        yield Progress(min(start + batch, len(examples)), len(examples), "answering")
    return found


def measure(model: Model, splits: Sequence[Split], n: int, *, n_kinds: int = 256) -> Job[dict[str, dict[str, float]]]:
    """For each split of the model's task: accuracy, n, and accuracy by condition."""
    table: dict[str, dict[str, float]] = {}
    for done, split in enumerate(splits):
        examples = split_examples(split, n, task=model.task, n_kinds=n_kinds, geometry=model.geometry)
        chosen = yield from part(predictions(model, examples), 1000 * done, 1000, 1000 * len(splits))
        right = [int(c == e.label) for c, e in zip(chosen, examples, strict=True)]
        row: dict[str, float] = {"accuracy": sum(right) / n, "n": n}
        for condition in dict.fromkeys(e.condition for e in examples):
            of = [r for r, e in zip(right, examples, strict=True) if e.condition == condition]
            row[f"accuracy, {condition}"] = sum(of) / len(of)
        table[split] = row
    return table


def data_hash(model: Model, n: int = 256) -> str:
    """SHA-256 of the pixels of the first test images: tells whether two machines measured on the same data."""
    examples = split_examples("test", n, task=model.task, geometry=model.geometry)
    return hashlib.sha256(render_many([e.stimulus for e in examples]).tobytes()).hexdigest()

"""Accuracy on every split: images like those of training, held-out combinations, and values never seen.

Source: Lepori et al. 2024, tables of accuracy; docs/methods.md, "Splits".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.datasets import Split, split_examples
from core.families.model import Model
from core.jobs.measure import answers
from core.jobs.progress import Job, part
from core.plots import Bars, Reference, Series
from core.studies.published import SPLIT_NAMES, accuracy_series
from core.studies.result import Row, StudyResult, n_kinds_of
from core.studies.statistics import wilson

SPLITS: dict[Split, str] = {
    "train": "train",
    "val": "val",
    "test_iid": "IID",
    "compositional": "new pairings",
    "ood-shape": "OOD shape",
    "ood-color": "OOD colour",
    "ood-shape-color": "OOD both",
}


def behaviour_settings(model: Model, *, n: int = 3200, seed: int = 0) -> dict[str, Any]:
    """Everything beside the weights that decides the numbers."""
    return {"task": model.task, "n_kinds": n_kinds_of(model), "n": n, "seed": seed, "splits": list(SPLITS)}


def behaviour_study(model: Model, *, n: int = 3200, seed: int = 0) -> Job[StudyResult]:
    """Accuracy on `n` images of each split."""
    settings = behaviour_settings(model, n=n, seed=seed)
    rows: list[Row] = []
    for done, split in enumerate(SPLITS):
        examples = split_examples(
            split, n, task=model.task, n_kinds=n_kinds_of(model), seed=seed, geometry=model.geometry
        )
        chosen = yield from part(answers(model, examples), 1000 * done, 1000, 1000 * len(SPLITS))
        right = [c == e.label for c, e in zip(chosen, examples, strict=True)]
        low, high = wilson(sum(right), n)
        row: Row = {"split": split, "accuracy": sum(right) / n, "low": low, "high": high, "n": n}
        for condition in dict.fromkeys(e.condition for e in examples):
            of = [r for r, e in zip(right, examples, strict=True) if e.condition == condition]
            row[f"accuracy, {condition}"] = sum(of) / len(of)
        rows.append(row)
    return StudyResult(
        *("behaviour", "Accuracy by split", model.name, model.weights_hash, settings, n),
        rows=tuple(rows),
        plots={"behaviour": _plot(model, rows)},
        notes=_notes(model, n),
    )


def _plot(model: Model, rows: Sequence[Row]) -> Bars:
    y, low, high = (tuple(float(r[name]) for r in rows) for name in ("accuracy", "low", "high"))
    series = [Series(model.name, y, low, high)]
    series += accuracy_series(model.task, n_kinds_of(model))
    assert tuple(SPLITS) == SPLIT_NAMES
    return Bars("Accuracy by split", "accuracy", tuple(SPLITS.values()), tuple(series), (Reference(0.5, "chance"),))


def _notes(model: Model, n: int) -> tuple[str, ...]:
    notes = [f"{n} images a split; bars carry 95 % Wilson intervals of the images drawn, not of training runs."]
    if n_kinds_of(model) == 256:
        notes.append("Trained on all 256 combinations, so that “new pairings” are none: they are drawn like IID.")
    notes.append("The published IID figure is likely the compositional one in the setting of 32 combinations.")
    return tuple(notes)

"""What a model answers to the pictures of a set: accuracy and margins, of all and of each condition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.datasets import Example
from core.jobs.measure import margins
from core.jobs.progress import Job
from core.plots import Bars, Plot, Reference, Series
from core.statistics import mean_interval, wilson
from core.studies.result import Row
from core.studies.study import Bench, Found

WORDS = {"both": "both differ", "shape": "shape differs", "color": "colour differs"}
"""What conditions of a pair are called in a plot, where another word than their own says more."""


def measure_given(bench: Bench) -> Job[Found]:
    """Accuracy and mean margin with their intervals; then a row for every picture."""
    model = bench.model
    examples = bench.examples(0, 0)
    found = yield from margins(model, examples)
    pairs = list(zip(examples, found, strict=True))
    conditions = list(dict.fromkeys(e.condition for e in examples))
    rows = [_row("all", pairs)]
    if len(conditions) > 1:
        rows += [_row(name, [pair for pair in pairs if pair[0].condition == name]) for name in conditions]
    pictures = [_picture(index, example, margin) for index, (example, margin) in enumerate(pairs)]
    n_right = sum(picture["right"] for picture in pictures)
    notes = [
        f"Right about {n_right} of {len(pairs)}. Accuracies carry 95 % Wilson intervals, mean margins those by the "
        "normal approximation; the table has a row for each picture, in the order of the set."
    ]
    return Found([*rows, *pictures], _plots(model.name, rows), notes)


def _row(name: str, pairs: Sequence[tuple[Example, float]]) -> Row:
    right = sum((margin > 0) == bool(example.label) for example, margin in pairs)
    low, high = wilson(right, len(pairs))
    mean, least, most = mean_interval(np.array([margin for _, margin in pairs], np.float64))
    accuracy = {"accuracy": right / len(pairs), "low": low, "high": high, "n": len(pairs)}
    return {"kind": "mean", "split": name, **accuracy, "margin": mean, "margin, low": least, "margin, high": most}


def _picture(index: int, example: Example, margin: float) -> Row:
    right = (margin > 0) == bool(example.label)
    return {"kind": "picture", "picture": index, "condition": example.condition, "margin": margin, "right": int(right)}


def _plots(model: str, rows: Sequence[Row]) -> dict[str, Plot]:
    groups = tuple(WORDS.get(str(row["split"]), str(row["split"])) for row in rows)
    y, low, high, mean, least, most = (
        tuple(float(row[name]) for row in rows)
        for name in ("accuracy", "low", "high", "margin", "margin, low", "margin, high")
    )
    ends = (0.0, *least, *most)
    return {
        "behaviour-accuracy": Bars(
            "Accuracy", "accuracy", groups, (Series(model, y, low, high),), (Reference(0.5, "chance"),)
        ),
        "behaviour-margins": Bars(
            "Mean margin",
            "same − different",
            groups,
            (Series(model, mean, least, most),),
            (Reference(0.0, "undecided"),),
            (1.1 * min(ends) - 0.1, 1.1 * max(ends) + 0.1),
        ),
    }

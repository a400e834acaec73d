"""What a model answers to the pictures of a set: accuracy and margins, of all and of each condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.jobs.measure import answers
from core.plots import Bars, Curves, Plot, Reference, Series
from core.progress import Job
from core.statistics import mean_interval, wilson
from core.stimuli.datasets import Example
from core.studies.result import Row
from core.studies.study import Bench, Found

WORDS = {"both": "both differ", "shape": "shape differs", "color": "colour differs"}
"""What conditions of a pair are called in a plot, where another word than their own says more."""
TENTHS = tuple(tenth / 10 for tenth in range(11))


def measure_given(bench: Bench) -> Job[Found]:
    """Accuracy and mean margin with their intervals; then a row for every picture."""
    model = bench.model
    examples = bench.examples(0, 0)
    found = yield from answers(model, examples)
    asked = zip(examples, found, strict=True)
    pairs = [(example, chosen == example.label, margin) for example, (chosen, margin) in asked]
    conditions = list(dict.fromkeys(e.condition for e in examples))
    rows = [_row("all", pairs)]
    if len(conditions) > 1:
        rows += [_row(name, [pair for pair in pairs if pair[0].condition == name]) for name in conditions]
    pictures = [_picture(index, *pair) for index, pair in enumerate(pairs)]
    n_right = sum(picture["right"] for picture in pictures)
    notes = [
        f"Right about {n_right} of {len(pairs)}. Accuracies carry 95 % Wilson intervals, mean margins those by the "
        "normal approximation; the table has a row for each picture, in the order of the set."
    ]
    spread = {name: [m for e, _, m in pairs if e.condition == name] for name in conditions}
    plots: dict[str, Plot] = {"behaviour-accuracy": _accuracies(model.name, rows), "behaviour-margins": _spread(spread)}
    return Found([*rows, *pictures], plots, notes)


def _row(name: str, pairs: Sequence[tuple[Example, bool, float]]) -> Row:
    right = sum(is_right for _, is_right, _ in pairs)
    low, high = wilson(right, len(pairs))
    mean, least, most = mean_interval(np.array([margin for _, _, margin in pairs], np.float64))
    accuracy = {"accuracy": right / len(pairs), "low": low, "high": high, "n": len(pairs)}
    return {"kind": "mean", "split": name, **accuracy, "margin": mean, "margin, low": least, "margin, high": most}


def _picture(index: int, example: Example, right: bool, margin: float) -> Row:
    return {"kind": "picture", "picture": index, "condition": example.condition, "margin": margin, "right": int(right)}


def _accuracies(model: str, rows: Sequence[Row]) -> Bars:
    y, low, high = (tuple(float(row[name]) for row in rows) for name in ("accuracy", "low", "high"))
    series = (Series(model, y, low, high),)
    return Bars(
        "Accuracy", "accuracy", tuple(_words(row["split"]) for row in rows), series, (Reference(0.5, "chance"),)
    )


def _spread(margins: Mapping[str, Sequence[float]]) -> Curves:
    """The margins of each condition from the lowest to the highest, at tenths of its pictures."""
    series = [
        Series(_words(name), tuple(np.quantile(of, TENTHS).tolist()), hue=hue)
        for hue, (name, of) in enumerate(margins.items())
    ]
    ends = [0.0, *(y for each in series for y in each.y)]
    pad = 0.1 * (max(ends) - min(ends)) + 0.1
    return Curves(
        "Margins, from the lowest to the highest",
        "share of the pictures",
        "same − different",
        TENTHS,
        tuple(f"{share:.0%}" for share in TENTHS),
        tuple(series),
        (Reference(0.0, "undecided"),),
        (min(ends) - pad, max(ends) + pad),
    )


def _words(condition: object) -> str:
    return WORDS.get(str(condition), str(condition))

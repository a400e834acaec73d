"""Accuracy on every split: images like those of training, held-out combinations, and values never seen.

Source: Lepori et al. 2024, tables of accuracy; docs/methods.md, "Splits".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from core.plots import Bars, Reference, Series
from core.progress import Job, part
from core.statistics import wilson
from core.stimuli.datasets import Split, split_examples
from core.studies.comparison import PUBLISHED, Table, of_another
from core.studies.published import BEHAVIOUR, NEAREST, SPLIT_NAMES, accuracy_series
from core.studies.result import Row, StudyResult, n_kinds_of
from core.studies.study import Bench, Found, Study, of_images

if TYPE_CHECKING:
    from core.families.model import Model

SPLITS: dict[Split, str] = {
    "train": "train",
    "val": "val",
    "test_iid": "IID",
    "compositional": "new pairings",
    "ood-shape": "OOD shape",
    "ood-color": "OOD colour",
    "ood-shape-color": "OOD both",
}


@dataclass(frozen=True, slots=True)
class Behaviour(Study):
    """Accuracy on every split, unseen shapes and colours included, or on the pictures of a set."""

    name: ClassVar[str] = "behaviour"
    label: ClassVar[str] = "Behaviour"
    title: ClassVar[str] = "Accuracy by split"
    order: ClassVar[int] = 50
    weight: ClassVar[int] = 14
    why_no_set: ClassVar[str] = ""

    n: int = 3200
    seed: int = 0

    def settings(self, bench: Bench) -> dict[str, Any]:
        own = {} if bench.given else {"splits": list(SPLITS)}
        return {**of_images(bench), **self.options(), **own}

    def check_given(self, bench: Bench) -> None:
        Study.check_given(self, bench)
        bench.examples(self.n, self.seed)

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Accuracy on `n` images of each split, or on the pictures that are given."""
        model, rows = bench.model, []
        if bench.given is not None:
            from core.studies.measures.behaviour import measure_given

            return self.result(bench, self.n, (yield from measure_given(bench)), "Accuracy and margins")
        for done, split in enumerate(SPLITS):
            row = yield from part(self._row(model, split), 1000 * done, 1000, 1000 * len(SPLITS))
            rows.append(row)
        return self.result(bench, self.n, Found(rows, {"behaviour": _plot(model, rows)}, _notes(model, self.n)))

    def _row(self, model: Model, split: Split) -> Job[Row]:
        from core.jobs.measure import predictions

        kinds = n_kinds_of(model)
        examples = split_examples(
            split, self.n, task=model.task, n_kinds=kinds, seed=self.seed, geometry=model.geometry
        )
        chosen = yield from predictions(model, examples)
        right = [c == e.label for c, e in zip(chosen, examples, strict=True)]
        low, high = wilson(sum(right), self.n)
        row: Row = {"split": split, "accuracy": sum(right) / self.n, "low": low, "high": high, "n": self.n}
        for condition in dict.fromkeys(e.condition for e in examples):
            of = [r for r, e in zip(right, examples, strict=True) if e.condition == condition]
            row[f"accuracy, {condition}"] = sum(of) / len(of)
        return row

    def published(self, result: StudyResult) -> dict[str, Table]:
        n_kinds = result.settings["n_kinds"]
        known = BEHAVIOUR.get((NEAREST, result.settings["task"], n_kinds))
        theirs = dict(zip(SPLITS, known, strict=True)) if known else {}
        rows = []
        for row in result.rows:
            line: Row = {"split": SPLITS[row["split"]], "measured": row["accuracy"]}
            value = theirs.get(row["split"])
            rows.append(line | ({PUBLISHED: None if value is None else float(value)} if known else {}))
        return {"behaviour": Table(tuple(rows), of_another(f"trained on {n_kinds} combinations") if known else "")}

    def published_series(self, name: str, settings: Mapping[str, Any], x: Sequence[float], model: str) -> list[Series]:
        return accuracy_series(settings["task"], settings["n_kinds"], model)


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

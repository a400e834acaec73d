"""Do models that keep shape and colour apart generalise better? Rank correlation over models.

Source: Lepori et al. 2024, disentanglement and generalisation; docs/methods.md, "Disentanglement and
generalisation".
What we changed: the correlation is computed, with its interval, and n is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from core.plots import Cloud, Plot, Scatter
from core.progress import Job, Progress
from core.statistics import spearman, spearman_interval
from core.stimuli.stimulus import PROPERTIES, TASK_WORDS, Task
from core.studies.comparison import Table
from core.studies.published import BEHAVIOUR, DISENTANGLEMENT, SPLIT_NAMES
from core.studies.result import CHANCE, Row, StudyResult
from core.studies.study import Bench, Scope, Study

FEWEST = 4
"""With fewer models no rank correlation is given: three can be in order by chance one time in six."""

TARGETS = {"test_iid": "IID", "compositional": "new pairings", "ood-shape-color": "OOD shape and colour"}


@dataclass(frozen=True, slots=True)
class Correlation(Study):
    """Disentanglement against generalisation, over the models; best with all of them."""

    name: ClassVar[str] = "correlation"
    label: ClassVar[str] = "Correlation"
    title: ClassVar[str] = "Disentanglement and generalisation"
    order: ClassVar[int] = 60
    weight: ClassVar[int] = 0
    scope: ClassVar[Scope] = "all models"
    needs: ClassVar[tuple[str, ...]] = ("das", "behaviour")
    why_no_set: ClassVar[str] = "It puts together what other parts found on their own pictures."

    seed: int = 0

    def settings(self, bench: Bench) -> dict[str, Any]:
        return correlation_settings(self.seed, _pairs(bench.results))

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Put the results of all models together."""
        yield Progress(0, 1, "rank correlation")
        return correlate(_pairs(bench.results), seed=self.seed)

    def published(self, result: StudyResult) -> dict[str, Table]:
        """Our models and the published ones of the same tasks, a table for each accuracy, with the correlations."""
        ours = [row for row in result.rows if row["kind"] == "model" and not row["at_chance"]]
        found = {}
        for target, words in TARGETS.items():
            rows = [_line(row["name"], row["task"], row["disentanglement"], words, row[target]) for row in ours]
            for task in dict.fromkeys(row["task"] for row in ours):
                for name, x in DISENTANGLEMENT[task].items():
                    rows.append(_line(f"{name} †", task, x, words, published_accuracy(name, task, target)))
            of = [r for r in result.rows if r["kind"] == "rank correlation" and r["name"] == target]
            ranks = "; ".join(f"{r['over']}, n = {r['n']}: {r['said']}" for r in of)
            note = f"Rank correlation over ours: {ranks}. † Published: other models, trained on 32 combinations."
            if rows:
                found[f"correlation-{target}"] = Table(tuple(rows), note)
        return found


def _pairs(results: Sequence[StudyResult]) -> list[tuple[StudyResult, StudyResult]]:
    """What was found of each model, by its search and by its behaviour."""
    das, behaviour = ([r for r in results if r.study == name] for name in Correlation.needs)
    return list(zip(das, behaviour, strict=True))


def _line(name: str, task: Task, x: float, words: str, accuracy: float) -> Row:
    return {"model": name, "task": TASK_WORDS[task], "interchange": x, words: accuracy}


def correlation_settings(seed: int, results: Sequence[tuple[StudyResult, StudyResult]]) -> dict[str, Any]:
    """Everything that decides the numbers: which results were put together."""
    return {"seed": seed, "chance": CHANCE, "of": [[dict(r.settings) for r in pair] for pair in results]}


def correlate(results: Sequence[tuple[StudyResult, StudyResult]], *, seed: int = 0) -> StudyResult:
    """Best interchange accuracy against accuracy over models, from each model's search and behaviour results.

    Models at chance are left out: of a model that always gives one answer, any edit makes half of the answers right.
    """
    models = [_point(das, behaviour) for das, behaviour in results]
    points = [p for p in models if not p["at_chance"]]
    rows = [*models, *_correlations(points, seed)]
    hashes = "+".join(das.weights_sha256[:12] for das, _ in results)
    return StudyResult(
        study=Correlation.name,
        title=Correlation.title,
        model=n_models(len(points)),
        weights_sha256=hashes,
        settings=correlation_settings(seed, results),
        n=len(points),
        rows=tuple(rows),
        plots=_plots(points),
        notes=(*_notes(rows), *_left_out(models)),
    )


def n_models(n: int) -> str:
    """How many models, in words."""
    return "1 model" if n == 1 else f"{n} models"


def _point(das: StudyResult, behaviour: StudyResult) -> Row:
    best = {
        p: max(r["success"] for r in das.rows if (r["property"], r["condition"]) == (p, "right object"))
        for p in PROPERTIES
    }
    accuracy = {r["split"]: r["accuracy"] for r in behaviour.rows}
    low, n = next((r["low"], r["n"]) for r in behaviour.rows if r["split"] == "test_iid")
    return {
        "kind": "model",
        "name": das.model,
        "weights": das.weights_sha256,
        "task": das.settings["task"],
        "disentanglement": sum(best.values()) / len(best),
        **{f"best, {p}": value for p, value in best.items()},
        **{target: accuracy[target] for target in TARGETS},
        "at_chance": low <= CHANCE,
        "n": n,
    }


def _correlations(points: Sequence[Row], seed: int) -> list[Row]:
    """A row for each accuracy, over the models of each task, and where there are two tasks over all models."""
    tasks: list[Task] = list(dict.fromkeys(p["task"] for p in points))
    groups = {TASK_WORDS[task]: [p for p in points if p["task"] == task] for task in tasks}
    if len(tasks) > 1:
        groups["both tasks"] = list(points)
    return [_correlation(over, of, target, seed) for over, of in groups.items() for target in TARGETS]


def _correlation(over: str, points: Sequence[Row], target: str, seed: int) -> Row:
    row: Row = {"kind": "rank correlation", "name": target, "over": over, "n": len(points)}
    if len(points) < FEWEST:
        return {**row, "said": f"too few models (n = {len(points)})"}
    x, y = ([p[name] for p in points] for name in ("disentanglement", target))
    low, high = spearman_interval(x, y, seed=seed)
    rho = spearman(x, y)
    said = "not defined, the models are equal" if math.isnan(rho) else f"ρ = {rho:.2f} ({low:.2f} to {high:.2f})"
    return {**row, "rho": rho, "low": low, "high": high, "said": said}


def _plots(points: Sequence[Row]) -> dict[str, Plot]:
    return {f"correlation-{target}": _plot(points, target) for target in TARGETS if points}


def _plot(points: Sequence[Row], target: str) -> Scatter:
    tasks: list[Task] = list(dict.fromkeys(p["task"] for p in points))
    clouds = [_measured_cloud(points, task, target, hue) for hue, task in enumerate(tasks)]
    clouds += [_published_cloud(task, target, hue) for hue, task in enumerate(tasks)]
    return Scatter(
        title=f"Disentanglement and accuracy: {TARGETS[target]}",
        x_label="best interchange accuracy, mean of shape and colour",
        y_label="accuracy",
        clouds=tuple(clouds),
        x_range=(_lower_end([v for cloud in clouds for v in cloud.x]), 1.0),
        y_range=(_lower_end([v for cloud in clouds for v in cloud.y]), 1.0),
    )


def _measured_cloud(points: Sequence[Row], task: Task, target: str, hue: int) -> Cloud:
    of = [p for p in points if p["task"] == task]
    x, y = (tuple(float(p[name]) for p in of) for name in ("disentanglement", target))
    return Cloud(f"measured here, {TASK_WORDS[task]}", x, y, tuple(p["name"] for p in of), hue=hue)


def _lower_end(values: Sequence[float]) -> float:
    """Where an axis begins: a half, or the tenth below the lowest value."""
    lowest = min((v for v in values if not math.isnan(v)), default=0.0)
    return min(0.5, math.floor(lowest * 10) / 10)


def _published_cloud(task: Task, target: str, hue: int) -> Cloud:
    known = DISENTANGLEMENT.get(task, {})
    tables = {model: published_accuracy(model, task, target) for model in known}
    label = f"published, {TASK_WORDS[task]}, 32 combinations (other models)"
    return Cloud(label, tuple(known.values()), tuple(tables.values()), tuple(known), "published", hue)


def published_accuracy(model: str, task: Task, target: str) -> float:
    """Accuracy of a model of DISENTANGLEMENT; NaN where none was published."""
    suffix = "B/14" if model == "DINOv2" else "B/16"
    value = BEHAVIOUR[f"{model} {suffix}", task, 32][SPLIT_NAMES.index(target)]
    return math.nan if value is None else float(value)


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    found = [row for row in rows if row["kind"] == "rank correlation"]
    said = {over: [row for row in found if row["over"] == over] for over in dict.fromkeys(r["over"] for r in found)}
    notes = [f"Rank correlation over {n_models(of[0]['n'])}, {over}: {_in_words(of)}." for over, of in said.items()]
    if any("rho" in row for row in found):
        notes.append("Intervals are 95 % percentile bootstraps over models, and rough where these are few.")
    notes += [] if said else ["No model is above chance, so that nothing can be compared."]
    notes += [
        "The best layer is chosen on the pairs that are reported, as in the paper, so that x is a little too high.",
        "Of the published models, MAE was preprocessed wrongly in the search, so its x is too low; n is 5 or 6.",
    ]
    if len(said) > 1:
        notes.append("Models of two tasks are put together here; their accuracies are not comparable.")
    return tuple(notes)


def _left_out(models: Sequence[Row]) -> list[str]:
    said = [f"{p['name']} ({p['test_iid']:.2f}, n = {p['n']})" for p in models if p["at_chance"]]
    return [f"Left out, not told from chance on IID images: {', '.join(said)}."] if said else []


def _in_words(of: Sequence[Row]) -> str:
    """The correlations of one group of models, or that there are too few of them."""
    if "rho" not in of[0]:
        return "too few for one"
    return ", ".join(f"{TARGETS[row['name']]} {row['said']}" for row in of)

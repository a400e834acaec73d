"""Does training learn the task sooner with the auxiliary losses? One model for each choice of them, on a fixed set.

Source: Lepori et al. 2024, auxiliary losses; docs/methods.md, "Auxiliary losses".
What we changed: smaller models and images, and for match-to-sample a further row that supervises the judgement of
each pair.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from core.arguments import RUNS_MAX
from core.cards import read_card
from core.errors import UserError
from core.jobs.recipe import Recipe, read_recipe
from core.locations import resource_folder
from core.plots import Bars, Reference, Series
from core.progress import Job, part
from core.statistics import wilson
from core.stimuli.stimulus import TASK_WORDS, Task
from core.studies.comparison import Table
from core.studies.published import BEHAVIOUR, SPLIT_NAMES
from core.studies.result import CHANCE, Row, StudyResult
from core.studies.study import Bench, Scope, Study

if TYPE_CHECKING:
    import torch

Weights = dict[str, float]
SPLITS = {
    "train": "train",
    "test_iid": "IID",
    "test": "new pairings",
    "ood-shape": "OOD shape",
    "ood-color": "OOD colour",
    "ood-shape-color": "OOD both",
}
SHOWN = ("train", "test_iid", "test", "ood-shape-color")
PUBLISHED = {"none": "from scratch B/16", "disentanglement": "from scratch + disentanglement B/16"}
"""The published runs from scratch: the tables of the paper itself could not be had, its logs hold these two."""


@dataclass(frozen=True, slots=True)
class Losses(Study):
    """Small models trained with each choice of losses, for the tasks of the models; may take an hour.

    `recipes`: one a task, the shipped one where none is given. `n_runs`: training runs for each choice, with the seed
    and those after it.
    """

    name: ClassVar[str] = "losses"
    label: ClassVar[str] = "Auxiliary losses"
    title: ClassVar[str] = "Auxiliary losses"
    order: ClassVar[int] = 70
    weight: ClassVar[int] = 90
    scope: ClassVar[Scope] = "one task"
    in_all: ClassVar[bool] = False
    why_no_set: ClassVar[str] = "It trains models of its own, and measures them on every split."

    n: int = 6400
    seed: int = 0
    n_runs: int = field(
        default=1,
        metadata={"label": "Runs", "tip": "Trainings for each choice of losses", "least": 1, "most": RUNS_MAX},
    )
    recipes: Mapping[Task, Recipe] = field(default_factory=dict)

    def settings(self, bench: Bench) -> dict[str, Any]:
        return losses_settings(self._recipe(bench), self._seeds, n=self.n)

    def kept(self, bench: Bench) -> Path:
        return bench.folder / "models"

    def run(self, bench: Bench) -> Job[StudyResult]:
        """Train every variant with every seed, and measure each on `n` images of every split."""
        device = bench.model.device
        return losses_study(self._recipe(bench), self.kept(bench), device, seeds=self._seeds, n=self.n)

    @property
    def _seeds(self) -> range:
        return range(self.seed, self.seed + self.n_runs)

    def _recipe(self, bench: Bench) -> Recipe:
        task = bench.model.task
        return self.recipes.get(task) or losses_recipe(task)

    def check(self) -> None:
        Study.check(self)
        if self.n_runs < 1:
            raise UserError("Nothing would be trained.", "Ask for at least one run.")

    def published(self, result: StudyResult) -> dict[str, Table]:
        """Means over the seeds of every choice of losses and split."""
        task = result.settings["task"]
        n_kinds = result.settings["recipe"].get("n_kinds", Recipe().n_kinds)
        rows = []
        for name in dict.fromkeys(row["losses"] for row in result.rows):
            line: Row = {"losses": name}
            known = BEHAVIOUR.get((PUBLISHED.get(name, ""), task, n_kinds))
            for split, words in SPLITS.items():
                values = [row["accuracy"] for row in result.rows if (row["losses"], row["split"]) == (name, split)]
                line[words] = sum(values) / len(values)
            for split, words in {"val": "IID", "compositional": "new pairings"}.items():
                value = known[SPLIT_NAMES.index(split)] if known else None
                line[f"{words}\nfrom scratch B/16 †"] = None if value is None else float(value)
            rows.append(line)
        note = "† Published logs of a network of 12 blocks and width 768 on 224 px. An empty cell has no number."
        return {f"losses-{task}": Table(tuple(rows), note)}


def losses_recipe(task: Task) -> Recipe:
    """The shipped recipe whose losses are switched off in turn."""
    return read_recipe(resource_folder("recipes") / f"losses-{task}.toml")


def variants(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe with its auxiliary losses switched off in turn, by name; “both” are disentanglement and pipeline.

    Where the recipe supervises the judgement of pairs, one more has everything.
    """
    off: Weights = {"disentangle_weight": 0.0, "pipeline_weight": 0.0, "pair_probe_weight": 0.0}
    disentangle: Weights = {"disentangle_weight": recipe.disentangle_weight}
    pipeline: Weights = {"pipeline_weight": recipe.pipeline_weight}
    weights = {
        "none": off,
        "disentanglement": off | disentangle,
        "pipeline": off | pipeline,
        "both": off | disentangle | pipeline,
    }
    if recipe.pair_probe_weight:
        weights["both and pair judgements"] = {}
    return {name: replace(recipe, **values) for name, values in weights.items()}  # type: ignore[arg-type]


def losses_settings(recipe: Recipe, seeds: Sequence[int], *, n: int = 6400) -> dict[str, Any]:
    """Everything that decides the numbers; of the recipe what is not as in every one, so that a setting that is new
    changes nothing that was measured without it."""
    usual = asdict(Recipe())
    own = {name: value for name, value in asdict(recipe).items() if value != usual[name]}
    return {"task": recipe.task, "n": n, "seeds": list(seeds), "recipe": json.loads(json.dumps(own))}


def losses_study(
    recipe: Recipe, folder: Path, device: torch.device, *, seeds: Sequence[int] = (0,), n: int = 6400
) -> Job[StudyResult]:
    """Train every variant with every seed, weights into `folder`, and measure each on `n` images of every split.

    Models that are there already are not trained again. Closing the job keeps them and the checkpoint of the last.

    Raises UserError where the folder cannot be written.
    """
    from core.jobs.train import train_model

    runs = [(name, seed, replace(r, seed=seed)) for seed in seeds for name, r in variants(recipe).items()]
    rows: list[Row] = []
    hashes = []
    for done, (name, seed, wanted) in enumerate(runs):
        path = folder / f"{recipe.task}-{name.replace(' ', '-')}-seed{seed}.safetensors"
        card = _finished(path, wanted, n)
        if card is None:
            job = train_model(wanted, path, device, n_test=n)
            card = yield from part(job, 1000 * done, 1000, 1000 * len(runs))
            card = read_card(path)
        hashes.append(str(card["weights_sha256"]))
        rows += _rows(name, seed, card)
    return StudyResult(
        study=Losses.name,
        title=f"{Losses.title}, {TASK_WORDS[recipe.task]}",
        model=f"{len(runs)} models",
        weights_sha256="+".join(h[:12] for h in hashes),
        settings=losses_settings(recipe, seeds, n=n),
        n=n,
        rows=tuple(sorted(rows, key=lambda row: list(variants(recipe)).index(row["losses"]))),
        plots={f"losses-{recipe.task}": _plot(recipe, rows, seeds)},
        notes=(*_notes(recipe, seeds), *_unlearned(rows)),
    )


def _finished(path: Path, recipe: Recipe, n: int) -> Mapping[str, Any] | None:
    """The card of a model that was trained by this recipe and measured on `n` images, or None."""
    try:
        card = read_card(path)
    except UserError:
        return None
    same = card.get("recipe") == json.loads(json.dumps(asdict(recipe)))
    try:
        measured = card["accuracy"]["test"]["n"] == n
    except (LookupError, TypeError):
        return None
    return card if same and measured else None


def _rows(name: str, seed: int, card: Mapping[str, Any]) -> list[Row]:
    rows = []
    for split, measured in card["accuracy"].items():
        n = int(measured["n"])
        low, high = wilson(round(measured["accuracy"] * n), n)
        row: Row = {"losses": name, "seed": seed, "split": split, "accuracy": measured["accuracy"]}
        rows.append({**row, "low": low, "high": high, "n": n, "weights": card["weights_sha256"]})
    return rows


def _plot(recipe: Recipe, rows: Sequence[Row], seeds: Sequence[int]) -> Bars:
    names = tuple(variants(recipe))
    shown = [split for split in SHOWN if any(row["split"] == split for row in rows)]
    series = [_series(rows, names, split, hue) for hue, split in enumerate(shown)]
    published = {name: BEHAVIOUR.get((model, recipe.task, recipe.n_kinds)) for name, model in PUBLISHED.items()}
    for hue, split in enumerate(shown):
        column = SPLIT_NAMES.index({"test": "compositional", "test_iid": "val"}.get(split, split))
        found = (published.get(name) for name in names)
        theirs = tuple(math.nan if row is None or row[column] is None else float(row[column] or 0) for row in found)
        if split in ("test_iid", "test") and not all(math.isnan(v) for v in theirs):
            series.append(Series(f"{SPLITS[split]}, published (another model)", theirs, role="published", hue=hue))
    title = f"Auxiliary losses, {TASK_WORDS[recipe.task]}, {len(seeds)} seed{'s' * (len(seeds) > 1)}"
    return Bars(title, "accuracy", names, tuple(series), (Reference(0.5, "chance"),))


def _series(rows: Sequence[Row], names: Sequence[str], split: str, hue: int) -> Series:
    """Means over the seeds; the bars span the seeds, or for one seed the interval over images."""
    y, low, high = [], [], []
    for name in names:
        of = [row for row in rows if (row["losses"], row["split"]) == (name, split)]
        values = [float(row["accuracy"]) for row in of]
        y.append(sum(values) / len(values))
        low.append(min(values) if len(of) > 1 else float(of[0]["low"]))
        high.append(max(values) if len(of) > 1 else float(of[0]["high"]))
    return Series(SPLITS[split], tuple(y), tuple(low), tuple(high), hue=hue)


def _unlearned(rows: Sequence[Row]) -> list[str]:
    """Which models are not told from chance on unseen images."""
    at_chance = [row for row in rows if row["split"] == "test_iid" and row["low"] <= CHANCE]
    names = dict.fromkeys(f"{row['losses']} (seed {row['seed']})" for row in at_chance)
    return [f"Not told from chance on IID images, so not learned: {', '.join(names)}."] if names else []


def _notes(recipe: Recipe, seeds: Sequence[int]) -> tuple[str, ...]:
    epochs = recipe.n_images / recipe.n_train if recipe.n_train else 0
    spans = (
        "Bars span the smallest and the largest of the seeds."
        if len(seeds) > 1
        else "One seed: bars carry 95 % Wilson intervals of the images drawn, and nothing is known about other seeds."
    )
    return (
        f"{recipe.n_train} training images of {recipe.image_px} px, gone through {epochs:g} times; "
        f"{recipe.depth} blocks of width {recipe.width}, from scratch.",
        spans,
        "The numbers of the paper's tables could not be had; its logs hold the runs without a loss and with "
        "disentanglement, of a network of 12 blocks and width 768.",
    )

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.jobs.recipe import Recipe, read_recipe
from core.locations import resource_folder
from core.plots import Bars
from core.progress import Progress
from core.series import run_series
from core.studies.losses import SHOWN, Losses, losses_study, variants
from core.studies.result import StudyResult, result_from_json
from core.studies.study import tables
from tests.core.networks import balanced_model

CPU = torch.device("cpu")
TINY = Recipe(
    n_kinds=32,
    image_px=64,
    width=16,
    depth=2,
    heads=2,
    n_images=32,
    batch=8,
    n_train=16,
    probe_block=0,
    within_blocks=(0,),
    between_blocks=(1,),
    between_heads=(0,),
    bfloat16=False,
)


def finish(job: Generator[Progress, None, StudyResult]) -> tuple[StudyResult, list[str]]:
    """What a job returns, and the messages on the way."""
    said = []
    while True:
        try:
            said.append(next(job).message)
        except StopIteration as stop:
            result: StudyResult = stop.value
            return result, said


def test_the_variants_differ_in_nothing_but_their_losses() -> None:
    base = read_recipe(resource_folder("recipes") / "losses-rmts.toml")

    found = variants(base)

    weights = {n: (r.disentangle_weight, r.pipeline_weight, r.pair_probe_weight) for n, r in found.items()}
    assert weights == {
        "none": (0, 0, 0),
        "disentanglement": (1, 0, 0),
        "pipeline": (0, 1, 0),
        "both": (1, 1, 0),
        "both and pair judgements": (1, 1, 1),
    }
    ones = {"disentangle_weight": 1.0, "pipeline_weight": 1.0, "pair_probe_weight": 1.0}
    assert {replace(recipe, **ones) for recipe in found.values()} == {base}  # type: ignore[arg-type]


@pytest.mark.parametrize("task", ["discrimination", "rmts"])
def test_the_shipped_recipes_train_on_a_fixed_set_of_6400(task: str) -> None:
    recipe = read_recipe(resource_folder("recipes") / f"losses-{task}.toml")

    assert (recipe.task, recipe.n_train, recipe.n_kinds, recipe.start_from) == (task, 6400, 32, "")


def test_each_variant_is_trained_once_and_measured_on_every_split(tmp_path: Path) -> None:
    result, first = finish(losses_study(TINY, tmp_path, CPU, seeds=(0, 1), n=8))
    again, second = finish(losses_study(TINY, tmp_path, CPU, seeds=(0, 1), n=8))

    assert "training" in first
    assert second == []
    assert again.rows == result.rows
    assert {(r["losses"], r["seed"]) for r in result.rows} == {
        (name, seed) for name in ("none", "disentanglement", "pipeline", "both") for seed in (0, 1)
    }
    of_one = [r for r in result.rows if (r["losses"], r["seed"]) == ("both", 1)]
    assert {r["split"]: r["n"] for r in of_one} == {
        "train": 16,
        "test_iid": 8,
        "test": 8,
        "ood-shape": 8,
        "ood-color": 8,
        "ood-shape-color": 8,
    }


def test_bars_are_means_that_span_the_seeds(tmp_path: Path) -> None:
    result, _ = finish(losses_study(TINY, tmp_path, CPU, seeds=(0, 1), n=8))

    bars = result.plots["losses-discrimination"]
    assert isinstance(bars, Bars)
    measured = [series for series in bars.series if series.role == "measured"]
    for series, split in zip(measured, SHOWN, strict=True):
        for at, group in enumerate(bars.groups):
            values = [r["accuracy"] for r in result.rows if (r["losses"], r["split"]) == (group, split)]
            assert series.y[at] == pytest.approx(sum(values) / 2)
            assert (series.low[at], series.high[at]) == (min(values), max(values))


def test_a_changed_recipe_trains_again(tmp_path: Path) -> None:
    finish(losses_study(TINY, tmp_path, CPU, n=8))
    for checkpoint in tmp_path.glob("*.checkpoint"):
        checkpoint.unlink()

    _, said = finish(losses_study(replace(TINY, peak_lr=1e-4), tmp_path, CPU, n=8))

    assert "training" in said


def test_the_command_writes_a_folder_for_each_task_and_the_report(tmp_path: Path) -> None:
    studies = [Losses(n=8, recipes={"discrimination": TINY})]
    found = [said for said in run_series([balanced_model()], studies, tmp_path) if isinstance(said, StudyResult)]

    folder = tmp_path / "losses-discrimination"
    result = result_from_json((folder / "losses.json").read_text(encoding="utf-8"))
    assert (folder / "losses.csv").is_file()
    assert (folder / "figures" / "losses-discrimination.svg").is_file()
    assert [f.rows for f in found] == [result.rows]
    assert result.title in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_losses_that_are_measured_are_not_measured_again(tmp_path: Path) -> None:
    studies = [Losses(n=8, recipes={"discrimination": TINY})]
    first = list(run_series([balanced_model()], studies, tmp_path))
    again = list(run_series([balanced_model()], studies, tmp_path))

    assert len(first) > 2
    assert [type(said) for said in again] == [StudyResult, Progress]
    assert again[0] == first[-2]


def test_the_table_puts_the_published_runs_from_scratch_beside_ours(tmp_path: Path) -> None:
    result, _ = finish(losses_study(TINY, tmp_path, CPU, n=8))

    rows = {row["losses"]: row for row in tables(result)["losses-discrimination"].rows}

    theirs = "IID\nfrom scratch B/16 †"
    assert [rows[name][theirs] for name in ("none", "disentanglement", "pipeline", "both")] == [
        0.7588,
        0.9415,
        None,
        None,
    ]
    ours = [r["accuracy"] for r in result.rows if (r["losses"], r["split"]) == ("pipeline", "ood-shape")]
    assert [rows["pipeline"]["OOD shape"]] == ours


def test_what_is_not_told_from_chance_is_named(tmp_path: Path) -> None:
    result, _ = finish(losses_study(TINY, tmp_path, CPU, n=8))

    at_chance = {r["losses"] for r in result.rows if r["split"] == "test_iid" and r["low"] <= 0.5}
    assert at_chance, "networks of this size learn nothing from 32 images"
    assert all(f"{name} (seed 0)" in result.notes[-1] for name in at_chance)

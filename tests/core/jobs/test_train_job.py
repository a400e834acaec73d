"""Fine-tuning as a job: the curve that it yields, and what lies beside the model until it is finished."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from core.cards import read_card
from core.errors import UserError
from core.jobs.recipe import Recipe
from core.jobs.train_job import (
    N_DRAWN,
    CurvePoint,
    TrainingRun,
    curves,
    fine_tune,
    forget,
    unfinished_runs,
)
from core.progress import Progress
from tests.core.networks import save_tiny

RECIPE = Recipe(
    n_images=80,
    batch=8,
    peak_lr=1e-3,
    tune="low-rank",
    rank=3,
    disentangle_weight=0.0,
    pipeline_weight=0.0,
    bfloat16=False,
    n_validate=8,
    validate_every=4,
)


@pytest.fixture
def run(tmp_path: Path) -> TrainingRun:
    """Ten steps of eight images on a tiny model, with a validation every four."""
    recipe = replace(RECIPE, init=save_tiny(tmp_path / "parent.safetensors"))
    return TrainingRun(recipe, tmp_path / "models" / "mine.safetensors", n_test=8, device="cpu")


def steps(said: Sequence[object]) -> list[Progress]:
    return [each for each in said if isinstance(each, Progress) and "task" in each.values]


def points(said: Sequence[object]) -> list[CurvePoint]:
    return [each for each in said if isinstance(each, CurvePoint)]


def closed_after(run: TrainingRun, n_steps: int) -> list[object]:
    """What a run says that is closed after so many steps."""
    job, said = fine_tune(**run.options), list[object]()
    while len(steps(said)) < n_steps:
        said.append(next(job))
    job.close()
    return said


def test_a_finished_run_leaves_the_model_and_its_card_alone(run: TrainingRun) -> None:
    said = list(fine_tune(**run.options))

    assert sorted(path.name for path in run.out.parent.iterdir()) == ["mine.json", "mine.safetensors"]
    assert read_card(run.out)["accuracy"]["test"]["n"] == 8
    assert isinstance(said[-1], Progress)
    assert said[-1].message == "measuring on unseen images"


def test_every_step_of_a_short_run_is_a_point_of_its_curve(run: TrainingRun) -> None:
    said = list(fine_tune(**run.options))

    assert [p.n_seen for p in points(said)] == [8 * (step + 1) for step in range(10)]
    assert [(p.loss, p.accuracy) for p in points(said)] == [
        (s.values["task"], s.values["accuracy"]) for s in steps(said)
    ]
    assert [p.n_seen for p in points(said) if p.validation is not None] == [32, 64]


def test_progress_comes_before_the_point_so_that_it_is_not_left_out_on_its_way(run: TrainingRun) -> None:
    said = closed_after(run, 3)

    kinds = [type(each) for each in said]
    assert kinds == [Progress, Progress, CurvePoint, Progress, CurvePoint, Progress]


def test_points_of_a_long_run_are_means_and_stand_where_a_validation_is(
    run: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.train_job.N_POINTS", 10 / 3)

    said = list(fine_tune(**run.options))

    assert [p.n_seen for p in points(said)] == [24, 32, 56, 64, 80]
    assert points(said)[0].loss == pytest.approx(sum(s.values["task"] for s in steps(said)[:3]) / 3)


def test_a_run_that_was_closed_is_found_with_its_curve_and_what_it_was_ordered_with(run: TrainingRun) -> None:
    said = closed_after(run, 5)

    (found,) = unfinished_runs(run.out.parent)
    assert replace(found, points=()) == run
    assert [p.n_seen for p in found.points] == [8, 16, 24, 32, 40]
    assert found.points[:4] == tuple(points(said))
    assert run.checkpoint.exists()


def test_a_run_goes_on_with_the_curve_of_before_to_the_same_weights(run: TrainingRun) -> None:
    whole = replace(run, out=run.out.with_name("whole.safetensors"))
    unbroken = list(fine_tune(**whole.options))
    closed_after(run, 5)

    said = list(fine_tune(**run.options))

    assert [s.done for s in steps(said)] == [48, 56, 64, 72, 80]
    assert points(said) == points(unbroken), "also the points of before"
    ours, theirs = load_file(run.out), load_file(whole.out)
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []


def test_points_beyond_the_checkpoint_are_taken_again(run: TrainingRun) -> None:
    closed_after(run, 3)
    early = run.checkpoint.read_bytes()
    closed_after(run, 3)
    run.checkpoint.write_bytes(early)  # as after a kill, which leaves the checkpoint of some time before

    said = list(fine_tune(**run.options))

    assert [p.n_seen for p in points(said)] == [8 * (step + 1) for step in range(10)]


def test_a_run_that_was_closed_while_it_was_measured_is_only_measured(run: TrainingRun) -> None:
    job = fine_tune(**run.options)
    while not run.out.exists():
        next(job)
    job.close()
    (found,) = unfinished_runs(run.out.parent)

    said = list(fine_tune(**run.options))

    assert steps(said) == []
    assert points(said) == list(found.points)
    assert unfinished_runs(run.out.parent) == []


def test_a_run_that_never_began_leaves_no_record(run: TrainingRun) -> None:
    with pytest.raises(UserError, match="There is no model"):
        list(fine_tune(**replace(run, recipe=replace(run.recipe, init="nowhere")).options))

    assert unfinished_runs(run.out.parent) == []


def test_a_record_that_cannot_be_written_does_not_end_training(
    run: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise UserError(f"{path} could not be written: No space left on device.")

    monkeypatch.setattr("core.jobs.train_job.write_text", full)

    said = list(fine_tune(**run.options))

    assert len(points(said)) == 10
    assert run.out.exists()


DAMAGES: list[Any] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    {"recipe": 5},
    {"recipe": {"batch": "many"}},
    {"recipe": {"unheard": 1}},
    {"n_test": "8"},
    {"n_test": True},
    {"device": 3},
    {"points": 3},
    {"points": [3]},
    {"points": [[8, "0.7", 0.5, None]]},
    {"points": [[8, 0.7]]},
    {"points": [[8, 0.7, 0.5, None, 1]]},
]


@pytest.mark.parametrize("damage", DAMAGES, ids=repr)
def test_a_damaged_record_is_left_out_and_others_are_not(run: TrainingRun, damage: Any) -> None:
    whole = {**run.options, "points": [[8, 0.7, 0.5, None]]}
    run.record.parent.mkdir()
    run.record.write_text(json.dumps(whole))
    other = run.record.with_name("other.run.json")
    other.write_bytes(damage if isinstance(damage, bytes) else json.dumps({**whole, **damage}).encode())

    assert [found.name for found in unfinished_runs(run.out.parent)] == ["mine"]


def test_a_record_writes_beside_itself_wherever_it_says_that_it_does(run: TrainingRun) -> None:
    closed_after(run, 1)
    text = json.loads(run.record.read_text())
    run.record.write_text(json.dumps({**text, "out": "/etc/passwd"}))

    assert [found.out for found in unfinished_runs(run.out.parent)] == [run.out]


def test_what_is_forgotten_is_gone(run: TrainingRun) -> None:
    closed_after(run, 2)

    forget(run)

    assert list(run.out.parent.iterdir()) == []
    forget(run)


def test_a_finished_model_is_not_forgotten(run: TrainingRun) -> None:
    list(fine_tune(**run.options))

    forget(run)

    assert run.out.exists()


def test_in_a_folder_that_is_not_there_no_run_is_found(tmp_path: Path) -> None:
    assert unfinished_runs(tmp_path / "nothing") == []


def test_curves_have_few_points_from_first_to_last_and_name_chance() -> None:
    many = [CurvePoint(32 * (i + 1), 0.8, 0.5, 0.75 if i % 10 == 0 else None) for i in range(160)]

    loss, accuracy = curves(many)

    assert len(loss.x) == N_DRAWN
    assert (loss.x[-1], loss.ticks[-1]) == (5120.0, "5.12k")
    assert loss.y_range == (0.0, 0.8)
    assert [s.label for s in accuracy.series] == ["training", "validation"]
    assert [v for v in accuracy.series[1].y if not math.isnan(v)] == [0.75] * 16
    assert accuracy.references[0].label == "chance"


def test_a_curve_without_a_validation_has_one_line() -> None:
    assert [s.label for s in curves([CurvePoint(32, 0.7, 0.5)])[1].series] == ["training"]

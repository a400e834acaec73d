"""Fine-tuning in real child processes: what a kill takes away is learned again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from app.jobs import Jobs
from core.jobs.recipe import Recipe
from core.jobs.train_job import TRAIN_JOB, CurvePoint, TrainingRun, fine_tune, unfinished_runs
from core.runner import Order
from tests.core.networks import save_tiny

START_MS = 120_000
RECIPE = Recipe(
    n_images=80, batch=8, peak_lr=1e-3, tune="low-rank", rank=3, disentangle_weight=0.0, pipeline_weight=0.0
)


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.stop()


def test_a_run_that_was_killed_is_found_and_resumes_to_the_weights_of_one_that_was_not(
    jobs: Jobs, qtbot: QtBot, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, init=save_tiny(tmp_path / "parent.safetensors"))
    run = TrainingRun(recipe, tmp_path / "killed.safetensors", n_test=8, device="cpu")
    whole = replace(run, out=tmp_path / "whole.safetensors")
    unbroken = [said for said in fine_tune(**whole.options) if isinstance(said, CurvePoint)]
    killed = jobs.start(Order("tests.app.small_jobs:fine_tune_and_die", {**run.options, "n_steps": 8}))
    qtbot.waitUntil(lambda: not jobs.busy, timeout=START_MS)
    assert "SIGKILL" in str(jobs.run(killed).failure)
    assert not run.out.exists()

    (found,) = unfinished_runs(tmp_path)
    resumed = jobs.start(Order(TRAIN_JOB, found.options))
    qtbot.waitUntil(lambda: not jobs.busy, timeout=START_MS)

    assert jobs.run(resumed).state == "finished", jobs.run(resumed).failure
    ours, theirs = load_file(run.out), load_file(whole.out)
    assert [name for name in theirs if not torch.equal(ours[name], theirs[name])] == []
    assert jobs.run(resumed).found == tuple(unbroken), "its curve is the same"

"""Jobs in real child processes: what they say arrives, and no child stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import jobs as jobs_module
from app.jobs import Jobs, Run
from core.library import log_path
from core.progress import Progress
from core.runner import Order

START_MS = 60_000


def order(name: str, **options: object) -> Order:
    return Order(f"tests.app.small_jobs:{name}", options)


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.stop()


@pytest.fixture
def said(jobs: Jobs) -> list[Run]:
    """Every state that was announced, in order."""
    runs: list[Run] = []
    jobs.progressed.connect(runs.append)
    return runs


def finish(jobs: Jobs, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not jobs.busy, timeout=START_MS)


def wait_for_progress(jobs: Jobs, number: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: jobs.run(number).progress is not None, timeout=START_MS)


def test_a_job_says_how_far_it_is_what_it_found_and_what_came_out(jobs: Jobs, said: list[Run], qtbot: QtBot) -> None:
    number = jobs.start(order("count", n=3))
    finish(jobs, qtbot)

    run = jobs.run(number)
    assert run.state == "finished"
    assert run.result == 3
    assert run.found == ("found 0", "found 1", "found 2")
    assert [r.state for r in said[:1]] == ["running"]
    assert Progress(0, 3, "number 0") in [r.progress for r in said]


def test_a_job_writes_into_the_log_of_the_program_when_it_begins_and_how_it_ends(
    jobs: Jobs, qtbot: QtBot, library: Path
) -> None:
    number = jobs.start(order("count", n=1))
    finish(jobs, qtbot)

    lines = log_path().read_text(encoding="utf-8").splitlines()
    told = [line.partition(f"relata-job-{number} ")[2].partition(" ")[2] for line in lines]
    assert told == ["INFO begins tests.app.small_jobs:count", "INFO tests.app.small_jobs:count: finished"]


def test_jobs_wait_for_the_one_before(jobs: Jobs, said: list[Run], qtbot: QtBot) -> None:
    first, second = jobs.start(order("count", n=2)), jobs.start(order("count", n=1))
    assert (jobs.run(first).state, jobs.run(second).state) == ("running", "waiting")

    finish(jobs, qtbot)

    numbers = [run.number for run in said]
    assert numbers == sorted(numbers), "the second began when the first was over"
    assert jobs.run(second).state == "finished"


def test_a_cancelled_job_writes_its_checkpoint(jobs: Jobs, qtbot: QtBot, tmp_path: Path) -> None:
    number = jobs.start(order("work_for_ever", checkpoint=str(tmp_path / "checkpoint")))
    wait_for_progress(jobs, number, qtbot)

    jobs.cancel(number)
    assert jobs.run(number).state == "stopping"
    finish(jobs, qtbot)

    assert jobs.run(number).state == "stopped"
    assert "steps" in (tmp_path / "checkpoint").read_text()


def test_a_job_that_does_not_listen_is_ended_after_a_time_of_grace(
    jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "GRACE_MS", 50)
    number = jobs.start(order("be_deaf"))
    wait_for_progress(jobs, number, qtbot)

    jobs.cancel(number)
    finish(jobs, qtbot)

    assert jobs.run(number).state == "stopped"


def test_a_waiting_job_that_is_cancelled_never_starts(jobs: Jobs, said: list[Run], qtbot: QtBot) -> None:
    jobs.start(order("count", n=1))
    second = jobs.start(order("count", n=1))

    jobs.cancel(second)
    finish(jobs, qtbot)

    assert [run.state for run in said if run.number == second] == ["stopped"]


@pytest.mark.parametrize(
    ("name", "message", "details"),
    [
        ("break_down", "ValueError: no such number", "Traceback"),
        ("refuse", "There is nothing to count.", "UserError"),
        ("die", "SIGKILL", "left no word"),
        ("is_nowhere", "is_nowhere", "Traceback"),
    ],
)
def test_a_job_that_goes_wrong_says_so_and_the_next_one_starts(
    jobs: Jobs, qtbot: QtBot, name: str, message: str, details: str
) -> None:
    number, after = jobs.start(order(name)), jobs.start(order("count", n=1))
    finish(jobs, qtbot)

    run = jobs.run(number)
    assert run.state == "failed"
    assert run.failure is not None
    assert message in run.failure.message
    assert details in run.failure.details
    assert run.failure.hint
    assert jobs.run(after).state == "finished"


def test_the_time_left_follows_from_the_pace(jobs: Jobs, qtbot: QtBot, tmp_path: Path, said: list[Run]) -> None:
    jobs.start(order("count_quietly", n=400_000))
    finish(jobs, qtbot)

    known = [run.left_s for run in said if run.left_s is not None]
    assert known
    assert all(left >= 0 for left in known)


def test_the_window_takes_its_children_along(jobs: Jobs, qtbot: QtBot, tmp_path: Path) -> None:
    number = jobs.start(order("work_for_ever", checkpoint=str(tmp_path / "checkpoint")))
    jobs.start(order("count", n=1))
    wait_for_progress(jobs, number, qtbot)

    jobs.stop()

    assert not jobs.busy
    assert (tmp_path / "checkpoint").exists()


def test_the_window_does_not_wait_long_for_a_deaf_job(
    jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "CLOSING_GRACE_MS", 50)
    number = jobs.start(order("be_deaf"))
    wait_for_progress(jobs, number, qtbot)

    jobs.stop()

    assert not jobs.busy


@pytest.mark.skipif(not hasattr(os, "nice"), reason="no priorities of this kind")
def test_a_job_lets_others_go_first(jobs: Jobs, qtbot: QtBot) -> None:
    number = jobs.start(order("pace"))
    finish(jobs, qtbot)

    assert jobs.run(number).found[0] > os.nice(0) or os.nice(0) >= 19

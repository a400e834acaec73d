"""The terminal's watch over a job: an interrupt lets the step finish and the job clean up."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from core.jobs.progress import Progress
from core.terminal import watch


def test_an_interrupt_lets_the_step_finish_and_closes_the_job() -> None:
    said: list[str] = []

    def job() -> Iterator[Progress]:
        try:
            for step in range(5):
                signal.raise_signal(signal.SIGINT)
                said.append(f"step {step} finished")
                yield Progress(step, 5, "working")
        except GeneratorExit:
            said.append("written")
            raise

    with pytest.raises(KeyboardInterrupt):
        watch(job(), quiet=True)

    assert said == ["step 0 finished", "written"]


def test_a_second_interrupt_stops_at_once() -> None:
    said: list[str] = []

    def job() -> Iterator[Progress]:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        said.append("went on")
        yield Progress(0, 1, "working")

    with pytest.raises(KeyboardInterrupt):
        watch(job(), quiet=True)

    assert not said


def test_a_job_gives_its_result_and_leaves_the_interrupt_as_it_was() -> None:
    def job() -> Iterator[Progress]:
        yield Progress(1, 1, "done")
        return 42

    before = signal.getsignal(signal.SIGINT)

    assert watch(job(), quiet=True) == 42
    assert signal.getsignal(signal.SIGINT) == before

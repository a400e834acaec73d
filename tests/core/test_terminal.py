"""The terminal's watch over a job: an interrupt lets the step finish and the job clean up."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator

import pytest

from core import terminal
from core.progress import Progress
from core.signals import ENDING
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


@pytest.mark.parametrize("number", ENDING)
def test_a_job_writes_what_it_has_whatever_signal_asks_it_to_end(number: signal.Signals) -> None:
    said: list[str] = []
    before = signal.getsignal(number)

    def job() -> Iterator[Progress]:
        try:
            signal.raise_signal(number)
            yield Progress(0, 1, "working")
        finally:
            said.append("written")

    with pytest.raises(KeyboardInterrupt) as stop:
        watch(job(), quiet=True)

    assert said == ["written"]
    assert stop.value.args == (number,)
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_was_ignored_stays_ignored_as_nohup_wants_it(number: signal.Signals) -> None:
    def job() -> Iterator[Progress]:
        signal.raise_signal(number)
        yield Progress(1, 1, "working")
        return "done"

    before = signal.signal(number, signal.SIG_IGN)
    try:
        assert watch(job(), quiet=True) == "done"
    finally:
        signal.signal(number, before)


def test_a_job_gives_its_result_and_leaves_the_interrupt_as_it_was() -> None:
    def job() -> Iterator[Progress]:
        yield Progress(1, 1, "done")
        return 42

    before = signal.getsignal(signal.SIGINT)

    assert watch(job(), quiet=True) == 42
    assert signal.getsignal(signal.SIGINT) == before


def test_the_time_left_is_of_the_stage_under_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = itertools.count(step=60)
    monkeypatch.setattr(terminal.time, "monotonic", lambda: float(next(clock)))

    def job() -> Iterator[Progress]:
        yield from (Progress(done, 100, "training") for done in (0, 50, 100))
        yield from (Progress(done, 10, "measuring") for done in (0, 5))

    watch(job())

    lines = capsys.readouterr().err.split(terminal.CLEARED)
    assert [line.partition("left")[0].strip() for line in lines if "left" in line] == [
        "50.0 %  1.0 min",
        "100.0 %  0.0 min",
        "50.0 %  1.0 min",
    ]

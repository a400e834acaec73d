from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from itertools import count as count_up
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core import cores
from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.analyses.item_shares import ItemShares
from core.demo import demo_document
from core.document import Document, random_pair
from core.progress import Progress
from core.questions import Answer, Failure, Question
from core.runner import PROGRESS_EVERY_S, Broken, Finished, Order, Stopped, _last_word, serve, work
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, Connection]]:
    """Both ends of a pipe; the number of threads of this process stays as it is."""
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    ours, theirs = multiprocessing.Pipe()
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.fixture
def question(tmp_path: Path) -> Question:
    file = save_tiny(tmp_path / "tiny.safetensors")
    return Question(Document(file, random_pair(Geometry(64, 16), 0)))


def test_a_job_writes_down_how_it_ended_and_with_which_error(
    ends: tuple[Connection, Connection], caplog: pytest.LogCaptureFixture
) -> None:
    _last_word(ends[1], Order("tests.core.test_runner:fails"))

    [record] = caplog.records
    assert record.getMessage() == "the job tests.core.test_runner:fails failed"
    assert "ArithmeticError: of a test" in caplog.text


def fails() -> Iterator[None]:
    raise ArithmeticError("of a test")
    yield


def test_questions_are_answered_in_order_until_none_comes(
    ends: tuple[Connection, Connection], question: Question
) -> None:
    ours, theirs = ends
    other = Question(question.document, (ItemShares(),))
    for asked in (question, other, None):
        ours.send(asked)

    serve(theirs, "cpu")

    answers = [ours.recv() for _ in range(4)]
    assert all(isinstance(answer, Answer) for answer in answers)
    assert [answer.question for answer in answers] == [question, question, other, other]
    assert [set(answer.found) for answer in answers] == [{Decision()}, set(), {Decision()}, {ItemShares()}]


def test_the_window_going_away_ends_it(ends: tuple[Connection, Connection]) -> None:
    ours, theirs = ends
    ours.close()

    serve(theirs, "cpu")


def test_what_a_user_can_mend_comes_back_as_words_and_the_next_question_is_answered(
    ends: tuple[Connection, Connection], question: Question
) -> None:
    ours, theirs = ends
    lost = Question(Document("nothing", question.document.base))
    for asked in (lost, question, None):
        ours.send(asked)

    serve(theirs, "cpu")

    failure, answer = ours.recv(), ours.recv()
    assert isinstance(failure, Failure)
    assert failure.question == lost
    assert "There is no model “nothing”" in failure.message
    assert failure.hint
    assert isinstance(answer, Answer)


def test_an_error_of_the_program_comes_back_with_its_details(
    ends: tuple[Connection, Connection], question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends

    def fail(self: Session, question: Question) -> Iterator[Answer]:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(Session, "answers", fail)
    for asked in (question, None):
        ours.send(asked)

    serve(theirs, "cpu")

    failure = ours.recv()
    assert isinstance(failure, Failure)
    assert "ZeroDivisionError: of all things" in failure.message
    assert "Traceback" in failure.details


def test_what_could_still_be_made_better_is_dropped_where_something_newer_waits(
    ends: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    question = Question(demo_document(), (DecisionMap("color", 1),))
    newer = Question(demo_document(), (ItemShares(),))
    for asked in (question, newer, None):
        ours.send(asked)

    serve(theirs, "cpu")

    answers = [ours.recv() for _ in range(4)]
    assert [answer.question for answer in answers] == [question, question, newer, newer]
    assert np.isnan(answers[1].found[DecisionMap("color", 1)]).all()
    assert not ours.poll()


def test_a_device_that_does_not_work_comes_back_with_the_windows_way_to_another_one(
    ends: tuple[Connection, Connection], question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", _no_kernel)
    for asked in (question, None):
        ours.send(asked)

    serve(theirs, "cuda")

    failure = ours.recv()
    assert isinstance(failure, Failure)
    assert "cuda is here but does not work: no kernel" in failure.message
    assert failure.hint == "Choose Model ▸ Run on cpu."


def test_an_answer_says_that_a_device_was_passed_over(
    ends: tuple[Connection, Connection], question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch, "ones", _no_kernel)
    for asked in (question, None):
        ours.send(asked)

    serve(theirs, "auto")

    answer = ours.recv()
    assert isinstance(answer, Answer)
    assert answer.model.device == "cpu"
    assert answer.notes[0] == "cuda is here but does not work: no kernel. cpu is used instead."


def _no_kernel(*_: object, **__: object) -> None:
    raise RuntimeError("no kernel")


def test_the_engine_leaves_one_of_its_cores_to_the_window(
    ends: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    given: list[int] = []
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(cores, "n_cores", lambda: 3)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    ours.send(None)

    serve(theirs, "cpu")

    assert given == [2]


@pytest.mark.parametrize(("said", "n"), [(None, "3"), ("0", "3"), ("many", "3"), ("2", "2")])
def test_whatever_a_job_loads_computes_with_no_more_threads_than_it_may_use(
    said: str | None, n: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders, heard = iter([Order(f"{__name__}:threads_of_a_job"), None]), list[object]()
    connection = SimpleNamespace(recv=lambda: next(orders), send=heard.append, poll=lambda: False)
    monkeypatch.setenv("OMP_NUM_THREADS", said or "")
    if said is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(cores, "n_cores", lambda: 3)

    work(connection)

    assert heard[0] == n


def threads_of_a_job() -> Iterator[str]:
    yield os.environ["OMP_NUM_THREADS"]


@pytest.fixture
def worker() -> Iterator[Connection]:
    """The other end of a process that does one order after another."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs,))
    process.start()
    theirs.close()
    yield ours
    ours.close()
    process.join()
    process.close()


def last_word(connection: Connection) -> object:
    while not isinstance(word := connection.recv(), Finished | Stopped | Broken):
        pass
    return word


def test_a_worker_outlives_what_is_refused_and_what_goes_wrong(worker: Connection) -> None:
    words = []
    for name in ("refuse", "break_down", "count"):
        worker.send(Order(f"tests.app.small_jobs:{name}", {"n": 3} if name == "count" else {}))
        words.append(last_word(worker))

    refused, broken, finished = words
    assert isinstance(refused, Broken)
    assert refused.message == "There is nothing to count."
    assert isinstance(broken, Broken)
    assert "no such number" in broken.message
    assert finished == Finished(3)


def test_a_newer_order_stops_the_one_that_a_worker_is_at(worker: Connection, tmp_path: Path) -> None:
    worker.send(Order("tests.app.small_jobs:work_for_ever", {"checkpoint": str(tmp_path / "steps")}))
    assert worker.recv() == Progress(1, 2, "working")

    worker.send(Order("tests.app.small_jobs:count", {"n": 3}))

    assert isinstance(last_word(worker), Stopped)
    assert (tmp_path / "steps").exists()
    assert last_word(worker) == Finished(3)


def test_progress_is_not_held_back_by_what_was_found_in_between(
    ends: tuple[Connection, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = ends
    ticks = count_up(0.0, 0.6 * PROGRESS_EVERY_S)
    monkeypatch.setattr("core.runner.time", SimpleNamespace(monotonic=lambda: next(ticks)))

    theirs.send(_last_word(theirs, Order("tests.app.small_jobs:count", {"n": 3})))

    said = iter(ours.recv, Finished(3))
    assert [words.done if isinstance(words, Progress) else words for words in said] == [
        *(0, "found 0"),
        *(1, "found 1"),
        *(2, "found 2"),
    ]

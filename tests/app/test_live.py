"""The engine's process: one question in flight, one waiting, answers in parts, and its deaths."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.live import DEATH_MESSAGE, MAX_DEATHS, Live
from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.demo import demo_document
from core.questions import Answer, Failure, Question
from tests.app.answers import SAME, TINY
from tests.app.puppet import DEATH, PING, PONG, STARTED, dance

START_MS = 60_000
FIRST, SECOND, THIRD, FOURTH = (Question(demo_document(), (DecisionMap("color", block),)) for block in range(4))


class Puppet:
    """A window's `Live` with a puppet for an engine, and what was said to the window."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self._strings, theirs = multiprocessing.get_context("spawn").Pipe()
        self._ends = (self._strings, theirs)
        self.live = Live(theirs)  # the device is handed to the process as it is
        self.said: list[Answer | Failure] = []
        self.busy: list[bool] = []
        for signal in (self.live.answered, self.live.failed):
            signal.connect(self._hear)

    def _hear(self, message: Answer | Failure) -> None:
        self.said.append(message)
        self.busy.append(self.live.busy)

    def heard(self) -> object:
        """The next thing that comes out of the engine's process: that it has started, or a question."""
        self._qtbot.waitUntil(self._strings.poll, timeout=START_MS)
        return self._strings.recv()

    def hears_nothing(self) -> bool:
        """Whether the window has asked nothing more until now."""
        self._strings.send(PING)
        return self.heard() == PONG

    def say(self, message: Answer | Failure) -> Answer | Failure:
        """Have the engine say something; it has come to the window as this returns."""
        n_said = len(self.said)
        self._strings.send(message)
        self._qtbot.waitUntil(lambda: len(self.said) > n_said, timeout=START_MS)
        return self.said[-1]

    def die(self) -> None:
        self._strings.send(DEATH)

    def close(self) -> None:
        self.live.stop()
        for end in self._ends:
            end.close()


@pytest.fixture
def puppet(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Puppet]:
    """A puppet that has started."""
    monkeypatch.setattr("app.live.serve", dance)
    puppet = Puppet(qtbot)
    puppet.live.start()
    assert puppet.heard() == STARTED
    yield puppet
    puppet.close()


def decision(question: Question) -> Answer:
    return Answer(question, TINY, {Decision(): SAME})


def everything(question: Question) -> Answer:
    return Answer(question, TINY, {question.wanted[0]: "rough"}, complete=True)


def better(question: Question, value: str = "better") -> Answer:
    return Answer(question, TINY, {question.wanted[0]: value})


def failure(question: Question) -> Failure:
    return Failure(question, "It broke.", "Undo.", "Traceback")


def values(puppet: Puppet) -> list[object]:
    """All values of maps that came to the window, with the block of the question that each was about."""
    answers = [message for message in puppet.said if isinstance(message, Answer)]
    return [
        (analysis.block, value)
        for message in answers
        for analysis, value in message.found.items()
        if isinstance(analysis, DecisionMap)
    ]


def test_what_is_asked_before_the_start_is_the_first_question(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.serve", dance)
    puppet = Puppet(qtbot)
    puppet.live.ask(FIRST)
    puppet.live.ask(SECOND)
    assert puppet.live.pid is None

    puppet.live.start()

    assert [puppet.heard(), puppet.heard()] == [STARTED, SECOND]
    puppet.close()


def test_one_is_in_flight_and_the_newest_waits(puppet: Puppet) -> None:
    for question in (FIRST, SECOND, THIRD):
        puppet.live.ask(question)
    assert puppet.heard() == FIRST
    assert puppet.live.busy

    puppet.say(everything(FIRST))

    assert puppet.heard() == THIRD, "nobody waits for the one between any more"
    puppet.say(everything(THIRD))
    assert not puppet.live.busy
    assert puppet.hears_nothing()


def test_the_next_is_sent_once_everything_is_there_and_not_with_the_first_part(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    assert puppet.heard() == FIRST
    puppet.live.ask(SECOND)

    puppet.say(decision(FIRST))
    assert puppet.hears_nothing()
    assert puppet.busy == [True]
    puppet.say(everything(FIRST))

    assert puppet.heard() == SECOND
    assert puppet.busy == [True, True], "it was under way before the window drew"
    assert [message.question for message in puppet.said] == [FIRST, FIRST]


def test_better_values_are_passed_on_while_nothing_is_asked(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    puppet.heard()
    puppet.say(decision(FIRST))
    puppet.say(everything(FIRST))
    assert not puppet.live.busy

    puppet.say(better(FIRST))
    puppet.say(better(FIRST, "best"))

    assert values(puppet) == [(0, "rough"), (0, "better"), (0, "best")]
    assert not puppet.live.busy


def test_a_question_is_sent_at_once_while_an_answer_is_made_better(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    puppet.heard()
    puppet.say(everything(FIRST))
    puppet.say(better(FIRST))

    puppet.live.ask(SECOND)

    assert puppet.heard() == SECOND


def test_a_late_better_value_does_not_let_another_question_go(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    puppet.heard()
    puppet.say(everything(FIRST))
    puppet.live.ask(SECOND)
    assert puppet.heard() == SECOND
    puppet.live.ask(THIRD)

    puppet.say(better(FIRST))
    assert puppet.hears_nothing()
    puppet.say(everything(SECOND))

    assert puppet.heard() == THIRD
    assert values(puppet) == [(0, "rough"), (0, "better"), (1, "rough")]


def test_a_failure_is_said_and_lets_the_next_question_go(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    puppet.heard()
    puppet.live.ask(SECOND)

    said = puppet.say(failure(FIRST))

    assert isinstance(said, Failure)
    assert said.message == "It broke."
    assert puppet.heard() == SECOND


def test_a_late_failure_to_make_an_answer_better_does_not_let_another_question_go(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    puppet.heard()
    puppet.say(everything(FIRST))
    puppet.live.ask(SECOND)
    assert puppet.heard() == SECOND
    puppet.live.ask(THIRD)

    puppet.say(failure(FIRST))
    assert puppet.hears_nothing()
    puppet.say(everything(SECOND))

    assert puppet.heard() == THIRD
    assert puppet.hears_nothing()


def test_a_restart_asks_the_newest_question_again_of_another_process(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    assert puppet.heard() == FIRST
    first = puppet.live.pid

    puppet.live.restart()

    assert [puppet.heard(), puppet.heard()] == [STARTED, FIRST]
    assert puppet.live.pid not in (first, None)
    puppet.live.ask(SECOND)
    puppet.live.ask(THIRD)
    puppet.live.restart()
    assert [puppet.heard(), puppet.heard()] == [STARTED, THIRD]
    assert not puppet.said, "that it was stopped on purpose is no failure"


def test_a_restart_on_another_device_starts_the_process_with_it(puppet: Puppet) -> None:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()

    puppet.live.restart(theirs)
    puppet._qtbot.waitUntil(ours.poll, timeout=START_MS)

    assert ours.recv() == STARTED
    assert puppet.live.device is theirs
    for end in (ours, theirs):
        end.close()


def test_what_a_stopped_engine_said_last_is_not_heard(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    puppet.heard()
    for message in (everything(FIRST), PING):
        puppet._strings.send(message)
    assert puppet._strings.recv() == PONG, "it has said so, and no event has brought it to the window yet"

    puppet.live.restart()

    assert [puppet.heard(), puppet.heard()] == [STARTED, FIRST]
    assert not puppet.said


def test_an_engine_that_dies_is_started_again_and_asked_the_newest_question(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    assert puppet.heard() == FIRST
    puppet.live.ask(SECOND)

    puppet.die()

    assert [puppet.heard(), puppet.heard()] == [STARTED, SECOND]
    (said,) = puppet.said
    assert isinstance(said, Failure)
    assert (said.question, said.message) == (SECOND, f"{DEATH_MESSAGE} (exit code {DEATH}).")
    assert said.hint == "It was started again."


def test_an_engine_that_dies_again_and_again_is_left_until_it_is_restarted(puppet: Puppet, qtbot: QtBot) -> None:
    puppet.live.ask(FIRST)
    for n_deaths in range(1, MAX_DEATHS + 1):
        assert puppet.heard() == FIRST
        puppet.die()
        qtbot.waitUntil(lambda n=n_deaths: len(puppet.said) == n, timeout=START_MS)
        if n_deaths < MAX_DEATHS:
            assert puppet.heard() == STARTED

    assert puppet.live.pid is None
    assert [said.hint for said in puppet.said[-2:]] == [
        "It was started again.",
        "Choose Model ▸ Restart engine to try again.",
    ]
    puppet.live.restart()
    assert [puppet.heard(), puppet.heard()] == [STARTED, FIRST]


def test_an_answer_between_deaths_lets_it_die_as_often_again(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    assert puppet.heard() == FIRST
    for _ in range(MAX_DEATHS):
        puppet.say(decision(FIRST))
        puppet.die()
        assert [puppet.heard(), puppet.heard()] == [STARTED, FIRST]

    assert puppet.live.pid is not None


def test_an_engine_that_dies_with_nothing_asked_is_started_again(puppet: Puppet) -> None:
    puppet.die()

    assert puppet.heard() == STARTED
    puppet.live.ask(FIRST)
    assert puppet.heard() == FIRST


def test_an_engine_that_dies_of_making_an_answer_better_says_so_and_is_not_asked_that_again(puppet: Puppet) -> None:
    puppet.live.ask(FIRST)
    assert puppet.heard() == FIRST
    puppet.say(everything(FIRST))
    puppet.say(better(FIRST))

    puppet.die()

    assert puppet.heard() == STARTED
    said = puppet.said[-1]
    assert isinstance(said, Failure)
    assert (said.question, said.hint) == (FIRST, "It was started again.")
    assert puppet.hears_nothing()

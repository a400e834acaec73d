"""An error stays in the status line until it is dismissed, or what failed succeeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from app.desk import Desk
from app.edits import choose_model
from app.jobs import Run
from app.live import DEATH_MESSAGE
from app.main_window import MainWindow
from app.opening import open_path
from core.demo import demo_document
from core.questions import Failure, Question
from core.runner import Broken, Order
from tests.app import answers


def say(window: MainWindow) -> str:
    return window.status.error.text()


def command(window: MainWindow, words: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == words).trigger()


def answer(window: MainWindow, question: Question | None = None) -> None:
    window.desk.live.answered.emit(answers.answer(window.desk, asked=question))


def fail(window: MainWindow, message: str, hint: str = "") -> Question:
    question = answers.question(window.desk)
    window.desk.live.failed.emit(Failure(question, message, hint, ""))
    return question


def one_item(window: MainWindow) -> None:
    """Leave one item, and be refused the swap of two."""
    command(window, "Delete item")
    command(window, "Exchange places")
    assert "two items" in say(window)


def test_what_was_refused_goes_when_it_succeeds_or_the_remedy_does(window: MainWindow) -> None:
    one_item(window)

    command(window, "Random pair")

    assert say(window) == ""
    assert window.status.dismiss.isHidden()
    assert window.status.copy.isHidden()


def test_what_was_refused_goes_when_it_succeeds_in_looking_elsewhere(window: MainWindow) -> None:
    command(window, "Head that looks most within pairs")
    assert "no attention" in say(window)
    refused = say(window)
    command(window, "Next layer")
    assert say(window) == refused, "looking elsewhere is not what was refused"
    window.status.dismiss.click()

    assert say(window) == ""


@pytest.mark.parametrize(
    "change",
    [lambda desk: desk.edit("Draw", demo_document()), lambda desk: desk.store.undo.undo()],
    ids=["a hand on the canvas", "undo"],
)
def test_what_was_refused_goes_when_something_else_is_shown(
    window: MainWindow, change: Callable[[Desk], object]
) -> None:
    one_item(window)

    change(window.desk)

    assert say(window) == ""


def test_a_command_that_changes_nothing_or_is_refused_leaves_an_error(window: MainWindow) -> None:
    one_item(window)
    for words in ("Next layer", "Previous layer", "Show source", "Show base", "Theme: follow the system"):
        command(window, words)
        assert "two items" in say(window)

    command(window, "Match colour")

    assert "two items" in say(window)


def test_an_answer_does_not_take_away_what_a_command_was_refused(window: MainWindow) -> None:
    one_item(window)

    answer(window)

    assert "two items" in say(window)


def test_the_engines_error_goes_with_its_next_answer(window: MainWindow) -> None:
    fail(window, "There is no device “cuda” here.", "Choose one of: auto, cpu.")
    assert "cuda" in say(window)

    answer(window)

    assert say(window) == ""


def test_that_the_engine_was_started_again_can_be_read_until_something_else_is_answered(window: MainWindow) -> None:
    question = fail(window, f"{DEATH_MESSAGE} (exit code -9).", "It was started again.")
    answer(window, question)
    assert "started again" in say(window)

    window.desk.look(write=3)
    answer(window)

    assert say(window) == ""


def test_a_command_that_works_after_the_engine_failed_takes_the_error_away(window: MainWindow) -> None:
    fail(window, f"{DEATH_MESSAGE} (exit code -9).", "Choose Model ▸ Restart engine to try again.")

    command(window, "Next layer")

    assert say(window) == ""


def test_a_model_that_could_not_be_opened_is_said_until_another_is_opened(window: MainWindow) -> None:
    answer(window)
    choose_model(window.desk, "rmts")
    fail(window, "rmts does not fit its card.")
    assert window.desk.document.model == "discrimination"
    answer(window)
    assert "rmts does not fit" in say(window), "the kept model's answer opens nothing"
    command(window, "Random pair")
    answer(window)
    assert "rmts does not fit" in say(window)

    choose_model(window.desk, "rmts")
    answer(window)

    assert say(window) == ""


@pytest.mark.parametrize("good", ["cat.png", "Bundled: rmts"])
def test_a_file_that_could_not_be_opened_is_said_until_one_is(window: MainWindow, tmp_path: Path, good: str) -> None:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    window.outcomes.attempt(lambda: open_path(window.desk, tmp_path / "gone.png"), opening=True)
    command(window, "Re-roll noise")
    answer(window)
    assert "gone.png" in say(window)

    if good == "cat.png":
        window.outcomes.attempt(lambda: open_path(window.desk, tmp_path / good), opening=True)
    else:
        command(window, good)

    assert say(window) == ""


def test_a_jobs_error_stays_until_a_job_finishes(window: MainWindow) -> None:
    run = Run(1, Order("study", {}), "failed", failure=Broken("The disk is full.", "Free some space.", ""))
    window.jobs.progressed.emit(run)
    answer(window)
    command(window, "Random pair")
    window.jobs.progressed.emit(replace(run, number=2, state="running", failure=None))
    assert "disk is full" in say(window)

    window.jobs.progressed.emit(replace(run, number=2, state="finished", failure=None))

    assert say(window) == ""


def test_an_unexpected_error_waits_to_be_dismissed(window: MainWindow) -> None:
    window.status.say_error("Something went wrong: oh", "Your work is kept.", "Traceback")
    command(window, "Random pair")
    answer(window)
    assert "Something went wrong" in say(window)

    window.status.dismiss.click()

    assert say(window) == ""


def test_a_newer_error_takes_the_older_ones_place(window: MainWindow) -> None:
    one_item(window)
    fail(window, "There is no device “cuda” here.")
    assert "two items" not in say(window)

    answer(window)

    assert say(window) == "", "the older one does not come back"


def test_a_save_that_failed_is_said_through_edits_until_one_works(window: MainWindow, tmp_path: Path) -> None:
    window.documents.save_to(tmp_path / "a.relata")
    window.documents.path = tmp_path / "a.relata" / "b.relata"
    command(window, "Save")
    command(window, "Random pair")
    assert "b.relata could not be written" in say(window)

    window.documents.path = tmp_path / "c.relata"
    command(window, "Save")

    assert say(window) == ""

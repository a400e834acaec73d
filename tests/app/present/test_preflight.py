"""The check before a talk: it lists what is missing, keeps the answers, can be cancelled, and goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QListWidget

from app import scenes
from app.jobs import Jobs, Run
from app.main_window import MainWindow
from app.panels.interventions import PROBE_TAB, InterventionsPanel
from app.panels.scenes import ScenesPanel
from app.present.preflight import GO, GO_ANYWAY, Preflight
from app.scenes_menu import check_talk
from core.errors import UserError
from core.progress import Progress
from core.questions import Question
from core.rehearsal import REHEARSAL_JOB, Rehearsed
from core.runner import Broken, Order
from core.talk import TITLE
from tests.app.answers import answer

Say = Callable[..., None]


@pytest.fixture
def started(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """Jobs that are started and never run."""
    runs: list[Run] = []

    def start(jobs: Jobs, order: Order) -> int:
        runs.append(Run(len(runs), order, "running"))
        jobs._runs[runs[-1].number] = runs[-1]
        return runs[-1].number

    monkeypatch.setattr(Jobs, "start", start)
    scenes.add_scene(window.desk)
    yield runs
    window.presenting.stop()


def goes_on(window: MainWindow, run: Run, **fields: object) -> Run:
    now = replace(run, **fields)  # type: ignore[arg-type]
    window.jobs._say(now)
    return now


def found(window: MainWindow, *missing: str) -> Rehearsed:
    return Rehearsed(0, "start", answer(window.desk, asked=Question(window.desk.document)), missing)


def rows(listed: QListWidget) -> list[str]:
    return [listed.item(row).text() for row in range(listed.count())]


def checking(window: MainWindow, *, goes_on: bool = False) -> Preflight:
    return check_talk(window, goes_on=goes_on)


def test_the_answers_are_kept_and_what_is_missing_is_listed(window: MainWindow, started: list[Run]) -> None:
    dialog = checking(window, goes_on=True)
    assert started[0].order.what == REHEARSAL_JOB
    assert started[0].order.options["scenes"] == window.desk.store.scenes

    run = goes_on(window, started[0], progress=Progress(0, 1, "Scene 1 of 1: start"))
    assert dialog.said.text() == "Scene 1 of 1: start"
    run = goes_on(window, run, found=(found(window, "There is no model “gone”."),))
    goes_on(window, run, state="finished")

    assert rows(dialog.list) == ["⚠ 1  start: same +1.0", "      There is no model “gone”."]
    assert dialog.said.text() == "1 thing is missing"
    assert dialog.go.text() == GO_ANYWAY
    assert list(window.desk.stage.prepared) == [window.desk.document]
    assert not window.presenting.running, "something is missing: it waits"
    dialog.go.click()
    assert window.presenting.running


def test_where_nothing_is_missing_the_talk_begins_by_itself(window: MainWindow, started: list[Run]) -> None:
    dialog = checking(window, goes_on=True)

    goes_on(window, started[0], found=(found(window),), state="finished")

    assert window.presenting.running
    assert not dialog.isVisible()


def test_a_check_alone_waits_with_its_result(window: MainWindow, started: list[Run]) -> None:
    dialog = checking(window)

    goes_on(window, started[0], found=(found(window),), state="finished")

    assert dialog.said.text() == "Nothing is missing."
    assert dialog.go.text() == GO
    assert not window.presenting.running
    dialog.cancel.click()
    assert not window.presenting.running


def test_cancelling_ends_the_run_and_starts_no_talk(
    window: MainWindow, started: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[int] = []
    monkeypatch.setattr(Jobs, "cancel", lambda _, number, grace_ms=None: cancelled.append(number))

    checking(window, goes_on=True).cancel.click()
    goes_on(window, started[0], found=(found(window),), state="finished")

    assert cancelled == [0]
    assert not window.presenting.running


def test_a_run_that_breaks_is_said(window: MainWindow, started: list[Run]) -> None:
    dialog = checking(window, goes_on=True)

    goes_on(window, started[0], state="failed", failure=Broken("The job's process stopped.", "Try again.", ""))

    assert "The job's process stopped. Try again." in dialog.said.text()
    assert not window.presenting.running
    dialog.cancel.click()


def test_without_scenes_there_is_nothing_to_check(window: MainWindow) -> None:
    with pytest.raises(UserError, match="no scenes to check"):
        check_talk(window)


def test_the_talk_that_ships_opens_from_help_as_a_document_without_a_file(window: MainWindow) -> None:
    action = next(action for menu, action in window.all_actions() if menu == "Help" and action.text().startswith(TITLE))
    assert action.text() == "The colour of A: a talk in five scenes"
    tabs = window.panel(InterventionsPanel).tabs
    tabs.setCurrentIndex(PROBE_TAB)

    action.trigger()

    first = window.desk.store.scenes[0]
    assert first.name == TITLE
    assert window.desk.document == first.document
    assert window.desk.stage.at == 0
    assert tabs.tabText(tabs.currentIndex()) == "Colour", "the pad that the first scene speaks of"
    assert window.panel(ScenesPanel).said.text() == first.note.replace("\n\n", "\n"), "the notes say what to try"
    assert window.documents.path is None
    assert window.windowTitle().startswith("Untitled")
    assert not window.isWindowModified(), "closing it asks nothing"

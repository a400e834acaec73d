"""Closing would lose what was changed, so it is asked for; what has to close the window is not kept waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QSessionManager
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from app import edits
from app.export.filming import Filming
from app.live import Live
from app.main_window import MainWindow
from app.panels.sweep import SweepPanel
from app.scenes import add_scene
from app.store import Store
from core.demo import demo_document
from core.document import View
from core.documents.files import read_work
from core.runner import Order
from tests.app.answers import answer
from tests.app.panels.test_sweep import UNKNOWN


class PretendLive(Live):
    """An engine that is never started, and counts how often it is stopped."""

    n_stops = 0

    def stop(self) -> None:
        self.n_stops += 1


def n_stops(window: MainWindow) -> int:
    live = window.desk.live
    assert isinstance(live, PretendLive)
    return live.n_stops


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    window = MainWindow(Store(demo_document(), View(write=1)), PretendLive(), journal=tmp_path / "journal")
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.close_without_asking()


def question(window: MainWindow) -> QMessageBox:
    asked = window.leaving.question
    assert asked is not None
    return asked


def press(asked: QMessageBox, words: str) -> None:
    next(button for button in asked.buttons() if button.text().replace("&", "") == words).click()


def quit_by_menu(window: MainWindow) -> None:
    next(action for _, action in window.all_actions() if action.text() == "Quit").trigger()


def journals(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "journal").glob("*.relata"))


def test_a_window_in_which_nothing_was_changed_closes_at_once(window: MainWindow) -> None:
    edits.draw_random_pair(window.desk)
    window.desk.store.undo.undo()

    assert window.close()
    assert window.leaving.question is None
    assert n_stops(window) == 1


@pytest.mark.parametrize("leave", [MainWindow.close, quit_by_menu], ids=["close button", "menu"])
def test_what_was_changed_is_asked_about_and_kept(window: MainWindow, leave: Callable[[MainWindow], object]) -> None:
    edits.draw_random_pair(window.desk)

    leave(window)

    asked = question(window)
    assert "Save the changes of Untitled?" in asked.text()
    assert [asked.buttonRole(button) for button in asked.buttons()].count(QMessageBox.ButtonRole.DestructiveRole) == 1
    leave(window)
    assert window.leaving.question is asked, "it is asked once"
    press(asked, "Cancel")
    assert window.isVisible()
    assert window.leaving.question is None
    assert n_stops(window) == 0


def test_discard_closes_and_leaves_nothing_to_restore(window: MainWindow, tmp_path: Path) -> None:
    edits.draw_random_pair(window.desk)
    assert window.documents.journal is not None
    window.documents.journal.write()
    assert len(journals(tmp_path)) == 1
    window.close()

    press(question(window), "Discard")

    assert not window.isVisible()
    assert n_stops(window) == 1
    assert journals(tmp_path) == []


def test_save_writes_the_file_and_closes(window: MainWindow, tmp_path: Path) -> None:
    window.documents.save_to(tmp_path / "a.relata")
    edits.draw_random_pair(window.desk)
    window.close()

    press(question(window), "Save")

    assert not window.isVisible()
    assert read_work(tmp_path / "a.relata").document == window.desk.document


def test_save_asks_for_a_file_where_there_is_none_and_then_closes(window: MainWindow, tmp_path: Path) -> None:
    edits.draw_random_pair(window.desk)
    window.close()

    press(question(window), "Save")
    assert window.documents.dialog is not None
    assert window.isVisible()
    window.documents.dialog.fileSelected.emit(str(tmp_path / "a.relata"))

    assert not window.isVisible()
    assert read_work(tmp_path / "a.relata").document == window.desk.document


def test_where_saving_fails_the_window_stays_and_says_why(window: MainWindow, tmp_path: Path) -> None:
    window.documents.save_to(tmp_path / "a.relata")
    edits.draw_random_pair(window.desk)
    window.documents.path = tmp_path / "a.relata" / "b.relata"
    window.close()

    press(question(window), "Save")

    assert window.isVisible()
    assert window.isWindowModified()
    assert "b.relata could not be written" in window.status.error.text()


def test_a_window_can_be_closed_without_asking_even_while_it_asks(window: MainWindow, tmp_path: Path) -> None:
    edits.draw_random_pair(window.desk)
    window.close()

    window.close_without_asking()

    assert not window.isVisible()
    assert n_stops(window) == 1
    assert len(journals(tmp_path)) == 1, "nobody agreed to lose it"


@pytest.mark.parametrize("words", ["Discard", "Save"])
def test_at_the_end_of_the_session_it_is_asked_and_cancelled(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = True
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a.relata"), ""))

    answer_with("Cancel")
    window.leaving.end_session(session)
    session.cancel.assert_called_once()

    session.cancel.reset_mock()
    answer_with(words)
    window.leaving.end_session(session)
    session.cancel.assert_not_called()
    assert (tmp_path / "a.relata").exists() == (words == "Save")
    assert window.close(), "the session closes the window after that"


def test_a_session_that_allows_no_question_is_not_held_up_and_nothing_is_lost(
    window: MainWindow, tmp_path: Path
) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = False

    window.leaving.end_session(session)

    session.cancel.assert_not_called()
    document = window.desk.document
    assert window.close()
    assert [read_work(path).document for path in journals(tmp_path)] == [document]


@pytest.mark.parametrize(
    "go_on",
    [
        lambda window: edits.draw_random_pair(window.desk),
        lambda window: add_scene(window.desk),
        lambda window: window.desk.store.mark(0, name="where it began"),
        lambda window: window.desk.store.touch(),
    ],
    ids=["an edit", "a scene", "the name of a state", "what was found on other pairs"],
)
def test_a_session_that_went_on_and_so_did_the_work_is_asked_about(
    window: MainWindow, go_on: Callable[[MainWindow], object]
) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = False

    window.leaving.end_session(session)
    go_on(window)

    assert not window.close()


def test_what_was_done_after_a_session_went_on_is_not_what_was_discarded(window: MainWindow, tmp_path: Path) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = True
    answer_with("Discard")
    window.leaving.end_session(session)

    add_scene(window.desk)
    window.close_without_asking()

    assert [len(read_work(path).scenes) for path in journals(tmp_path)] == [1]


def test_a_state_that_was_named_after_its_changes_were_discarded_is_kept(window: MainWindow, tmp_path: Path) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = True
    answer_with("Discard")
    window.leaving.end_session(session)

    window.desk.store.mark(0, name="where it began")
    window.close_without_asking()

    assert [read_work(path).history[0].name for path in journals(tmp_path)] == ["where it began"]


@pytest.fixture
def at_work(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """A window in which a study runs and a set of pictures waits."""
    for words in ("A study", "A set of pictures"):
        options = {"checkpoint": str(tmp_path / words)}
        window.jobs.start(Order("tests.app.small_jobs:work_for_ever", options, words))
    return window


@pytest.mark.parametrize("leave", [MainWindow.close, quit_by_menu], ids=["close button", "menu"])
def test_what_runs_and_what_waits_is_asked_about_by_name(
    at_work: MainWindow, leave: Callable[[MainWindow], object]
) -> None:
    leave(at_work)

    asked = question(at_work)
    assert "• A study\n• A set of pictures, which waits" in asked.informativeText()
    assert asked.defaultButton().text().replace("&", "") == "Keep running"
    leave(at_work)
    assert at_work.leaving.question is asked, "it is asked once"
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    assert at_work.isVisible()
    assert at_work.leaving.question is None
    assert at_work.jobs.at_work() == ["A study", "A set of pictures, which waits"]


def test_what_is_under_way_is_given_up_where_one_says_so(at_work: MainWindow) -> None:
    at_work.close()

    press(question(at_work), "Stop and close")

    assert not at_work.isVisible()
    assert not at_work.jobs.busy
    assert n_stops(at_work) == 1


def test_a_job_that_is_over_is_not_asked_about(window: MainWindow, qtbot: QtBot) -> None:
    window.jobs.start(Order("tests.app.small_jobs:count", {"n": 1}))
    qtbot.waitUntil(lambda: not window.jobs.busy, timeout=60_000)

    assert window.close()


def test_a_film_and_a_model_that_is_opened_are_asked_about_too(window: MainWindow, tmp_path: Path) -> None:
    window.films.ask()
    assert window.films.dialog is not None
    window.films.dialog.filming = create_autospec(Filming, instance=True)
    window.models.jobs.start(Order("tests.app.small_jobs:count", {"n": 1}, "The opening of a model"))
    window.models.import_model(tmp_path)

    window.close()

    named = question(window).informativeText().splitlines()[:3]
    assert named == [
        "• The opening of a model",
        f"• The opening of {tmp_path.name}",
        "• A film, of which nothing is written before its end",
    ]


def test_a_sweep_that_follows_every_edit_is_not_asked_about(window: MainWindow) -> None:
    desk, sweep = window.desk, window.panel(SweepPanel)
    desk.show(sweep.title)
    desk.take(answer(desk, {sweep.analysis: replace(UNKNOWN, n=16)}))

    assert window.close()


def test_changes_are_asked_about_first_and_again_where_what_is_under_way_goes_on(at_work: MainWindow) -> None:
    edits.draw_random_pair(at_work.desk)
    at_work.close()
    press(question(at_work), "Discard")
    assert "under way" in question(at_work).text()

    press(question(at_work), "Keep running")
    at_work.close()

    assert at_work.isVisible()
    assert "Save the changes of Untitled?" in question(at_work).text()


@pytest.mark.parametrize("words", ["Keep running", "Stop and close"])
def test_at_the_end_of_the_session_what_is_under_way_is_asked_about(at_work: MainWindow, words: str) -> None:
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = True

    answer_with(words)
    at_work.leaving.end_session(session)

    assert session.cancel.called == (words == "Keep running")
    assert at_work.close() == (words == "Stop and close"), "what was agreed to is not asked again"


def test_what_is_begun_after_a_session_went_on_is_asked_about(at_work: MainWindow, tmp_path: Path) -> None:
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = False
    at_work.leaving.end_session(session)

    options = {"checkpoint": str(tmp_path / "fit")}
    at_work.jobs.start(Order("tests.app.small_jobs:work_for_ever", options, "A fit of subspaces"))

    assert not at_work.close()


def answer_with(words: str) -> None:
    """Press a button of the question as soon as it stands there."""

    def press_it() -> None:
        asked = QApplication.activeModalWidget()
        assert isinstance(asked, QMessageBox)
        press(asked, words)

    QTimer.singleShot(0, press_it)

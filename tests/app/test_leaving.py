"""Closing loses what was changed, so it is asked for; what has to close the window is not kept waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QSessionManager
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from app import edits
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.demo import demo_document
from core.document import View


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
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(Store(demo_document(), View(write=1)), PretendLive())
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.close_without_asking()


def press(question: QMessageBox, words: str) -> None:
    next(button for button in question.buttons() if button.text().replace("&", "") == words).click()


def quit_by_menu(window: MainWindow) -> None:
    next(action for _, action in window.all_actions() if action.text() == "Quit").trigger()


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

    question = window.leaving.question
    assert question is not None
    assert "no saving yet" in question.text()
    assert question.defaultButton().text().replace("&", "") == "Cancel"
    leave(window)
    assert window.leaving.question is question, "it is asked once"
    press(question, "Cancel")
    assert window.isVisible()
    assert window.leaving.question is None
    assert n_stops(window) == 0


def test_close_anyway_closes(window: MainWindow) -> None:
    edits.draw_random_pair(window.desk)
    window.close()
    assert window.leaving.question is not None

    press(window.leaving.question, "Close anyway")

    assert not window.isVisible()
    assert n_stops(window) == 1


def test_a_window_can_be_closed_without_asking_even_while_it_asks(window: MainWindow) -> None:
    edits.draw_random_pair(window.desk)
    window.close()

    window.close_without_asking()

    assert not window.isVisible()
    assert n_stops(window) == 1


def test_at_the_end_of_the_session_it_is_asked_and_cancelled(window: MainWindow) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = True

    answer_with("Cancel")
    window.leaving.end_session(session)
    session.cancel.assert_called_once()

    session.cancel.reset_mock()
    answer_with("Close anyway")
    window.leaving.end_session(session)
    session.cancel.assert_not_called()
    assert window.close(), "the session closes the window after that"


def test_a_session_that_allows_no_question_is_not_held_up(window: MainWindow) -> None:
    edits.draw_random_pair(window.desk)
    session = create_autospec(QSessionManager, instance=True)
    session.allowsInteraction.return_value = False

    window.leaving.end_session(session)

    session.cancel.assert_not_called()
    edits.draw_random_pair(window.desk)
    assert not window.close(), "the session went on, and so did the work"


def answer_with(words: str) -> None:
    """Press a button of the question as soon as it stands there."""

    def press_it() -> None:
        question = QApplication.activeModalWidget()
        assert isinstance(question, QMessageBox)
        press(question, words)

    QTimer.singleShot(0, press_it)

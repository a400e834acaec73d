"""The settings, and what is sent with a report of an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import numbers, theme
from app.choices import Computing, Keeping, Looks
from app.dialogs.log_window import LogWindow
from app.main_window import MainWindow
from app.report import without_quotes
from core.library import log_path
from core.log import LOG, LogFile, keep_log
from tests.app.answers import answer


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    theme.choose(None)
    theme.apply(QApplication.instance())
    numbers.choose(numbers.Format())
    for handler in [handler for handler in LOG.handlers if isinstance(handler, LogFile)]:
        LOG.removeHandler(handler)


def trigger(window: MainWindow, words: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == words).trigger()


def test_what_is_chosen_in_the_settings_holds_at_once(window: MainWindow) -> None:
    trigger(window, "Settings…")
    forms = window.settings.dialog.forms

    forms[Looks].rows["theme"].setCurrentIndex(2)
    forms[Keeping].rows["ask_delete_card"].setChecked(False)

    assert theme.current() is theme.DARK
    assert not window.desk.choices.keeping.ask_delete_card


def test_the_settings_follow_the_menus_and_a_page_goes_back_to_what_was_at_first(window: MainWindow) -> None:
    trigger(window, "Settings…")
    form = window.settings.dialog.forms[Looks]

    trigger(window, "Theme: dark")
    assert form.rows["theme"].currentText() == "dark"
    window.desk.choices.change(Looks("dark", "comma", 2))
    form.parentWidget().findChild(type(window.settings.dialog.keys.none)).click()

    assert window.desk.choices.looks == Looks() == form.value


def test_the_settings_are_opened_once_and_fit_the_window(window: MainWindow) -> None:
    trigger(window, "Settings…")
    first = window.settings.dialog
    trigger(window, "Settings…")

    assert window.settings.dialog is first
    assert first.height() <= window.screen().availableGeometry().height()


def test_without_a_journal_nothing_unsaved_is_written_down(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    from app.documents import Documents

    documents = Documents(window, window.desk, window._standing, window.outcomes, None, tmp_path)
    choices = window.desk.choices
    trigger(window, "Random pair")
    documents.journal.write()
    assert documents.journal.entry.path.is_file()

    choices.change(replace(choices.keeping, journal=False))
    trigger(window, "Random pair")
    assert not documents.journal.entry.path.exists()
    assert not documents.journal._timer.isActive()
    choices.change(replace(choices.keeping, journal=True, journal_every_s=0.1))

    qtbot.waitUntil(documents.journal.entry.path.is_file)
    documents.journal.stop(discard=True)


def test_the_threads_that_are_chosen_reach_the_engine(window: MainWindow, qtbot: QtBot, library: Path) -> None:
    live = window.desk.live
    live.start()
    before = live.pid

    window.desk.choices.change(Computing("cpu", 2))

    qtbot.waitUntil(lambda: log_path().is_file() and "cpu with 2 threads" in log_path().read_text(), timeout=60_000)
    assert live.pid != before


def test_a_report_says_what_helps_and_nothing_of_the_user(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home of zuzana"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    (home / "notes.relata").write_text("SECRET-CONTENT")
    (home / "model.json").write_text('{"SECRET-KEY": 1}')
    window.desk.live.answered.emit(answer(window.desk))
    window.outcomes.attempt(lambda: window.documents.open(home / "notes.relata"), opening=True)
    details = (
        f"Traceback:\n  File \"{home}/a.py\", line 1, in f\n    int(text)\nValueError: no number: 'SECRET-CONTENT'"
    )
    window.status.say_error("Something went wrong: “SECRET-CONTENT”", "", details)

    trigger(window, "Copy report")

    text = QApplication.clipboard().text()
    assert "on the clipboard" in window.statusBar().currentMessage()
    assert "zuzana" not in text
    assert "SECRET" not in text
    for part in ("PySide6-Essentials ", "torch ", "Screen ", f"{window.desk.model.weights_hash[:12]}", "on cpu"):
        assert part in text
    assert 'File "~/a.py", line 1, in f\n    int(text)\nValueError: no number: “…”' in text


def test_an_error_keeps_its_lines_of_code() -> None:
    said = 'Traceback:\n  File "a.py", line 2\n    open("name")\nKeyError: \'weights\''

    assert without_quotes(said) == 'Traceback:\n  File "a.py", line 2\n    open("name")\nKeyError: “…”'


def test_the_log_is_shown_with_what_was_said_last(window: MainWindow, library: Path) -> None:
    keep_log(log_path(), "window")
    window.status.say_error("The disk is full.", "Free some space.")

    trigger(window, "Show log")
    trigger(window, "Show log")

    [shown] = [log for log in window.findChildren(LogWindow) if log.isVisible()]
    assert "WARNING The disk is full. Free some space." in shown.text.toPlainText()
    shown.copy.click()
    assert QApplication.clipboard().text() == shown.text.toPlainText()
    shown.close()

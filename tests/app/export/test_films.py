"""The dialog of a film: what is asked for is made, and can be given up at any time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from app.export import films
from app.export.films import FilmDialog
from app.main_window import MainWindow
from core.documents.work import Work
from core.errors import UserError
from core.film import Film


class Made(QObject):
    """Stands for the making of a film."""

    went_on = Signal(int, int)
    ended = Signal(object)

    def __init__(self, work: Work, film: Film, path: Path, device: str) -> None:
        super().__init__()
        if path.suffix != ".gif":
            raise UserError("This is the name of no film.", "Let it end in .gif.")
        self.work, self.film, self.path, self.device, self.started = work, film, path, device, False

    def start(self) -> None:
        self.started = True

    def cancel(self) -> None:
        self.ended.emit(None)


@pytest.fixture
def dialog(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> FilmDialog:
    monkeypatch.setattr(films, "Filming", Made)
    next(action for _, action in window.all_actions() if action.text() == "Export film…").trigger()
    assert window.films.dialog is not None
    return window.films.dialog


def made(dialog: FilmDialog) -> Any:
    assert isinstance(dialog.filming, Made)
    return dialog.filming


def test_what_is_chosen_is_made_of_the_document_as_it_is(
    window: MainWindow, dialog: FilmDialog, tmp_path: Path
) -> None:
    size: Any = dialog.form.rows["size"]
    size.setCurrentText("640 × 360")

    dialog.begin(tmp_path / "a.gif")

    film = made(dialog)
    assert (film.film, film.path, film.started) == (Film(size="640x360"), tmp_path / "a.gif", True)
    assert film.work.document == window.desk.document
    assert not dialog.form.isEnabled()
    film.went_on.emit(3, 40)
    assert (dialog.progress.value(), dialog.progress.maximum(), dialog.said.text()) == (3, 40, "3 of 40 frames")
    film.ended.emit(film.path)
    assert dialog.said.text() == f"{tmp_path / 'a.gif'} is there."
    assert dialog.form.isEnabled()


def test_cancel_gives_the_film_up_and_keeps_what_was_chosen(dialog: FilmDialog, tmp_path: Path) -> None:
    dialog.begin(tmp_path / "a.gif")
    assert dialog.close_button.text() == "Cancel"

    dialog.close_button.click()

    assert dialog.filming is None
    assert dialog.isVisible()
    assert (dialog.close_button.text(), dialog.said.text()) == ("Close", "Cancelled; nothing was written.")


def test_what_cannot_be_is_said_in_the_dialog(dialog: FilmDialog, tmp_path: Path) -> None:
    dialog.begin(tmp_path / "a.webm")

    assert "no film" in dialog.said.text()
    assert dialog.make.isEnabled()

    dialog.begin(tmp_path / "a.gif")
    made(dialog).ended.emit(UserError("The disk is full.", "Free some space."))
    assert dialog.said.text() == "⚠ The disk is full. Free some space."


def test_there_is_one_dialog_and_the_window_takes_it_along(
    qtbot: QtBot, window: MainWindow, dialog: FilmDialog, tmp_path: Path
) -> None:
    window.films.ask()
    assert window.films.dialog is dialog
    dialog.begin(tmp_path / "a.gif")
    film, given_up = made(dialog), []
    film.ended.connect(given_up.append)

    window.close_without_asking()

    assert given_up == [None]
    assert window.films.dialog is None

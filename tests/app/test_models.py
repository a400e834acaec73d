"""From a name or a foreign file to an open model, with jobs in real child processes and no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import models
from app.dialogs import import_model as import_dialog
from app.dialogs.import_model import ImportDialog
from app.dialogs.open_model import ModelDialog
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.demo import demo_document
from core.document import View
from core.library import find, listed
from core.locations import library_file
from tests.app.answers import answer
from tests.app.small_models import add
from tests.app.widgets.gestures import drop

START_MS = 60_000
SMALL = "tests.app.small_models:"


@pytest.fixture(autouse=True)
def jobs(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "FETCH_JOB", f"{SMALL}fetch")
    monkeypatch.setattr(import_dialog, "LOOK_JOB", f"{SMALL}look")
    monkeypatch.setattr(import_dialog, "TRY_JOB", f"{SMALL}attempt")


@pytest.fixture
def dialog(window: MainWindow) -> ModelDialog:
    return opened(window)


def opened(window: MainWindow) -> ModelDialog:
    command(window, "Open model…")
    dialog = window.models.dialog
    assert dialog is not None
    return dialog


def command(window: MainWindow, text: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


def search(dialog: ModelDialog, words: str) -> None:
    dialog.search.setText(words)


def drop_file(window: MainWindow, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    drop(window, QPointF(4, 4), mime)
    QApplication.processEvents()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "last.pth"
    path.write_bytes(b"weights")
    return path


def importing(window: MainWindow, checkpoint: Path) -> ImportDialog:
    drop_file(window, checkpoint)
    dialog = window.models.importing
    assert dialog is not None
    return dialog


def ask(window: MainWindow, checkpoint: Path, qtbot: QtBot) -> ImportDialog:
    """The dialog, with what is assumed and the answers."""
    dialog = importing(window, checkpoint)
    qtbot.waitUntil(lambda: dialog.open_button.isEnabled(), timeout=START_MS)
    return dialog


def test_a_name_is_fetched_and_opened_and_the_dialog_makes_room(
    window: MainWindow, dialog: ModelDialog, qtbot: QtBot
) -> None:
    search(dialog, "vit_small_patch14_dinov2")
    dialog.random.click()
    assert dialog.progress.isVisible()

    name = "vit_small_patch14_dinov2.lvd142m False 0"
    qtbot.waitUntil(lambda: window.desk.document.model == name, timeout=START_MS)
    assert window.windowTitle().endswith(f" — {name} — Relata")
    assert not dialog.isVisible()
    window.desk.store.undo.undo()
    assert window.desk.document.model == "discrimination"


def test_a_download_that_is_cancelled_leaves_everything_as_it_was(
    window: MainWindow, dialog: ModelDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "FETCH_JOB", f"{SMALL}fetch_for_ever")
    search(dialog, "vit_small_patch14_dinov2")
    dialog.open_button.click()
    qtbot.waitUntil(lambda: "downloading" in dialog.said.text(), timeout=START_MS)

    dialog.cancel.click()

    qtbot.waitUntil(lambda: "Stopped" in dialog.said.text(), timeout=START_MS)
    assert dialog.open_button.isEnabled()
    assert window.desk.document.model == "discrimination"


@pytest.mark.parametrize("in_sight", [True, False])
def test_what_cannot_be_fetched_is_said_where_one_looks(
    window: MainWindow, dialog: ModelDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, in_sight: bool
) -> None:
    monkeypatch.setattr(models, "FETCH_JOB", f"{SMALL}refuse_to_fetch")
    search(dialog, "vit_small_patch14_dinov2")
    dialog.open_button.click()
    dialog.setVisible(in_sight)
    label = dialog.said if in_sight else window.status.error

    qtbot.waitUntil(lambda: "The hub cannot be reached. Fetch it elsewhere." in label.text(), timeout=START_MS)


def test_a_model_that_arrives_after_the_dialog_was_closed_is_not_put_in_front_of_anybody(
    window: MainWindow, dialog: ModelDialog, qtbot: QtBot
) -> None:
    search(dialog, "vit_small_patch14_dinov2")
    dialog.random.click()
    dialog.close()

    qtbot.waitUntil(lambda: not window.models.jobs.busy, timeout=START_MS)
    assert [model.place for model in listed()].count("library") == 1
    assert window.desk.document.model == "discrimination"


def test_a_model_that_is_here_opens_at_once(window: MainWindow, dialog: ModelDialog) -> None:
    search(dialog, "rmts")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)

    assert window.desk.document.model == "rmts"
    assert not dialog.isVisible()


def test_the_users_own_models_are_in_the_menu_the_last_opened_first(
    library: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    add("old")
    add("new")
    settings = QSettings(str(tmp_path / "relata.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Store(demo_document("old"), View()), Live(), settings)
    qtbot.addWidget(window)
    window.desk.live.answered.emit(answer(window.desk))
    menu = next(action.menu() for action in window.menuBar().actions() if action.text() == "Model")
    menu.aboutToShow.emit()

    own = [action for action in menu.actions() if action.text().startswith("Yours: ")]
    assert [action.text() for action in own] == ["Yours: old", "Yours: new"]
    own[1].trigger()
    assert window.desk.document.model == "new"


def test_when_a_model_was_opened_is_remembered_only_where_settings_are(window: MainWindow) -> None:
    window.desk.live.answered.emit(answer(window.desk))

    assert find("discrimination").opened == 0


def test_about_this_model_tells_its_card(window: MainWindow, qtbot: QtBot) -> None:
    assumption = {"name": "num_heads", "value": 2, "why": "most have heads 64 wide"}
    add("mine", origin={"from": "last.pth"}, licence="MIT", assumptions=[assumption])
    window.models.open("mine")

    command(window, "About this model…")

    (about,) = window.findChildren(models.AboutModel)
    said = about.text.text()
    assert "mine: 4 blocks × 2 heads, 2.0 MB" in said
    assert "Assumed: heads 2: most have heads 64 wide" in said
    assert str(library_file("mine")) in said
    about.close()


def test_a_dropped_checkpoint_asks_what_it_does_not_say_and_opens_with_the_answer(
    window: MainWindow, checkpoint: Path, qtbot: QtBot
) -> None:
    dialog = ask(window, checkpoint, qtbot)
    assert dialog.title.text() == "last.pth: a small layout, 4 blocks × 2 heads, 2.0 MB"
    assert dialog.rows is not None
    assert [box.currentText() for box in dialog.rows.boxes.values()] == ["2", "0.5, 0.5, 0.5"]
    assert [name.text() for name, _, _ in dialog.demo.lines[:2]] == ["dog", "cat"]
    assert window.desk.document.model == "discrimination"

    dialog.rows.boxes["num_heads"].setCurrentText("4")
    assert not dialog.open_button.isEnabled()
    qtbot.waitUntil(lambda: dialog.open_button.isEnabled(), timeout=START_MS)
    assert [number.text() for _, _, number in dialog.demo.lines[:2]] == ["0.600", "0.400"]
    dialog.open_button.click()

    assert window.desk.document.model == "last 4"
    assert [model.name for model in listed() if model.place == "library"] == ["last 4"]
    window.desk.store.undo.undo()
    assert window.desk.document.model == "discrimination"


def test_what_is_asked_stands_over_the_middle_of_the_window(window: MainWindow, checkpoint: Path, qtbot: QtBot) -> None:
    dialog = ask(window, checkpoint, qtbot)

    apart = dialog.frameGeometry().center() - window.frameGeometry().center()
    assert max(abs(apart.x()), abs(apart.y())) <= 2
    dialog.cancel.click()


def test_a_cancelled_import_leaves_nothing_in_the_library(window: MainWindow, checkpoint: Path, qtbot: QtBot) -> None:
    dialog = ask(window, checkpoint, qtbot)

    dialog.cancel.click()

    assert [model for model in listed() if model.place == "library"] == []
    assert window.desk.document.model == "discrimination"
    assert window.models.importing is None


def test_a_model_that_was_in_the_library_before_stays_when_its_import_is_cancelled(
    window: MainWindow, checkpoint: Path, qtbot: QtBot
) -> None:
    path = add("last 2")

    ask(window, checkpoint, qtbot).cancel.click()

    assert path.exists()


def test_a_value_that_cannot_be_is_said_and_can_be_mended(window: MainWindow, checkpoint: Path, qtbot: QtBot) -> None:
    dialog = ask(window, checkpoint, qtbot)
    assert dialog.rows is not None

    dialog.rows.boxes["num_heads"].setEditText("3")
    qtbot.waitUntil(lambda: "no multiple of 3 heads" in dialog.said.text(), timeout=START_MS)
    assert not dialog.open_button.isEnabled()

    dialog.rows.boxes["num_heads"].setEditText("1")
    qtbot.waitUntil(lambda: dialog.open_button.isEnabled(), timeout=START_MS)
    assert not dialog.said.isVisible()
    dialog.cancel.click()


def test_only_what_was_changed_is_stated_and_a_list_as_a_list(
    window: MainWindow, checkpoint: Path, qtbot: QtBot
) -> None:
    dialog = ask(window, checkpoint, qtbot)
    assert dialog.rows is not None
    assert dialog.stated == {}

    dialog.rows.boxes["mean"].setEditText("0.4, 0.5,0.6")

    assert dialog.stated == {"mean": ["0.4", "0.5", "0.6"]}
    dialog.cancel.click()


def test_a_checkpoint_that_says_all_opens_without_a_question(
    window: MainWindow, checkpoint: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_dialog, "LOOK_JOB", f"{SMALL}look_at_what_says_all")

    drop_file(window, checkpoint)

    qtbot.waitUntil(lambda: window.desk.document.model == "last 2", timeout=START_MS)
    assert window.models.importing is None


@pytest.mark.parametrize(
    ("job", "words"), [("refuse_to_look", "last.pth is no checkpoint"), ("die_looking", "stopped")]
)
def test_what_is_no_checkpoint_is_said_in_the_status_line(
    window: MainWindow, checkpoint: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, job: str, words: str
) -> None:
    monkeypatch.setattr(import_dialog, "LOOK_JOB", f"{SMALL}{job}")

    drop_file(window, checkpoint)

    qtbot.waitUntil(lambda: words in window.status.error.text(), timeout=START_MS)
    assert window.models.importing is None
    assert window.desk.document.model == "discrimination"


def test_another_drop_takes_the_place_of_the_one_that_waits_for_an_answer(
    window: MainWindow, checkpoint: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.safetensors"
    other.touch()
    importing(window, checkpoint)

    second = importing(window, other)

    assert second.windowTitle() == "Open other.safetensors"
    second.reject()


def test_a_window_that_closes_takes_an_import_along(window: MainWindow, checkpoint: Path) -> None:
    importing(window, checkpoint)

    window.close_without_asking()

    assert window.models.importing is None

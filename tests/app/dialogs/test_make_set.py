"""*Make a set…*: the first variants, a folder, progress and cancel."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.dialogs.make_set import SetDialog
from app.main_window import MainWindow
from app.panels.holds import HoldsPanel
from app.panels.study import StudyPanel
from core.document import make_counterfactual, open_photo_in
from core.sets import given_set
from core.stimuli.stimulus import Photo
from core.stimuli.variants import Varied, variants

JOB_MS = 60_000
PLACES_AND_NOISE = Varied(shapes=False, colors=False)


@pytest.fixture
def dialog(window: MainWindow) -> SetDialog:
    next(action for _, action in window.all_actions() if action.text() == "Make a set…").trigger()
    dialog: SetDialog = window.findChild(SetDialog)
    assert dialog.isVisible()
    return dialog


def test_a_set_of_what_is_drawn_is_written_beside_the_window(
    window: MainWindow, dialog: SetDialog, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog.form.rows["n"].setValue(5)  # type: ignore[attr-defined]
    dialog.form.rows["colors"].setChecked(True)  # type: ignore[attr-defined]
    dialog.folder.setText(str(tmp_path / "set"))
    drawn = window.desk.document.base

    dialog.make.click()
    assert not dialog.make.isEnabled()
    assert dialog.cancel.isEnabled()
    qtbot.waitUntil(lambda: dialog.run is not None and dialog.run.over, timeout=JOB_MS)

    assert list(given_set(tmp_path / "set").stimuli) == variants(drawn, 5, Varied(shapes=False))
    assert dialog.said.text() == f"5 pictures and their manifest are in {tmp_path / 'set'}."
    assert dialog.make.isEnabled()
    opened: list[str] = []
    monkeypatch.setattr("app.dialogs.make_set.QDesktopServices.openUrl", lambda url: opened.append(url.toLocalFile()))
    dialog.folder.setText("another")
    dialog.reveal.click()
    assert opened == [str(tmp_path / "set")]


def test_a_set_that_is_cancelled_keeps_what_is_there(dialog: SetDialog, tmp_path: Path, qtbot: QtBot) -> None:
    dialog.form.rows["n"].setValue(20_000)  # type: ignore[attr-defined]
    dialog.folder.setText(str(tmp_path / "set"))
    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.progress.value() > 0, timeout=JOB_MS)

    dialog.cancel.click()
    qtbot.waitUntil(lambda: dialog.run is not None and dialog.run.over, timeout=JOB_MS)

    n = len(given_set(tmp_path / "set").stimuli)
    assert 0 < n < 20_000
    assert dialog.said.text().startswith("Cancelled: what was written")


def test_the_first_variants_follow_the_form_and_the_document(window: MainWindow, dialog: SetDialog) -> None:
    before = dialog.first.pixmap().toImage()
    dialog.form.rows["shapes"].setChecked(True)  # type: ignore[attr-defined]
    shapes = dialog.first.pixmap().toImage()
    window.desk.store.undo.undo()
    next(action for _, action in window.all_actions() if action.text() == "Exchange places").trigger()
    dialog.form.rows["positions"].setChecked(False)  # type: ignore[attr-defined]

    assert len({image.cacheKey() for image in (before, shapes, dialog.first.pixmap().toImage())}) == 3
    assert before != shapes != dialog.first.pixmap().toImage()


def test_without_a_folder_or_items_it_is_said_what_is_missing(window: MainWindow, dialog: SetDialog) -> None:
    dialog.make.click()
    assert "Name a new folder" in dialog.said.text()

    photo = Photo(bytes(3 * 224 * 224), "cat.png")
    window.desk.edit("Open", open_photo_in(window.desk.document, "base", photo))

    assert "A photo has no variants" in dialog.first.text()
    assert 0 < dialog.first.heightForWidth(dialog.first.width()) <= dialog.first.height(), "it is whole"
    assert not dialog.make.isEnabled()


def test_nothing_to_vary_is_nothing_to_make_after_a_set_either(
    window: MainWindow, dialog: SetDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog.form.rows["n"].setValue(1)  # type: ignore[attr-defined]
    dialog.folder.setText(str(tmp_path / "set"))
    dialog.make.click()
    photo = Photo(bytes(3 * 224 * 224), "cat.png")
    window.desk.edit("Open", open_photo_in(window.desk.document, "base", photo))
    qtbot.waitUntil(lambda: dialog.run is not None and dialog.run.over, timeout=JOB_MS)

    assert not dialog.make.isEnabled()
    assert not dialog.hold.isEnabled()
    window.desk.store.undo.undo()
    assert dialog.make.isEnabled()
    for name in ("positions", "noise"):
        dialog.form.rows[name].setChecked(False)  # type: ignore[attr-defined]
    assert "Nothing is chosen that is drawn again" in dialog.first.text()
    assert not dialog.make.isEnabled()


def test_a_set_is_made_and_chosen_in_the_study_panel(
    window: MainWindow, dialog: SetDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    panel = window.panel(StudyPanel)
    panel.form.folder.setText(str(tmp_path / "results"))
    dialog.form.rows["n"].setValue(3)  # type: ignore[attr-defined]

    dialog.study.click()
    qtbot.waitUntil(lambda: panel.form.set is not None, timeout=JOB_MS)

    folder = tmp_path / "results" / "sets" / "set-1"
    assert dialog.folder.text() == panel.form.set_folder == str(folder)
    assert list(given_set(folder).stimuli) == variants(window.desk.document.base, 3, PLACES_AND_NOISE)
    assert panel.isVisible()
    assert not dialog.isVisible(), "it leaves the room to the panel"
    assert "They are chosen in the panel “Study”" in dialog.said.text()

    panel.form.choose_own_pictures()
    dialog.study.click()
    assert panel.form.set_folder == str(folder), "it is made already"
    dialog.form.rows["seed"].setValue(1)  # type: ignore[attr-defined]
    dialog.study.click()
    qtbot.waitUntil(lambda: panel.form.set_folder == str(folder.with_name("set-2")), timeout=JOB_MS)
    assert len(given_set(folder).stimuli) == 3, "the first one stays as it is"


def test_a_set_that_cannot_be_made_is_not_studied(
    window: MainWindow, dialog: SetDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    dialog.folder.setText(str(tmp_path))

    dialog.study.click()
    qtbot.waitUntil(lambda: dialog.run is not None and dialog.run.over, timeout=JOB_MS)

    assert "letter.txt" in dialog.said.text()
    assert window.panel(StudyPanel).form.set is None


def test_why_it_cannot_be_asked_whether_it_holds_is_said(window: MainWindow, dialog: SetDialog) -> None:
    dialog.hold.click()
    assert "No edit is on" in dialog.said.text()

    window.desk.edit("Make counterfactual", make_counterfactual(window.desk.document, "color", 0))
    window.desk.look(side="source")
    dialog.hold.click()
    assert "Edits are made in the base" in dialog.said.text()
    assert window.panel(HoldsPanel).run is None


def test_what_cannot_be_written_is_said(dialog: SetDialog, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    dialog.folder.setText(str(tmp_path))

    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.run is not None and dialog.run.over, timeout=JOB_MS)

    assert "letter.txt" in dialog.said.text()


def test_the_dialog_is_one_and_comes_back_as_it_was_left(window: MainWindow, dialog: SetDialog) -> None:
    dialog.folder.setText("there")
    dialog.close()
    next(action for _, action in window.all_actions() if action.text() == "Make a set…").trigger()

    assert window.findChildren(SetDialog) == [dialog]
    assert dialog.folder.text() == "there"

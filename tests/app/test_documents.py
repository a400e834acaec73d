"""Documents of a window: what is saved is found again, and nothing that was not saved goes without a question."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMenu, QMessageBox
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file

from app import edits, opening
from app.live import Live
from app.main_window import MainWindow
from app.panels.decision import DecisionPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.pad_words import remedy
from app.panels.study import StudyPanel
from app.store import Store
from core.analyses.decision import Decision
from core.cards import read_card
from core.demo import demo_document, demo_view
from core.document import View, with_learned
from core.documents.files import read_work, write_work
from core.documents.work import Learned, ModelNote, Moment, Work
from core.errors import UserError
from core.interventions.move import set_point
from core.locations import subspace_folders
from core.questions import Failure, Question
from core.storage import content_hash
from tests.app.answers import SAME, TINY, answer


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path, settings: QSettings) -> Iterator[Callable[[], MainWindow]]:
    """Makes windows that share settings and journals."""
    windows: list[MainWindow] = []

    def made() -> MainWindow:
        window = MainWindow(Store(demo_document(), demo_view({})), Live("cpu"), settings, tmp_path / "journal")
        qtbot.addWidget(window)
        windows.append(window)
        return window

    yield made
    for window in windows:
        window.close_without_asking()


@pytest.fixture
def window(opened: Callable[[], MainWindow]) -> MainWindow:
    return opened()


def press(window: MainWindow, words: str) -> None:
    question = window.leaving.question
    assert isinstance(question, QMessageBox)
    next(button for button in question.buttons() if button.text().replace("&", "") == words).click()


def command(window: MainWindow, text: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


def answered(window: MainWindow) -> None:
    window._answered(answer(window.desk, asked=Question(window.desk.document)))


def test_the_title_tells_what_is_shown_and_whether_it_is_saved(window: MainWindow, tmp_path: Path) -> None:
    assert window.windowTitle() == "Untitled[*] — discrimination — Relata"
    assert not window.isWindowModified()

    edits.draw_random_pair(window.desk)
    assert window.isWindowModified()
    window.documents.save_to(tmp_path / "pairs")
    assert window.windowTitle() == "pairs[*] — discrimination — Relata"
    assert not window.isWindowModified()
    window.desk.store.undo.undo()
    assert window.isWindowModified()
    window.desk.store.undo.redo()
    assert not window.isWindowModified()
    window.desk.store.mark(0, name="first")
    assert window.isWindowModified(), "the name of a card is a change too"


def test_what_is_saved_is_found_again_in_another_window(opened: Callable[[], MainWindow], tmp_path: Path) -> None:
    first = opened()
    answered(first)
    first.desk.edit("Move colour", set_point(first.desk.document, 0, "color", 1, (0.5, 1.0)))
    answered(first)
    first.desk.look(read=3, write=4, head=2, token=7)
    first.panel(InterventionsPanel).tie.setChecked(True)
    first.panel(InterventionsPanel).tabs.setCurrentIndex(1)
    first.panel(InsidePanel)._flip_direction()
    first._docks[StudyPanel].show()
    first.desk.store.mark(1, name="the flip", starred=True)
    first.documents.save_to(tmp_path / "a.relata")

    second = opened()
    second.documents.open(tmp_path / "a.relata")

    assert second.desk.document == first.desk.document
    assert second.desk.view == first.desk.view
    assert second.panel(InterventionsPanel).tie.isChecked()
    assert second.desk.pad_shown == "shape"
    assert second.panel(InsidePanel)._receiving
    assert not second._docks[StudyPanel].isHidden()
    moments = [card.moment for card in second.desk.store.cards()]
    assert [(m.text, m.name, m.starred) for m in moments] == [("Opened", "", False), ("Move colour", "the flip", True)]
    assert second.desk.decisions[moments[1].document] == SAME
    assert second.desk.store.is_clean
    assert not second.desk.store.undo.canUndo()


def test_what_another_window_saved_meanwhile_is_not_replaced_without_a_word(
    opened: Callable[[], MainWindow], tmp_path: Path
) -> None:
    one, other = opened(), opened()
    one.documents.save_to(tmp_path / "a.relata")
    other.documents.open(tmp_path / "a.relata")
    edits.clear_canvas(other.desk)
    command(other, "Save")
    edits.draw_random_pair(one.desk)

    command(one, "Save")

    assert "a.relata was changed from elsewhere since. Nothing was saved." in one.status.error.text()
    assert one.isWindowModified()
    assert read_work(tmp_path / "a.relata").document == other.desk.document

    command(one, "Save as…")
    assert one.documents.dialog is not None
    one.documents.dialog.fileSelected.emit(str(tmp_path / "a.relata"))  # it asks whether to replace it
    assert one.status.error.text() == ""
    assert read_work(tmp_path / "a.relata").document == one.desk.document


def test_a_file_that_was_deleted_meanwhile_is_saved_anew(window: MainWindow, tmp_path: Path) -> None:
    window.documents.save_to(tmp_path / "a.relata")
    (tmp_path / "a.relata").unlink()
    edits.draw_random_pair(window.desk)

    command(window, "Save")

    assert read_work(tmp_path / "a.relata").document == window.desk.document


@pytest.mark.parametrize("name", ["talk", "talk.v2", "weights.safetensors", "figure.png"])
def test_a_document_is_saved_under_a_name_by_which_it_opens_again(
    window: MainWindow, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"something else")
    window.documents.save_to(tmp_path / name)

    edits.draw_random_pair(window.desk)
    window.leaving.agree()
    opening.open_path(window.desk, tmp_path / f"{name}.relata")

    assert window.documents.path == tmp_path / f"{name}.relata"
    assert window.desk.document == demo_document()
    assert (tmp_path / name).read_bytes() == b"something else"


def test_a_file_is_not_replaced_that_nobody_named_in_full(window: MainWindow, tmp_path: Path) -> None:
    window.documents.save_to(tmp_path / "talk.relata")
    before = read_work(tmp_path / "talk.relata").document
    edits.draw_random_pair(window.desk)

    with pytest.raises(UserError, match=r"There is a talk\.relata already"):
        window.documents.save_to(tmp_path / "talk")

    assert read_work(tmp_path / "talk.relata").document == before
    assert window.isWindowModified()


def test_without_its_model_a_document_shows_the_answers_that_were_recorded(window: MainWindow, tmp_path: Path) -> None:
    gone = "/nowhere/tiny.safetensors"
    document = replace(demo_document(), model=gone)
    note = ModelNote(gone, "abc", "made by hand", 6, 4, 1, ("different", "same"))
    write_work(
        tmp_path / "a.relata",
        Work(document, View(), history=(Moment("Opened", document, View(), SAME),), models=(note,)),
    )

    window.documents.open(tmp_path / "a.relata")
    window._failed(Failure(Question(document), "There is no model “tiny”.", "Name another.", ""))

    found = window.desk.found(Decision())
    assert found is not None
    assert found.value == SAME
    assert "recorded" in window.status.state.text()
    meter = window.panel(DecisionPanel).meter
    assert meter._reading.noted == "RECORDED"
    assert "recorded, not computed now" in meter.accessibleDescription()
    assert window.desk.document == document, "it is not taken back"
    assert "There is no model" in window.status.error.text()


def test_a_model_is_located_only_where_it_has_the_same_weights(window: MainWindow, tmp_path: Path) -> None:
    gone = "/nowhere/tiny.safetensors"
    document = replace(demo_document(), model=gone)
    for name, weights in (("right", "abc"), ("wrong", "xyz")):
        (tmp_path / f"{name}.safetensors").write_bytes(b"")
        (tmp_path / f"{name}.json").write_text(f'{{"weights_sha256": "{weights}"}}')
    note = ModelNote(gone, "abc", "", 6, 4, 1, ("different", "same"))
    window.documents.begin(Work(document, View(), models=(note,)), None)

    with pytest.raises(UserError, match=r"wrong\.safetensors holds other weights"):
        window.documents.found_model(tmp_path / "wrong.safetensors")
    window.documents.found_model(tmp_path / "right.safetensors")

    assert window.desk.document == replace(document, model=str(tmp_path / "right.safetensors"))
    assert window.isWindowModified()


def test_what_came_along_is_offered_where_the_model_lacks_it_and_installed(window: MainWindow, tmp_path: Path) -> None:
    given = subspace_folders("discrimination")[1] / "color-block1.safetensors"
    tensors, card = given.read_bytes(), read_card(given)
    weights, learned = card["weights_sha256"], content_hash(sorted(load_file(given).items()))
    document = with_learned(set_point(demo_document(), 0, "color", 1, (0.5, 1.0)), {("color", 1): learned})
    document = replace(document, model=str(tmp_path / "mine.safetensors"))
    name = f"learned/{'0' * 64}"
    brings = Learned(document.model, ("color", 1), learned, f"{name}.safetensors")
    files = {brings.file: tensors, f"{name}.json": json.dumps(dict(card)).encode()}
    window.documents.begin(Work(document, View(write=1), learned=(brings,), files=files), None)

    window._answered(answer(window.desk, asked=Question(document), model=replace(TINY, weights_hash=weights)))
    assert "mine lacks what this document brings: The colour subspace after block 1." in window.status.error.text()
    words, _ = remedy(window.desk, "color", None) or ("", None)
    assert words == "Install from the document"
    command(window, "Install what came along")

    assert (subspace_folders(document.model)[1] / "color-block1.safetensors").read_bytes() == tensors
    assert window.desk.install is None
    assert not window.status.error.text()


def test_where_nothing_came_along_there_is_nothing_to_install(window: MainWindow) -> None:
    answered(window)

    command(window, "Install what came along")

    assert "Nothing came along that this model lacks" in window.status.error.text()


def test_a_model_with_other_weights_than_the_document_was_made_with_is_told_of(window: MainWindow) -> None:
    note = ModelNote("discrimination", "abc", "", 6, 4, 1, ("different", "same"))
    window.documents.begin(Work(demo_document(), View(), models=(note,)), None)

    answered(window)

    assert "other weights than those that this document was made with" in window.status.error.text()


@pytest.mark.parametrize("words", ["Cancel", "Discard", "Save"])
def test_another_document_is_opened_once_what_is_shown_may_go(window: MainWindow, tmp_path: Path, words: str) -> None:
    write_work(tmp_path / "b.relata", Work(demo_document("rmts"), View()))
    window.documents.save_to(tmp_path / "a.relata")
    edits.draw_random_pair(window.desk)
    changed = window.desk.document

    opening.open_path(window.desk, tmp_path / "b.relata")
    assert window.desk.document == changed, "first it is asked"
    press(window, words)

    assert (window.desk.document.model == "rmts") == (words != "Cancel")
    assert (read_work(tmp_path / "a.relata").document == changed) == (words == "Save")


def test_a_damaged_file_is_refused_before_anything_is_asked(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "a.relata").write_bytes(b"no zip")
    edits.draw_random_pair(window.desk)
    changed = window.desk.document

    assert not window.outcomes.attempt(lambda: opening.open_path(window.desk, tmp_path / "a.relata"), opening=True)

    assert window.leaving.question is None
    assert window.desk.document == changed
    assert "no document of Relata" in window.status.error.text()


def test_new_begins_on_the_demo_and_revert_goes_back_to_the_file(window: MainWindow, tmp_path: Path) -> None:
    edits.draw_random_pair(window.desk)
    saved = window.desk.document
    window.documents.save_to(tmp_path / "a.relata")
    edits.draw_random_pair(window.desk)

    command(window, "Revert to what was saved")
    press(window, "Discard")
    assert window.desk.document == saved
    assert not window.isWindowModified()

    command(window, "New")
    assert window.desk.document == demo_document()
    assert window.documents.path is None
    command(window, "Revert to what was saved")
    assert "has no file yet" in window.status.error.text()


def test_recent_documents_stand_in_the_menu_with_their_pictures(window: MainWindow, tmp_path: Path) -> None:
    for name in ("one", "two"):
        window.documents.save_to(tmp_path / f"{name}.relata")
    menu = QMenu(window)
    window.documents.list_recent(menu)

    assert [action.text() for action in menu.actions()] == ["two", "one"]
    assert all(action.icon().availableSizes() for action in menu.actions())
    (tmp_path / "two.relata").unlink()
    window.documents.list_recent(menu)
    assert [action.text() for action in menu.actions()] == ["one"]
    menu.actions()[0].trigger()
    assert window.documents.path == tmp_path / "one.relata"


def test_a_duplicate_is_another_window_on_the_same_without_a_file(
    opened: Callable[[], MainWindow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr("app.documents._start", lambda *arguments: started.extend(arguments))
    first = opened()
    edits.draw_random_pair(first.desk)
    first.documents.save_to(tmp_path / "a.relata")

    command(first, "Duplicate")
    second = opened()
    second.documents.open(Path(started[0]))

    assert second.desk.document == first.desk.document
    assert second.windowTitle().startswith("Untitled")
    assert second.isWindowModified()
    assert first.documents.path == tmp_path / "a.relata"


def test_a_new_window_is_a_program_of_its_own(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("app.documents.QProcess.startDetached", lambda program, rest: started.append([program, *rest]))

    command(window, "New window")

    assert len(started) == 1
    assert "runpy.run_module('app'" in started[0][3]


def test_a_document_that_is_dropped_is_opened(window: MainWindow, tmp_path: Path) -> None:
    write_work(tmp_path / "b.relata", Work(demo_document("rmts"), View()))

    opening.open_paths(window.desk, [tmp_path / "b.relata"])

    assert window.documents.path == tmp_path / "b.relata"

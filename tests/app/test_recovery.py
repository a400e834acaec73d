"""What was not saved is written down, and offered at the next start; nothing goes unless somebody says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app import edits
from app.journal import Entry, left_behind, new_entry
from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.demo import demo_document, demo_view
from core.document import Document, View, random_pair
from core.documents.files import read_work, to_bytes
from core.documents.work import Moment, Work
from core.storage import replace_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def opened(qtbot: QtBot, folder: Path) -> Iterator[Callable[[], MainWindow]]:
    windows: list[MainWindow] = []

    def made() -> MainWindow:
        window = MainWindow(Store(demo_document(), demo_view({})), Live("cpu"), journal=folder)
        qtbot.addWidget(window)
        windows.append(window)
        return window

    yield made
    for window in windows:
        window.leaving._discard()
        window.close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.relata"))


def crashed(folder: Path, name: str = "", seed: int = 0) -> Document:
    """What a window left behind that ended in the middle."""
    document = Document("discrimination", random_pair(demo_document().base.geometry, seed))
    entry = new_entry(folder)
    shown = (Moment("Opened", demo_document(), View()), Moment("Random pair", document, View()))
    replace_file(entry.path, to_bytes(Work(document, View(), history=shown, journal_of=name)), keep=False)
    entry.release()
    return document


def test_a_change_is_written_down_within_a_second_and_gone_once_it_is_saved(
    opened: Callable[[], MainWindow], folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window = opened()
    assert files(folder) == []

    edits.draw_random_pair(window.desk)
    qtbot.waitUntil(lambda: files(folder) != [], timeout=3000)

    assert [read_work(path).document for path in files(folder)] == [window.desk.document]
    window.documents.save_to(tmp_path / "a.relata")
    assert files(folder) == []


def test_a_running_window_is_not_offered_to_another(opened: Callable[[], MainWindow], folder: Path) -> None:
    first = opened()
    edits.draw_random_pair(first.desk)
    assert first.documents.journal is not None
    first.documents.journal.write()

    second = opened()
    second.documents.offer_recovery()

    assert second.documents.recovery is None
    assert len(files(folder)) == 1


def test_after_a_crash_the_next_window_offers_what_was_not_saved_and_restores_it(
    opened: Callable[[], MainWindow], folder: Path
) -> None:
    document = crashed(folder, "/work/pairs.relata")
    window = opened()

    window.documents.offer_recovery()
    asked = window.documents.recovery
    assert asked is not None
    item = asked.list.item(0)
    assert item.text().startswith("pairs — discrimination")
    assert "2 states, the last: Random pair" in item.text()
    assert item.icon().availableSizes()
    asked.restore.click()

    assert window.desk.document == document
    assert window.windowTitle().startswith("pairs[*]")
    assert window.isWindowModified()
    assert [card.moment.text for card in window.desk.store.cards()] == ["Opened", "Random pair"]
    assert [read_work(path).document for path in files(folder)] == [document], "it stays until it is saved"


def test_what_is_kept_for_later_is_offered_again_and_what_is_deleted_is_not(
    opened: Callable[[], MainWindow], folder: Path
) -> None:
    crashed(folder, seed=1)
    crashed(folder, seed=2)
    window = opened()
    window.documents.offer_recovery()
    assert window.documents.recovery is not None

    for answer, left in (("reject", 2), ("accept", 1)):
        window.documents.recovery.delete.click()
        getattr(window.documents.recovery.question, answer)()
        assert len(files(folder)) == left
    window.documents.recovery.keep.click()

    assert len(files(folder)) == 1
    assert window.desk.document == demo_document()
    window.documents.offer_recovery()
    assert window.documents.recovery.list.count() == 1
    window.documents.recovery.keep.click()


def test_of_two_the_second_is_restored_in_a_window_of_its_own(
    opened: Callable[[], MainWindow], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr("app.documents._start", lambda *arguments: started.extend(arguments))
    documents = {crashed(folder, seed=1), crashed(folder, seed=2)}
    first = opened()
    first.documents.offer_recovery()
    assert first.documents.recovery is not None

    for _ in range(2):
        first.documents.recovery.restore.click()
    second = opened()
    second.documents.open(Path(started[0]))

    assert {first.desk.document, second.desk.document} == documents


def test_what_cannot_be_read_is_kept(opened: Callable[[], MainWindow], folder: Path) -> None:
    folder.mkdir()
    (folder / "x.relata").write_bytes(b"PK")
    window = opened()
    window.documents.offer_recovery()
    asked = window.documents.recovery
    assert asked is not None

    asked.restore.click()

    assert "could not be opened" in asked.said.text()
    assert files(folder) == [folder / "x.relata"]
    assert not asked.restore.isEnabled(), "there is nothing else"
    assert not asked.delete.isEnabled()
    asked.keep.click()


def test_a_journal_that_cannot_be_written_is_told_of(opened: Callable[[], MainWindow], folder: Path) -> None:
    window = opened()
    edits.draw_random_pair(window.desk)
    journal = window.documents.journal
    assert journal is not None
    entry = journal.entry
    journal.entry = Entry(folder / "none" / "a.relata", entry.lock)
    (folder / "none").write_text("a file")

    journal.write()

    assert "What is not saved could not be written down" in window.status.error.text()
    journal.entry = entry


def test_nobody_else_gets_what_is_being_offered(folder: Path) -> None:
    crashed(folder)

    first, second = list(left_behind(folder)), list(left_behind(folder))

    assert (len(first), len(second)) == (1, 0)
    first[0].release()

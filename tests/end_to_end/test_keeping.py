"""Work is done, quitting is cancelled, the work is saved, the window started again: everything is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.live import Live
from app.main_window import MainWindow
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.interventions.move import set_point
from tests.end_to_end.conftest import Driver


@pytest.fixture
def started(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Driver]]:
    """Starts the program's window anew, with the same journals."""
    windows: list[MainWindow] = []

    def start() -> Driver:
        windows.append(shown(tmp_path / "journal"))
        return Driver(windows[-1], qtbot)

    yield start
    for window in windows:
        window.close_without_asking()
        window.deleteLater()


def shown(journal: Path) -> MainWindow:
    window = MainWindow(Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL))), Live("cpu"), journal=journal)
    window.show()
    window.desk.live.start()
    window.desk.ask()
    return window


def press(driver: Driver, button: QMessageBox.StandardButton) -> None:
    question = driver.window.leaving.question
    assert question is not None
    question.button(button).click()


def test_what_was_worked_on_is_found_again_after_a_restart(
    started: Callable[[], Driver], qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "flip.relata"
    first = started()
    first.settle()
    desk = first.window.desk
    desk.edit("Move colour of A", set_point(desk.document, 0, "color", desk.view.write, (-4.0, 3.0)))
    first.settle()
    desk.store.mark(0, name="as it was", starred=True)
    margin, document, view = first.margin, desk.document, desk.view

    first.command("Quit").trigger()
    press(first, QMessageBox.StandardButton.Cancel)
    assert first.window.isVisible()
    first.window.documents.save_to(path)
    assert first.window.close(), "nothing is asked once it is saved"

    second = started()
    second.window.documents.open(path)
    recorded = second.window.desk.answer
    assert recorded is not None
    assert recorded.model.device == "recorded"
    qtbot.waitUntil(lambda: second.window.desk.answer is not recorded, timeout=60_000)
    second.settle()
    assert second.margin == pytest.approx(margin, abs=1e-4)
    assert (second.window.desk.document, second.window.desk.view) == (document, view)
    cards = [card.moment for card in second.window.desk.store.cards()]
    assert [(moment.text, moment.name, moment.starred) for moment in cards] == [
        ("Opened", "as it was", True), ("Move colour of A", "", False)
    ]  # fmt: skip
    assert all(moment.document in second.window.desk.decisions for moment in cards)
    assert document.interventions[0].learned
    assert second.window.close()

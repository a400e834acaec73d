"""The history panel: a card shows the state that it stands for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.desk import DECISIONS_SPARE, Desk
from app.panels.history import HistoryPanel
from core.analyses.decision import Verdict
from core.document import Document, move_item, with_stimulus
from tests.app.answers import RELATIONS, answer


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> HistoryPanel:
    panel = HistoryPanel(desk)
    qtbot.addWidget(panel)
    desk.store.changed.connect(panel.refresh)
    panel.show()
    panel.refresh()
    return panel


def moved(desk: Desk, x_px: int) -> Document:
    return with_stimulus(desk.document, "base", move_item(desk.document.base, 0, x_px, 48))


def answered(desk: Desk, margin: float) -> None:
    desk.take(answer(desk, verdict=Verdict(RELATIONS, (0.0, margin), (0.0, margin))))


def test_another_edit_of_the_same_name_in_the_same_place_has_its_own_picture(desk: Desk, panel: HistoryPanel) -> None:
    desk.edit("Move A", moved(desk, 0))
    before = panel.strip.rows.shown[-1].picture

    desk.store.undo.undo()
    desk.edit("Move A", moved(desk, 160))

    assert panel.strip.rows.shown[-1].picture != before


def test_the_margins_of_a_long_drag_are_forgotten_and_those_of_the_steps_kept(desk: Desk, panel: HistoryPanel) -> None:
    answered(desk, 1.0)
    for x_px in range(49, 160):
        desk.edit("Move A", moved(desk, x_px), "drag")
        answered(desk, 2.0)

    panel.refresh()

    assert len(desk.decisions) <= desk.store.undo.count() + DECISIONS_SPARE
    assert [step.margin for step in panel.strip.rows.shown] == [1.0, 2.0]


def test_a_click_on_an_old_card_and_an_edit_after_it_keep_every_card(desk: Desk, panel: HistoryPanel) -> None:
    for x_px in (64, 80, 96):
        desk.edit(f"Move to {x_px}", moved(desk, x_px))

    place = panel.strip.visualRect(panel.strip.rows.index(1)).center()
    QTest.mousePress(panel.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.document.base.items[0].x_px == 64
    desk.edit("Move to 112", moved(desk, 112))

    cards = [step.text for step in panel.strip.rows.shown]
    assert cards == ["Opened", "Move to 64", "Move to 80", "Move to 96", "Back to: Move to 64", "Move to 112"]


def test_the_arrow_keys_on_the_cards_undo_and_redo(desk: Desk, panel: HistoryPanel) -> None:
    for x_px in (64, 80, 96):
        desk.edit(f"Move to {x_px}", moved(desk, x_px))

    for _ in range(2):
        QTest.keyClick(panel.strip, Qt.Key.Key_Left)
    assert desk.document.base.items[0].x_px == 64
    QTest.keyClick(panel.strip, Qt.Key.Key_End)

    assert desk.document.base.items[0].x_px == 96
    assert len(panel.strip.rows.shown) == 4


def test_in_a_long_history_only_the_step_that_is_made_is_made(
    desk: Desk, panel: HistoryPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for x_px in (16, 32, 48):
        answered(desk, 1.0)
        desk.edit("Move A", moved(desk, x_px))
    made: list[str] = []
    step = HistoryPanel._step

    def counted(panel: HistoryPanel, text: str, document: Document) -> object:
        made.append(text)
        return step(panel, text, document)

    monkeypatch.setattr(HistoryPanel, "_step", counted)
    desk.edit("Move A again", moved(desk, 64))

    assert made == ["Move A again"]
    panel.refresh()
    assert made == ["Move A again"]


def test_a_margin_that_comes_later_is_shown(desk: Desk, panel: HistoryPanel) -> None:
    desk.edit("Move A", moved(desk, 16))
    answered(desk, 3.0)
    panel.refresh()

    assert panel.strip.rows.shown[-1].margin == 3.0
    answered(desk, 4.0)
    panel.refresh()
    assert panel.strip.rows.shown[-1].margin == 4.0
    desk.decisions = {}
    panel.refresh()
    assert panel.strip.rows.shown[-1].margin is None

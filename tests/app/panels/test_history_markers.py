"""A card of the history brings back its state, and the markers that it was made with."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.live import Live
from app.panels.history import HistoryPanel
from app.store import Store
from core.demo import demo_document
from core.document import View
from core.interventions.move import set_point
from tests.app.widgets.gestures import press, release


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(Store(demo_document(), View(read=1, write=0)), create_autospec(Live, instance=True))


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> HistoryPanel:
    panel = HistoryPanel(desk)
    desk.store.changed.connect(panel.refresh)
    qtbot.addWidget(panel)
    panel.resize(600, 120)
    panel.show()
    return panel


def push(desk: Desk, x: float, gesture: str = "") -> None:
    desk.edit("Move colour of A", set_point(desk.document, 0, "color", desk.view.write, (x, 0.0)), gesture)


def click(panel: HistoryPanel, card: int) -> None:
    place = QPointF(panel.strip.visualRect(panel.strip.rows.index(card)).center())
    press(panel.strip.viewport(), place)
    release(panel.strip.viewport(), place)


def markers(desk: Desk) -> tuple[int, int]:
    return desk.view.read, desk.view.write


def test_a_card_brings_back_the_markers_that_it_was_made_with(panel: HistoryPanel, desk: Desk) -> None:
    push(desk, 1.0)
    desk.look(read=4, write=3)
    push(desk, 2.0)
    desk.look(read=5, write=5)

    click(panel, 1)
    assert markers(desk) == (1, 0)
    assert [edit.block for edit in desk.document.interventions] == [0]
    click(panel, 2)
    assert markers(desk) == (4, 3)
    desk.look(read=5, write=5)
    click(panel, 0)
    assert markers(desk) == (1, 0)
    assert not desk.document.interventions


def test_what_else_is_looked_at_stays(panel: HistoryPanel, desk: Desk) -> None:
    push(desk, 1.0)
    desk.look(read=4, write=3, head=2, token=0)
    push(desk, 2.0)
    desk.look(head=1)

    click(panel, 1)

    assert (desk.view.head, desk.view.token) == (1, 0)


def test_a_drag_was_made_with_the_markers_of_its_end(panel: HistoryPanel, desk: Desk) -> None:
    push(desk, 1.0, "drag")
    desk.look(read=3)
    push(desk, 2.0, "drag")
    push(desk, 3.0)
    desk.look(read=5)

    click(panel, 1)

    assert markers(desk) == (3, 0)


def test_undo_leaves_the_markers_where_they_are(panel: HistoryPanel, desk: Desk) -> None:
    push(desk, 1.0)
    desk.look(read=4, write=3)

    desk.store.undo.undo()

    assert markers(desk) == (4, 3)

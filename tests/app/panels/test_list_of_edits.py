"""The list of edits in its panel: what is asked of it becomes steps that can be undone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.interventions import InterventionsPanel
from core.interventions.move import set_point
from tests.app.panels.small_panel import interventions_panel
from tests.app.widgets.gestures import ALT, drop, move, open_on_screen, press, release, wheel


@pytest.fixture
def desk(desk: Desk) -> Desk:
    for item, block in ((0, 1), (1, 1), (0, 2)):
        desk.edit("Move", set_point(desk.document, item, "color", block, (1.0, 1.0)))
    return desk


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> InterventionsPanel:
    panel = interventions_panel(desk)
    open_on_screen(qtbot, panel, 350, 900)
    panel.refresh()
    return panel


def strengths(desk: Desk) -> list[float]:
    return [round(edit.strength, 2) for edit in desk.document.interventions]


def strength_of(panel: InterventionsPanel, row: int) -> QPointF:
    return panel.edits.parts(row).strength.center()


def test_a_drag_of_a_strength_is_one_step_and_answers_do_not_end_it(desk: Desk, panel: InterventionsPanel) -> None:
    before, list_ = desk.store.undo.count(), panel.edits
    press(list_.viewport(), list_.parts(1).handle(1.0))
    for strength in (1.2, 1.5, 0.5):
        move(list_.viewport(), list_.parts(1).handle(strength))
        panel.refresh()
    release(list_.viewport(), list_.parts(1).handle(0.5))

    assert desk.store.undo.count() == before + 1
    assert strengths(desk) == [1.0, pytest.approx(0.5, abs=0.03), 1.0]
    desk.store.undo.undo()
    assert strengths(desk) == [1.0, 1.0, 1.0]


def test_wheel_and_keys_on_one_edit_are_one_step_and_on_another_edit_another(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    before, list_ = desk.store.undo.count(), panel.edits
    for row in (0, 0, 2, 2):
        wheel(list_.viewport(), strength_of(panel, row), 120)
    list_.setCurrentIndex(list_.rows.index(2))
    qtbot.keyClick(list_, Qt.Key.Key_Right)

    assert strengths(desk) == [1.1, 1.0, 1.15]
    assert desk.store.undo.count() == before + 2


def test_a_row_that_is_moved_by_mouse_or_keys_is_one_step(qtbot: QtBot, desk: Desk, panel: InterventionsPanel) -> None:
    first, second, third = desk.document.interventions
    list_ = panel.edits
    below = QPointF(list_.visualRect(list_.rows.index(2)).center()) + QPointF(0, 15)

    drop(list_.viewport(), below, list_.rows.mimeData([list_.rows.index(0)]), Qt.DropAction.MoveAction)
    assert desk.document.interventions == (second, third, first)
    assert desk.store.undo.undoText() == "Reorder edits"
    qtbot.keyClick(list_, Qt.Key.Key_Up, ALT)
    assert desk.document.interventions == (second, first, third)

    desk.store.undo.undo()
    desk.store.undo.undo()
    assert desk.document.interventions == (first, second, third)

"""Heads are switched off by hand: the meter answers while the mouse is over them with Ctrl held."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from core.analyses.decision import Decision, Verdict
from core.interventions.knock_out_heads import KnockOutHeads
from tests.app.widgets.gestures import move
from tests.end_to_end.conftest import Driver

CTRL = Qt.KeyboardModifier.ControlModifier


def verdict(driver: Driver) -> Verdict:
    driver.settle()
    return driver.found(Decision())


def place(driver: Driver, block: int, head: int) -> QPoint:
    return driver.window.panel(InsidePanel).atlas.head_rect(block, head).center().toPoint()


def hover(driver: Driver, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
    move(driver.window.panel(InsidePanel).atlas, at.toPointF(), modifiers, held=Qt.MouseButton.NoButton)


def test_the_meter_answers_while_the_mouse_is_over_a_head_with_ctrl_held_and_nothing_stays(driver: Driver) -> None:
    before, desk = verdict(driver), driver.window.desk
    document, steps = desk.document, desk.store.undo.count()

    hover(driver, place(driver, 3, 1), CTRL)
    without = verdict(driver)
    hover(driver, place(driver, 4, 2), CTRL)
    other = verdict(driver)
    hover(driver, place(driver, 4, 2), Qt.KeyboardModifier.NoModifier)

    assert without.baseline == before.logits
    assert without.logits != before.logits
    assert other.logits != without.logits
    assert verdict(driver).logits == before.logits
    assert desk.document == document
    assert desk.store.undo.count() == steps


def test_a_click_with_ctrl_switches_the_head_off_in_one_step_and_it_stands_in_the_list(driver: Driver) -> None:
    desk, atlas = driver.window.desk, driver.window.panel(InsidePanel).atlas
    before = desk.document
    at = place(driver, 3, 1)

    hover(driver, at, CTRL)
    QTest.mouseClick(atlas, Qt.MouseButton.LeftButton, CTRL, at)
    off = verdict(driver)

    assert desk.document.interventions == (KnockOutHeads(3, (1,)),)
    assert off.logits != off.baseline
    rows = driver.window.panel(InterventionsPanel).edits.rows.shown
    assert [row.text for row in rows] == ["head 1 off"]
    assert "off" in atlas.told(3, 1)
    desk.store.undo.undo()
    assert desk.document == before
    assert verdict(driver).logits == off.baseline


def test_a_command_while_a_head_is_tried_out_is_about_the_picture_without_the_trial(driver: Driver) -> None:
    desk = driver.window.desk
    hover(driver, place(driver, 2, 3), CTRL)
    assert verdict(driver).logits != verdict(driver).baseline

    driver.command("Re-roll noise").trigger()
    hover(driver, place(driver, 2, 3), Qt.KeyboardModifier.NoModifier)

    assert desk.document.interventions == ()
    assert verdict(driver).logits == verdict(driver).baseline

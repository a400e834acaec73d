"""A pair pushed along the probe's direction in the real window: the judgement follows, one undo step, Escape."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.edits import probe_unit
from app.panels.interventions import PROBE_TAB, InterventionsPanel
from app.panels.probe_section import PairRow
from core.analyses.decision import Decision
from core.analyses.pair_judgements import PairJudgement, PairJudgements
from core.interventions.probe import AddProbeDirection
from tests.end_to_end.conftest import Driver


def pull(row: PairRow, end: float, steps: int = 8) -> None:
    """Press on the slider's zero, move to `end` in small steps, and do not let go."""
    QTest.mousePress(row.slider, Qt.MouseButton.LeftButton, pos=row.slider.place(0.0).toPoint())
    for step in range(1, steps + 1):
        QTest.mouseMove(row.slider, row.slider.place(end * step / steps).toPoint())


def where_the_unit_is_one(driver: Driver) -> PairRow:
    """The row of the pair after a block at which no direction turns anything, so that the slider reaches to 2."""
    panel, desk = driver.window.panel(InterventionsPanel), driver.window.desk
    panel.tabs.setCurrentIndex(PROBE_TAB)
    desk.look(write=4)
    driver.settle()
    assert probe_unit(desk) == 1.0
    return panel.probe.rows[0]


def judged(driver: Driver) -> float:
    return judgement(driver).margin


def judgement(driver: Driver) -> PairJudgement:
    """What the probe at the write layer says of the first pair, in the current state."""
    driver.settle()
    return driver.found(PairJudgements(driver.window.desk.view.write))[0]


def test_a_pull_toward_same_raises_the_judgement_in_one_undo_step(driver: Driver) -> None:
    row, desk = where_the_unit_is_one(driver), driver.window.desk
    before = judged(driver)

    pull(row, 2.0)
    during = judged(driver)
    QTest.mouseRelease(row.slider, Qt.MouseButton.LeftButton, pos=row.slider.place(2.0).toPoint())

    assert during > before
    assert judged(driver) == during
    assert judgement(driver).baseline == before
    probe = desk.model.asset_hashes["probe", desk.view.write]
    assert desk.document.interventions == (AddProbeDirection(desk.view.write, 0, "same", 2.0, learned=probe),)
    assert row.meter.reading.margin == during
    assert desk.store.undo.undoText() == "Probe: A–B pair toward same, alpha 2"
    desk.store.undo.undo()
    assert judged(driver) == before


def test_escape_takes_a_pull_back(driver: Driver) -> None:
    row, desk = where_the_unit_is_one(driver), driver.window.desk
    before = judged(driver)
    pull(row, -1.5)
    assert judged(driver) < before

    QTest.keyClick(row.slider, Qt.Key.Key_Escape)

    assert judged(driver) == before
    assert not desk.store.undo.canRedo()


def test_the_commands_flip_the_pair_and_control_the_flip(driver: Driver) -> None:
    where_the_unit_is_one(driver)
    desk = driver.window.desk
    before = judged(driver)

    driver.command("Flip the selected pair along its probe").trigger()
    assert judged(driver) > before, "the demo's pair is different"
    driver.command("Control: push the selected pair toward what it is").trigger()

    assert judged(driver) < before
    probe = desk.model.asset_hashes["probe", desk.view.write]
    assert desk.document.interventions == (AddProbeDirection(desk.view.write, 0, "different", 1.0, learned=probe),)


@pytest.mark.parametrize("block", [3, 5])
def test_in_match_to_sample_the_pull_of_one_pair_turns_the_verdict(driver: Driver, block: int) -> None:
    driver.command("Bundled: rmts").trigger()
    panel, desk = driver.window.panel(InterventionsPanel), driver.window.desk
    panel.tabs.setCurrentIndex(PROBE_TAB)
    desk.look(write=block)
    driver.settle()
    assert driver.margin < 0, "the demo's display pair is different, its sample pair same"

    row = panel.probe.rows[0]
    pull(row, probe_unit(desk))
    QTest.mouseRelease(row.slider, Qt.MouseButton.LeftButton, pos=row.slider.place(probe_unit(desk)).toPoint())

    assert judged(driver) > 0
    assert driver.margin > 0
    assert driver.found(Decision()).flipped

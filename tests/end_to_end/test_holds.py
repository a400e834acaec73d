"""The real window, engine and job on the bundled model: a sweep to be clicked, and an effect that holds."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.panels.holds import HoldsPanel
from app.panels.layers import LayersPanel
from app.panels.sweep import SweepPanel
from core.analyses.decision import Decision
from core.analyses.pad import Pad
from core.interventions.move import set_point
from tests.end_to_end.conftest import ANSWER_MS, Driver


def test_a_flip_is_swept_over_the_layers_and_asked_of_other_pairs(own_driver: Driver) -> None:
    driver, window = own_driver, own_driver.window
    desk, sweep, panel = window.desk, window.panel(SweepPanel), window.panel(HoldsPanel)
    pad = driver.found(Pad("color", desk.view.write))
    x, y = pad.landmarks[desk.document.base.items[1].color]
    desk.edit("Move colour of A", set_point(desk.document, 0, "color", pad.block, (float(x), float(y))))
    sweep.n.setValue(2)
    driver.command("Sweep over the layers").trigger()
    driver.qtbot.waitUntil(lambda: sweep._sweep is not None and len(sweep._sweep.others) == 2, timeout=ANSWER_MS)
    driver.settle()

    found = sweep._sweep
    assert found is not None
    assert abs(found.own.margins[0][pad.block + 1] - driver.margin) < 1e-3, "it is the margin of the meter"
    QTest.mouseClick(sweep.plot, Qt.MouseButton.LeftButton, pos=sweep.plot.place_of(3).toPoint())
    assert desk.view.write == 2
    assert window.panel(LayersPanel).strip._cells[1].meaning == "answers turned"

    driver.command("Does it hold?").trigger()
    panel.start.click()
    driver.qtbot.waitUntil(lambda: panel.holding is not None and bool(panel.holding.pairs), timeout=4 * ANSWER_MS)
    panel.cancel.click()
    driver.qtbot.waitUntil(lambda: not window.jobs.busy, timeout=ANSWER_MS)

    assert panel.holding is not None
    assert panel.holding.flips()[0] > panel.holding.flips(1)[0]
    assert window.isWindowModified()
    panel.open_pair(0)
    driver.settle()
    pair = panel.holding.pairs[0]
    assert abs(driver.margin - pair.after[0]) < 1e-3
    assert abs(driver.found(Decision()).baseline_margin - pair.before) < 1e-3

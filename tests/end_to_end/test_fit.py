"""A model without subspaces: they are fitted from the pad, in a process of their own, and used at once."""

from __future__ import annotations

from pathlib import Path

from app import edits
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.widgets.pad import EMPTY
from core.scene import Geometry
from tests.core.networks import CARD, TINY, save_model, tiny_network
from tests.end_to_end.conftest import ANSWER_MS, Driver


def test_a_subspace_is_fitted_on_64_pairs_and_its_pad_moves_the_meter(own_driver: Driver, tmp_path: Path) -> None:
    driver, window = own_driver, own_driver.window
    file = tmp_path / "other.safetensors"
    network = {**TINY, "img_size": 112, "patch_size": 14}
    save_model(file, tiny_network(**network), {**CARD, "network": network})
    panel, strip = window.panel(InterventionsPanel), window.panel(LayersPanel)
    edits.choose_model(window.desk, str(file))
    assert panel.pads["color"]._picture == EMPTY, "nothing of the model before"
    driver.settle()
    assert window.desk.document.base.geometry == Geometry(112, 14)
    assert not any(cell.known for cell in strip.strip._cells)

    panel.offer.click()
    panel.fit.form.value = type(panel.fit.form.value)("color", "0", 64, 1)
    window.desk.look(write=0)
    panel.fit.start.click()
    driver.qtbot.waitUntil(lambda: not window.jobs.busy, timeout=4 * ANSWER_MS)
    assert panel.fit.run is not None
    assert panel.fit.run.state == "finished", panel.fit.run.failure
    driver.qtbot.waitUntil(lambda: ("color", 0) in window.desk.model.subspace_cards, timeout=ANSWER_MS)
    driver.settle()

    assert panel.tabs.currentIndex() == 0
    assert panel.pads["color"]._picture != EMPTY
    assert panel.pads["color"].isEnabled()
    assert strip.strip._cells[1].known
    before = driver.margin
    driver.drag_thumb(driver.thumb(0), driver.landmark(5))
    driver.settle()
    assert driver.margin != before

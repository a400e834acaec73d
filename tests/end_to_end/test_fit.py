"""A model without subspaces: they are fitted from the pad, in a process of their own, and used at once."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile

from app import edits
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.widgets.pad import EMPTY
from core.demo import DEFAULT_MODEL
from core.locations import model_path
from tests.end_to_end.conftest import ANSWER_MS, Driver


def test_a_subspace_is_fitted_on_64_pairs_and_its_pad_moves_the_meter(own_driver: Driver, tmp_path: Path) -> None:
    driver, window = own_driver, own_driver.window
    file = tmp_path / "copy.safetensors"  # the bundled weights, and nothing that was learned on them
    for path in (model_path(DEFAULT_MODEL), model_path(DEFAULT_MODEL).with_suffix(".json")):
        copyfile(path, file.with_suffix(path.suffix))
    panel, strip = window.panel(InterventionsPanel), window.panel(LayersPanel)
    edits.choose_model(window.desk, str(file))
    assert panel.pads["color"]._picture == EMPTY, "nothing of the model before"
    driver.settle()
    assert not any(cell.known for cell in strip.strip._cells)

    panel.offer.click()
    panel.fit.form.value = type(panel.fit.form.value)("color", "1", 64, 2)
    window.desk.look(write=1)
    panel.fit.start.click()
    driver.qtbot.waitUntil(lambda: not window.jobs.busy, timeout=4 * ANSWER_MS)
    assert panel.fit.run is not None
    assert panel.fit.run.state == "finished", panel.fit.run.failure
    driver.qtbot.waitUntil(lambda: ("color", 1) in window.desk.model.subspace_cards, timeout=ANSWER_MS)
    driver.settle()

    assert panel.tabs.currentIndex() == 0
    assert panel.pads["color"]._picture != EMPTY
    assert panel.pads["color"].isEnabled()
    assert strip.strip._cells[2].known
    before = driver.margin
    driver.drag_thumb(driver.thumb(0), driver.landmark(5))
    driver.settle()
    assert driver.margin != before

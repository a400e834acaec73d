"""Two models beside each other, as a person compares them: choose the second, drag in the first, read both meters."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.comparing import compare_with
from app.panels.decision import DecisionPanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from core.analyses.decision import Decision, Verdict
from core.analyses.pad import Pad
from core.beside import Beside
from core.locations import resource_folder
from tests.end_to_end.conftest import Driver


@pytest.fixture
def copy(tmp_path: Path) -> str:
    """The bundled model with its subspaces, copied."""
    for suffix in (".safetensors", ".json"):
        shutil.copy(resource_folder("models") / f"discrimination{suffix}", tmp_path / f"copy{suffix}")
    shutil.copytree(resource_folder("subspaces") / "discrimination", tmp_path / "copy-subspaces")
    return str(tmp_path / "copy.safetensors")


@pytest.fixture
def two(driver: Driver) -> Driver:
    """The demo in the bundled model, compared with the one for match-to-sample."""
    driver.command("Compare with…").trigger()
    dialog = driver.window.models.dialog
    assert dialog is not None
    dialog.search.setText("rmts")
    dialog.open_button.click()
    driver.settle()
    return driver


def beside(driver: Driver) -> Verdict:
    there = driver.found(Beside(Decision()))
    assert there.value is not None, there.refusal
    return there.value


def meters(driver: Driver) -> tuple[str, str]:
    panel = driver.window.panel(DecisionPanel)
    return panel.meter.accessibleDescription(), panel.beside.meter.accessibleDescription()


def test_a_drag_in_the_first_model_moves_the_meters_of_both_and_undo_takes_both_back(two: Driver) -> None:
    here, there = two.margin, beside(two).margin
    pad = two.window.panel(InterventionsPanel).beside.pads["color"]
    pink = two.window.desk.document.base.items[1].color

    two.drag_thumb(two.thumb(0), two.landmark(pink))
    two.settle()
    QTest.mouseRelease(two.color_pad, Qt.MouseButton.LeftButton, pos=two.landmark(pink))
    two.settle()

    assert two.margin > 0 > here
    assert abs(beside(two).margin - there) > 0.5
    assert beside(two).baseline_margin == there
    assert (pad.thumb_place(0) - pad.landmark_place(pink)).manhattanLength() < 12, "pink is pink in both"
    assert "rmts: A near “pink”" in two.window.panel(InterventionsPanel).words.text()
    assert "not its task" in meters(two)[1]

    two.window.desk.store.undo.undo()
    two.settle()
    assert (two.margin, beside(two).margin) == (here, there)


def test_a_copy_of_the_model_flips_with_it(driver: Driver, copy: str) -> None:
    compare_with(driver.window.desk, copy)
    driver.settle()

    pink = driver.landmark(driver.window.desk.document.base.items[1].color)
    driver.drag_thumb(driver.thumb(0), pink)
    QTest.mouseRelease(driver.color_pad, Qt.MouseButton.LeftButton, pos=pink)
    driver.settle()

    assert driver.found(Decision()).flipped
    assert beside(driver).flipped
    assert beside(driver).margin == pytest.approx(driver.margin, abs=1e-3)


def test_the_scrubbers_of_both_move_together(two: Driver) -> None:
    panel = two.window.panel(LayersPanel)
    QTest.mouseClick(panel.strip, Qt.MouseButton.LeftButton, pos=panel.strip.cell_rect(2).center().toPoint())
    two.settle()

    assert (panel.strip.write, panel.beside.write) == (2, 3), "three blocks of six are four of eight"
    there = two.found(Beside(Pad("color", 2)))
    assert there.value is not None
    assert there.value.block == 3


def test_a_second_model_that_cannot_be_opened_says_so_and_the_first_goes_on(driver: Driver, copy: str) -> None:
    path = Path(copy)
    path.write_bytes(path.read_bytes()[:1000])

    compare_with(driver.window.desk, copy)
    driver.settle()

    first, second = meters(driver)
    assert first.startswith("DIFFERENT, margin −13.7")
    assert "copy" in second
    driver.command("Stop comparing").trigger()
    driver.settle()
    assert not driver.window.panel(DecisionPanel).both.is_double
    assert driver.margin == pytest.approx(-13.73, abs=0.01)

"""The scrubber in the window."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.main_window import MainWindow
from app.panels.layers import LayersPanel, layer_cells
from core.analyses.layer_sweep import TOO_LATE, LayerSweep
from core.document import move_item, with_stimulus
from tests.app.answers import answer
from tests.app.panels.test_sweep import FOUND


def test_a_click_on_a_layer_moves_both_markers_there(window: MainWindow) -> None:
    strip = window.panel(LayersPanel).strip
    assert window.desk.view.read != window.desk.view.write

    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.cell_rect(4).center().toPoint())

    assert (window.desk.view.read, window.desk.view.write) == (4, 4)
    assert (strip.read, strip.write) == (4, 4)


def test_a_layer_after_the_best_that_does_no_more_than_the_wrong_objects_value_is_too_late() -> None:
    found = {0: (0.55, 0.52), 1: (0.95, 0.49), 2: (0.56, 0.47), 3: (0.6, 0.58), 4: (0.2, 0.02)}
    cards = {("color", b): {"iia": iia, "wrong_object_iia": wrong} for b, (iia, wrong) in found.items()}

    cells = layer_cells(cards, "color", 6)  # type: ignore[arg-type]

    assert [cell.note for cell in cells] == ["", "", "", "", TOO_LATE, TOO_LATE, ""]
    assert [cell.control for cell in cells] == [None, 0.52, 0.49, 0.47, 0.58, 0.02, None]
    assert cells[4].told() == f"block 3 · interchange accuracy 0.60, wrong object 0.58 · {TOO_LATE}"


def test_once_a_sweep_of_the_edits_is_whole_each_layer_says_what_they_do_there(window: MainWindow) -> None:
    desk, panel = window.desk, window.panel(LayersPanel)
    desk.take(answer(desk, {LayerSweep(): replace(FOUND, n=3)}))
    panel.refresh()
    assert not [cell for cell in panel.strip._cells if cell.meaning == "answers turned"], "one pair is missing"

    desk.take(answer(desk, {LayerSweep(): replace(FOUND, n=2)}))
    panel.refresh()

    cells = panel.strip._cells
    assert [cell.effect for cell in cells] == [1.0, 1.0, 0.0, 0.0, 0.0, None]
    assert [cell.note for cell in cells] == ["", "", "", TOO_LATE, TOO_LATE, ""]
    assert "of 2 pairs" in cells[0].explained
    moved = with_stimulus(desk.document, "base", move_item(desk.document.base, 0, 0, 0))
    desk.edit("Move A", moved)
    panel.refresh()
    assert not [cell for cell in panel.strip._cells if cell.meaning == "answers turned"], "they are of another state"

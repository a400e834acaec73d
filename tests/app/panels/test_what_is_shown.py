"""What the panels say of a pad that is not there, and of the probe where that is shown instead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from app.actions import COMMANDS
from app.edits import show_photo
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from core.errors import UserError
from tests.app import answers

SUBSPACES = {
    (name, block): {"property": name, "block": block, "iia": iia, "n_test": 100, "subspace_size": size}
    for name in ("color", "shape")
    for block, iia, size in ((-1, 0.5, 3), (0, 0.9, 3), (1, 0.8, 3), (5, 0.0, 0))
}
PROBES = {
    block: {"block": block, "accuracy": accuracy, "n": 2000, "edits": [{"alpha": 1.0, "success": s, "control": 0.0}]}
    for block, accuracy, s in ((2, 0.97, 0.1), (3, 0.985, 0.9), (4, 1.0, 0.0))
}


def answer(window: MainWindow, subspaces: dict[Any, Any] = SUBSPACES, probes: dict[int, Any] = PROBES) -> None:
    model = replace(answers.TINY, subspace_cards=subspaces, probe_cards=probes)
    window.desk.live.answered.emit(answers.answer(window.desk, model=model))


def words(window: MainWindow) -> str:
    return window.panel(InterventionsPanel).words.text()


def test_of_a_layer_without_a_subspace_it_is_said_which_layers_have_one(window: MainWindow) -> None:
    window.desk.look(write=4)
    answer(window)

    assert "there is one after embeddings, block 0 or 1" in words(window)
    window.desk.look(write=5)
    answer(window)
    assert "there is one after embeddings, block 0 or 1" in words(window), "an empty one moves nothing"


def test_of_a_model_without_subspaces_it_is_said_how_they_are_made(window: MainWindow) -> None:
    answer(window, {})

    assert "no colour subspaces" in words(window)
    assert not window.panel(InterventionsPanel).offer.isHidden(), "a button offers to fit them"
    assert "marker" not in words(window)


def test_a_model_may_have_subspaces_of_the_other_property_alone(window: MainWindow) -> None:
    window.panel(InterventionsPanel).tabs.setCurrentIndex(1)
    answer(window, {key: card for key, card in SUBSPACES.items() if key[0] == "color"})

    assert "no shape subspaces" in words(window)


def test_of_a_photo_it_is_said_that_it_has_no_items(window: MainWindow, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    show_photo(window.desk, tmp_path / "cat.png")
    answer(window)

    assert "photo has no items" in words(window)
    assert "marker" not in words(window)


def test_of_an_empty_canvas_it_is_said_to_add_an_item(window: MainWindow) -> None:
    desk = window.desk
    desk.edit("Empty", replace(desk.document, base=replace(desk.document.base, items=())))
    answer(window)

    assert "add an item" in words(window)
    assert "marker" not in words(window)


def test_while_a_pad_is_computed_nothing_is_said_to_be_missing(window: MainWindow) -> None:
    window.desk.look(write=4)
    answer(window)

    window.desk.look(write=1)

    assert "no colour subspace" not in words(window)
    assert "computing" in words(window)


def test_with_the_probe_shown_layers_and_status_are_about_the_probe_and_back(window: MainWindow) -> None:
    window.desk.look(read=3, write=3)
    answer(window)
    strip = window.panel(LayersPanel).strip
    window.panel(InterventionsPanel).tabs.setCurrentIndex(2)

    assert "probe's accuracy 0.98" in strip.accessibleDescription()
    assert "interchange" not in strip.accessibleDescription()
    assert "probe: right 0.985 (n 2000)" in window.status.state.text()
    assert "IIA" not in window.status.state.text()
    window.desk.look(read=1, write=1)
    assert "accuracy" not in strip.accessibleDescription(), "there is no probe there"
    answer(window)
    assert "probe" not in window.status.state.text()

    window.panel(InterventionsPanel).tabs.setCurrentIndex(0)

    assert "interchange accuracy 0.80" in strip.accessibleDescription()
    assert "colour subspace: IIA 0.800" in window.status.state.text()


def test_the_best_layer_is_the_probes_while_it_is_shown(window: MainWindow) -> None:
    best = next(c for c in COMMANDS if c.text == "Best layer for this property")
    answer(window)
    window.panel(InterventionsPanel).tabs.setCurrentIndex(2)

    best.do(window.desk)

    assert window.desk.view.write == 3
    answer(window, probes={})
    with pytest.raises(UserError, match="no probes"):
        best.do(window.desk)
    window.panel(InterventionsPanel).tabs.setCurrentIndex(0)
    best.do(window.desk)
    assert window.desk.view.write == 0
    QApplication.processEvents()

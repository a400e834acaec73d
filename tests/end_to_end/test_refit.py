"""Another fit of the same model while the window is open: what is drawn belongs to the fit that it is drawn with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from torch import Tensor

from app.desk import Desk
from app.live import Live
from app.panels.history import HistoryPanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.store import Store
from core.answering import Laboratory
from core.cards import subspace_folder
from core.document import Document, View, random_pair
from core.interventions.move import set_point
from core.interventions.move import MoveInSubspace
from core.questions import MAP_SIZE
from core.scene import Geometry
from core.subspaces import save_subspace, subspace_file
from tests.app.panels.small_panel import interventions_panel
from tests.core.networks import save_tiny
from tests.core.test_subspaces import fitted

BLOCK = 1
LEFT = Qt.MouseButton.LeftButton


def negated(fit: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same subspace with every direction turned round: all that is written with it goes the other way."""
    return {**fit, "rotation": -fit["rotation"]}


def mirrored(fit: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same subspace with the pad's axes turned round: every landmark lies across the pad."""
    return {**fit, "axes": -fit["axes"]}


class Bench:
    """Panels on a tiny model, asked and answered in this process."""

    def __init__(self, file: str, qtbot: QtBot) -> None:
        self.file = file
        self.laboratory = Laboratory("cpu")
        document = Document(file, random_pair(Geometry(64, 16), 0))
        self.live = create_autospec(Live, instance=True)
        self.desk = Desk(Store(document, View(write=BLOCK)), self.live)
        self.interventions: InterventionsPanel = interventions_panel(self.desk)
        self.layers, self.history = LayersPanel(self.desk), HistoryPanel(self.desk)
        for panel in (self.interventions, self.layers, self.history):
            qtbot.addWidget(panel)
        self.interventions.resize(350, 520)
        self.interventions.show()

    def fit(self, tensors: dict[str, Tensor], **card: Any) -> None:
        model = self.laboratory.open(self.file)
        told = {"property": "color", "block": BLOCK, "weights_sha256": model.weights_hash, "iia": 0.9, **card}
        save_subspace(subspace_file(subspace_folder(self.file), "color", BLOCK), tensors, told)

    def answer(self) -> None:
        self.desk.take(self.laboratory.answer(self.desk.question()))
        self.refresh()

    def map(self) -> np.ndarray:
        """The whole decision map, asked for bit by bit as the engine is."""
        assert self.desk.answer is not None
        while (question := self.live.follow_up(self.desk.answer)) is not None:
            self.desk.take(self.laboratory.answer(question))
        self.refresh()
        return self.desk.map_of("color")

    def refresh(self) -> None:
        for panel in (self.interventions, self.layers, self.history):
            panel.refresh()

    def landmarks(self) -> list[QPoint]:
        return [self.interventions.pads["color"].landmark_place(i).toPoint() for i in range(16)]


@pytest.fixture
def bench(tmp_path: Path, qtbot: QtBot) -> Bench:
    return Bench(save_tiny(tmp_path / "tiny.safetensors"), qtbot)


@pytest.mark.parametrize("other", [negated, mirrored])
def test_the_decision_map_of_another_fit_is_not_drawn(
    bench: Bench, other: Callable[[dict[str, Tensor]], dict[str, Tensor]]
) -> None:
    bench.fit(fitted())
    bench.answer()
    first = bench.map()

    bench.fit(other(fitted()))
    bench.answer()

    assert np.isnan(bench.desk.map_of("color")).all()
    second = bench.map()
    assert not np.isnan(second).any()
    assert not np.array_equal(first, second)
    fresh = replace(bench.desk.question(), map_cells=(0, MAP_SIZE**2))
    found = Laboratory("cpu").answer(fresh).map
    assert found is not None
    np.testing.assert_allclose(second.ravel(), found.values, atol=1e-5)


def test_cells_of_another_fit_do_not_join_a_map_but_have_the_state_asked_again(bench: Bench) -> None:
    bench.fit(fitted())
    bench.answer()
    bench.live.ask.reset_mock()
    question = bench.live.follow_up(bench.desk.answer)
    assert question is not None

    bench.fit(negated(fitted()))
    bench.desk.take(bench.laboratory.answer(question))

    assert np.isnan(bench.desk.map_of("color")).all()
    bench.live.ask.assert_called_once_with(bench.desk.question())


def test_landmarks_and_the_magnet_follow_another_fit(bench: Bench) -> None:
    bench.fit(fitted())
    bench.answer()
    before = bench.landmarks()

    bench.fit(mirrored(fitted()))
    bench.answer()

    assert bench.landmarks() != before
    assert bench.desk.answer is not None
    places = bench.desk.answer.pads["color"].landmarks
    pad = bench.interventions.pads["color"]
    start, target = pad.thumb_place(0).toPoint(), pad.landmark_place(5).toPoint()
    QTest.mousePress(pad, LEFT, pos=start)
    QTest.mouseMove(pad, target + QPoint(1, 1))
    QTest.mouseRelease(pad, LEFT, pos=target + QPoint(1, 1))
    (edit,) = bench.desk.document.interventions
    assert isinstance(edit, MoveInSubspace)
    np.testing.assert_allclose(edit.point, places[5], atol=1e-5)


def test_a_margin_in_the_history_is_not_that_of_an_earlier_fit(bench: Bench) -> None:
    bench.fit(fitted())
    bench.answer()
    bench.desk.edit("Move", set_point(bench.desk.document, 0, "color", BLOCK, (5.0, 5.0)))
    bench.answer()
    steps = bench.history.strip._steps
    assert [step.margin is None for step in steps] == [False, False]

    bench.fit(negated(fitted()))
    bench.answer()

    before, now = bench.history.strip._steps
    assert before.margin == steps[0].margin, "the model itself is the same"
    assert now.margin != steps[1].margin
    bench.desk.store.undo.undo()
    bench.answer()
    bench.fit(fitted())
    bench.answer()
    assert bench.history.strip._steps[1].margin is None, "nobody has asked this fit about the edit"


def test_the_layers_show_what_is_learned_while_the_window_is_open(bench: Bench) -> None:
    bench.answer()
    assert not any(cell.known for cell in bench.layers.strip._cells)

    bench.fit(fitted(), iia=0.75)
    bench.answer()
    assert bench.layers.strip._cells[BLOCK + 1].effect == 0.75

    bench.fit(fitted(), iia=0.25)
    bench.answer()
    assert bench.layers.strip._cells[BLOCK + 1].effect == 0.25


def test_a_copy_of_the_weights_without_subspaces_shows_no_accuracies(bench: Bench, tmp_path: Path) -> None:
    bench.fit(fitted())
    bench.answer()
    copy = save_tiny(tmp_path / "copy.safetensors")

    bench.desk.edit("Open model", replace(bench.desk.document, model=copy))
    bench.answer()

    assert bench.desk.answer is not None
    assert bench.desk.answer.model.weights_hash == bench.laboratory.open(bench.file).weights_hash
    assert not any(cell.known for cell in bench.layers.strip._cells)


def test_other_weights_under_the_same_name_forget_every_margin(bench: Bench, tmp_path: Path) -> None:
    bench.answer()
    bench.desk.edit("Move", set_point(bench.desk.document, 0, "color", BLOCK, (5.0, 5.0)))
    bench.answer()

    save_tiny(tmp_path / "tiny.safetensors", seed=7)
    bench.answer()

    assert [step.margin is None for step in bench.history.strip._steps] == [True, False]

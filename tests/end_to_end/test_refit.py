"""Another fit of the same model while the window is open: what is drawn belongs to the fit that it is drawn with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from app.edits import accept_learned
from app.live import Live
from app.panels.history import HistoryPanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.store import Store
from core.analyses.decision import Decision
from core.analyses.decision_map import DecisionMap
from core.analyses.pad import Pad
from core.assets.subspace_files import save_subspace, subspace_file
from core.document import Document, View, random_pair
from core.interventions.move import MoveInSubspace, set_point
from core.locations import subspace_folder
from core.questions import Answer
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.app.answers import question
from tests.app.panels.small_panel import interventions_panel
from tests.core.networks import save_tiny
from tests.core.test_subspaces import fitted

BLOCK = 1
MAP = DecisionMap("color", BLOCK)
LEFT = Qt.MouseButton.LeftButton


def negated(fit: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same subspace with every direction turned round: all that is written with it goes the other way."""
    return {**fit, "basis": -fit["basis"]}


def mirrored(fit: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same subspace with the pad's axes turned round: every landmark lies across the pad."""
    return {**fit, "axes": -fit["axes"]}


class Bench:
    """Panels on a tiny model, asked and answered in this process."""

    def __init__(self, file: str, qtbot: QtBot) -> None:
        self.file = file
        self.session = Session("cpu")
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
        model = self.session.open(self.file).model
        told = {"property": "color", "block": BLOCK, "weights_sha256": model.weights_hash, "iia": 0.9, **card}
        save_subspace(subspace_file(subspace_folder(self.file), "color", BLOCK), tensors, told)

    def parts(self) -> Iterator[Answer]:
        """The answer to what is asked of the current state, part by part."""
        return self.session.answers(question(self.desk))

    def answer(self) -> Iterator[Answer]:
        """Take the answer until everything wanted is there; the parts that would make it better are left to come."""
        parts = self.parts()
        for part in parts:
            self.take(part)
            if part.complete:
                break
        return parts

    def take(self, part: Answer) -> None:
        self.desk.take(part)
        self.refresh()

    def map(self, parts: Iterator[Answer]) -> np.ndarray:
        """The whole decision map, once all that was left to come is there."""
        for part in parts:
            self.take(part)
        return self.found_map()

    def found_map(self) -> np.ndarray:
        found = self.desk.found(MAP)
        assert found is not None
        assert found.value is not None, found.refusal
        assert found.current
        return found.value

    def drawn_map(self) -> np.ndarray | None:
        """What the pad shows of it."""
        return self.interventions.pads["color"]._picture.decision

    def refresh(self) -> None:
        for panel in (self.interventions, self.layers, self.history):
            panel.refresh()

    def landmarks(self) -> list[QPoint]:
        return [self.interventions.pads["color"].landmark_place(i).toPoint() for i in range(16)]


def afresh(bench: Bench) -> np.ndarray:
    """The whole decision map of the current state, by an engine that knows nothing of what was asked before."""
    found: np.ndarray = Session("cpu").answer(question(bench.desk)).found[MAP]
    return found


@pytest.fixture
def bench(tmp_path: Path, qtbot: QtBot) -> Bench:
    return Bench(save_tiny(tmp_path / "tiny.safetensors"), qtbot)


@pytest.mark.parametrize("other", [negated, mirrored])
def test_the_decision_map_of_another_fit_is_not_drawn(
    bench: Bench, other: Callable[[dict[str, Tensor]], dict[str, Tensor]]
) -> None:
    bench.fit(fitted())
    first = bench.map(bench.answer())
    assert bench.drawn_map() is first

    bench.fit(other(fitted()))
    parts = bench.answer()

    assert np.isnan(bench.found_map()).all()
    assert bench.drawn_map() is None
    second = bench.map(parts)
    assert not np.isnan(second).any()
    assert bench.drawn_map() is second
    assert not np.array_equal(first, second)
    np.testing.assert_allclose(second, afresh(bench), atol=1e-5)


def test_cells_of_another_fit_do_not_join_a_map_that_is_under_way(bench: Bench) -> None:
    bench.fit(fitted())
    first, parts = afresh(bench), bench.answer()
    bench.take(next(parts))
    assert 0 < np.isnan(bench.found_map()).sum() < first.size

    bench.fit(negated(fitted()))
    np.testing.assert_allclose(bench.map(parts), first, atol=1e-5)

    second = afresh(bench)
    assert not np.allclose(first, second, atol=1e-5)
    np.testing.assert_allclose(bench.map(bench.answer()), second, atol=1e-5)


def test_at_the_first_word_of_another_fit_nothing_of_the_one_before_is_current_or_can_be_used(bench: Bench) -> None:
    bench.fit(fitted())
    bench.map(bench.answer())

    bench.fit(negated(fitted()))
    bench.take(next(bench.parts()))

    assert bench.desk.found(Decision()).current
    assert not bench.desk.found(MAP).current
    assert not bench.desk.found(Pad("color", BLOCK)).current
    assert not bench.interventions.pads["color"].isEnabled()


def test_landmarks_and_the_magnet_follow_another_fit(bench: Bench) -> None:
    bench.fit(fitted())
    bench.answer()
    before = bench.landmarks()

    bench.fit(mirrored(fitted()))
    bench.answer()

    assert bench.landmarks() != before
    places = bench.desk.found(Pad("color", BLOCK)).value.landmarks
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
    steps = bench.history.strip.rows.shown
    assert [step.margin is None for step in steps] == [False, False]

    bench.fit(negated(fitted()))
    bench.answer()

    before, now = bench.history.strip.rows.shown
    assert before.margin == steps[0].margin, "the model itself is the same"
    assert now.margin != steps[1].margin
    bench.desk.store.undo.undo()
    bench.answer()
    bench.fit(fitted())
    bench.answer()
    assert bench.history.strip.rows.shown[1].margin is None, "nobody has asked this fit about the edit"


def test_an_edit_of_an_earlier_fit_says_in_its_row_why_it_does_nothing_until_the_new_one_is_taken(bench: Bench) -> None:
    bench.fit(fitted())
    bench.answer()
    bench.desk.edit("Move", set_point(bench.desk.document, 0, "color", BLOCK, (5.0, 5.0)))
    bench.answer()
    assert bench.interventions.edits.rows.shown[0].warning == ""
    moved = bench.desk.found(Decision()).value

    bench.fit(negated(fitted()))
    bench.answer()
    assert bench.interventions.edits.rows.shown[0].warning
    assert bench.desk.found(Decision()).value.logits == moved.baseline

    accept_learned(bench.desk)
    bench.answer()
    assert bench.interventions.edits.rows.shown[0].warning == ""
    assert bench.desk.found(Decision()).value.logits not in (moved.logits, moved.baseline)
    bench.desk.store.undo.undo()
    bench.answer()
    assert bench.interventions.edits.rows.shown[0].warning


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

    assert bench.desk.model is not None
    assert bench.desk.model.weights_hash == bench.session.open(bench.file).model.weights_hash
    assert not any(cell.known for cell in bench.layers.strip._cells)


def test_other_weights_under_the_same_name_forget_every_margin(bench: Bench, tmp_path: Path) -> None:
    bench.answer()
    bench.desk.edit("Move", set_point(bench.desk.document, 0, "color", BLOCK, (5.0, 5.0)))
    bench.answer()

    save_tiny(tmp_path / "tiny.safetensors", seed=7)
    bench.answer()

    assert [step.margin is None for step in bench.history.strip.rows.shown] == [True, False]

"""The lens panel with the real engine: what is asked, what is drawn, and that nothing is asked that is not seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.lens import CHANGE, LAYERS, TOP, TRACES, LensPanel
from app.widgets.class_choice import ClassChoice
from core.analyses.class_lens import ClassLens
from core.analyses.lens_change import LensChange
from core.analyses.lens_traces import LensTraces
from core.analyses.top_classes import TopClasses
from core.cards import read_card
from core.document import Document, random_stimulus
from core.families.files import save_model
from core.interventions.knock_out_mlp import KnockOutMLP
from core.plots import Curves
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.core.networks import CARD, tiny_network

LABELS = [f"kind {index}" for index in range(10)]


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A tiny network with ten classes."""
    path = tmp_path / "ten.safetensors"
    card = {**CARD, "network": {**CARD["network"], "num_classes": 10}, "labels": LABELS}
    save_model(path, tiny_network(num_classes=10), card)
    return str(path)


@pytest.fixture
def session() -> Session:
    return Session("cpu")


@pytest.fixture
def desk(desk: Desk, file: str) -> Desk:
    geometry = Geometry(64, 16)
    assert read_card(Path(file))["labels"] == LABELS
    desk.store.edit("Open", Document(file, random_stimulus("discrimination", geometry, 0)))
    desk.look(read=1, token=6)
    return desk


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> LensPanel:
    panel = LensPanel(desk)
    desk.wanted = panel.wanted
    desk.store.changed.connect(panel.refresh)
    desk.store.changed.connect(desk.ask)
    qtbot.addWidget(panel)
    panel.resize(420, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.refresh()
    return panel


@pytest.fixture
def take(desk: Desk, panel: LensPanel, session: Session) -> Callable[[], None]:
    """The engine answers what is asked now, and the panel draws it."""

    def answer() -> None:
        desk.take(session.answer(Question(desk.document, panel.wanted())))
        panel.refresh()

    return answer


def lens_of(desk: Desk, panel: LensPanel) -> Any:
    found = desk.found(panel.lens)
    assert found is not None
    assert found.current
    return found.value


def said(panel: LensPanel) -> str:
    return panel.view.accessibleDescription()


def test_a_document_brings_back_what_was_chosen_here(
    desk: Desk, panel: LensPanel, take: Callable[[], None], session: Session, qtbot: QtBot
) -> None:
    take()
    panel.part.setCurrentIndex(1)
    panel.tabs.setCurrentIndex(TRACES)
    panel._choose(3)
    take()
    panel.measure.setCurrentText("logit")
    desk.hold_query(9)
    kept = json.loads(json.dumps(panel.kept()))
    again = LensPanel(desk)
    qtbot.addWidget(again)

    again.take(kept)
    for _ in range(2):  # its class is known by name only once the classes are
        desk.take(session.answer(Question(desk.document, again.wanted())))
        again.refresh()

    assert (again.lens, again._measure, again.tabs.currentIndex()) == (panel.lens, "logit", TRACES)
    assert again.label.currentText() == "kind 3"
    assert again.kept() == kept


def test_the_picture_shows_the_answer_of_the_model_at_the_block_that_is_looked_at(
    desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()

    lens = lens_of(desk, panel)
    assert panel.label.currentText() == f"{LABELS[lens.label]} (the answer)"
    np.testing.assert_allclose(panel.view._heat, lens.now.identifiability(10)[2, 1:].reshape(4, 4))
    assert "block output, block 1" in said(panel)
    assert f"“{LABELS[lens.label]}” is" in said(panel)
    assert "the meter above tells" in panel.said.text()

    desk.look(read=2, token=0)
    assert "CLS, block output, block 2" in said(panel)
    assert "is 1st of 10" in said(panel), "CLS after the last block is what the network says"


def test_another_layer_token_or_measure_asks_nothing_new(
    desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()
    asked = desk.live.ask.call_count  # type: ignore[attr-defined]

    desk.look(read=0, token=9)
    panel.measure.setCurrentText("logit")

    assert panel.wanted() == (ClassLens(),)
    assert desk.live.ask.call_count == asked + 1, "the first look alone: the question of the fixture had no panel"
    np.testing.assert_allclose(panel.view._heat.ravel(), lens_of(desk, panel).now.logits[1, 1:])


def test_only_what_the_tab_in_front_shows_is_wanted(desk: Desk, panel: LensPanel) -> None:
    assert panel.tabs.currentIndex() == LAYERS
    assert panel.wanted() == (ClassLens(),)

    panel.tabs.setCurrentIndex(TOP)
    assert panel.wanted() == (ClassLens(), TopClasses(6, 1))
    panel.tabs.setCurrentIndex(TRACES)
    assert panel.wanted() == (ClassLens(), LensTraces(6))
    panel.tabs.setCurrentIndex(CHANGE)
    assert panel.wanted() == (ClassLens(), LensChange())


def test_a_click_on_the_map_goes_to_its_layer_and_token_and_holds_it(
    qtbot: QtBot, desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()

    place = panel.map.cell(3, 11).center().toPoint()
    qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=place)

    assert (desk.view.read, desk.view.token) == (2, 11)
    panel.view.token_hovered.emit(3)
    assert desk.view.token == 11
    panel.view.token_pinned.emit(11)
    panel.view.token_hovered.emit(3)
    assert desk.view.token == 3


def test_the_arrow_keys_go_through_layers_and_tokens_of_the_map(
    qtbot: QtBot, desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()

    qtbot.keyClick(panel.map, Qt.Key.Key_Down)
    qtbot.keyClick(panel.map, Qt.Key.Key_Right)

    assert (desk.view.read, desk.view.token) == (2, 7)
    value = lens_of(desk, panel).now.identifiability(10)[3, 7]
    assert panel.map.accessibleDescription().startswith("token 7")
    assert panel.map.accessibleDescription().endswith(f", 2: {value:.3g}")


def test_the_wheel_scrubs_through_the_layers(desk: Desk, panel: LensPanel, take: Callable[[], None]) -> None:
    take()

    for _ in range(5):
        turn(panel, up=True)
    assert desk.view.read == -1
    assert "embeddings" in said(panel)
    turn(panel, up=False)
    assert desk.view.read == 0


def turn(panel: LensPanel, *, up: bool) -> None:
    notch, middle = QPoint(0, 120 if up else -120), QPointF(panel.rect().center())
    buttons, none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        middle, panel.mapToGlobal(middle), QPoint(), notch, buttons, none, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(panel, event)


def test_a_class_is_found_by_letters_of_its_name(
    qtbot: QtBot, desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()
    line = panel.label.line
    line.setText("KIND 7")
    QTest.keyClick(line, Qt.Key.Key_Return)

    assert panel.lens == ClassLens(7)
    take()
    assert "“kind 7” is" in said(panel)


def test_of_a_thousand_classes_those_with_the_letters_are_offered(qtbot: QtBot) -> None:
    choice = ClassChoice()
    qtbot.addWidget(choice)
    choice.show_labels((*(f"class {index}" for index in range(998)), "tabby cat", "tiger cat"), "tabby cat")

    choice.completer().setCompletionPrefix("cat")

    model = choice.completer().completionModel()
    offered = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert offered == ["tabby cat (the answer)", "tabby cat", "tiger cat"]
    choice.line.setText("no such class")
    choice.line.editingFinished.emit()
    assert choice.currentText() == "tabby cat (the answer)"


def test_holding_c_shows_the_lens_without_edits(
    qtbot: QtBot, desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()
    assert panel.shown.isHidden(), "there are no edits"
    desk.store.edit("MLP off", replace(desk.document, interventions=(KnockOutMLP(1),)))
    take()
    lens = lens_of(desk, panel)
    assert (lens.now.logits[2] != lens.baseline.logits[2]).any()
    panel.measure.setCurrentText("logit")
    np.testing.assert_allclose(panel.view._heat.ravel(), lens.now.logits[2, 1:])

    panel.view.setFocus()
    qtbot.keyPress(panel.view, Qt.Key.Key_C)
    np.testing.assert_allclose(panel.view._heat.ravel(), lens.baseline.logits[2, 1:])
    assert said(panel).startswith("without edits: ")
    qtbot.keyRelease(panel.view, Qt.Key.Key_C)
    np.testing.assert_allclose(panel.view._heat.ravel(), lens.now.logits[2, 1:])

    panel.shown.setCurrentText("what the edits change")
    change = lens.now.logits - lens.baseline.logits
    np.testing.assert_allclose(panel.view._heat.ravel(), change[2, 1:])
    np.testing.assert_allclose(panel.map._values, change)


def test_the_five_likeliest_classes_of_a_token_are_drawn_and_its_traces(
    desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    panel.tabs.setCurrentIndex(TOP)
    take()

    top = desk.found(TopClasses(6, 1))
    assert top is not None
    assert top.value is not None
    bars, caption, stale = panel.bars._shown
    assert [bar.label for bar in bars] == [each.label for each in top.value.largest(5)]
    assert caption.startswith("patch (1, 1)")
    assert not stale

    panel.tabs.setCurrentIndex(TRACES)
    take()
    assert isinstance(panel.traces.plot, Curves)
    assert panel.traces.plot.title == "Identifiability"
    panel.measure.setCurrentText("logit")
    assert panel.traces.plot.title == "Logit"


def test_attention_and_mlp_are_drawn_with_both_references(
    desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    panel.tabs.setCurrentIndex(CHANGE)
    take()

    plot = panel.change.plot
    assert isinstance(plot, Curves)
    assert [series.label for series in plot.series][2].endswith("(paper)")
    panel.change.position_chosen.emit(2)
    assert desk.view.read == 2


def test_embeddings_have_no_attention_output(desk: Desk, panel: LensPanel, take: Callable[[], None]) -> None:
    panel.part.setCurrentText("attention output")
    panel.tabs.setCurrentIndex(TOP)
    desk.look(read=-1)
    take()

    assert "the embeddings have no attention output" in said(panel)
    assert np.isnan(panel.view._heat).all()
    assert panel.bars._shown[0] == ()


def test_since_when_shows_the_block_from_which_a_patch_says_it(
    desk: Desk, panel: LensPanel, take: Callable[[], None]
) -> None:
    take()

    panel.measure.setCurrentText("since when")

    np.testing.assert_array_equal(panel.view._heat.ravel(), lens_of(desk, panel).now.onset()[1:])


def test_a_read_out_that_mixes_tokens_says_so_in_place_of_the_picture(
    desk: Desk, panel: LensPanel, take: Callable[[], None], tmp_path: Path
) -> None:
    path = tmp_path / "max.safetensors"
    options = {"global_pool": "max", "class_token": False}
    save_model(path, tiny_network(**options), {**CARD, "network": {**CARD["network"], **options}})
    desk.store.edit("Open", replace(desk.document, model=str(path)))
    take()

    assert "mixes tokens" in panel.said.text()
    assert "mixes tokens" in said(panel)


def test_a_class_of_the_model_before_gives_way_to_the_answer_of_another(
    desk: Desk, panel: LensPanel, take: Callable[[], None], tmp_path: Path
) -> None:
    take()
    panel.label.label_chosen.emit(7)
    take()
    path = tmp_path / "two.safetensors"
    save_model(path, tiny_network(), CARD)

    desk.store.edit("Open", replace(desk.document, model=str(path)))
    take()
    assert panel.lens == ClassLens()
    take()

    assert panel.label.currentText().endswith(" (the answer)")
    assert panel.measure.currentText() == "logit"
    assert "of 2, logit" in said(panel)

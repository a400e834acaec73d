"""The *Modes* panel on a real engine: it follows marker and head, ranks, turns a gain, and says what it cannot show."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.query_key import COSINE, DEPTH, HEADS, QueryKeyPanel
from core.analyses.decision import Decision
from core.analyses.head_modes import HeadModes, ModesOfHead
from core.analyses.mode_depth import ModeDepth
from core.document import Document, random_pair
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.mode_gain import ModeGain
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny

Answer = Callable[[], None]


@pytest.fixture
def desk(desk: Desk, tmp_path: Path) -> Desk:
    document = Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(Geometry(64, 16), 1))
    desk.store.edit("Open", document)
    desk.look(read=1, head=1, token=0)
    return desk


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> QueryKeyPanel:
    panel = QueryKeyPanel(desk)
    desk.wanted = panel.wanted
    desk.store.changed.connect(panel.refresh)
    qtbot.addWidget(panel)
    panel.resize(420, 720)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def settle(desk: Desk, panel: QueryKeyPanel) -> Answer:
    """Answer what is asked now, and draw it."""
    session = Session("cpu")

    def answer() -> None:
        desk.take(session.answer(Question(desk.document, tuple(panel.wanted()))))
        panel.refresh()

    answer()
    return answer


def value_of(desk: Desk, panel: QueryKeyPanel) -> ModesOfHead:
    found = desk.found(panel.analysis)
    assert found is not None
    assert found.value is not None
    return found.value


def test_it_follows_the_read_marker_and_the_head(desk: Desk, panel: QueryKeyPanel, settle: Answer) -> None:
    assert panel.analysis == HeadModes(1, 1)
    desk.look(read=2, head=0)
    assert panel.analysis == HeadModes(2, 0)
    settle()

    assert "block 2, head 0" in panel.gain.words.text()
    desk.look(read=-1)
    assert panel.analysis == HeadModes(0, 0), "the embeddings have no heads: the first block's are shown"


def test_the_strip_has_the_six_modes_that_rank_first(desk: Desk, panel: QueryKeyPanel, settle: Answer) -> None:
    value = value_of(desk, panel)
    assert panel.view.modes == tuple(np.argsort(-value.shares[:16])[:6])

    panel.ranking.setCurrentIndex(1)
    assert panel.view.modes == tuple(np.argsort(-value.peaks)[:6])
    panel.asking.setCurrentIndex(1)
    desk.look(token=9)
    assert panel.view.modes == tuple(np.argsort(-value.row_peaks[:, 9])[:6])


def test_a_document_brings_back_what_was_chosen_here(
    qtbot: QtBot, desk: Desk, panel: QueryKeyPanel, settle: Answer
) -> None:
    panel.ranking.setCurrentIndex(1)
    panel.difference.setChecked(True)
    panel.tabs.setCurrentIndex(COSINE)
    panel._choose(5)
    panel._flip()
    kept = json.loads(json.dumps(panel.kept()))
    again = QueryKeyPanel(desk)
    qtbot.addWidget(again)

    again.take(kept)

    assert again.kept() == kept
    assert (again._chosen, again._flipped) == (5, True)
    desk.look(head=0)
    settle()
    again.refresh()
    assert again._chosen is None, "it is of that head only"


@pytest.mark.parametrize("width", [300, 420, 520, 700])
def test_the_strip_is_in_sight_at_any_width(qtbot: QtBot, panel: QueryKeyPanel, settle: Answer, width: int) -> None:
    panel.resize(width, 640)
    view = panel.view

    qtbot.waitUntil(lambda: panel.width() == width)
    qtbot.waitUntil(lambda: view.height() >= view.heightForWidth(view.width()))
    assert view.thumb_place(5).bottom() <= view.height()


def test_a_click_on_the_strip_chooses_a_mode_and_one_on_the_picture_holds_a_patch(
    desk: Desk, panel: QueryKeyPanel, settle: Answer
) -> None:
    third = panel.view.modes[2]
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=panel.view.thumb_place(2).center().toPoint())
    QTest.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=panel.view.patch_place(6).toPoint())

    assert f"mode {third} " in panel.gain.words.text()
    assert desk.view.token == 7, "one token comes before the patches"
    told, value = panel.view.told(6), value_of(desk, panel)
    assert "patch (2, 1)" in told
    assert f"{abs(value.query[third, 7]):.2f}" in told
    assert f"{100 * value.row_shares[third, 7]:.0f} %" in told


def test_another_sign_turns_dark_what_was_bright(desk: Desk, panel: QueryKeyPanel, settle: Answer) -> None:
    value, mode = value_of(desk, panel), panel.view.modes[0]
    one, other = (panel._picture(value, mode, flip) for flip in (1, -1))
    assert not np.array_equal(one, other)

    before = panel.gain.words.text()
    QTest.keyClick(panel.view, Qt.Key.Key_F)
    assert f"mode {mode} {'−' if f'mode {mode} +' in before else '+'}" in panel.gain.words.text()
    panel.flip.click()
    assert panel.gain.words.text() == before


def test_the_gain_is_an_edit_that_the_answer_follows_and_a_drag_one_undo_step(
    desk: Desk, panel: QueryKeyPanel, settle: Answer
) -> None:
    mode, n_steps, slider = panel.view.modes[0], desk.store.undo.count(), panel.gain.slider
    plain = desk.found(Decision())
    slider.setSliderDown(True)
    margins = set()
    for value in (80, 40, 0):
        slider.setValue(value)
        settle()
        found = desk.found(Decision())
        assert found is not None
        assert found.value is not None
        margins.add(found.value.margin)
    slider.setSliderDown(False)

    assert len(margins) == 3, "every step of the slider is answered"
    assert desk.document.interventions == (ModeGain(1, 1, (mode,), 0.0),)
    assert not panel.gain.on.isChecked()
    assert desk.store.undo.count() == n_steps + 1
    desk.store.undo.undo()
    assert desk.document.interventions == ()
    assert plain is not None
    assert slider.value() == 100


def test_let_go_at_one_nothing_is_edited(desk: Desk, panel: QueryKeyPanel, settle: Answer) -> None:
    slider = panel.gain.slider
    slider.setSliderDown(True)
    slider.setValue(30)
    slider.setValue(100)
    assert len(desk.document.interventions) == 1, "it stays in its place while the hand is on it"
    slider.setSliderDown(False)

    assert desk.document.interventions == ()


def test_off_and_on_are_gains_of_nought_and_one(desk: Desk, panel: QueryKeyPanel, settle: Answer) -> None:
    panel.gain.on.click()
    assert desk.document.interventions == (ModeGain(1, 1, (panel.view.modes[0],), 0.0),)
    panel.gain.on.click()

    assert desk.document.interventions == ()


def test_with_an_earlier_edit_the_baseline_blinks_and_the_difference_is_no_longer_dark(
    desk: Desk, panel: QueryKeyPanel, settle: Answer
) -> None:
    panel.difference.setChecked(True)
    assert not panel._picture(value_of(desk, panel), 0, 1).any(), "without edits nothing differs"
    desk.edit("Off", replace(desk.document, interventions=(KnockOutMLP(0),)))
    settle()
    assert panel._picture(value_of(desk, panel), 0, 1).any()

    panel.difference.setChecked(False)
    edited = panel._picture(value_of(desk, panel), 0, 1)
    QTest.keyPress(panel.view, Qt.Key.Key_C)
    assert not np.array_equal(panel._picture(value_of(desk, panel), 0, 1), edited)
    assert panel.gain.words.text().startswith("without edits")
    QTest.keyRelease(panel.view, Qt.Key.Key_C)
    assert np.array_equal(panel._picture(value_of(desk, panel), 0, 1), edited)


def test_a_click_on_the_map_goes_to_that_head_and_one_on_the_curve_to_that_block(
    desk: Desk, panel: QueryKeyPanel, settle: Answer
) -> None:
    panel.plots[HEADS].cell_chosen.emit(2, 0)
    assert (desk.view.read, desk.view.head) == (2, 0)
    panel.tabs.setCurrentIndex(DEPTH)
    assert panel.wanted() == (HeadModes(2, 0), ModeDepth())
    settle()

    assert panel.plots[DEPTH].plot is not None
    panel.plots[DEPTH].position_chosen.emit(0)
    assert desk.view.read == 0


def test_a_point_of_the_spectrum_chooses_its_mode_and_asks_nothing(
    desk: Desk, panel: QueryKeyPanel, settle: Answer
) -> None:
    panel.tabs.setCurrentIndex(COSINE)
    assert panel.wanted() == (HeadModes(1, 1),)
    panel.plots[COSINE].position_chosen.emit(5)

    assert "mode 5 " in panel.gain.words.text()


def test_the_papers_convention_leaves_the_bias_out(desk: Desk, panel: QueryKeyPanel, settle: Answer) -> None:
    assert value_of(desk, panel).shares[-2] != 0
    panel.convention.setCurrentIndex(1)
    settle()

    assert panel.analysis.convention == "paper"
    assert value_of(desk, panel).shares[-2] == 0


def test_what_it_shows_and_what_it_does_not_stands_under_it(panel: QueryKeyPanel, settle: Answer) -> None:
    assert "Not shown" in panel.said.text()
    assert "meter" in panel.said.text()

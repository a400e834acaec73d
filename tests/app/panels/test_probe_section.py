"""The slider of a probe: what it does to the document, and what it shows of an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import edits
from app.desk import Desk
from app.panels.interventions import PROBE_TAB, InterventionsPanel
from app.panels.probe_section import NARROW, ProbeSection
from core.analyses.decision import Verdict
from core.analyses.pair_judgements import PairJudgement, PairJudgements
from core.document import (
    move_item,
    random_match_to_sample,
    set_property,
    with_stimulus,
)
from core.errors import UserError
from core.interventions.probe import AddProbeDirection
from core.stimuli.stimulus import Geometry, Stimulus, pair_relation
from tests.app import answers
from tests.app.panels.small_panel import interventions_panel
from tests.app.widgets.gestures import drag, move, press, release

MEASURED = {
    "accuracy": 0.98,
    "n": 2000,
    "edits": [
        {"alpha": 0.5, "success": 0.2, "control": 0.0},
        {"alpha": 1.0, "success": 0.91, "control": 0.02},
        {"alpha": 2.0, "success": 0.6, "control": 0.03},
    ],
}
CARDS = {block: {"block": block, **MEASURED} for block in (0, 1)}
TWO_PAIRS = random_match_to_sample(Geometry(), 4)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    answer(desk, {0: PairJudgement(-2.0, -2.0)})
    return desk


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> InterventionsPanel:
    panel = interventions_panel(desk)
    panel.tabs.setCurrentIndex(PROBE_TAB)
    qtbot.addWidget(panel)
    panel.resize(370, 720)
    panel.show()
    panel.refresh()
    return panel


@pytest.fixture
def section(panel: InterventionsPanel) -> ProbeSection:
    return panel.probe


def answer(desk: Desk, judgements: dict[int, PairJudgement], cards: dict[int, Any] = CARDS) -> None:
    """The engine has answered the current state."""
    model, verdict = replace(answers.TINY, probe_cards=cards), Verdict(answers.RELATIONS, (0.0, -1.0), (0.0, -1.0))
    desk.take(answers.answer(desk, {PairJudgements(desk.view.write): judgements}, verdict=verdict, model=model))


def texts(desk: Desk) -> list[str]:
    return [text for text, _ in desk.store.steps()[1:]]


def test_a_drag_is_one_step_named_by_where_it_ends(section: ProbeSection, desk: Desk) -> None:
    slider = section.rows[0].slider

    drag(slider, slider.place(0.0), slider.place(1.0))

    assert desk.document.interventions == (AddProbeDirection(1, 0, "same", 1.0),)
    assert texts(desk) == ["Probe: A–B pair toward same, alpha 1"]
    assert section.rows[0].number.value() == 1.0
    desk.store.undo.undo()
    assert not desk.document.interventions
    assert slider.alpha == 0


def test_a_drag_through_zero_keeps_its_place_and_one_that_ends_there_leaves_nothing(
    section: ProbeSection, desk: Desk
) -> None:
    slider = section.rows[0].slider
    press(slider, slider.place(1.0))
    move(slider, slider.place(0.0))
    assert desk.document.interventions[0].strength == 0
    move(slider, slider.place(-0.5))
    assert desk.document.interventions == (AddProbeDirection(1, 0, "different", 0.5),)

    move(slider, slider.place(0.0))
    release(slider, slider.place(0.0))

    assert not desk.document.interventions
    assert desk.store.undo.index() == 0


def test_escape_takes_a_drag_back(section: ProbeSection, desk: Desk) -> None:
    slider = section.rows[0].slider
    press(slider, slider.place(0.5))
    move(slider, slider.place(1.5))

    QTest.keyClick(slider, Qt.Key.Key_Escape)

    assert not desk.document.interventions
    assert not desk.store.undo.canRedo()


def test_the_number_gives_any_alpha_and_steps_of_it_are_one_undo_step(section: ProbeSection, desk: Desk) -> None:
    section.rows[0].number.setValue(-3.2)
    section.rows[0].number.setValue(-3.25)

    assert desk.document.interventions == (AddProbeDirection(1, 0, "different", 3.25),)
    assert texts(desk) == ["Probe: A–B pair toward different, alpha 3.25"]
    assert section.rows[0].number.value() == -3.25
    assert section.rows[0].slider.alpha == -2.0


def test_flip_goes_against_the_true_relation_and_control_along_it_with_the_same_strength(
    section: ProbeSection, desk: Desk
) -> None:
    assert pair_relation(desk.document.base, 0) == "different"

    section.rows[0].flip.click()
    assert desk.document.interventions == (AddProbeDirection(1, 0, "same", 1.0),)
    section.rows[0].number.setValue(2.0)
    section.rows[0].control.click()

    assert desk.document.interventions == (AddProbeDirection(1, 0, "different", 2.0),)


def test_two_pairs_have_two_rows_and_the_command_is_about_the_selected_one(section: ProbeSection, desk: Desk) -> None:
    assert [row.slider.isVisibleTo(section) for row in section.rows] == [True, False]
    desk.edit("Two pairs", with_stimulus(desk.document, "base", TWO_PAIRS))
    assert [row.slider.isVisibleTo(section) for row in section.rows] == [True, True]
    assert [row.name.text() for row in section.rows] == ["display", "sample"]
    desk.look(item=3)

    edits.flip_pair(desk, edits.pair_selected(desk))

    toward = "different" if pair_relation(TWO_PAIRS, 1) == "same" else "same"
    assert desk.document.interventions == (AddProbeDirection(1, 1, toward, 1.0),)
    assert texts(desk)[-1] == f"Probe: sample pair toward {toward}, alpha 1"


def test_the_edit_list_names_the_push_and_its_control(panel: InterventionsPanel, desk: Desk) -> None:
    edits.flip_pair(desk, 0)
    row = panel.edits.rows.shown[0]
    assert (row.text, row.detail, row.strength) == ("A–B pair toward same", "block 1 · probe direction", 1.0)

    panel.edits.strength_changed.emit(0, 0.5)
    panel.edits.toggled.emit(0, False)
    assert desk.document.interventions == (AddProbeDirection(1, 0, "same", 0.5, enabled=False),)
    edits.control_pair(desk, 0)
    assert "control" in panel.edits.rows.shown[0].detail


def test_a_strength_above_two_is_shown_as_it_is(panel: InterventionsPanel, desk: Desk) -> None:
    edits.push(desk, 0, 4.0)

    strength = panel.edits.parts(0).strength.toRect()
    before = panel.edits.viewport().grab(strength).toImage()
    edits.push(desk, 0, 5.0)

    assert panel.edits.viewport().grab(strength).toImage() != before
    assert desk.document.interventions[0].strength == 5.0


def test_the_meter_shows_what_the_probe_says_and_what_it_said(section: ProbeSection, desk: Desk) -> None:
    section.refresh()
    meter = section.rows[0].meter
    assert meter.reading is not None
    assert (meter.reading.word, meter.reading.baseline, meter.reading.mistake) == ("DIFFERENT", None, False)

    edits.flip_pair(desk, 0)
    assert meter.accessibleDescription().startswith("computing"), "the last answer is of the state before"
    answer(desk, {0: PairJudgement(4.0, -2.0)})
    section.refresh()

    assert meter.accessibleDescription() == "SAME, margin +4.0, was −2.0, flip"


def test_a_wrong_judgement_of_an_unedited_pair_is_marked(section: ProbeSection, desk: Desk) -> None:
    answer(desk, {0: PairJudgement(1.0, 1.0)})
    section.refresh()

    assert "mistake" in section.rows[0].meter.accessibleDescription()


def test_the_slider_reaches_to_twice_the_strength_that_does_most(section: ProbeSection, desk: Desk) -> None:
    strong = {"alpha": 40.0, "success": 0.95, "control": 0.05}
    cards = {block: {"block": block, **MEASURED, "edits": [*MEASURED["edits"], strong]} for block in (0, 1)}
    assert desk.answer is not None
    desk.take(replace(desk.answer, model=replace(desk.answer.model, probe_cards=cards)))

    edits.flip_pair(desk, 0)
    section.refresh()

    assert desk.document.interventions == (AddProbeDirection(1, 0, "same", 40.0),)
    slider = section.rows[0].slider
    assert slider.alpha == 40.0
    assert slider.place(80.0).x() - slider.place(40.0).x() == slider.place(40.0).x() - slider.place(0.0).x()
    assert "α 40 flips 95" in section.words.text()


def test_a_direction_that_does_nothing_is_pushed_by_one(section: ProbeSection, desk: Desk) -> None:
    idle = [{"alpha": alpha, "success": 0.02, "control": 0.01} for alpha in (0.5, 1.0, 40.0)]
    cards = {1: {"block": 1, **MEASURED, "edits": idle}}
    assert desk.answer is not None
    desk.take(replace(desk.answer, model=replace(desk.answer.model, probe_cards=cards)))

    assert edits.probe_unit(desk) == 1.0


def test_the_card_is_told_with_its_control(section: ProbeSection) -> None:
    told = section.words.text().replace(NARROW, " ")
    assert told == "Probe direction · right 98 % · α 1 flips 91 %, control 2 %"
    assert "2000 pairs" in section.words.toolTip()


def test_where_nothing_can_be_pushed_the_section_is_off_and_says_what_to_do(section: ProbeSection, desk: Desk) -> None:
    def off(word: str) -> bool:
        section.refresh()
        return word in section.words.text() and not any(w.isEnabled() for w in section.rows[0].widgets)

    desk.look(write=3)
    assert off("there is one after block 0")
    assert section.go.text() == "Go to block 0"
    with pytest.raises(UserError, match="no probe at the write layer"):
        edits.flip_pair(desk, 0)
    section.go.click()
    assert desk.view.write == 0
    desk.look(write=1)
    answer(desk, {}, {})
    assert off("this model has no probes yet")
    asked: list[bool] = []
    section.fit_wanted.connect(lambda: asked.append(True))
    assert section.go.text() == "Fit probes…"
    assert not section.go.isHidden()
    section.go.click()
    assert asked
    answer(desk, {})
    desk.edit("Nothing", with_stimulus(desk.document, "base", Stimulus()))
    assert off("needs a pair")
    with pytest.raises(UserError, match="needs a pair"):
        edits.control_pair(desk, 0)
    desk.answer = None
    assert off("starting")


def test_a_pair_off_the_grid_is_said_to_be_unreadable(section: ProbeSection, desk: Desk) -> None:
    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, 5, 5)))
    answer(desk, {})
    section.refresh()

    assert "patch grid" in section.rows[0].meter.accessibleDescription()


def test_a_pair_that_becomes_same_turns_the_flip_round(section: ProbeSection, desk: Desk) -> None:
    base = set_property(desk.document.base, 1, "color", desk.document.base.items[0].color)
    desk.edit("Match", with_stimulus(desk.document, "base", replace(base)))

    section.rows[0].flip.click()

    assert desk.document.interventions == (AddProbeDirection(1, 0, "different", 1.0),)
    assert "different, which it is not" in section.rows[0].flip.toolTip()


@pytest.mark.parametrize("stimulus", [None, TWO_PAIRS], ids=["one pair", "two pairs"])
def test_no_button_is_cut_off_in_the_narrowest_panel(
    panel: InterventionsPanel, section: ProbeSection, desk: Desk, stimulus: Stimulus | None
) -> None:
    if stimulus is not None:
        desk.edit("Two pairs", with_stimulus(desk.document, "base", stimulus))
    panel.resize(panel.minimumSizeHint())
    QApplication.processEvents()

    page = section.parentWidget()
    assert page is not None
    assert section.minimumSizeHint().width() <= page.width()

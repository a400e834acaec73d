"""The desk never shows what was found for one state as another's, and asks for no more than is in sight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app import edits
from app.desk import Desk
from app.live import Live
from app.main_window import MainWindow
from app.panels import Panel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.store import Store
from core.analyses import Analysis, Refusal
from core.analyses.attention import Attention
from core.analyses.decision import Decision, Verdict
from core.analyses.decision_map import DecisionMap
from core.analyses.item_shares import ItemShares
from core.analyses.pad import Pad
from core.analyses.pair_judgements import PairJudgements
from core.demo import demo_document
from core.document import Document, View, move_item, with_stimulus
from core.interventions.move import set_point
from core.questions import Failure, Question
from tests.app.answers import RELATIONS, TINY, a_desk, answer, attention_of, pad_places, part, question

COLOR, SHAPE = Pad("color", 1), Pad("shape", 1)


def moved(desk: Desk, x_px: int) -> Document:
    return with_stimulus(desk.document, "base", move_item(desk.document.base, 0, x_px, 48))


def edited(desk: Desk, x: float) -> Document:
    return set_point(desk.document, 0, "color", 1, (x, 0.0))


def is_current(desk: Desk, analysis: Analysis[Any]) -> bool:
    found = desk.found(analysis)
    return found is not None and found.current


def verdict(margin: float) -> Verdict:
    return Verdict(RELATIONS, (0.0, margin), (0.0, margin))


def test_before_any_answer_nothing_is_found(desk: Desk) -> None:
    assert desk.found(Decision()) is None
    assert desk.model is None
    assert not desk.is_settled()


def test_what_was_found_is_current_for_its_state_and_stays_as_that_of_another(desk: Desk) -> None:
    before, pad = desk.document, pad_places()
    desk.take(answer(desk, {COLOR: pad}))
    assert is_current(desk, COLOR)

    desk.edit("Move A", moved(desk, 0))
    stale = desk.found(COLOR)
    assert stale is not None
    assert (stale.value, stale.document, stale.model, stale.current) == (pad, before, TINY, False)
    assert not is_current(desk, Decision())

    desk.store.undo.undo()
    assert is_current(desk, COLOR)


def test_a_late_answer_about_an_earlier_state_is_not_current(desk: Desk) -> None:
    late = answer(desk, {COLOR: pad_places()})
    desk.edit("Move A", moved(desk, 0))

    desk.take(late)

    assert not is_current(desk, COLOR)
    assert not is_current(desk, Decision())
    assert list(desk.decisions) == [late.question.document], "the history may still show its margin"


def test_another_question_of_the_same_kind_is_answered_by_the_one_most_like_it_as_not_current(desk: Desk) -> None:
    pads = {Pad(name, block): pad_places(name, block) for name in ("shape", "color") for block in (1, 0)}
    desk.take(answer(desk, pads))

    def nearest(property: Any, block: int) -> tuple[Analysis[Any], bool]:
        found = desk.found(Pad(property, block))
        assert found is not None
        assert found.value is pads[found.analysis]
        return found.analysis, found.current

    assert nearest("shape", 0) == (Pad("shape", 0), True)
    assert nearest("color", 1) == (Pad("color", 1), True)
    assert nearest("shape", 5) == (Pad("shape", 0), False), "of two that are as like, the newer one"
    assert nearest("color", 5) == (Pad("color", 0), False)


def test_nothing_of_another_kind_is_given(desk: Desk) -> None:
    desk.take(answer(desk, {COLOR: pad_places()}))

    assert desk.found(Attention(0)) is None
    assert desk.found(DecisionMap("color", 1)) is None


def test_values_of_two_states_are_not_kept_side_by_side(desk: Desk) -> None:
    desk.take(answer(desk, {COLOR: pad_places(), SHAPE: pad_places("shape")}))
    desk.edit("Move A", moved(desk, 0))

    desk.take(part(desk, {SHAPE: pad_places("shape")}))

    found = desk.found(COLOR)
    assert found is not None
    assert (found.analysis, found.current) == (SHAPE, False)
    assert is_current(desk, SHAPE)


def test_looking_back_at_a_layer_of_the_same_state_finds_it_at_once(desk: Desk) -> None:
    desk.take(answer(desk, {COLOR: pad_places()}))
    desk.look(write=2)
    desk.take(answer(desk, {Pad("color", 2): pad_places(block=2)}))

    assert is_current(desk, COLOR)
    assert is_current(desk, Pad("color", 2))


def test_a_part_adds_to_those_before_it_and_a_better_value_takes_the_place_of_a_worse(desk: Desk) -> None:
    cells, pad, rows = DecisionMap("color", 1), pad_places(), attention_of(0)
    desk.take(part(desk, {Decision(): verdict(1.0)}))
    assert desk.found(COLOR) is None
    desk.take(part(desk, {COLOR: pad, Attention(0): rows, cells: "a few"}, complete=True))
    desk.take(part(desk, {cells: "more"}))

    assert [desk.found(each).value for each in (Decision(), COLOR, Attention(0), cells)] == [
        verdict(1.0),
        pad,
        rows,
        "more",
    ]
    assert all(is_current(desk, each) for each in (Decision(), COLOR, Attention(0), cells))


def test_a_refusal_is_found_with_its_reason_and_no_value(desk: Desk) -> None:
    refusal = Refusal("There is no color subspace after block 1.", "Choose a block that has one.")
    desk.take(answer(desk, {COLOR: refusal}))

    found = desk.found(COLOR)
    assert found is not None
    assert (found.value, found.refusal, found.current) == (None, refusal, True)

    desk.take(answer(desk, {COLOR: pad_places()}))
    assert desk.found(COLOR).refusal is None


def test_after_another_fit_nothing_is_current_but_what_it_cannot_have_changed(desk: Desk) -> None:
    plain = desk.document
    desk.take(answer(desk, verdict=verdict(1.0)))
    desk.edit("Move", edited(desk, 1.0))
    everything = {COLOR: pad_places(), Attention(0): attention_of(0), PairJudgements(1): {}, ItemShares(): {}}
    desk.take(answer(desk, everything, verdict=verdict(2.0)))
    assert len(desk.decisions) == 2

    desk.take(part(desk, {Decision(): verdict(3.0)}, model=replace(TINY, learned_hash="another")))

    found = [desk.found(each) for each in everything]
    assert [each is not None and each.current for each in found] == [False] * 4
    assert desk.decisions == {plain: verdict(1.0), desk.document: verdict(3.0)}


def test_an_edited_state_of_an_earlier_fit_loses_its_margin(desk: Desk) -> None:
    desk.edit("Move", edited(desk, 1.0))
    with_edit = desk.document
    desk.take(answer(desk))
    desk.edit("Move", edited(desk, 2.0))

    desk.take(answer(desk, model=replace(TINY, learned_hash="another")))

    assert with_edit not in desk.decisions
    assert desk.document in desk.decisions


def test_other_weights_under_the_same_name_drop_every_margin(desk: Desk) -> None:
    desk.take(answer(desk))
    desk.edit("Move", edited(desk, 1.0))

    desk.take(answer(desk, model=replace(TINY, weights_hash="another")))

    assert list(desk.decisions) == [desk.document]


def test_another_model_leaves_the_margins_of_the_one_before(desk: Desk) -> None:
    desk.take(answer(desk))
    first = desk.document
    edits.choose_model(desk, "rmts")

    desk.take(answer(desk, model=replace(TINY, name="rmts", weights_hash="another", learned_hash="another")))

    assert set(desk.decisions) == {first, desk.document}
    desk.store.undo.undo()
    desk.take(answer(desk))
    assert len(desk.decisions) == 2, "the model itself has not changed"


def test_an_answer_puts_the_failure_before_it_away(desk: Desk) -> None:
    desk.failure = Failure(question(desk), "It broke.", "", "")

    desk.take(part(desk, {Decision(): verdict(1.0)}))

    assert desk.failure is None


def test_a_question_is_asked_once_and_again_only_when_told_to(desk: Desk) -> None:
    desk.wanted = lambda: (COLOR, Attention(0), COLOR)
    for _ in range(2):
        desk.ask()
    desk.live.ask.assert_called_once_with(Question(desk.document, (COLOR, Attention(0))))

    desk.ask_again()
    assert desk.live.ask.call_count == 2
    desk.wanted = lambda: (SHAPE,)
    desk.ask()
    desk.edit("Move A", moved(desk, 0))
    desk.ask()
    assert [call.args[0] for call in desk.live.ask.call_args_list[2:]] == [
        Question(desk.store.steps()[0][1], (SHAPE,)),
        Question(desk.document, (SHAPE,)),
    ]


def test_all_is_settled_once_everything_wanted_is_known_of_the_current_state(desk: Desk) -> None:
    desk.wanted = lambda: (COLOR, Attention(desk.view.token))
    desk.take(part(desk, {Decision(): verdict(1.0)}))
    assert not desk.is_settled()

    desk.take(part(desk, {COLOR: Refusal("There is none."), Attention(0): attention_of(0)}, complete=True))
    assert desk.is_settled(), "why there is none is known"

    desk.look(token=7)
    assert not desk.is_settled()
    desk.look(token=0)
    assert desk.is_settled()
    desk.edit("Move A", moved(desk, 0))
    assert not desk.is_settled()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 3)),
        st.tuples(st.just("go to"), st.integers(0, 5)),
        st.tuples(st.just("look"), st.integers(0, 2)),
        st.tuples(st.just("ask"), st.just(0)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_is_done_a_current_value_was_found_for_this_state_and_these_options(
    steps: list[tuple[str, int]],
) -> None:
    desk = a_desk()
    asked: list[Question] = []
    desk.wanted = lambda: (Pad("color", desk.view.write), Attention(desk.view.token))
    for step, number in steps:
        if step == "edit":
            desk.edit("Move", moved(desk, 16 * number))
        elif step == "go to":
            desk.store.undo.setIndex(min(number, desk.store.undo.count()))
        elif step == "look":
            desk.look(write=number, token=number)
        elif step == "ask":
            asked.append(question(desk))
        elif asked:
            about = asked[number % len(asked)]
            said = {analysis: (about.document, analysis) for analysis in about.wanted}
            desk.take(answer(desk, said, asked=about))
        for analysis in desk.wanted():
            found = desk.found(analysis)
            if found is not None:
                assert found.value == (found.document, found.analysis)
                assert found.current == (found.value == (desk.document, analysis))


class Heard(Live):
    """An engine that is never started, and keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.asked: list[Question] = []

    def ask(self, question: Question) -> None:
        self.asked.append(question)

    @property
    def kinds(self) -> set[type]:
        """What kinds of analyses the last question wants."""
        return {type(analysis) for analysis in self.asked[-1].wanted}


@pytest.fixture
def heard(qtbot: QtBot) -> Heard:
    return Heard()


@pytest.fixture
def window(qtbot: QtBot, heard: Heard) -> MainWindow:
    window = MainWindow(Store(demo_document(), View(write=1)), heard)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.desk.ask()
    return window


@pytest.mark.parametrize(
    ("panel", "kinds"), [(InsidePanel, {Attention, ItemShares}), (InterventionsPanel, {Pad, DecisionMap})]
)
def test_a_panel_that_was_closed_asks_nothing_until_it_is_open_again(
    window: MainWindow, heard: Heard, panel: type[Panel], kinds: set[type]
) -> None:
    assert heard.kinds >= kinds

    window._docks[panel].hide()
    window.desk.look(write=2, token=7)
    window.desk.edit("Move A", moved(window.desk, 0))
    assert not heard.kinds & kinds
    n_asked = len(heard.asked)

    window._docks[panel].show()

    assert len(heard.asked) == n_asked + 1
    assert heard.kinds >= kinds
    assert heard.asked[-1].document == window.desk.document


def test_a_panel_behind_another_asks_nothing_until_it_is_in_front(
    window: MainWindow, heard: Heard, qtbot: QtBot
) -> None:
    inside, interventions = window._docks[InsidePanel], window._docks[InterventionsPanel]
    window.tabifyDockWidget(interventions, inside)
    interventions.raise_()
    qtbot.waitUntil(lambda: window.panel(InsidePanel) in window._behind)
    window.desk.look(write=2)
    assert Pad in heard.kinds
    assert Attention not in heard.kinds

    inside.raise_()

    qtbot.waitUntil(lambda: Attention in heard.kinds)
    window.desk.look(write=3)
    assert Pad not in heard.kinds


def test_with_all_panels_closed_the_decision_is_still_asked_for(window: MainWindow, heard: Heard) -> None:
    for dock in window._docks.values():
        dock.hide()

    window.desk.edit("Move A", moved(window.desk, 0))

    assert heard.asked[-1] == Question(window.desk.document)

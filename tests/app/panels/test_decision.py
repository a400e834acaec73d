"""What the window says of an answer, whatever the classes of the model and the tokens before its patches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import create_autospec

import pytest
from pytestqt.qtbot import QtBot

from app.actions import COMMANDS
from app.desk import Desk
from app.edits import read_by
from app.live import Live
from app.panels.decision import DecisionPanel
from app.panels.history import HistoryPanel
from app.panels.inside import InsidePanel
from app.store import Store
from app.widgets.meter import Reading
from app.widgets.reading import ClassReading
from core.analyses.attention import Attention
from core.analyses.decision import Verdict
from core.demo import demo_document
from core.document import View
from core.errors import UserError
from core.interventions.move import set_point
from tests.app.answers import RELATIONS, TINY, answer, attention_of
from tests.app.panels.small_panel import interventions_panel

ANIMALS = ("cat", "dog", "cow")


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    """The demo: two items that differ in colour."""
    return Desk(Store(demo_document(), View(write=1)), create_autospec(Live, instance=True))


def take(desk: Desk, labels: tuple[str, ...], logits: tuple[float, ...], baseline: tuple[float, ...] = ()) -> None:
    verdict = Verdict(labels, logits, baseline or logits)
    desk.take(answer(desk, verdict=verdict, model=replace(TINY, labels=labels)))


def reading(qtbot: QtBot, desk: Desk) -> Reading:
    panel = DecisionPanel(desk)
    qtbot.addWidget(panel)
    panel.refresh()
    shown = panel.meter._reading
    assert shown is not None
    return shown


def test_a_wrong_answer_is_a_mistake_and_a_right_one_is_not(qtbot: QtBot, desk: Desk) -> None:
    take(desk, RELATIONS, (2.0, -1.0))
    right = reading(qtbot, desk)
    take(desk, RELATIONS, (-1.0, 2.0))
    wrong = reading(qtbot, desk)

    assert (right.word, right.mistake, right.margin) == ("DIFFERENT", False, -3.0)
    assert (wrong.word, wrong.mistake, wrong.margin) == ("SAME", True, 3.0)


def test_an_answer_is_right_however_the_card_writes_it_and_wherever_it_stands_among_many(
    qtbot: QtBot, desk: Desk
) -> None:
    """Of very many classes the answer holds the largest alone, so that “different” need not be its first."""
    take(desk, ("DIFFERENT ", "Same"), (2.0, -1.0))
    assert not reading(qtbot, desk).mistake

    verdict = Verdict(("unsure", "different", "same"), (0.0, 2.0, -1.0), (0.0, 2.0, -1.0))
    labels = ("different", "same", *(f"class {index}" for index in range(98)), "unsure")
    desk.take(answer(desk, verdict=verdict, model=replace(TINY, labels=labels)))
    assert not bars(qtbot, desk).mistake


def bars(qtbot: QtBot, desk: Desk) -> ClassReading:
    panel = DecisionPanel(desk)
    qtbot.addWidget(panel)
    panel.refresh()
    shown = panel.bars._reading
    assert shown is not None
    assert panel.bars.isVisibleTo(panel)
    assert not panel.meter.isVisibleTo(panel)
    return shown


def test_of_many_classes_the_likeliest_are_shown_by_their_names(qtbot: QtBot, desk: Desk) -> None:
    take(desk, ANIMALS, (0.0, 5.0, 3.5))

    shown = bars(qtbot, desk)

    assert [bar.label for bar in shown.bars] == ["dog", "cow", "cat"]
    assert sum(bar.share for bar in shown.bars) == pytest.approx(1.0)
    assert [bar.ghost for bar in shown.bars] == [None] * 3, "there are no edits"
    assert "not the task of this model" in shown.truth
    assert not shown.mistake


def test_of_many_classes_no_more_than_five_are_shown(qtbot: QtBot, desk: Desk) -> None:
    take(desk, tuple(f"class {index}" for index in range(9)), tuple(float(index) for index in range(9)))

    assert [bar.label for bar in bars(qtbot, desk).bars] == [f"class {index}" for index in (8, 7, 6, 5, 4)]


def test_of_many_classes_a_flip_is_from_one_answer_to_another(qtbot: QtBot, desk: Desk) -> None:
    desk.edit("Move", set_point(desk.document, 0, "color", 1, (0.0, 0.0)))
    take(desk, ANIMALS, (0.0, 5.0, 3.5), (1.0, 2.0, 4.0))

    shown = bars(qtbot, desk)

    assert (shown.word, shown.was.label, shown.flipped) == ("dog", "cow", True)
    first = shown.bars[0]
    assert first.share > 0.8 > 0.2 > first.ghost, "the ghost is of the same class"


def test_of_many_classes_another_margin_of_the_same_answer_is_no_flip(qtbot: QtBot, desk: Desk) -> None:
    desk.edit("Move", set_point(desk.document, 0, "color", 1, (0.0, 0.0)))
    take(desk, ANIMALS, (0.0, 5.0, 3.5), (4.9, 5.0, 4.0))

    assert not bars(qtbot, desk).flipped


def test_the_third_answer_of_a_head_that_knows_same_and_different_is_a_mistake_too(qtbot: QtBot, desk: Desk) -> None:
    take(desk, (*RELATIONS, "unsure"), (1.0, 0.0, 2.0))

    shown = bars(qtbot, desk)

    assert (shown.word, shown.mistake) == ("unsure", True)


def test_one_logit_is_held_against_what_it_is_not(qtbot: QtBot, desk: Desk) -> None:
    take(desk, ("not cat", "cat"), (0.0, -1.5))

    shown = reading(qtbot, desk)

    assert (shown.word, shown.low, shown.high, shown.margin) == ("NOT CAT", "NOT CAT", "CAT", -1.5)


def headless(desk: Desk) -> None:
    words = "This network has no classes: shown is a cosine."
    verdict = Verdict(RELATIONS, (0.0, 0.4), (0.0, 0.4), lens=words, right=0.75)
    desk.take(answer(desk, verdict=verdict, model=replace(TINY, labels=())))


def test_of_a_network_without_classes_it_is_said_what_is_shown_and_never_that_it_is_wrong(
    qtbot: QtBot, desk: Desk
) -> None:
    headless(desk)

    panel = DecisionPanel(desk)
    qtbot.addWidget(panel)
    panel.refresh()
    shown = panel.meter._reading

    assert (shown.word, shown.unit, shown.mistake) == ("SAME", "margin in σ", False)
    assert shown.truth == "TRUE of the picture: different — colour"
    assert "no classes: shown is a cosine" in panel.meter.toolTip()
    assert panel.lens.isVisibleTo(panel)
    assert panel.lens.right.text() == "right for 75 % of examples"


def test_what_is_shown_of_a_network_without_classes_is_switched_in_one_step(qtbot: QtBot, desk: Desk) -> None:
    headless(desk)
    panel = DecisionPanel(desk)
    qtbot.addWidget(panel)
    panel.refresh()

    panel.lens.choice.activated.emit(1)

    assert desk.document.lens == "cosine"
    headless(desk)
    panel.refresh()
    assert panel.lens.choice.currentText() == "Cosine"
    desk.store.undo.undo()
    assert desk.document.lens == "class means"


def test_a_model_with_classes_has_nothing_to_switch(qtbot: QtBot, desk: Desk) -> None:
    take(desk, RELATIONS, (1.0, 0.0))
    panel = DecisionPanel(desk)
    qtbot.addWidget(panel)
    panel.refresh()

    assert not panel.lens.isVisibleTo(panel)
    with pytest.raises(UserError, match="tiny answers by its own classes"):
        read_by(desk, "cosine")


def test_the_history_names_the_answer(qtbot: QtBot, desk: Desk) -> None:
    panel = HistoryPanel(desk)
    qtbot.addWidget(panel)
    take(desk, ANIMALS, (0.0, 5.0, 3.5))
    panel.refresh()

    assert "Answer: dog" in panel.strip.rows.shown[0].told
    assert not panel.strip.rows.shown[0].sided


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (RELATIONS, ("DIFFERENT", "SAME")),
        (("cat", "dog"), ("CAT", "DOG")),
        ((*RELATIONS, "unsure"), ("NOT SAME", "SAME")),
        (ANIMALS, ("NOT COW", "COW")),
    ],
)
def test_the_colours_of_a_decision_map_are_called_what_they_mean(
    qtbot: QtBot, desk: Desk, labels: tuple[str, ...], words: tuple[str, str]
) -> None:
    panel = interventions_panel(desk)
    qtbot.addWidget(panel)
    take(desk, labels, tuple(float(index) for index in range(len(labels))))

    assert panel._map_words() == words


def attended(desk: Desk, network: dict[str, Any], n_prefix: int) -> None:
    """An answer with the attention of a patch in a network with these tokens before its patches."""
    model, token = replace(TINY, n_prefix=n_prefix, card={"network": network}), n_prefix + 3
    desk.take(answer(desk, {Attention(token): attention_of(token, model)}, model=model))


@pytest.mark.parametrize(
    ("network", "n_prefix", "chips"),
    [
        ({}, 1, ("CLS",)),
        ({"class_token": False}, 0, ()),
        ({"class_token": False, "reg_tokens": 4}, 4, ("R1", "R2", "R3", "R4")),
        ({"reg_tokens": 1}, 2, ("CLS", "R1")),
    ],
)
def test_there_is_a_chip_for_each_token_before_the_patches_by_its_name(
    qtbot: QtBot, desk: Desk, network: dict[str, Any], n_prefix: int, chips: tuple[str, ...]
) -> None:
    panel = InsidePanel(desk)
    qtbot.addWidget(panel)
    attended(desk, network, n_prefix)
    panel.refresh()

    assert tuple(name for name, _ in panel.view._look.prefix) == chips
    assert panel.view._look.caption.startswith("patch (3, 0)")


@pytest.mark.parametrize("network", [{"class_token": False}, {"class_token": False, "reg_tokens": 4}], ids=str)
def test_attention_of_cls_says_where_there_is_none(desk: Desk, network: dict[str, Any]) -> None:
    look = next(command for command in COMMANDS if command.text == "Attention of CLS")
    attended(desk, network, network.get("reg_tokens", 0))
    token = desk.view.token

    with pytest.raises(UserError, match="no CLS"):
        look.do(desk)
    assert desk.view.token == token


def test_attention_of_cls_is_that_of_the_first_token(desk: Desk) -> None:
    look = next(command for command in COMMANDS if command.text == "Attention of CLS")
    attended(desk, {}, 1)
    desk.store.look(replace(desk.view, token=9))

    look.do(desk)

    assert desk.view.token == 0

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.questions import Decision, ModelInfo
from core.scene import Geometry

LABELS = ("different", "same")
logits = st.tuples(st.floats(-9, 9), st.floats(-9, 9))


@given(logits, logits)
def test_a_decision_flips_where_the_margin_changes_its_side(
    edited: tuple[float, float], baseline: tuple[float, float]
) -> None:
    decision = Decision(LABELS, edited, baseline)

    assert decision.margin == edited[1] - edited[0]
    assert decision.baseline_margin == baseline[1] - baseline[0]
    says_same, said_same = edited[1] > edited[0], baseline[1] > baseline[0]
    assert decision.flipped == (says_same != said_same)


@given(logits)
def test_no_edit_is_no_flip(baseline: tuple[float, float]) -> None:
    assert not Decision(LABELS, baseline, baseline).flipped


many = st.lists(st.floats(-9, 9), min_size=3, max_size=6)


@given(many, st.randoms(use_true_random=False))
def test_of_many_classes_the_answer_is_the_largest_logit_and_a_flip_another_answer(
    edited: list[float], random: Random
) -> None:
    baseline = random.sample(edited, len(edited))
    labels = tuple(f"class {index}" for index in range(len(edited)))
    decision = Decision(labels, tuple(edited), tuple(baseline))

    largest, before = edited.index(max(edited)), baseline.index(max(baseline))
    assert decision.answer == labels[largest]
    assert decision.flipped == (largest != before)
    low, high = decision.sides
    assert low != high
    assert labels[high] == decision.answer, "the side that the margin speaks for is the answer"
    assert decision.margin >= 0
    assert decision.baseline_margin <= 0 if decision.flipped else decision.baseline_margin >= 0
    assert decision.mapped == before


def test_of_many_classes_the_margin_without_a_flip_is_over_the_runner_up() -> None:
    decision = Decision(("cat", "dog", "cow"), (1.0, 5.0, 3.5), (0.0, 2.0, 1.0))

    assert (decision.sides, decision.margin, decision.baseline_margin) == ((2, 1), 1.5, 1.0)


def test_of_many_classes_a_flip_is_between_the_answers_without_and_with_edits() -> None:
    decision = Decision(("cat", "dog", "cow"), (1.0, 5.0, 3.5), (2.5, 2.0, 1.0))

    assert (decision.sides, decision.margin, decision.baseline_margin) == ((0, 1), 4.0, -0.5)
    assert decision.flipped


def test_a_map_shows_same_where_there_are_more_classes_beside_it() -> None:
    decision = Decision(("different", "same", "unsure"), (0.0, 1.0, 5.0), (0.0, 1.0, 5.0))

    assert (decision.mapped, decision.answer) == (1, "unsure")


@pytest.mark.parametrize(
    ("network", "n_prefix", "names"),
    [
        ({}, 1, ("CLS",)),
        ({"reg_tokens": 2}, 3, ("CLS", "R1", "R2")),
        ({"class_token": False}, 0, ()),
        ({"class_token": False, "reg_tokens": 2}, 2, ("R1", "R2")),
    ],
)
def test_tokens_before_the_patches_are_called_what_they_are(
    network: dict[str, object], n_prefix: int, names: tuple[str, ...]
) -> None:
    info = ModelInfo("m", "", "cpu", 2, 2, n_prefix, Geometry(), LABELS, {"network": network}, {})

    assert info.prefix_names == names

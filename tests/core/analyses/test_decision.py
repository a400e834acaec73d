from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from core.analyses.decision import Verdict

LABELS = ("different", "same")
logits = st.tuples(st.floats(-9, 9), st.floats(-9, 9))


@given(logits, logits)
def test_a_verdict_flips_where_the_margin_changes_its_side(
    edited: tuple[float, float], baseline: tuple[float, float]
) -> None:
    verdict = Verdict(LABELS, edited, baseline)

    assert verdict.margin == edited[1] - edited[0]
    assert verdict.baseline_margin == baseline[1] - baseline[0]
    says_same, said_same = edited[1] > edited[0], baseline[1] > baseline[0]
    assert verdict.flipped == (says_same != said_same)


many = st.lists(st.floats(-9, 9), min_size=3, max_size=6)


@given(many, st.randoms(use_true_random=False))
def test_of_many_classes_the_answer_is_the_largest_logit_and_a_flip_another_answer(
    edited: list[float], random: Random
) -> None:
    baseline = random.sample(edited, len(edited))
    labels = tuple(f"class {index}" for index in range(len(edited)))
    verdict = Verdict(labels, tuple(edited), tuple(baseline))

    largest, before = edited.index(max(edited)), baseline.index(max(baseline))
    assert verdict.answer == labels[largest]
    assert verdict.flipped == (largest != before)
    low, high = verdict.sides
    assert low != high
    assert labels[high] == verdict.answer, "the side that the margin speaks for is the answer"
    assert verdict.margin >= 0
    assert verdict.baseline_margin <= 0 if verdict.flipped else verdict.baseline_margin >= 0
    assert verdict.mapped == before


def test_of_many_classes_the_margin_without_a_flip_is_over_the_runner_up() -> None:
    verdict = Verdict(("cat", "dog", "cow"), (1.0, 5.0, 3.5), (0.0, 2.0, 1.0))

    assert (verdict.sides, verdict.margin, verdict.baseline_margin) == ((2, 1), 1.5, 1.0)


def test_of_many_classes_a_flip_is_between_the_answers_without_and_with_edits() -> None:
    verdict = Verdict(("cat", "dog", "cow"), (1.0, 5.0, 3.5), (2.5, 2.0, 1.0))

    assert (verdict.sides, verdict.margin, verdict.baseline_margin) == ((0, 1), 4.0, -0.5)
    assert verdict.flipped


def test_a_map_shows_same_where_there_are_more_classes_beside_it() -> None:
    verdict = Verdict(("different", "same", "unsure"), (0.0, 1.0, 5.0), (0.0, 1.0, 5.0))

    assert (verdict.mapped, verdict.answer) == (1, "unsure")

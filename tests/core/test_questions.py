from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.questions import Decision

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

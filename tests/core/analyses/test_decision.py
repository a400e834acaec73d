from __future__ import annotations

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

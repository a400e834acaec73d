"""One pad in two states: each is as its own pad says, whatever state is in force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.analyses import Refusal
from core.analyses.pad import Pad
from core.analyses.pads_of_states import PadsOfStates
from core.demo import demo_document
from core.interventions.move import set_point
from core.questions import Question
from core.session import Session


def test_the_pads_are_those_of_each_state() -> None:
    session, one = Session("cpu"), demo_document()
    other = set_point(one, 0, "color", 1, (0.5, 1.0))
    wanted, pad = PadsOfStates(one, other, "color", 1), Pad("color", 1)

    before, after = session.answer(Question(one, (wanted,))).found[wanted]

    for found, document in ((before, one), (after, other)):
        np.testing.assert_array_equal(found.now, session.answer(Question(document, (pad,))).found[pad].now)
    np.testing.assert_allclose(after.now[0], (0.5, 1.0), atol=1e-3)
    assert not np.allclose(before.now[0], after.now[0])


def test_states_of_another_model_are_refused_in_words() -> None:
    one = demo_document()
    wanted = PadsOfStates(one, replace(one, model="rmts"), "color", 1)

    found = Session("cpu").answer(Question(one, (wanted,))).found[wanted]

    assert isinstance(found, Refusal)
    assert "not both of the model" in found.message

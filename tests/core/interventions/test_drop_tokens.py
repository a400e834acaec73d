from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.analyses.attention import Attention
from core.analyses.decision import Decision
from core.document import Document, delete_item, random_pair
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.drop_tokens import DropTokens, Which
from core.questions import Question
from core.session import Session
from core.state import State
from core.stimuli.masks import mask_of
from core.stimuli.stimulus import Geometry, Photo, Stimulus
from core.stimuli.tokens import tokens_of_items
from tests.core.networks import noise, save_tiny

CANVAS = Geometry(64, 16)
A, B = (3, 4, 7, 8), (9, 10, 13, 14)
ITEMS = Context((A, B))
DROPPED: dict[Which, tuple[int, ...]] = {
    "item": A,
    "CLS": (0,),
    "background": tuple(token for token in range(1, 17) if token not in (*A, *B)),
}


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(CANVAS, 1))


@pytest.mark.parametrize("which", DROPPED)
def test_nobody_attends_to_a_dropped_token_and_the_rest_is_shared_out_as_before(which: Which) -> None:
    scores = noise(1, 2, 17, 17)
    gone = list(DROPPED[which])
    kept = [token for token in range(17) if token not in gone]

    pattern = DropTokens(0, which).apply(scores, ITEMS).softmax(-1)

    assert not pattern[..., gone].any()
    torch.testing.assert_close(pattern[..., kept], scores[..., kept].softmax(-1))


def test_half_the_strength_takes_half_of_the_attention_before_it_is_shared_out_anew() -> None:
    scores = noise(1, 2, 17, 17)
    weights = scores.exp()
    weights[..., list(A)] *= 0.5

    pattern = DropTokens(0, strength=0.5).apply(scores, ITEMS).softmax(-1)

    torch.testing.assert_close(pattern, weights / weights.sum(-1, keepdim=True))


def test_it_acts_in_its_block_and_in_all_after_it(document: Document) -> None:
    session = Session("cpu")
    attention = Attention(0)
    edited = replace(document, interventions=(DropTokens(1),))

    found = session.answer(Question(edited, (attention,))).found[attention]

    gone = list(tokens_of_items(document.base, 1)[0])
    assert (found.rows[0][:, gone] > 0).all()
    assert not found.rows[1:][:, :, gone].any()


def test_a_dropped_item_can_be_anything(document: Document) -> None:
    """From block 0 on, nothing that is drawn in the item's place reaches the answer."""
    session = Session("cpu")
    first, *rest = document.base.items
    painted = replace(first, shape=first.shape ^ 1, color=first.color ^ 1)
    other = replace(document.base, items=(painted, *rest))

    here, there = (
        session.answer(Question(replace(document, base=base, interventions=(DropTokens(0),)))).found[Decision()]
        for base in (document.base, other)
    )

    assert here.baseline != pytest.approx(there.baseline, abs=1e-4)
    assert here.logits == pytest.approx(there.logits, abs=1e-5)


def test_the_control_drops_the_partner() -> None:
    scores = noise(1, 2, 17, 17)

    control = DropTokens(0, control="wrong object").apply(scores, ITEMS)

    assert torch.equal(control, DropTokens(0, item=1).apply(scores, ITEMS))


def test_something_must_be_left_to_attend_to() -> None:
    with pytest.raises(UserError, match="No token would be left"):
        DropTokens(0).apply(noise(1, 2, 4, 4), Context(((0, 1, 2, 3),)))


def test_it_is_remembered_apart_from_the_same_picture_without_it(document: Document) -> None:
    session = Session("cpu")
    opened = session.open(document.model)
    with torch.inference_mode():
        dropped = State(replace(document, interventions=(DropTokens(0),)), opened).stream(2)
        plain = State(document, opened).stream(2)

    assert not torch.allclose(dropped, plain, atol=1e-4)


def test_it_goes_with_its_item_and_the_background_stays(document: Document) -> None:
    edited = replace(document, interventions=(DropTokens(0, item=1), DropTokens(0, "background")))

    assert delete_item(edited, "base", 0).interventions[0] == DropTokens(0, item=0)
    assert delete_item(edited, "base", 1).interventions == (DropTokens(0, "background"),)
    assert DropTokens(1, item=1).words(document.base) == "tokens of B dropped"
    assert DropTokens(1, "background").detail(document.base) == "from block 1 on · nobody attends to it"


def test_where_there_is_nothing_to_drop_it_says_so() -> None:
    with pytest.raises(UserError, match="no token of this kind: CLS"):
        DropTokens(0, "CLS").apply(noise(1, 2, 16, 16), Context((A, B), n_prefix=0))


def test_the_object_or_the_context_of_a_photo_with_a_mask_is_dropped(document: Document) -> None:
    inside = np.zeros((64, 64), bool)
    inside[16:48, 16:32] = True  # the patches 5 and 9
    photo = Photo(bytes(64 * 64 * 3), "photo", masks=(mask_of("cat", inside),))
    shown = replace(document, base=Stimulus((), CANVAS, photo))
    opened = Session("cpu").open(document.model)

    for edit, dropped in ((DropTokens(0), [6, 10]), (DropTokens(0, "background"), [1, 2, 3, 4, 5, 7, 8, 9, 11, 16])):
        with torch.inference_mode():
            pattern = State(replace(shown, interventions=(edit,)), opened).pattern(0)
        assert not pattern[..., dropped].any()
        assert pattern[..., 0].all()

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.analyses.attention import Attention
from core.analyses.decision import Decision
from core.document import Document, View, delete_item, random_pair
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.patch_tokens import PatchTokens
from core.questions import Question
from core.session import Session
from core.site import PARTS, Part, Site
from core.stimuli.stimulus import Geometry
from tests.core.networks import noise, save_tiny

CANVAS = Geometry(64, 16)
A, B = (3, 4, 7, 8), (9, 10, 13, 14)
SHAPES: dict[Part, tuple[int, ...]] = {
    **dict.fromkeys(("resid_pre", "attn_out", "mlp_out", "resid_post"), (1, 17, 32)),
    **dict.fromkeys(("q", "k", "v", "head_out"), (1, 2, 17, 16)),
    **dict.fromkeys(("scores", "pattern"), (1, 2, 17, 17)),
}  # type: ignore[dict-item]


def context(source: torch.Tensor) -> Context:
    return Context((A, B), source_tokens=(B, A), source_at=lambda _: source)


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(CANVAS, 1), random_pair(CANVAS, 2))


@pytest.mark.parametrize("part", PARTS)
def test_the_items_tokens_take_the_sources_value_at_any_site_and_no_other_token_does(part: Part) -> None:
    x, source = noise(*SHAPES[part], seed=1), noise(*SHAPES[part], seed=2)

    y = PatchTokens(1, part, item=0, source_item=0).apply(x, context(source))

    assert torch.allclose(y[..., list(A), :], source[..., list(B), :])
    others = [token for token in range(17) if token not in A]
    assert torch.equal(y[..., others, :], x[..., others, :])


@pytest.mark.parametrize("part", ["resid_pre", "resid_post"])
def test_every_token_patched_in_the_stream_gives_the_sources_answer(document: Document, part: Part) -> None:
    session = Session("cpu")
    assert document.source is not None
    wanted = session.answer(Question(replace(document, base=document.source, source=None))).found[Decision()]

    patched = session.answer(Question(replace(document, interventions=(PatchTokens(1, part),)))).found[Decision()]

    assert patched.logits == pytest.approx(wanted.logits, abs=1e-4)
    assert patched.logits != pytest.approx(patched.baseline, abs=1e-3)


@pytest.mark.parametrize("part", [part for part in PARTS if not part.startswith("resid")])
def test_every_part_inside_a_block_can_be_patched(document: Document, part: Part) -> None:
    session = Session("cpu")

    answer = session.answer(Question(replace(document, interventions=(PatchTokens(1, part),))))

    assert not answer.notes
    verdict = answer.found[Decision()]
    assert verdict.logits != pytest.approx(verdict.baseline, abs=1e-4)


def test_an_item_patched_from_itself_is_unchanged(document: Document) -> None:
    session = Session("cpu")
    edit = PatchTokens(0, "head_out", item=1, source_item=1)

    verdict = session.answer(Question(replace(document, source=document.base, interventions=(edit,)))).found[Decision()]

    assert verdict.logits == pytest.approx(verdict.baseline, abs=1e-5)


def test_the_wrong_object_gives_the_other_items_value() -> None:
    x, source = noise(1, 17, 32, seed=1), noise(1, 17, 32, seed=2)
    wrong = PatchTokens(1, item=0, source_item=0, control="wrong object")

    assert torch.equal(wrong.apply(x, context(source)), PatchTokens(1, item=0, source_item=1).apply(x, context(source)))


def test_without_a_source_it_says_so() -> None:
    with pytest.raises(UserError, match="no source image"):
        PatchTokens(1).apply(noise(1, 17, 32), Context((A, B)))


def test_items_of_different_extent_cannot_be_patched() -> None:
    uneven = Context((A, B), source_tokens=((1, 2), A), source_at=lambda _: noise(1, 17, 32))
    with pytest.raises(UserError, match="cover 4 and 2 tokens"):
        PatchTokens(1, item=0).apply(noise(1, 17, 32), uneven)


def test_it_goes_with_the_items_that_it_is_about(document: Document) -> None:
    edited = replace(document, interventions=(PatchTokens(1, item=1, source_item=0), PatchTokens(1)))

    assert delete_item(edited, "base", 1).interventions == (PatchTokens(1),)
    assert delete_item(edited, "base", 0).interventions == (PatchTokens(1, item=0, source_item=0), PatchTokens(1))
    assert delete_item(edited, "source", 0).interventions == (PatchTokens(1),)


def test_it_acts_where_it_says_and_reads_in_words(document: Document) -> None:
    edit = PatchTokens(1, "v", item=1)

    assert edit.site == Site(1, "v")
    assert edit.words(document.base) == "tokens of B from source A"
    assert PatchTokens(1).words(document.base) == "all tokens from source"


def test_what_is_seen_of_a_patched_pattern_follows_the_source(document: Document) -> None:
    session, attention = Session("cpu"), Attention(3)
    patched = replace(document, interventions=(PatchTokens(1, "pattern"),))
    other = replace(patched, source=random_pair(CANVAS, 5))

    before, after = (session.answer(Question(each, (attention,))).found[attention] for each in (patched, other))

    fresh = Session("cpu").answer(Question(other, (attention,))).found[attention]
    np.testing.assert_allclose(after.rows, fresh.rows, atol=1e-6)
    assert not np.allclose(after.rows[1], before.rows[1], atol=1e-3)


def test_while_the_source_is_shown_the_first_item_of_the_base_is_meant(document: Document) -> None:
    offers = PatchTokens.offers()

    assert offers[0].make(document, View(item=1, side="source")).interventions == (PatchTokens(1, item=0),)
    assert offers[0].make(document, View(item=1)).interventions == (PatchTokens(1, item=1, source_item=1),)

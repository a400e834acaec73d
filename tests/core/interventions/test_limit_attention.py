from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.document import Document, Intervention, View, random_pair
from core.engine import advance, embed, read, run, to_input
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.limit_attention import LimitAttention, To
from core.session import Session
from core.site import Site
from core.state import State
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry
from tests.core.networks import noise, save_tiny, tiny_model

CANVAS = Geometry(64, 16)


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(CANVAS, 1))


def state_of(document: Document, *edits: Intervention) -> State:
    session = Session("cpu")
    return State(replace(document, interventions=edits), session.open(document.model))


def test_patches_that_attend_to_themselves_alone_do_not_depend_on_each_other() -> None:
    model = tiny_model(reg_tokens=2, init_values=0.5)
    edit = LimitAttention(0)
    edits = [(site, lambda x: edit.apply(x, Context((), n_prefix=3))) for site in edit.sites(model.n_blocks)]
    x = embed(model, noise(1, 3, 64, 64))
    other = x.clone()
    other[:, 3 + 5] += noise(1, model.width, seed=1)  # another patch there
    prefix = x.clone()
    prefix[:, :3] += 1.0

    after, after_other, after_prefix = x, other, prefix
    for block in range(model.n_blocks):
        after, after_other, after_prefix = (
            advance(model, each, block, edits) for each in (after, after_other, after_prefix)
        )

    rest = [token for token in range(3, 19) if token != 8]
    assert torch.equal(after[:, rest], after_other[:, rest])
    assert not torch.allclose(after[:, 8], after_other[:, 8])
    assert torch.equal(after[:, 3:], after_prefix[:, 3:])
    assert not torch.allclose(after[:, 0], after_other[:, 0]), "CLS still sees every patch"


def test_patches_that_take_nothing_from_cls_lose_its_share_and_no_other() -> None:
    pattern = noise(1, 2, 17, 17).softmax(-1)

    limited = LimitAttention(0, "no CLS").apply(pattern, Context(()))

    assert not limited[..., 1:, 0].any()
    assert torch.equal(limited[..., 1:], pattern[..., 1:])
    assert torch.equal(limited[..., 0, :], pattern[..., 0, :])


@pytest.mark.parametrize("to", ["themselves", "no CLS"])
@pytest.mark.parametrize("strength", [0.0, 0.25])
def test_a_part_of_the_strength_goes_a_part_of_the_way(to: To, strength: float) -> None:
    pattern = noise(1, 2, 17, 17).softmax(-1)
    whole = LimitAttention(0, to).apply(pattern, Context(()))

    part = LimitAttention(0, to, strength).apply(pattern, Context(()))

    torch.testing.assert_close(part, torch.lerp(pattern, whole, strength))


def test_it_acts_in_its_block_and_in_all_after_it(document: Document) -> None:
    state = state_of(document, LimitAttention(1))
    with torch.inference_mode():
        trace = run(state.model, to_input(state.model, render(document.base)[None]))
        eye = torch.eye(17)[1:].expand(2, -1, -1)

        torch.testing.assert_close(state.stream(0), trace.after(0))
        assert torch.equal(state.pattern(1)[:, 1:], eye)
        assert torch.equal(state.pattern(2)[:, 1:], eye)
        assert torch.equal(state.pattern(1)[:, 0], read(state.model, trace.after(0), Site(1, "pattern"))[0, :, 0])


def test_a_network_without_cls_has_none_to_take_nothing_from() -> None:
    with pytest.raises(UserError, match="has no CLS"):
        LimitAttention(0, "no CLS").apply(noise(1, 2, 16, 16), Context((), n_prefix=0))


def test_its_commands_make_it_from_the_write_layer_on(document: Document) -> None:
    offers = LimitAttention.offers()

    made = [offer.make(document, View(write=2)).interventions[0] for offer in offers]

    assert made == [LimitAttention(2), LimitAttention(2, "no CLS")]
    assert [edit.words(document.base) for edit in made] == [
        "patches attend to themselves alone",
        "patches take nothing from CLS",
    ]

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.analyses.decision import Decision
from core.document import Document, random_pair
from core.engine import read, run, to_input
from core.interventions.knock_out_mlp import KnockOutMLP
from core.questions import Question
from core.session import Session
from core.site import Site
from core.state import State
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(Geometry(64, 16), 1))


@pytest.mark.parametrize("block", [0, 1, 2])
def test_the_answer_is_that_of_a_network_whose_mlp_adds_nothing(document: Document, block: int) -> None:
    session = Session("cpu")
    model = session.open(document.model).model
    verdict = session.answer(Question(replace(document, interventions=(KnockOutMLP(block),)))).found[Decision()]

    layer = model.network.blocks[block].mlp.fc2
    layer.weight.zero_()
    layer.bias.zero_()
    with torch.inference_mode():
        wanted = model.network(to_input(model, render(document.base)[None]))[0]

    torch.testing.assert_close(torch.tensor(verdict.logits), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0])
def test_a_knock_out_to_the_mean_goes_part_of_the_way(document: Document, strength: float) -> None:
    session = Session("cpu")
    edit = KnockOutMLP(1, "mean", strength)
    state = State(replace(document, interventions=(edit,)), session.open(document.model))
    with torch.inference_mode():
        mean = state.context().mean_at(edit.site)
        entering = state.stream(0)
        plain = read(state.model, entering, edit.site)

        wanted = entering + read(state.model, entering, Site(1, "attn_out")) + torch.lerp(plain, mean, strength)

        torch.testing.assert_close(state.stream(1), wanted, atol=1e-4, rtol=0)


def test_it_changes_nothing_before_its_block(document: Document) -> None:
    session = Session("cpu")
    model = session.open(document.model).model
    state = State(replace(document, interventions=(KnockOutMLP(2),)), session.open(document.model))
    with torch.inference_mode():
        trace = run(model, to_input(model, render(document.base)[None]))

        torch.testing.assert_close(state.stream(1), trace.after(1))
        assert not torch.allclose(state.stream(2), trace.after(2))
    assert KnockOutMLP(2).words(document.base) == "MLP off"

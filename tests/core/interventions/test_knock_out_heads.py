from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.analyses.attention import Attention
from core.analyses.decision import Decision
from core.document import Document, random_pair
from core.engine import read, run, to_input
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.knock_out_heads import KnockOutHeads, heads_off, toggle_head
from core.questions import Question
from core.session import Session
from core.site import Site
from core.state import N_REFERENCE, State
from core.stimuli.datasets import split_examples
from core.stimuli.render import render, render_many
from core.stimuli.stimulus import Geometry
from tests.core.networks import noise, save_tiny

CANVAS = Geometry(64, 16)
H = 2


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(CANVAS, 1))


def off(*heads: int, **options: object) -> KnockOutHeads:
    return replace(KnockOutHeads(1, heads), **options)  # type: ignore[arg-type]


def nothing() -> Context:
    return Context(())


def test_a_head_that_is_off_gives_nothing_and_the_others_are_as_they_were() -> None:
    x = noise(1, H, 17, 16)

    y = off(1).apply(x, nothing())

    assert torch.equal(y[:, 0], x[:, 0])
    assert not y[:, 1].any()


@pytest.mark.parametrize("strength", [0.0, 0.5, 2.0])
def test_strength_says_how_much_of_the_head_is_taken_away(strength: float) -> None:
    x = noise(1, H, 17, 16)

    y = off(0, strength=strength).apply(x, nothing())

    torch.testing.assert_close(y[:, 0], (1 - strength) * x[:, 0])


def test_the_answer_is_that_of_a_network_whose_output_projection_ignores_the_head(document: Document) -> None:
    session = Session("cpu")
    model = session.open(document.model).model
    answer = session.answer(Question(replace(document, interventions=(off(1),))))

    model.network.blocks[1].attn.proj.weight[:, 16:] = 0  # the columns that read head 1
    with torch.inference_mode():
        wanted = model.network(to_input(model, render(document.base)[None]))[0]

    torch.testing.assert_close(torch.tensor(answer.found[Decision()].logits), wanted, atol=1e-5, rtol=0)


def test_the_mean_is_that_of_the_reference_set_one_for_each_token(document: Document) -> None:
    session = Session("cpu")
    edited = replace(document, interventions=(off(0, fill="mean"),))
    state = State(edited, session.open(document.model))

    with torch.inference_mode():
        mean = state.context().mean_at(Site(1, "head_out"))
        x = noise(1, H, 17, 16)
        y = state.edits[0].apply(x, state.context())

        images = [e.stimulus for e in split_examples("train", N_REFERENCE, geometry=CANVAS)]
        trace = run(state.model, to_input(state.model, render_many(images)))
        wanted = torch.stack([read(state.model, s[None], Site(1, "head_out"))[0] for s in trace.after(0)]).mean(0)

    torch.testing.assert_close(mean[0], wanted, atol=1e-5, rtol=0)
    torch.testing.assert_close(y[:, 0], mean[:, 0])
    assert torch.equal(y[:, 1], x[:, 1])


def test_the_control_is_as_many_other_heads_and_the_same_ones_every_time() -> None:
    x = noise(1, 6, 5, 4)
    control = KnockOutHeads(1, (1, 4), control="other heads", seed=3)

    y = control.apply(x, nothing())

    gone = [head for head in range(6) if not y[:, head].any()]
    assert len(gone) == 2
    assert not {1, 4} & set(gone)
    assert torch.equal(y, control.apply(x, nothing()))


def test_what_cannot_be_switched_off_says_why() -> None:
    x = noise(1, H, 5, 4)
    with pytest.raises(UserError, match="Block 1 has no head 2"):
        off(2).apply(x, nothing())
    with pytest.raises(UserError, match="too few other heads"):
        KnockOutHeads(1, (0, 1), control="other heads").apply(x, nothing())


def test_a_head_of_a_later_block_leaves_the_attention_before_it_alone(document: Document) -> None:
    session = Session("cpu")
    attention = Attention(3)

    found = session.answer(Question(replace(document, interventions=(off(0),)), (attention,))).found[attention]

    assert (found.rows[:2] == found.baseline_rows[:2]).all()
    assert (found.rows[2] != found.baseline_rows[2]).any()


def test_heads_of_one_block_are_one_edit_and_the_last_one_back_on_takes_it_away(document: Document) -> None:
    both = toggle_head(toggle_head(document, 1, 1), 1, 0)

    assert both.interventions == (off(0, 1),)
    assert heads_off(both) == {(1, 0), (1, 1)}
    assert toggle_head(toggle_head(both, 1, 1), 1, 0) == document
    assert len(toggle_head(both, 2, 0).interventions) == 2


def test_an_edit_that_rests_is_left_as_it_is(document: Document) -> None:
    resting = replace(document, interventions=(off(0, 1, enabled=False),))

    assert not heads_off(resting)
    assert toggle_head(resting, 1, 1).interventions == (off(0, 1, enabled=False), off(1))


OTHERS = [off(1, control="other heads"), off(1, strength=0.0), off(1, enabled=False), KnockOutHeads(2, (1,))]


@pytest.mark.parametrize("edit", OTHERS)
def test_what_does_not_switch_a_head_off_is_not_counted_and_not_changed(
    document: Document, edit: KnockOutHeads
) -> None:
    there = replace(document, interventions=(edit,))

    assert not heads_off(there) & {(1, 0), (1, 1)}
    assert toggle_head(there, 1, 0).interventions == (edit, off(0))


def test_a_head_is_switched_on_again_whatever_switched_it_off(document: Document) -> None:
    there = replace(document, interventions=(off(0), off(1, fill="mean"), off(0, 1, strength=0.5)))

    assert heads_off(there) == {(1, 0), (1, 1)}
    assert toggle_head(there, 1, 1).interventions == (off(0), off(0, strength=0.5))
    assert heads_off(toggle_head(there, 1, 1)) == {(1, 0)}


def test_a_head_that_is_switched_off_never_goes_to_its_mean_or_half_way(document: Document) -> None:
    there = replace(document, interventions=(off(0, fill="mean"), off(0, strength=0.5)))

    assert toggle_head(there, 1, 1).interventions == (*there.interventions, off(1))


def test_an_edit_that_is_lost_switches_nothing_off(document: Document) -> None:
    there = replace(document, interventions=(off(1),))

    assert not heads_off(there, {off(1): "why"})


def test_a_streams_pass_from_the_block_on_equals_a_whole_pass(document: Document) -> None:
    session = Session("cpu")
    model = session.open(document.model).model
    x = to_input(model, render(document.base)[None])
    with torch.inference_mode():
        whole = run(model, x, [(Site(1, "head_out"), lambda out: off(0).apply(out, nothing()))])

    verdict = session.answer(Question(replace(document, interventions=(off(0),)))).found[Decision()]

    torch.testing.assert_close(torch.tensor(verdict.logits), whole.logits[0], atol=1e-5, rtol=0)


def test_it_reads_in_words(document: Document) -> None:
    assert off(1).words(document.base) == "head 1 off"
    assert off(0, 1, fill="mean").words(document.base) == "heads 0, 1 → mean"
    assert off(1).detail(document.base) == "block 1 · heads"

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.analyses.decision import Decision
from core.document import Document, add_intervention, random_pair
from core.engine import advance, read, run
from core.errors import UserError
from core.families.model import Model, check_runnable, geometry_of
from core.interventions.context import Context
from core.interventions.mode_gain import ModeGain, gain_of, with_gain
from core.questions import Question
from core.readings.modes import BIAS, block_modes
from core.session import Session
from core.site import Site
from core.state import State
from core.stimuli.stimulus import Geometry
from tests.core.networks import noise, save_tiny, tiny_model
from tests.core.timm_networks import small

ALL = tuple(range(16))
CANVAS = Geometry(64, 16)


def context_of(model: Model) -> Context:
    return Context((), modes_at=partial(block_modes, model))


def edited_scores(model: Model, stream: Tensor, *edits: ModeGain) -> Tensor:
    applied = [(edit.site, partial(edit.apply, context=context_of(model))) for edit in edits]
    with torch.no_grad():
        return read(model, stream, Site(1, "scores"), applied)


def centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


@pytest.mark.parametrize("name", ["tiny", "beit_base_patch16_224", "vit_relpos_base_patch16_rpn_224"])
@pytest.mark.parametrize("gain", [0.0, 0.3, 2.0])
def test_a_gain_adds_the_term_of_its_mode_to_the_scores_and_leaves_other_heads_alone(name: str, gain: float) -> None:
    network = None if name == "tiny" else small(name)
    model = tiny_model() if network is None else Model(check_runnable(network), geometry_of(network))
    stream = noise(2, model.wiring.n_tokens, model.width, seed=2)
    with torch.no_grad():
        modes = block_modes(model, 1)
        x = modes.norm(stream)
        term = (x @ modes.u[1, 3])[:, :, None] * (x @ modes.v[1, 3])[:, None]  # [B, T, T]
        before = read(model, stream, Site(1, "scores"))

        after = edited_scores(model, stream, ModeGain(1, 1, (3,), gain))

    wanted = before[:, 1] + (gain - 1) * modes.scale * modes.sigma[1, 3] * term
    torch.testing.assert_close(centred(after[:, 1]), centred(wanted), atol=1e-4, rtol=1e-4)
    assert torch.equal(after[:, 0], before[:, 0])


def test_all_modes_at_gain_one_or_strength_nought_are_the_unedited_forward() -> None:
    model = tiny_model()
    x = noise(2, 3, 64, 64)
    with torch.no_grad():
        plain = run(model, x).logits

        for edit in (ModeGain(1, 0, ALL, 1.0), ModeGain(1, 0, (*ALL, BIAS), 0.0, strength=0.0)):
            apply = partial(edit.apply, context=context_of(model))
            torch.testing.assert_close(run(model, x, [(edit.site, apply)]).logits, plain, atol=1e-4, rtol=0)


def test_without_modes_and_bias_a_head_looks_everywhere_alike() -> None:
    model = tiny_model()
    stream = noise(1, 17, 32, seed=3)

    scores = edited_scores(model, stream, ModeGain(1, 0, (*ALL, BIAS)))

    assert float(centred(scores[:, 0]).abs().max()) <= 1e-4
    assert float(centred(scores[:, 1]).abs().max()) > 0.1


def test_modes_kept_alone_are_all_others_off_one_by_one() -> None:
    model = tiny_model()
    stream = noise(1, 17, 32, seed=4)

    kept = edited_scores(model, stream, ModeGain(1, 0, (0, 1), others=True))
    off = edited_scores(model, stream, *(ModeGain(1, 0, (mode,)) for mode in ALL[2:]))

    torch.testing.assert_close(centred(kept), centred(off), atol=1e-4, rtol=1e-4)


def test_the_control_turns_as_many_other_modes_of_the_head() -> None:
    model = tiny_model()
    stream = noise(1, 17, 32, seed=5)
    edit = ModeGain(1, 0, (0,), control="other modes", seed=1)

    control, effect = edited_scores(model, stream, edit), edited_scores(model, stream, replace(edit, control=""))

    assert not torch.allclose(control[:, 0], effect[:, 0])
    assert edit.drawn_again(2) == replace(edit, seed=2)
    with pytest.raises(UserError, match="too few other modes"):
        edited_scores(model, stream, replace(edit, modes=ALL[:10]))


@pytest.mark.parametrize("name", ["eva02_small_patch14_224", "vit_huge_patch16_sapiens2", "cait_xxs24_384"])
def test_a_head_whose_scores_are_no_sum_of_modes_cannot_be_turned(name: str) -> None:
    network = small(name)
    model = Model(check_runnable(network), geometry_of(network))
    stream = noise(1, model.wiring.n_tokens, model.width)

    with pytest.raises(UserError, match=r"EvaBlock|LayerScaleBlock") as refusal:
        edited_scores(model, stream, ModeGain(1, 0, (0,)))
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("edit", "words"), [(ModeGain(1, 2, (0,)), "no head 2"), (ModeGain(1, 0, (16,)), "no mode 16")]
)
def test_a_head_or_mode_that_is_not_there_is_said(edit: ModeGain, words: str) -> None:
    with pytest.raises(UserError, match=words):
        edited_scores(tiny_model(), noise(1, 17, 32), edit)


def test_the_answer_is_that_of_the_edited_pass_and_undo_is_the_model_itself(tmp_path: Path) -> None:
    document = Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(CANVAS, 1))
    session = Session("cpu")
    plain = session.answer(Question(document))
    edited = session.answer(Question(with_gain(document, ModeGain(1, 0, ALL, 0.0, others=False))))
    again = session.answer(Question(document))

    assert not edited.lost
    state = State(edited.question.document, session.open(document.model))
    with torch.inference_mode():
        last = state.stream(0)
        by_hand = advance(
            state.model, last, 1, [(Site(1, "q"), partial(state.edits[0].apply, context=state.context()))]
        )
        torch.testing.assert_close(state.stream(1), by_hand)
    assert edited.found[Decision()].logits != plain.found[Decision()].logits
    assert again.found[Decision()].logits == plain.found[Decision()].logits


def test_a_slider_has_one_edit_for_its_mode_which_goes_at_gain_one() -> None:
    plain = Document("small", random_pair(CANVAS, 1))
    edit = ModeGain(1, 0, (3,), 0.5)

    half = with_gain(plain, edit)
    still = with_gain(half, replace(edit, gain=1.0), keep=True)

    assert gain_of(half, 1, 0, 3) == 0.5
    assert gain_of(half, 1, 0, 4) == 1.0
    assert len(with_gain(half, replace(edit, gain=1.5)).interventions) == 1
    assert len(still.interventions) == 1
    assert with_gain(still, replace(edit, gain=1.0)) == plain
    assert gain_of(add_intervention(plain, replace(edit, enabled=False)), 1, 0, 3) == 1.0


def test_its_row_says_what_it_does_and_not_how_strongly() -> None:
    base = random_pair(CANVAS, 1)

    assert ModeGain(2, 3, (4,)).words(base) == "mode 4 of head 3 off"
    assert ModeGain(2, 3, (4, 5), 0.5, strength=0.3).words(base) == "modes 4, 5 of head 3 × 0.50"
    assert ModeGain(2, 3, (0, 1), others=True).words(base) == "modes but 0, 1 of head 3 off"
    assert ModeGain(2, 3, (BIAS,)).subject(base) == "query bias of head 3"

"""The class lens on a document: what each token says of a class at every depth, with the edits and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.analyses.class_lens import ClassLens, Lens, Readings
from core.analyses.lens_change import LensChange
from core.analyses.lens_onset import LensOnset
from core.analyses.lens_traces import LensTraces
from core.analyses.top_classes import TopClasses
from core.document import Document, random_stimulus
from core.errors import UserError
from core.families.model import Model
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.plots import Curves, Heatmap
from core.readings.projection import project
from core.state import Opened, State
from tests.core.networks import tiny_model

LABELS = tuple(f"kind {index}" for index in range(10))


def state_of(model: Model, *edits: object) -> State:
    stimulus = random_stimulus("discrimination", model.geometry, 0)
    return State(Document("", stimulus, interventions=edits), Opened(model))  # type: ignore[arg-type]


@pytest.fixture
def ten() -> Model:
    return replace(tiny_model(num_classes=10), labels=LABELS)


@torch.inference_mode()
def found(state: State, lens: ClassLens = ClassLens()) -> Lens:
    return next(lens.run(state))


def test_cls_after_the_last_block_has_the_models_own_logit_and_the_answer_comes_first(ten: Model) -> None:
    state = state_of(ten)

    lens = found(state)

    logits = state.logits()
    assert lens.label == int(logits.argmax())
    assert lens.now.logits.shape == (ten.n_blocks + 1, 17)
    assert lens.now.logits[-1, 0] == pytest.approx(float(logits.max()), abs=1e-5)
    assert lens.now.ranks[-1, 0] == 0
    assert lens.now.identifiability(10)[-1, 0] == 1


@torch.inference_mode()
def test_every_token_of_every_part_is_read_by_itself(ten: Model) -> None:
    state = state_of(ten)

    for part in ("attn_out", "resid_mid", "mlp_out"):
        lens = found(state, ClassLens(4, part))
        assert np.isnan(lens.now.logits[0]).all(), "the embeddings have no such part"
        expected = project(ten, state.part(1, part))[0, :, 4]
        np.testing.assert_allclose(lens.now.logits[2], expected.numpy(), atol=1e-5)
    torch.testing.assert_close(
        state.part(1, "resid_post"), state.stream(0) + state.part(1, "attn_out") + state.part(1, "mlp_out")
    )


def test_edits_change_what_is_read_from_their_block_on_and_leave_the_baseline(ten: Model) -> None:
    plain = found(state_of(ten), ClassLens(3))
    lens = found(state_of(ten, KnockOutMLP(1)), ClassLens(3))

    np.testing.assert_array_equal(lens.baseline.logits, plain.now.logits)
    np.testing.assert_array_equal(lens.now.logits[:2], plain.now.logits[:2])
    assert (lens.now.logits[2:] != plain.now.logits[2:]).all()


def test_what_attention_adds_has_the_edits_of_its_block(ten: Model) -> None:
    lens = found(state_of(ten, KnockOutHeads(1, (0, 1))), ClassLens(3, "attn_out"))

    assert np.ptp(lens.now.logits[2]) < 1e-5, "without heads it adds the same to every token"
    assert np.ptp(lens.baseline.logits[2]) > 1e-2


def test_another_class_or_token_is_read_from_what_is_remembered(ten: Model) -> None:
    state = state_of(ten)
    found(state, ClassLens(1))
    n_kept = len(state.opened.lens)

    found(state, ClassLens(2))
    next(TopClasses(5, 1).run(state))
    next(LensTraces(7).run(state))

    assert len(state.opened.lens) == n_kept == ten.n_blocks + 1


def test_a_token_says_a_class_from_the_block_on_after_which_it_stays_first() -> None:
    ranks = np.array([[0, 3, 0, 1], [2, 0, 0, 0], [0, 0, 0, 4]], np.float32)

    onset = Readings(ranks, ranks).onset()

    np.testing.assert_array_equal(onset, [1, 0, -1, np.nan])


@torch.inference_mode()
def test_since_when_is_drawn_on_the_patches(ten: Model) -> None:
    state = state_of(ten)

    (plot,) = next(LensOnset(4).run(state))

    assert isinstance(plot, Heatmap)
    expected = found(state, ClassLens(4)).now.onset()[1:].reshape(4, 4)
    np.testing.assert_array_equal(np.array(plot.values), expected)


@torch.inference_mode()
def test_the_likeliest_classes_of_a_token_are_those_of_its_own_logits(ten: Model) -> None:
    state = state_of(ten, KnockOutMLP(1))

    verdict = next(TopClasses(6, 1).run(state))

    own = state.read_tokens(1)[6]
    assert [LABELS.index(each.label) for each in verdict.largest(5)] == own.topk(5).indices.tolist()
    np.testing.assert_allclose(verdict.baseline, state.read_tokens(1, "resid_post", ())[6].tolist())
    with pytest.raises(UserError, match="no token 17"):
        next(TopClasses(17, 1).run(state))
    with pytest.raises(UserError, match="nothing to read"):
        next(TopClasses(3, -1, "mlp_out").run(state))


@torch.inference_mode()
def test_traces_are_of_the_likeliest_classes_or_of_those_named(ten: Model) -> None:
    state = state_of(ten)
    top = state.logits().topk(3).indices.tolist()

    identifiability, logit = next(LensTraces(5).run(state))
    named, _ = next(LensTraces(0, classes="kind 7, 2").run(state))

    assert isinstance(identifiability, Curves)
    assert isinstance(logit, Curves)
    assert isinstance(named, Curves)
    assert [series.label.split(",")[0] for series in logit.series[::2]] == [LABELS[i] for i in top]
    assert logit.series[0].y[-1] == pytest.approx(float(state.logits().max()), abs=1e-5)
    assert identifiability.series[0].y[-1] == 1.0
    assert [series.label for series in named.series] == ["kind 7, CLS", "kind 2, CLS"]
    with pytest.raises(UserError, match="no class “cat”"):
        next(LensTraces(0, classes="cat").run(state))


@torch.inference_mode()
def test_change_rates_hold_the_mlp_against_its_own_input_and_as_in_the_paper(ten: Model) -> None:
    state = state_of(ten)

    (plot,) = next(LensChange(4).run(state))

    assert isinstance(plot, Curves)
    entering = project(ten, state.stream(0))[0, 1:, 4]
    mid, attention, mlp = (project(ten, state.part(1, part))[0, 1:, 4] for part in ("resid_mid", "attn_out", "mlp_out"))
    pairs = ((attention, entering), (mlp, mid), (mlp, entering))
    assert [series.y[1] for series in plot.series] == [float((a > b).float().mean()) for a, b in pairs]


@torch.inference_mode()
def test_a_network_without_classes_is_read_by_the_nearer_mean_of_examples() -> None:
    model = replace(tiny_model(num_classes=0), labels=())
    state = state_of(model)

    lens = found(state, ClassLens(1))

    margin = state.logits()[1] - state.logits()[0]
    assert state.lens == "class means"
    assert lens.labels == ("different", "same")
    assert lens.now.logits[-1, 0] == pytest.approx(float(margin), abs=1e-4)
    assert "no classes" in lens.words


def test_a_read_out_that_mixes_tokens_is_refused() -> None:
    state = state_of(tiny_model(global_pool="max", class_token=False))

    with pytest.raises(UserError, match="mixes tokens"):
        found(state)

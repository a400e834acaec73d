"""What is asked of query-key modes: of one head on the picture, of all heads, and by depth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.analyses import Analysis, Refusal
from core.analyses.head_modes import HeadModes, ModesOfHead
from core.analyses.mode_cosines import ModeCosines
from core.analyses.mode_depth import ModeDepth, anisotropy
from core.analyses.mode_spectrum import ModeSpectrum
from core.document import Document, random_pair
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.mode_gain import ModeGain
from core.plots import Curves, Heatmap
from core.questions import Question
from core.readings.modes import block_modes
from core.session import Session
from core.state import State, reference_images
from core.stimuli.stimulus import Geometry
from tests.core.networks import save_tiny

H, K, T = 2, 16, 17


@pytest.fixture
def session() -> Session:
    return Session("cpu")


@pytest.fixture
def document(tmp_path: Path) -> Document:
    return Document(save_tiny(tmp_path / "tiny.safetensors"), random_pair(Geometry(64, 16), 1))


def found(session: Session, document: Document, analysis: Analysis[Any]) -> Any:
    return session.answer(Question(document, (analysis,))).found[analysis]


def test_the_modes_of_a_head_are_all_there_with_shares_that_add_up_to_one(session: Session, document: Document) -> None:
    value = found(session, document, HeadModes(1, 1))

    assert isinstance(value, ModesOfHead)
    assert value.sigma.shape == value.cosines.shape == value.peaks.shape == (K,)
    assert value.query.shape == value.key.shape == value.row_peaks.shape == (K, T)
    assert np.all(np.diff(value.sigma) <= 0)
    assert value.shares.sum() == pytest.approx(1, abs=1e-4)
    assert np.argmax(value.worth("peak")) == np.argmax(value.peaks)
    np.testing.assert_array_equal(value.worth("share", 3), value.row_shares[:K, 3])


def test_the_sign_is_the_one_of_which_the_picture_has_more(session: Session, document: Document) -> None:
    value = found(session, document, HeadModes(1, 1))
    modes = block_modes(session.open(document.model).model, 1)
    patches = value.query[:, 1:], value.key[:, 1:]
    ups = [float(np.clip(q, 0, None).max() * np.clip(k, 0, None).max()) for q, k in zip(*patches, strict=True)]
    downs = [float(np.clip(-q, 0, None).max() * np.clip(-k, 0, None).max()) for q, k in zip(*patches, strict=True)]

    assert [value.sign(n) for n in range(K)] == [1 if u >= d else -1 for u, d in zip(ups, downs, strict=True)]
    np.testing.assert_allclose(value.peaks, modes.sigma[1].numpy() * np.maximum(ups, downs), rtol=1e-4, atol=1e-5)


def test_an_edit_before_the_block_changes_its_modes_and_not_the_baseline(session: Session, document: Document) -> None:
    plain = found(session, document, HeadModes(1, 0))
    edited = found(session, replace(document, interventions=(KnockOutMLP(0),)), HeadModes(1, 0))
    own = found(session, replace(document, interventions=(ModeGain(1, 0, (0,)),)), HeadModes(1, 0))

    assert not np.allclose(edited.query, plain.query)
    np.testing.assert_array_equal(edited.baseline_query, plain.query)
    np.testing.assert_array_equal(own.query, plain.query)


def test_a_head_that_is_not_there_is_refused_in_words(session: Session, document: Document) -> None:
    for analysis in (HeadModes(1, 7), ModeSpectrum(1, 7)):
        refusal = found(session, document, analysis)

        assert isinstance(refusal, Refusal)
        assert "no head 7" in refusal.message


def test_the_map_has_a_cell_for_every_head(session: Session, document: Document) -> None:
    (plot,) = found(session, document, ModeCosines())
    modes = block_modes(session.open(document.model).model, 2)

    assert isinstance(plot, Heatmap)
    assert plot.range == (-1, 1)
    assert plot.values[2] == pytest.approx(tuple(modes.weighted_cosines.tolist()), abs=1e-5)


def test_the_spectrum_is_sorted_and_the_cosines_have_the_band_of_chance(session: Session, document: Document) -> None:
    sigma, cosine = found(session, document, ModeSpectrum(0, 1))

    assert list(sigma.series[0].y) == sorted(sigma.series[0].y, reverse=True)
    assert cosine.series[1].high == pytest.approx((1.96 / 32**0.5,) * K)


def test_the_relative_curve_is_the_cosine_without_what_centre_tokens_share(
    session: Session, document: Document
) -> None:
    state = State(document, session.open(document.model))
    with torch.inference_mode():
        first, second = ModeDepth().run(state)
        blocks = [block_modes(state.model, block) for block in range(3)]
        alike = anisotropy(state.model, reference_images(state.model), blocks)

    (before,), (after,) = first, second
    assert isinstance(before, Curves)
    assert isinstance(after, Curves)
    assert len(before.series) == 2
    by_label = {series.label: series.y for series in after.series}
    assert by_label["centre tokens"] == pytest.approx(alike, abs=1e-5)
    assert all(-1 <= value <= 1 for value in alike)
    difference = [m - c for m, c in zip(by_label["modes"], alike, strict=True)]
    assert by_label["relative: minus centre tokens"] == pytest.approx(difference, abs=1e-5)

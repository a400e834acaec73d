from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.masses import attention_shares
from core.stimuli.datasets import split_examples
from core.studies.attention import Attention
from core.studies.measures import attention
from core.studies.measures.attention import item_masses, paper_masses
from core.studies.result import StudyResult
from core.studies.study import Bench
from tests.core.networks import balanced_model, finish

# One image, block and head. Rows: items A and B; columns: to A, to B, to the background, to CLS.
BY_HAND = np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.4, 0.45, 0.05]])[None, None, None]
FOUR = np.array(
    [
        [0.5, 0.1, 0.1, 0.1, 0.1, 0.1],
        [0.2, 0.4, 0.0, 0.1, 0.2, 0.1],
        [0.3, 0.1, 0.3, 0.2, 0.1, 0.0],
        [0.0, 0.1, 0.4, 0.2, 0.2, 0.1],
    ]
)[None, None, None]


def values(kinds: dict[str, np.ndarray]) -> dict[str, float]:
    return {name: float(v.squeeze()) for name, v in kinds.items()}


def test_masses_of_a_pattern_written_by_hand_are_exact() -> None:
    wanted = {"WO": 0.45, "WP": 0.15, "BG": 0.325, "CLS": 0.075, "score": 0.475}

    assert values(attention_shares(BY_HAND, [(0, 1)])) == pytest.approx(wanted)


def test_the_papers_formula_takes_the_larger_object_and_counts_cls_as_within() -> None:
    wanted = {"WP": 0.2, "BG": 0.45, "CLS": 0.075, "WO": 0.35, "score": 0.65}

    assert values(paper_masses(BY_HAND, [(0, 1)])) == pytest.approx(wanted)


def test_masses_of_two_pairs_are_exact() -> None:
    sound, paper = (f(FOUR, [(0, 1), (2, 3)]) for f in (attention_shares, paper_masses))

    wanted = {"WO": 0.35, "WP": 0.225, "BP": 0.2, "BG": 0.15, "CLS": 0.075, "score": 0.575}
    assert values(sound) == pytest.approx(wanted)
    theirs = {"WP": 0.4, "BG": 0.2, "CLS": 0.05, "WO": 0.4, "score": 0.6, "BP": 0.25}
    assert values(paper) == pytest.approx(theirs)


def test_a_result_says_what_was_assumed_of_the_model() -> None:
    model = replace(balanced_model(), assumed=("Assumed: act_layer gelu: the file does not say.",))

    result = finish(Attention(n=4).run(Bench((model,))))

    assert result.notes[-1] == "Assumed: act_layer gelu: the file does not say."


def test_every_attention_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = balanced_model()
    stimuli = [e.stimulus for e in split_examples("test", 6, geometry=model.geometry)]

    def to_the_next_token(_: object, x: Tensor, block: int, queries: Tensor) -> Tensor:
        rows = torch.nn.functional.one_hot((queries + 1) % x.shape[1], x.shape[1]).to(x)
        return rows[:, None].expand(-1, model.n_heads, -1, -1)

    masses = finish(item_masses(model, stimuli))
    assert masses.shape == (6, 3, 2, 2, 4)
    np.testing.assert_allclose(masses.sum(-1), 1, atol=1e-6)

    monkeypatch.setattr(attention, "attention_rows", to_the_next_token)
    masses = finish(item_masses(model, stimuli))
    own = masses[..., [0, 1], [0, 1]]
    assert (own == 0.5).all()  # of the four tokens of a 2 × 2 cell, two have their right neighbour in it


def test_the_study_says_what_made_it_and_gives_the_same_numbers_again() -> None:
    model = balanced_model()

    def study(*, paper_convention: bool) -> StudyResult:
        return finish(Attention(n=8, paper_convention=paper_convention).run(Bench((model,))))

    first, again, paper = (study(paper_convention=p) for p in (False, False, True))

    assert first == again
    assert (first.n, first.weights_sha256, first.settings["seed"]) == (8, model.weights_hash, 0)
    assert len(first.rows) == 6
    assert paper.rows != first.rows

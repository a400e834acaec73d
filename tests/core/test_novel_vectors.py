"""Novel vectors in both items of a pair, and the controls of every edit of a pad, with known answers."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from core.assets.subspace import Subspace, random_basis
from core.errors import UserError
from core.interventions import novel as novel_module
from core.interventions.context import Context
from core.interventions.move import MoveInSubspace
from core.interventions.novel import (
    METHODS,
    Method,
    WriteNovelVectors,
    novel_vectors,
    pool_of,
    seen_pool,
)
from core.interventions.swap import SwapFromSource
from core.stimuli.tokens import write_coordinates
from core.studies.measures import novel as study
from tests.core.networks import WIDTH, noise, random_subspace

TOKENS = ((1, 2, 5, 6), (11, 12, 15, 16))
A, B = (list(tokens) for tokens in TOKENS)
SUBSPACE = random_subspace("color", 1, size=5)
SOURCE = noise(1, 17, WIDTH, seed=50)


def by_hand(spread: float = 1e-4) -> Subspace:
    """Two dimensions of the stream, its 16 classes all at (3, −1), with hardly any spread."""
    centroids = torch.tensor([[3.0, -1.0]]).repeat(16, 1)
    precision = torch.eye(2) / spread**2
    basis = torch.eye(WIDTH)[:, [4, 7]]
    return Subspace(
        "color", 1, basis, centroids, centroids[0], torch.eye(2), 1.0, torch.eye(2).repeat(16, 1, 1), precision
    )


def context(subspace: Subspace = SUBSPACE, tokens: Sequence[tuple[int, ...]] = TOKENS) -> Context:
    return Context(tuple(tokens), {("color", 1): subspace}, ((3, 4, 7, 8), (9, 10, 13, 14)), lambda _: SOURCE)


def write(**changes: Any) -> WriteNovelVectors:
    return replace(WriteNovelVectors(1, 0, 1, "color", "added", "same", seed=3), **changes)


def stream(seed: int = 40) -> Tensor:
    return noise(1, 17, WIDTH, seed=seed)


def coordinates(x: Tensor, tokens: list[int], subspace: Subspace = SUBSPACE) -> Tensor:
    return subspace.coordinates(x[0, tokens])  # [n, S]


def close(a: Tensor, b: Tensor, atol: float = 1e-4) -> None:
    torch.testing.assert_close(a, b, atol=atol, rtol=1e-4)


@pytest.mark.parametrize(
    ("method", "wanted"), [("added", (6.0, -2.0)), ("interpolated", (3.0, -1.0)), ("sampled", (3.0, -1.0))]
)
def test_vectors_are_made_of_raw_coordinates(method: Method, wanted: tuple[float, float]) -> None:
    y = write(method=method).apply(stream(), context(by_hand()))

    close(y[0, A][:, [4, 7]], torch.tensor(wanted).expand(4, 2), atol=1e-2)
    close(y[0, B][:, [4, 7]], torch.tensor(wanted).expand(4, 2), atol=1e-2)


def test_random_vectors_do_not_know_what_was_seen() -> None:
    drawn = [write(method="random", seed=s).apply(stream(), context(by_hand()))[0, A] for s in range(400)]

    coords = torch.stack(drawn)[:, 0, [4, 7]]  # [400, 2]
    close(coords.mean(0), torch.zeros(2), atol=0.2)
    close(coords.std(0), torch.ones(2), atol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_a_pair_to_become_same_gets_one_vector_and_one_to_become_different_two(method: Method) -> None:
    same, different = (write(method=method, judgement=j).apply(stream(), context()) for j in ("same", "different"))

    close(coordinates(same, A), coordinates(same, B))
    assert not torch.allclose(coordinates(different, A), coordinates(different, B), atol=1e-2)
    close(coordinates(same, A), coordinates(different, A))


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_alone_decides_the_draw(method: Method) -> None:
    edit = write(method=method, judgement="different")

    once, again = (edit.apply(stream(), context()) for _ in range(2))
    other = replace(edit, seed=4).apply(stream(), context())

    assert torch.equal(once, again)
    assert not torch.allclose(coordinates(once, A), coordinates(other, A), atol=1e-2)


def test_an_interpolated_vector_is_half_of_the_added_one_of_the_same_draw() -> None:
    added, interpolated = (write(method=m).apply(stream(), context()) for m in ("added", "interpolated"))

    close(coordinates(added, A), 2 * coordinates(interpolated, A))


def test_only_the_pairs_tokens_change_and_only_within_the_subspace() -> None:
    x, rest = stream(), [t for t in range(17) if t not in A + B]
    before = x.clone()

    y = write(strength=0.5).apply(x, context())

    outside = torch.eye(WIDTH) - SUBSPACE.basis @ SUBSPACE.basis.T
    assert torch.equal(y[:, rest], x[:, rest])
    assert torch.equal(x, before)
    close(y @ outside, x @ outside)
    full = write().apply(x, context())
    close(y - x, (full - x) / 2)


def test_the_study_and_the_window_write_the_same_vectors_given_the_same_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_of(noise(30, 4, 5, seed=8))
    monkeypatch.setattr(novel_module, "seen_pool", lambda _: pool)
    x, tokens = stream(), torch.tensor(TOKENS)

    for method in METHODS:
        v = study.novel_vectors(method, pool, 1, torch.Generator().manual_seed(3))
        wanted = write_coordinates(x, tokens[:1], v[:, 0], SUBSPACE.basis)
        wanted = write_coordinates(wanted, tokens[1:], v[:, 1], SUBSPACE.basis)

        close(write(method=method, judgement="different").apply(x, context()), wanted)


def test_the_pool_has_the_means_and_the_covariance_within_classes_of_the_subspace() -> None:
    pool = seen_pool(SUBSPACE)

    classes = pool.vectors[:, 0].view(-1, 16, 5)  # [draws, 16, S]
    within = (classes - SUBSPACE.centroids).flatten(0, 1)
    pooled = torch.linalg.inv(SUBSPACE.precision)
    close(classes.mean(0), SUBSPACE.centroids, atol=0.3)
    close(within.T @ within / len(within), pooled, atol=0.15 * float(pooled.diagonal().max()))
    close(pool.mean, pool.vectors.mean((0, 1)))
    assert torch.equal(pool.vectors, seen_pool(SUBSPACE).vectors)


def test_sampled_vectors_have_the_spread_of_the_pool() -> None:
    drawn = novel_vectors("sampled", seen_pool(SUBSPACE), 3000, torch.Generator().manual_seed(0))

    close(drawn.std((0, 1, 2)), seen_pool(SUBSPACE).std, atol=0.1)


Edit = MoveInSubspace | SwapFromSource | WriteNovelVectors

EDITS: list[Edit] = [
    MoveInSubspace(1, 0, "color", (2.0, -1.0)),
    SwapFromSource(1, 0, 0, "color"),
    write(judgement="different"),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: type(e).__name__)
def test_a_random_subspace_is_orthonormal_of_equal_rank_and_the_same_for_the_same_seed(edit: Edit) -> None:
    x, control = stream(), replace(edit, control="random subspace", seed=11)
    directions = SUBSPACE.directions(11)

    change = control.apply(x, context()) - x

    close(directions.T @ directions, torch.eye(5))
    assert directions.shape == SUBSPACE.basis.shape
    assert torch.linalg.matrix_rank(torch.cat([directions, SUBSPACE.basis], 1)) == 10
    close(change, change @ directions @ directions.T)
    assert change.abs().max() > 0.1
    assert torch.equal(change, control.apply(x, context()) - x)
    assert not torch.allclose(change, replace(control, seed=12).apply(x, context()) - x, atol=1e-2)


@pytest.mark.parametrize("edit", [EDITS[0], replace(EDITS[2], seed=11)], ids=["move", "novel"])
def test_a_move_or_novel_vector_in_a_random_subspace_is_as_long_as_the_effect(edit: Edit) -> None:
    x = stream()

    effect, control = (replace(edit, control=c, seed=11).apply(x, context()) - x for c in ("", "random subspace"))

    close(control.norm(dim=-1), effect.norm(dim=-1))
    assert not torch.allclose(control, effect, atol=1e-2)


def test_a_swap_in_a_random_subspace_is_the_studys_random_rotation() -> None:
    x, directions = stream(), random_basis(SUBSPACE.basis, torch.Generator().manual_seed(1))

    y = SwapFromSource(1, 0, 0, "color", control="random subspace").apply(x, context())

    close(y[0, A] @ directions, SOURCE[0, [3, 4, 7, 8]] @ directions)


def test_a_swap_of_the_wrong_object_takes_the_sources_other_item() -> None:
    x = stream()
    for donor in (0, 1):
        wrong = SwapFromSource(1, 0, donor, "color", control="wrong object").apply(x, context())

        close(wrong, SwapFromSource(1, 0, 1 - donor, "color").apply(x, context()))


def test_a_move_of_the_wrong_object_puts_the_partner_there() -> None:
    x = stream()

    wrong = MoveInSubspace(1, 0, "color", (2.0, -1.0), control="wrong object").apply(x, context())

    close(wrong, MoveInSubspace(1, 1, "color", (2.0, -1.0)).apply(x, context()))


@pytest.mark.parametrize("judgement", ["same", "different"])
def test_novel_vectors_of_the_wrong_object_make_the_other_judgement(judgement: str) -> None:
    other = {"same": "different", "different": "same"}[judgement]

    wrong = write(judgement=judgement, control="wrong object").apply(stream(), context())

    close(wrong, write(judgement=other).apply(stream(), context()))


def test_a_wrong_object_that_is_not_there_is_refused() -> None:
    alone = replace(context(tokens=TOKENS[:1]), source_tokens=((3, 4, 7, 8),))

    with pytest.raises(UserError, match="no partner"):
        MoveInSubspace(1, 0, "color", (0, 0), control="wrong object").apply(stream(), alone)
    with pytest.raises(UserError, match="no other item"):
        SwapFromSource(1, 0, 0, "color", control="wrong object").apply(stream(), alone)
    with pytest.raises(UserError, match="no longer in the stimulus"):
        write().apply(stream(), alone)


def test_a_swap_of_everything_has_no_random_subspace() -> None:
    with pytest.raises(UserError, match="no subspace"):
        SwapFromSource(1, 0, 0, "all", control="random subspace").apply(stream(), context())


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: type(e).__name__)
def test_every_field_of_an_edit_travels_to_the_engine_and_back(edit: Edit) -> None:
    sent = replace(edit, control="random subspace", seed=2**32 - 1, strength=0.7, enabled=False)

    assert pickle.loads(pickle.dumps(sent)) == sent
    assert len({sent, replace(sent, seed=1), replace(sent, control=""), replace(sent, enabled=True)}) == 4

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.assets.subspace import Subspace
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.move import MoveInSubspace
from core.interventions.swap import SwapFromSource
from tests.core.networks import WIDTH, noise, random_subspace

TOKENS = ((1, 2, 5, 6), (11, 12, 15, 16))
SOURCE_TOKENS = ((3, 4, 7, 8), (9, 10, 13, 14))
OTHERS = [t for t in range(17) if t not in TOKENS[0]]
SUBSPACE = random_subspace("color", 1, size=5)
SOURCE = noise(1, 17, WIDTH, seed=50)

coordinate = st.floats(-8, 8, width=32)
points = st.tuples(coordinate, coordinate)
strengths = st.floats(-2, 2, width=32)
sizes = st.integers(1, 12)


def stream(seed: int = 40) -> Tensor:
    return noise(1, 17, WIDTH, seed=seed)  # [1, T, D]


def context(subspace: Subspace = SUBSPACE, source: Tensor | None = SOURCE) -> Context:
    known = Context(TOKENS, {(subspace.property, subspace.block): subspace})
    return known if source is None else replace(known, source_tokens=SOURCE_TOKENS, source_at=lambda _: source)


def move(point: tuple[float, float] = (1.0, -2.0), strength: float = 1.0) -> MoveInSubspace:
    return MoveInSubspace(1, 0, "color", point, strength)


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def outside(subspace: Subspace) -> Tensor:
    return torch.eye(WIDTH) - subspace.basis @ subspace.basis.T


@given(point=points, size=sizes, seed=st.integers(0, 50))
def test_a_place_on_the_pad_is_shown_at_that_place(point: tuple[float, float], size: int, seed: int) -> None:
    subspace = random_subspace("color", 1, size=max(size, 2), seed=seed)
    own = noise(max(size, 2), seed=seed + 9)

    coords = subspace.from_pad(torch.tensor([point]), own[None])[:, 0]

    close(subspace.on_pad(coords), torch.tensor([point]))


@given(size=sizes, seed=st.integers(0, 50))
def test_a_landmark_of_the_pad_is_that_classs_mean(size: int, seed: int) -> None:
    subspace = random_subspace("shape", 0, size=size, seed=seed)
    own = noise(3, size, seed=seed + 9)

    coords = subspace.from_pad(subspace.on_pad(subspace.centroids), own)

    close(coords, subspace.centroids[:, None].expand(-1, 3, -1))


@given(size=sizes, seed=st.integers(0, 50))
def test_an_items_own_place_on_the_pad_is_its_own_value(size: int, seed: int) -> None:
    subspace = random_subspace("shape", 0, size=size, seed=seed)
    own = noise(3, size, seed=seed + 9)

    close(subspace.from_pad(subspace.on_pad(own.mean(0))[None], own)[0], own)


def test_what_the_pad_does_not_show_changes_smoothly_between_landmarks() -> None:
    own = noise(5, seed=3)
    start, end = SUBSPACE.on_pad(SUBSPACE.centroids)[:2]
    line = start + torch.linspace(0, 1, 2001)[:, None] * (end - start)

    coords = SUBSPACE.from_pad(line, own[None])[:, 0]

    steps = (coords[1:] - coords[:-1]).norm(dim=1)
    assert steps.max() < 0.1 * SUBSPACE.centroids.std()


def test_a_class_mean_is_at_no_distance_and_one_sigma_away_is_one_sigma() -> None:
    white = replace(SUBSPACE, precision=torch.eye(5) * 4)  # σ = ½ along every axis

    assert white.distance(white.centroids).max() < 1e-3
    far = white.centroids[:1] + torch.ones(1, 5) * 1e-2
    close(white.distance(far), torch.tensor([2e-2]))


@given(point=points, strength=strengths, size=sizes, seed=st.integers(0, 20))
def test_a_move_changes_only_the_items_tokens_and_only_within_the_subspace(
    point: tuple[float, float], strength: float, size: int, seed: int
) -> None:
    subspace, x = random_subspace("color", 1, size=size, seed=seed), stream(seed)
    before = x.clone()

    y = move(point, strength).apply(x, context(subspace))

    assert torch.equal(y[:, OTHERS], x[:, OTHERS])
    close(y @ outside(subspace), x @ outside(subspace))
    assert torch.equal(x, before)


@given(point=points, seed=st.integers(0, 20))
def test_a_full_move_brings_the_items_mean_to_its_place(point: tuple[float, float], seed: int) -> None:
    x = stream(seed)

    y = move(point).apply(x, context())

    close(SUBSPACE.on_pad(SUBSPACE.coordinates(y[0, list(TOKENS[0])]).mean(0)), torch.tensor(point))


@given(point=points)
def test_a_move_only_shrinks_what_tells_the_items_tokens_apart(point: tuple[float, float]) -> None:
    x, at = stream(), list(TOKENS[0])

    y = move(point).apply(x, context())

    before, after = (SUBSPACE.coordinates(v[0, at] - v[0, at].mean(0)) for v in (x, y))
    kept = (after * before).sum() / (before * before).sum()
    assert -1e-4 <= kept <= 1 + 1e-4
    close(after, kept * before)


def test_at_a_landmark_every_token_of_the_item_has_the_classs_mean() -> None:
    x, at = stream(), list(TOKENS[0])
    place = SUBSPACE.on_pad(SUBSPACE.centroids)[2]

    y = move((float(place[0]), float(place[1]))).apply(x, context())

    close(SUBSPACE.coordinates(y[0, at]), SUBSPACE.centroids[2].expand(len(at), -1))


@given(point=points, strength=strengths)
def test_the_strength_of_a_move_scales_its_change(point: tuple[float, float], strength: float) -> None:
    x = stream()
    full = move(point).apply(x, context()) - x

    part = move(point, strength).apply(x, context()) - x

    close(part, strength * full)


def test_a_move_to_the_items_own_place_changes_nothing() -> None:
    x = stream()
    own = SUBSPACE.on_pad(SUBSPACE.coordinates(x[0, list(TOKENS[0])]).mean(0))

    close(move((float(own[0]), float(own[1]))).apply(x, context()), x)


def test_a_second_move_replaces_the_first_inside_the_shown_plane() -> None:
    x = stream()
    twice = move((3.0, 1.0)).apply(move((-2.0, 4.0)).apply(x, context()), context())

    place = SUBSPACE.on_pad(SUBSPACE.coordinates(twice[0, list(TOKENS[0])]).mean(0))

    close(place, torch.tensor([3.0, 1.0]))


@given(strength=strengths, seed=st.integers(0, 20))
def test_a_swap_of_everything_gives_each_token_the_sources_in_the_same_place(strength: float, seed: int) -> None:
    x = stream(seed)

    y = SwapFromSource(1, 0, 1, "all", strength).apply(x, context())

    wanted = x[:, list(TOKENS[0])] * (1 - strength) + SOURCE[:, list(SOURCE_TOKENS[1])] * strength
    close(y[:, list(TOKENS[0])], wanted)
    assert torch.equal(y[:, OTHERS], x[:, OTHERS])


@given(strength=strengths, seed=st.integers(0, 20))
def test_a_swap_of_a_property_moves_its_component_alone(strength: float, seed: int) -> None:
    x, at, donors = stream(seed), list(TOKENS[0]), list(SOURCE_TOKENS[0])

    y = SwapFromSource(1, 0, 0, "color", strength).apply(x, context())

    close(y @ outside(SUBSPACE), x @ outside(SUBSPACE))
    wanted = torch.lerp(SUBSPACE.coordinates(x[:, at]), SUBSPACE.coordinates(SOURCE[:, donors]), strength)
    close(SUBSPACE.coordinates(y[:, at]), wanted)
    assert torch.equal(y[:, OTHERS], x[:, OTHERS])


def test_swapping_in_a_subspace_of_every_direction_is_swapping_everything() -> None:
    x, whole = stream(), random_subspace("color", 1, size=WIDTH)

    a = SwapFromSource(1, 0, 0, "color").apply(x, context(whole))
    b = SwapFromSource(1, 0, 0, "all").apply(x, context(whole))

    close(a, b)


def test_a_swap_from_oneself_changes_nothing() -> None:
    x = stream()
    same = Context(TOKENS, {("color", 1): SUBSPACE}, TOKENS, lambda _: x)

    for property in ("color", "all"):
        assert torch.equal(SwapFromSource(1, 0, 0, property).apply(x, same), x)


def test_a_swap_without_a_source_or_its_item_is_refused() -> None:
    for given_context in (context(source=None), replace(context(), source_tokens=SOURCE_TOKENS[:1])):
        with pytest.raises(UserError, match="no source image"):
            SwapFromSource(1, 0, 1, "all").apply(stream(), given_context)


def test_items_of_different_extent_cannot_be_swapped() -> None:
    unaligned = replace(context(), source_tokens=((1, 2, 3, 5, 6, 7),))

    with pytest.raises(UserError, match="cover 4 and 6 tokens"):
        SwapFromSource(1, 0, 0, "all").apply(stream(), unaligned)


def test_an_edit_of_an_item_that_is_gone_is_refused() -> None:
    for edit in (MoveInSubspace(1, 2, "color", (0, 0)), SwapFromSource(1, 2, 0, "all")):
        with pytest.raises(UserError, match="no longer in the stimulus"):
            edit.apply(stream(), context())


def test_an_edit_in_a_subspace_that_nobody_learned_is_refused() -> None:
    empty = random_subspace("color", 1, size=0)
    for edit in (MoveInSubspace(1, 0, "shape", (0, 0)), SwapFromSource(2, 0, 0, "color")):
        with pytest.raises(UserError, match=r"no .* subspace after block"):
            edit.apply(stream(), context())
    with pytest.raises(UserError, match="no color subspace after block 1"):
        move().apply(stream(), context(empty))

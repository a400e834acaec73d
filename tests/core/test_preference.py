from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.preference import (
    MEASURES,
    Regions,
    dissimilarity,
    preferences,
    regions_of,
    same_and_different,
)
from core.stimuli.datasets import random_odd_one_out
from core.stimuli.masks import cover, mask_of
from core.stimuli.render import item_insides, render
from core.stimuli.stimulus import DISTRACTORS, TARGET, Geometry, Photo, Stimulus, n_items, odd_one

SMALL = Geometry(64, 16)  # 16 patches
# Patches 0 and 1 are the target, 4 to 7 the distractors, the ten others background.
PARTS = ((0, 1), (4, 5, 6, 7), (2, 3, *range(8, 16)))
BY_HAND = Regions(np.stack([np.isin(np.arange(16), part) for part in PARTS]), (0, 4))


def rows(target: dict[int, float], distractor: dict[int, float]) -> np.ndarray:
    """Attention [2, 16] of the two queries by patch."""
    found = np.zeros((2, 16))
    for row, shares in zip(found, (target, distractor), strict=True):
        for patch, share in shares.items():
            row[patch] = share
    return found


def photo(*boxes: tuple[str, int, int, int, int]) -> Stimulus:
    """A grey photo of 64 px with a mask for each (label, left, top, right, bottom)."""
    masks = []
    for label, left, top, right, bottom in boxes:
        inside = np.zeros((64, 64), np.bool_)
        inside[top:bottom, left:right] = True
        masks.append(mask_of(label, inside))
    return Stimulus((), SMALL, Photo(bytes(64 * 64 * 3), "a.png", masks=tuple(masks)))


def test_planted_attention_has_the_planted_preference() -> None:
    attention = rows({1: 0.3, 5: 0.2, 9: 0.1}, {4: 0.2, 6: 0.2, 0: 0.1, 15: 0.5})

    given = preferences(attention, BY_HAND)

    np.testing.assert_allclose(given, [[1 / 2, 1 / 3, 1 / 6], [0.1, 0.4, 0.5]])
    np.testing.assert_allclose(same_and_different(given), [(0.5 + 0.4) / 2, (1 / 3 + 0.1) / 2, (1 / 6 + 0.5) / 2])
    np.testing.assert_allclose(dissimilarity(same_and_different(given)), (1 / 3 + 0.1) / (0.9 + 1 / 3 + 0.1))


@pytest.mark.parametrize(
    ("attended", "wanted"),
    [((1, 5), (1.0, 0.0, 0.0)), ((5, 1), (0.0, 1.0, 0.0)), ((9, 9), (0.0, 0.0, 1.0))],
)
def test_what_looks_at_one_thing_alone_prefers_nothing_else(
    attended: tuple[int, int], wanted: tuple[float, float, float]
) -> None:
    target, distractor = attended

    assert same_and_different(preferences(rows({target: 1.0}, {distractor: 1.0}), BY_HAND)).tolist() == list(wanted)


def test_a_token_that_looks_at_itself_alone_has_none_once_it_is_left_out() -> None:
    itself = rows({0: 0.9, 12: 0.1}, {4: 0.9, 12: 0.1})

    assert same_and_different(preferences(itself, BY_HAND))[0] == pytest.approx(0.9)
    np.testing.assert_allclose(same_and_different(preferences(itself, BY_HAND, "non-self")), [0, 0, 1])


@pytest.mark.parametrize("measure", ["enrichment", "non-self enrichment"])
def test_even_attention_is_everywhere_as_by_area(measure: str) -> None:
    even = np.full((3, 2, 16), 1 / 16)

    np.testing.assert_allclose(preferences(even, BY_HAND, measure), 1)  # type: ignore[arg-type]


@given(st.integers(0, 2**32), st.sampled_from(["both", "shape", "color"]), st.sampled_from([14, 16, 32]))
def test_the_three_of_each_query_add_up_to_one(seed: int, differs: str, patch: int) -> None:
    stimulus = random_odd_one_out(Geometry(224, patch), seed, differs)  # type: ignore[arg-type]
    regions = regions_of(stimulus)
    assert regions is not None
    attention = np.random.default_rng(seed).random((2, 3, 2, stimulus.geometry.grid**2))

    for measure in MEASURES:
        given = preferences(attention, regions, measure)
        assert given.shape == (2, 3, 2, 3)
        if "enrichment" not in measure:
            np.testing.assert_allclose(given.sum(-1), 1)


@given(st.integers(0, 2**32))
def test_regions_of_drawn_items_are_where_they_are_painted(seed: int) -> None:
    stimulus = random_odd_one_out(Geometry(), seed, "both")
    odd, insides = odd_one(stimulus), item_insides(stimulus)

    assert len(insides) == n_items(stimulus)
    painted = (render(stimulus) != 255).any(-1)
    assert (painted == insides.any(0)).mean() > 0.999, "noise reaches white now and then"
    regions = regions_of(stimulus)
    assert regions is not None
    np.testing.assert_allclose(regions.shares.sum(0), 1)
    assert odd is not None
    np.testing.assert_allclose(regions.shares[0], cover(insides[odd], stimulus.geometry))
    assert regions.shares[0, regions.queries[0]] == regions.shares[0].max()
    assert regions.shares[1, regions.queries[1]] == regions.shares[1].max()


def test_masks_that_overlap_share_a_patch() -> None:
    regions = regions_of(photo((TARGET, 0, 0, 32, 16), (DISTRACTORS, 16, 0, 48, 16)))

    assert regions is not None
    np.testing.assert_allclose(regions.shares.sum(0), 1)
    np.testing.assert_allclose(regions.shares[:, 1], [0.5, 0.5, 0])


def test_a_target_of_one_patch_has_no_share_per_area_without_itself() -> None:
    regions = regions_of(photo((TARGET, 0, 0, 16, 16), (DISTRACTORS, 32, 32, 64, 64)))
    assert regions is not None

    given = preferences(np.full((2, 16), 1 / 16), regions, "non-self enrichment")

    assert np.isnan(given[0, 0])
    np.testing.assert_allclose(same_and_different(given), 1, err_msg="what there is of it is the distractors'")


def test_pictures_without_an_odd_one_or_without_masks_have_no_regions() -> None:
    assert regions_of(photo()) is None
    assert regions_of(photo((TARGET, 0, 0, 16, 16))) is None
    assert regions_of(photo(("object 1", 0, 0, 16, 16), ("object 2", 16, 0, 32, 16))) is None

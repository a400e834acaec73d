from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.stimuli.datasets import Condition, all_kinds, odd_one_out, random_odd_one_out
from core.stimuli.masks import mask_of
from core.stimuli.stimulus import (
    DISTRACTORS,
    MAX_ITEMS,
    TARGET,
    Geometry,
    Item,
    Photo,
    Stimulus,
    is_aligned,
    odd_difference,
    odd_one,
    overlaps,
    task_of,
    truth,
)

IN_WORDS: dict[Condition, str] = {"both": "shape and color", "shape": "shape", "color": "color"}
conditions = st.sampled_from(list(IN_WORDS))


@given(conditions, st.integers(0, 2**32), st.sampled_from([Geometry(), Geometry(224, 14), Geometry(96, 16)]))
def test_one_item_alone_is_of_another_kind_and_says_in_what(differs: Condition, seed: int, geometry: Geometry) -> None:
    stimulus = random_odd_one_out(geometry, seed, differs)

    odd = odd_one(stimulus)
    assert odd is not None
    others = [item for index, item in enumerate(stimulus.items) if index != odd]
    assert 5 <= len(stimulus.items) <= MAX_ITEMS
    assert len({(item.shape, item.color) for item in others}) == 1
    assert odd_difference(stimulus) == IN_WORDS[differs]
    assert len({item.seed for item in stimulus.items}) == len(stimulus.items), "each has its own noise"
    assert stimulus == random_odd_one_out(geometry, seed, differs)


@given(conditions, st.integers(0, 2**32))
def test_items_lie_on_the_grid_and_apart_and_pose_no_task(differs: Condition, seed: int) -> None:
    stimulus = random_odd_one_out(Geometry(), seed, differs)

    assert task_of(stimulus) is None
    assert truth(stimulus) is None
    assert all(is_aligned(item, stimulus.geometry) for item in stimulus.items)
    items = stimulus.items
    assert not any(overlaps(a, b, stimulus.geometry) for i, a in enumerate(items) for b in items[:i])


def test_the_odd_one_may_be_any_of_the_items() -> None:
    drawn = (odd_one_out(all_kinds(), np.random.default_rng(seed), Geometry(), 6) for seed in range(60))

    assert {odd_one(stimulus) for stimulus in drawn} == set(range(6))


def test_a_canvas_without_room_says_so() -> None:
    with pytest.raises(UserError, match="5 items do not fit on 64 px"):
        random_odd_one_out(Geometry(64, 16), 0, "both")


def test_two_or_four_items_and_two_odd_ones_have_none_that_is_odd() -> None:
    a, b = Item(0, 0, 0, 0), Item(1, 0, 64, 0)

    assert odd_one(Stimulus((a, b))) is None
    assert odd_one(Stimulus((a, a, a, b))) is None, "four items pose a task"
    assert odd_one(Stimulus((a, a, b, b, a))) is None
    assert odd_one(Stimulus((a, a, replace(a, seed=3), a, a))) is None
    assert odd_one(Stimulus((a, b, a))) == 1


def test_the_target_of_a_photo_is_its_odd_one() -> None:
    inside = np.ones((224, 224), np.bool_)
    target, distractors = mask_of(TARGET, inside), mask_of(DISTRACTORS, ~inside)
    photo = Photo(b"", "o3.png", masks=(distractors, target))

    assert odd_one(Stimulus(photo=photo)) == 1
    assert odd_one(Stimulus(photo=replace(photo, masks=(target,)))) is None, "nothing to be odd among"
    assert odd_difference(Stimulus(photo=photo)) == ""

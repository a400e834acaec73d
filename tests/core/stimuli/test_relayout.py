"""A stimulus that was drawn for one model is laid out anew for another one."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.demo import demo_stimulus
from core.document import random_stimulus
from core.errors import UserError
from core.stimuli.relayout import laid_out
from core.stimuli.render import render
from core.stimuli.stimulus import (
    Geometry,
    Item,
    Photo,
    Stimulus,
    Task,
    is_trained_layout,
    item_patches,
    overlaps,
    truth,
)

GEOMETRIES = [
    Geometry(224, 8),
    Geometry(224, 14),
    Geometry(224, 16),
    Geometry(224, 32),
    Geometry(384, 16),
    Geometry(384, 32),
    Geometry(448, 14),
    Geometry(518, 14),
    Geometry(96, 8),
    Geometry(96, 16),
    Geometry(96, 32),
    Geometry(64, 16),
    Geometry(32, 4),
]
TASKS: tuple[Task, ...] = ("discrimination", "rmts")
geometries = st.sampled_from(GEOMETRIES)


@given(geometries, geometries, st.sampled_from(TASKS), st.integers(0, 10_000))
def test_items_keep_what_they_are_and_lie_as_in_training_on_any_grid(
    before: Geometry, after: Geometry, task: Task, seed: int
) -> None:
    stimulus = random_stimulus(task, before, seed)

    anew = laid_out(stimulus, after)

    assert anew.geometry == after
    assert [(i.shape, i.color, i.seed, i.flat) for i in anew.items] == [
        (i.shape, i.color, i.seed, i.flat) for i in stimulus.items
    ]
    assert truth(anew) == truth(stimulus)
    assert is_trained_layout(anew)
    assert not any(overlaps(a, b, after) for a, b in combinations(anew.items, 2))
    assert all(0 <= by <= after.max_jitter_px for item in anew.items for by in item.jitter_px)
    assert render(anew).shape == (after.image_px, after.image_px, 3)


@pytest.mark.parametrize("after", [g for g in GEOMETRIES if g.grid >= 3 * g.cell_patches], ids=str)
def test_an_item_stays_about_where_it_is_in_the_picture(after: Geometry) -> None:
    before = Stimulus((Item(0, 0, 0, 192, (0, 8)), Item(1, 1, 112, 96)))

    corner, middle = laid_out(before, after).items

    last = (after.image_px - after.cell_px) // after.patch_px * after.patch_px
    assert (corner.x_px, corner.y_px) == (0, last)
    assert corner.jitter_px == (0, after.max_jitter_px)
    reach = after.patch_px / 2 + 1
    room = after.image_px - after.cell_px
    assert abs(middle.x_px - 112 / 192 * room) <= reach
    assert abs(middle.y_px - 96 / 192 * room) <= reach


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_the_demo_can_be_drawn_for_any_model_and_back(task: Task, geometry: Geometry) -> None:
    demo = demo_stimulus(task, geometry)

    tokens = [item_patches(item, geometry) for item in demo.items]
    assert len({*sum(tokens, ())}) == len(demo.items) * geometry.cell_patches**2
    assert truth(demo) == truth(demo_stimulus(task))


def test_items_that_overlap_may_still_do_so() -> None:
    before = Stimulus((Item(0, 0, 32, 32), Item(1, 1, 40, 32)))

    after = laid_out(before, Geometry(224, 32))

    assert overlaps(*after.items, after.geometry)


def test_items_that_have_no_room_are_refused_in_words() -> None:
    with pytest.raises(UserError, match="4 items do not fit on 48 px in patches of 16 px"):
        laid_out(demo_stimulus("rmts"), Geometry(48, 16))


def test_a_photo_is_shown_whole_on_another_canvas() -> None:
    halves = np.zeros((224, 224, 3), np.uint8)
    halves[:, 112:] = 255
    photo = Stimulus((), Geometry(), Photo(halves.tobytes(), "halves.png", "perhaps dark"))

    anew = laid_out(photo, Geometry(448, 14))

    assert (anew.photo.name, anew.photo.note) == ("halves.png", "perhaps dark")
    pixels = render(anew)
    assert pixels.shape == (448, 448, 3)
    assert (pixels[:, :220] == 0).all()
    assert (pixels[:, 228:] == 255).all()
    assert laid_out(photo, Geometry(224, 32)).photo == photo.photo


def test_the_same_grid_leaves_everything_as_it_is() -> None:
    crooked = Stimulus((replace(demo_stimulus("discrimination").items[0], x_px=3, y_px=5),))

    assert laid_out(crooked, Geometry()) is crooked


@pytest.mark.parametrize(
    ("geometry", "cell_px"),
    [
        (Geometry(224, 4), 32),
        (Geometry(224, 8), 32),
        (Geometry(224, 10), 30),
        (Geometry(224, 14), 28),
        (Geometry(224, 16), 32),
        (Geometry(224, 28), 28),
        (Geometry(224, 32), 32),
        (Geometry(96, 8), 24),
        (Geometry(32, 4), 8),
    ],
)
def test_an_item_is_about_as_large_whatever_the_patches_where_there_is_room(geometry: Geometry, cell_px: int) -> None:
    assert geometry.cell_px == cell_px

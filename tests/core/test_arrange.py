"""Edits on several items at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.arrange import (
    EDGES,
    aligned_to,
    crop_photo,
    delete_items,
    distributed,
    loose,
    reordered,
    resized,
    selected_items,
    shaped,
    turned,
    upright,
    with_copies,
    with_item_at,
    with_lock,
    with_places,
)
from core.document import Document, View
from core.errors import UserError
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import set_point
from core.interventions.swap import SwapFromSource
from core.stimuli.crops import kept_whole
from core.stimuli.masks import mask_of
from core.stimuli.stimulus import (
    MAX_ITEMS,
    MAX_SCALE,
    MIN_SCALE,
    Crop,
    Geometry,
    Item,
    Photo,
    Stimulus,
    cell_side_px,
    drawing_order,
    is_aligned,
    overlaps,
)

THREE = Stimulus((Item(0, 0, 16, 32, seed=1), Item(1, 1, 64, 112, seed=2), Item(2, 2, 160, 48, seed=3)))
ALL = (0, 1, 2)


def places(stimulus: Stimulus) -> list[tuple[int, int]]:
    return [(item.x_px, item.y_px) for item in stimulus.items]


def test_items_go_to_their_places_and_none_leaves_the_canvas() -> None:
    assert places(with_places(THREE, {0: (20, 30), 2: (500, -9)})) == [(20, 30), (64, 112), (192, 0)]


@pytest.mark.parametrize(
    ("edge", "there"),
    [
        ("left", [(16, 32), (16, 112), (16, 48)]),
        ("right", [(160, 32), (160, 112), (160, 48)]),
        ("top", [(16, 32), (64, 32), (160, 32)]),
        ("bottom", [(16, 112), (64, 112), (160, 112)]),
        ("centre", [(96, 32), (96, 112), (96, 48)]),
        ("middle", [(16, 64), (64, 64), (160, 64)]),
    ],
)
def test_items_are_aligned_on_the_grid(edge: str, there: list[tuple[int, int]]) -> None:
    assert places(aligned_to(THREE, ALL, edge)) == there  # type: ignore[arg-type]


def test_one_item_is_aligned_on_the_canvas() -> None:
    assert places(aligned_to(THREE, (1,), "right"))[1] == (192, 112)
    assert places(aligned_to(THREE, (1,), "centre"))[1] == (96, 112)


def test_items_of_different_sizes_and_off_the_grid_meet_exactly() -> None:
    stimulus = Stimulus((Item(0, 0, 3, 5), Item(1, 1, 101, 80, scale=2.0)))

    right = aligned_to(stimulus, (0, 1), "right")
    assert [item.x_px + cell_side_px(item, Geometry()) for item in right.items] == [165, 165]


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=6), st.sampled_from(EDGES))
def test_what_lies_on_the_grid_stays_on_it(cells: list[tuple[int, int]], edge: str) -> None:
    stimulus = Stimulus(tuple(Item(0, 0, 16 * x, 16 * y) for x, y in cells))
    items = tuple(range(len(cells)))

    for moved in (aligned_to(stimulus, items, edge), distributed(stimulus, items, 0), distributed(stimulus, items, 1)):  # type: ignore[arg-type]
        assert all(is_aligned(item, Geometry()) for item in moved.items)


def test_gaps_become_equal_and_the_outer_items_stay() -> None:
    free = Stimulus(tuple(Item(0, 0, x, 7) for x in (1, 40, 191)))

    assert places(distributed(free, ALL, 0)) == [(1, 7), (96, 7), (191, 7)]


def test_two_items_cannot_be_distributed() -> None:
    with pytest.raises(UserError, match="needs three"):
        distributed(THREE, (0, 1), 0)


def test_order_changes_what_is_drawn_over_what_and_nothing_else() -> None:
    front = reordered(THREE, (0,), "front")

    assert drawing_order(front) == [1, 2, 0]
    assert [replace(item, level=0) for item in front.items] == list(THREE.items)
    assert drawing_order(reordered(THREE, (0,), "forward")) == [1, 0, 2]
    assert drawing_order(reordered(THREE, (2,), "backward")) == [0, 2, 1]
    assert drawing_order(reordered(THREE, (1, 2), "back")) == [1, 2, 0]
    assert drawing_order(reordered(THREE, (1, 2), "forward")) == [0, 1, 2]


def test_items_in_the_order_of_their_letters_are_as_they_were_drawn_first() -> None:
    assert reordered(reordered(THREE, (0,), "front"), (0,), "back") == THREE


def test_deleting_several_items_keeps_the_edits_of_the_others() -> None:
    document = set_point(Document("m", THREE), 2, "color", 1, (0.5, 1.0))
    document = replace(document, interventions=(*document.interventions, KnockOutMLP(3)))

    left = delete_items(document, "base", (0, 1))

    assert left.base.items == THREE.items[2:]
    move, mlp = left.interventions
    assert move.items() == (0,)
    assert mlp == KnockOutMLP(3)
    assert delete_items(document, "base", ALL).interventions == (KnockOutMLP(3),)


def test_copies_stand_beside_what_is_there_with_noise_of_their_own() -> None:
    found = with_copies(THREE, THREE.items[:2], 9)

    assert places(found)[3:] == [(48, 32), (96, 112)]
    assert [(item.shape, item.color) for item in found.items[3:]] == [(0, 0), (1, 1)]
    assert len({item.seed for item in found.items}) == 5


def test_what_was_cut_comes_back_as_it_was() -> None:
    without = replace(THREE, items=THREE.items[1:])

    assert with_copies(without, THREE.items[:1], 9).items[-1] == THREE.items[0]


def test_copies_cover_nothing_as_long_as_there_is_room() -> None:
    stimulus = Stimulus((Item(0, 0, 192, 192),))
    for seed in range(MAX_ITEMS - 1):
        stimulus = with_copies(stimulus, stimulus.items[:1], seed)

    assert len(set(places(stimulus))) == MAX_ITEMS
    assert not any(overlaps(a, b, Geometry()) for a, b in combinations(stimulus.items, 2))


def test_a_copy_of_what_fills_the_canvas_lies_on_it_all_the_same() -> None:
    found = with_copies(Stimulus((Item(0, 0, 0, 0, scale=7.0),)), (Item(0, 0, 0, 0, scale=7.0),), 1)

    assert places(found) == [(0, 0), (0, 0)]


def test_above_the_limit_nothing_is_added_and_it_is_said() -> None:
    full = Stimulus(tuple(Item(0, 0, 16 * i, 0, seed=i) for i in range(MAX_ITEMS)))

    with pytest.raises(UserError, match="already 9 items"):
        with_copies(full, full.items[:1], 0)
    with pytest.raises(UserError, match="7 items and 3 more are above the limit of 9"):
        with_copies(replace(full, items=full.items[:7]), THREE.items, 0)
    with pytest.raises(UserError, match="photo"):
        with_item_at(Stimulus(photo=Photo(b"", "a.png")), Item(0, 0, 0, 0))


def test_an_item_is_added_where_it_says_and_held_on_the_canvas() -> None:
    assert places(with_item_at(THREE, Item(3, 3, 220, 100)))[3] == (192, 100)


def test_a_locked_item_is_not_among_those_that_move() -> None:
    locked = with_lock(THREE, (0, 2), locked=True)

    assert loose(locked, ALL) == (1,)
    with pytest.raises(UserError, match="locked"):
        loose(locked, (0, 2))
    assert with_lock(locked, ALL, locked=False) == THREE


def test_items_turn_and_come_back() -> None:
    assert [item.angle_deg for item in turned(THREE, (0, 1), -15).items] == [345.0, 345.0, 0.0]
    assert turned(turned(THREE, ALL, 45), ALL, -45) == THREE


def test_an_item_grows_about_its_middle_and_is_the_studys_again() -> None:
    larger = resized(THREE, (1,), by=2)

    assert (larger.items[1].scale, places(larger)[1]) == (2.0, (48, 96))
    assert upright(turned(larger, (1,), 30), (1,)) == THREE


@given(st.floats(0.001, 100), st.integers(-300, 300), st.integers(-300, 300), st.floats(-1000, 1000))
def test_whatever_the_handles_ask_for_can_be_drawn(scale: float, x_px: int, y_px: int, angle: float) -> None:
    item = shaped(THREE, 0, (x_px, y_px), scale, angle).items[0]

    assert MIN_SCALE <= item.scale <= MAX_SCALE
    assert 0 <= item.angle_deg < 360
    for at in (item.x_px, item.y_px):
        assert 0 <= at <= 224 - cell_side_px(item, Geometry())


def test_the_selection_is_what_there_is_of_it() -> None:
    document = Document("m", THREE)

    assert selected_items(document, View(item=2, also=(0, 7))) == (0, 2)
    assert selected_items(document, View(item=-1)) == ()
    assert selected_items(document, View(item=0, side="source")) == ()


def test_a_crop_takes_away_the_edits_of_objects_that_are_lost_and_no_others() -> None:
    """Objects are named by their place in the list: the second one is the first when that is gone."""
    left, right = np.zeros((2, 64, 64), np.bool_)
    left[:, :8], right[:, 56:] = True, True
    whole, crop = kept_whole(Image.new("RGB", (192, 64)))
    photo = Photo(bytes(3 * 64**2), "", "", (mask_of("left", left), mask_of("right", right)), whole, crop)
    edits = (SwapFromSource(0, 0, 0, "all"), SwapFromSource(0, 1, 1, "all"))
    document = Document("tiny", Stimulus((), Geometry(64, 16), photo), interventions=edits)

    after = crop_photo(document, "base", Crop(96, 0, 64))

    assert after.base.photo is not None
    assert [mask.label for mask in after.base.photo.masks] == ["right"]
    assert after.interventions == (replace(edits[1], item=0),)
    assert crop_photo(document, "base", Crop(70, 0, 60)).interventions == edits

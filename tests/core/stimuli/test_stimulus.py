from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.stimuli.stimulus import (
    COLOR_NAMES,
    COLORS,
    N_COLORS,
    N_OOD,
    Geometry,
    Item,
    Photo,
    Stimulus,
    is_aligned,
    is_trained_layout,
    is_upright,
    item_box,
    item_patches,
    overlaps,
    pairs_of,
    task_of,
    truth,
    turned_px,
    with_item,
)

GEOMETRIES = [Geometry(patch_px=14), Geometry(patch_px=16), Geometry(patch_px=32), Geometry(64, 16)]
places = st.integers(-40, 230)


def cell_pixels(item: Item, geometry: Geometry) -> Iterator[tuple[int, int]]:
    """The pixels of an item's cell that are on the canvas."""
    for y in range(max(0, item.y_px), min(geometry.image_px, item.y_px + geometry.cell_px)):
        for x in range(max(0, item.x_px), min(geometry.image_px, item.x_px + geometry.cell_px)):
            yield x, y


@pytest.mark.parametrize(("patch_px", "n_corners"), [(14, 225), (16, 169), (32, 49)])
def test_every_patch_corner_with_room_for_a_cell_is_legal(patch_px: int, n_corners: int) -> None:
    geometry = Geometry(patch_px=patch_px)

    corners = geometry.corners()

    assert len(set(corners)) == len(corners) == n_corners
    assert all(x % patch_px == 0 and y % patch_px == 0 for x, y in corners)
    assert max(max(corner) for corner in corners) == 224 - geometry.cell_px


@pytest.mark.parametrize(
    ("patch_px", "cell_px", "drawn_px", "max_jitter_px", "n_tokens"),
    [(14, 28, 21, 7, 4), (16, 32, 24, 8, 4), (32, 32, 24, 8, 1)],
)
def test_an_item_is_drawn_at_three_quarters_of_its_cell(
    patch_px: int, cell_px: int, drawn_px: int, max_jitter_px: int, n_tokens: int
) -> None:
    geometry = Geometry(patch_px=patch_px)

    assert (geometry.cell_px, geometry.drawn_px, geometry.max_jitter_px) == (cell_px, drawn_px, max_jitter_px)
    assert len(item_patches(Item(0, 0, 0, 0), geometry)) == n_tokens


def test_the_patches_of_an_aligned_item_are_listed_in_reading_order() -> None:
    assert item_patches(Item(0, 0, 48, 32), Geometry()) == (2 * 14 + 3, 2 * 14 + 4, 3 * 14 + 3, 3 * 14 + 4)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@given(x_px=places, y_px=places)
def test_the_patches_of_an_item_are_those_that_its_cell_touches(geometry: Geometry, x_px: int, y_px: int) -> None:
    item = Item(0, 0, x_px, y_px)

    patches = item_patches(item, geometry)

    touched = {
        (y // geometry.patch_px) * geometry.grid + x // geometry.patch_px for x, y in cell_pixels(item, geometry)
    }
    assert set(patches) == touched
    assert list(patches) == sorted(patches)


@given(st.tuples(places, places), st.tuples(places, places))
def test_items_overlap_where_their_cells_share_a_pixel(a_px: tuple[int, int], b_px: tuple[int, int]) -> None:
    geometry = Geometry()
    a, b = Item(0, 0, *a_px), Item(1, 1, *b_px)

    columns = set(range(a.x_px, a.x_px + 32)) & set(range(b.x_px, b.x_px + 32))
    rows = set(range(a.y_px, a.y_px + 32)) & set(range(b.y_px, b.y_px + 32))
    assert overlaps(a, b, geometry) == overlaps(b, a, geometry) == bool(columns and rows)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_legal_corners_are_aligned_and_a_pixel_further_is_not(geometry: Geometry) -> None:
    for x, y in geometry.corners():
        assert is_aligned(Item(0, 0, x, y), geometry)
        assert not is_aligned(Item(0, 0, x + 1, y), geometry)
        assert not is_aligned(Item(0, 0, x, y + 1), geometry)


@given(*[st.integers(0, 3)] * 4)
def test_the_truth_names_what_differs(shape_a: int, shape_b: int, color_a: int, color_b: int) -> None:
    pair = Stimulus((Item(shape_a, color_a, 0, 0, seed=1), Item(shape_b, color_b, 64, 64, seed=2)))

    said = truth(pair)

    assert said is not None
    assert said.same == (shape_a == shape_b and color_a == color_b)
    assert ("shape" in said.differs_in) == (shape_a != shape_b)
    assert ("color" in said.differs_in) == (color_a != color_b)


def test_only_a_pair_of_items_has_a_truth() -> None:
    a, b = Item(0, 0, 0, 0), Item(0, 0, 64, 0)

    assert truth(Stimulus((a,))) is None
    assert truth(Stimulus((a, b, a))) is None
    assert truth(Stimulus((a, b), photo=Photo(b"", "dog.jpg"))) is None


@given(*[st.integers(0, 1)] * 4)
def test_two_pairs_match_when_both_are_same_or_both_different(a: int, b: int, c: int, d: int) -> None:
    stimulus = Stimulus(tuple(Item(shape, 3, 32 * i, 0) for i, shape in enumerate((a, b, c, d))))

    said = truth(stimulus)

    assert said is not None
    assert said.same == ((a == b) == (c == d))
    assert said.differs_in == ("" if said.same else "relation")
    assert said.pairs == (truth(Stimulus(stimulus.items[:2])), truth(Stimulus(stimulus.items[2:])))


def test_the_number_of_items_tells_the_task() -> None:
    item = Item(0, 0, 0, 0)

    tasks = [task_of(Stimulus((item,) * n)) for n in range(6)]

    assert tasks == [None, None, "discrimination", None, "rmts", None]
    assert task_of(Stimulus((item,) * 4, photo=Photo(b"", "dog.jpg"))) is None


@pytest.mark.parametrize(("patch_px", "n_corners"), [(14, 217), (16, 161), (32, 47)])
def test_sample_items_stay_off_the_display_pairs_patches(patch_px: int, n_corners: int) -> None:
    geometry = Geometry(patch_px=patch_px)
    taken = {p for x, y in geometry.display_cells() for p in item_patches(Item(0, 0, x, y), geometry)}

    corners = geometry.sample_corners()

    assert len(corners) == n_corners
    assert all(taken.isdisjoint(item_patches(Item(0, 0, x, y), geometry)) for x, y in corners)


def test_a_display_pair_out_of_its_corner_is_not_as_in_training() -> None:
    a, b, c, d = (Item(i, i, x, y) for i, (x, y) in enumerate(((0, 0), (32, 0), (64, 0), (0, 32))))

    assert is_trained_layout(Stimulus((a, b, c, d)))
    assert not is_trained_layout(Stimulus((b, a, c, d)))
    assert not is_trained_layout(Stimulus((a, replace(b, x_px=160), c, d)))
    assert not is_trained_layout(Stimulus((a, b, replace(c, x_px=48), d)))
    assert not is_trained_layout(Stimulus((a, b, c, replace(d, y_px=33))))
    assert is_trained_layout(Stimulus((b, d)))


def test_replacing_an_item_keeps_the_others() -> None:
    a, b, c, new = (Item(i, i, 32 * i, 0) for i in range(4))

    assert with_item(Stimulus((a, b, c)), 1, new).items == (a, new, c)


def test_every_color_has_its_own_name_and_value() -> None:
    assert len(set(COLORS)) == len(set(COLOR_NAMES)) == len(COLORS) == len(COLOR_NAMES) == N_COLORS + N_OOD


def test_pairs_are_two_items_or_the_display_and_the_sample() -> None:
    assert [pairs_of(n) for n in range(5)] == [(), (), ((0, 1),), (), ((0, 1), (2, 3))]


@pytest.mark.parametrize(("scale", "n_patches"), [(0.5, 1), (1.0, 4), (1.5, 9), (2.0, 16)])
def test_the_tokens_that_an_item_covers_follow_its_size(scale: float, n_patches: int) -> None:
    assert len(item_patches(Item(0, 0, 32, 32, scale=scale), Geometry())) == n_patches


def test_an_item_turned_in_the_middle_of_its_cell_keeps_its_tokens() -> None:
    upright = item_patches(Item(1, 0, 32, 32), Geometry())

    assert {item_patches(Item(1, 0, 32, 32, angle_deg=angle), Geometry()) for angle in range(0, 360, 15)} == {upright}


def test_what_a_turned_item_covers_outside_its_cell_counts() -> None:
    at_the_edge = Item(1, 0, 32, 32, jitter_px=(8, 4), angle_deg=45.0)

    left, top, right, bottom = item_box(at_the_edge, Geometry())
    assert (left, top, bottom) == (32, 32, 64)
    assert right > 64
    assert set(item_patches(replace(at_the_edge, angle_deg=90.0), Geometry())) < set(
        item_patches(at_the_edge, Geometry())
    )


@given(st.integers(1, 200), st.floats(-360, 360))
def test_a_turned_square_fits_in_what_holds_it(side: int, angle: float) -> None:
    around = turned_px(side, angle)

    assert side <= around <= 1.42 * side + 2
    assert (around - side) % 2 == 0


def test_a_large_or_a_turned_item_is_not_as_in_training() -> None:
    pair = Stimulus((Item(0, 0, 0, 0), Item(1, 1, 64, 64)))

    assert is_trained_layout(pair)
    for changed in (replace(pair.items[0], scale=1.25), replace(pair.items[0], angle_deg=15.0)):
        assert not is_upright(changed)
        assert not is_trained_layout(with_item(pair, 0, changed))

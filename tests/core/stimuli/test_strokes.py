"""Which pixels a stroke, an occluder, a fill and letters cover, and what ink and eraser make of it."""

from __future__ import annotations

import numpy as np
import pytest

from core.demo import demo_document
from core.stimuli.paint import layer_of, layer_pixels
from core.stimuli.render import item_insides, render
from core.stimuli.strokes import (
    Ink,
    Point,
    ellipse,
    erased,
    ink_pixels,
    inked,
    letters,
    polygon,
    rectangle,
    region,
    segment,
)
from tests.whole_strokes import polyline

SIDE = 64


def middles(side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
    return x, y


def test_a_hard_dot_covers_the_pixels_whose_middle_is_within_its_radius() -> None:
    x, y = middles()

    cover = polyline([(20.0, 30.0)], 12, SIDE)

    assert ((cover == 255) == (np.hypot(x - 20, y - 30) <= 6)).all()
    assert set(np.unique(cover)) == {0, 255}


def test_a_stroke_covers_what_is_near_its_way_and_nothing_twice() -> None:
    x, y = middles()

    cover = segment((10.0, 10.0), (50.0, 10.0), 8, SIDE, hardness=0.5)

    assert (cover[(x >= 10) & (x <= 50) & (abs(y - 10) <= 2)] == 255).all()
    assert (cover[abs(y - 10) > 4] == 0).all()
    again = polyline([(10.0, 10.0), (50.0, 10.0), (10.0, 10.0)], 8, SIDE, hardness=0.5)
    assert (again == cover).all()


def test_a_soft_stroke_falls_off_from_its_hard_part_to_its_edge() -> None:
    cover = polyline([(32.5, 32.5)], 20, SIDE, hardness=0.5)

    falling = cover[32, 32:45].astype(int)
    assert (falling[:6] == 255).all()
    assert (np.diff(falling[5:11]) < 0).all()
    assert falling[10] == 0


@pytest.mark.parametrize("points", [[(-40.0, 10.0)], [(200.0, 200.0)], [(-5.0, -5.0), (70.0, 70.0)]])
def test_strokes_that_leave_the_canvas_are_cut(points: list[Point]) -> None:
    assert polyline(points, 9, SIDE).shape == (SIDE, SIDE)


def test_rectangles_and_ellipses_lie_between_their_corners_in_whatever_order() -> None:
    x, y = middles()

    assert ((rectangle((40, 8), (10, 20), SIDE) > 0) == ((x > 10) & (x < 40) & (y > 8) & (y < 20))).all()
    inside = ((x - 25) / 15) ** 2 + ((y - 14) / 6) ** 2 <= 1
    assert ((ellipse((10, 20), (40, 8), SIDE) > 0) == inside).all()
    assert not ellipse((10, 10), (10, 10), SIDE).any()


def test_a_lasso_covers_what_it_goes_round() -> None:
    cover = polygon([(10, 10), (40, 10), (40, 30), (10, 30)], SIDE)

    assert (cover[12:28, 12:38] == 255).all()
    assert not cover[:, 42:].any()
    assert not polygon([(1, 1), (5, 5)], SIDE).any()


def test_a_fill_takes_the_region_that_hangs_together() -> None:
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    picture[10:20, 10:20] = picture[40:50, 40:50] = (200, 0, 0)

    cover = region(picture, (15.0, 15.0))

    assert (cover > 0).sum() == 100
    assert (cover[10:20, 10:20] == 255).all()
    assert (region(picture, (0.0, 63.0)) > 0).sum() == SIDE**2 - 200


def test_a_fill_takes_the_whole_of_a_noisy_item() -> None:
    stimulus = demo_document().base
    inside = item_insides(stimulus)[0]
    middle = (stimulus.items[0].x_px + 16.5, stimulus.items[0].y_px + 16.5)

    cover = region(render(stimulus), middle)

    assert ((cover > 0) == inside).all()


def test_letters_cover_some_of_their_line_and_nothing_above_it() -> None:
    cover = letters("Ab", (10, 20), 16, SIDE)

    assert (cover[20:40, 10:40] > 0).sum() > 40
    assert not cover[:20].any()
    assert not letters("", (10, 20), 16, SIDE).any()


def test_noisy_ink_is_gaussian_noise_round_its_colour_as_in_the_study() -> None:
    ink = ink_pixels(Ink((100, 120, 140), noisy=True, seed=5), 224).astype(float)

    assert abs(ink.mean(axis=(0, 1)) - (99.5, 119.5, 139.5)).max() < 0.3, "the levels are cut off, not rounded"
    assert abs(ink.std(axis=(0, 1)) - 10).max() < 0.3
    assert ink_pixels(Ink((255, 255, 255), noisy=True), 224).max() == 250


def test_the_noise_of_a_stroke_under_way_does_not_flicker() -> None:
    ink = Ink((100, 120, 140), noisy=True, seed=5)
    short, long = polyline([(10, 10)], 8, SIDE), polyline([(10, 10), (40, 40)], 8, SIDE)

    before, after = (layer_pixels(inked(None, cover, ink), SIDE) for cover in (short, long))

    assert (before[short > 0] == after[short > 0]).all()


def test_soft_ink_over_ink_mixes_by_how_far_it_covers() -> None:
    below = inked(None, np.full((8, 8), 255, np.uint8), Ink((0, 0, 0)))
    half = np.full((8, 8), 128, np.uint8)

    mixed = layer_pixels(inked(below, half, Ink((255, 255, 255))), 8)

    assert (mixed == (128, 128, 128, 255)).all()


def test_soft_ink_on_nothing_keeps_its_colour() -> None:
    layer = layer_pixels(inked(None, np.full((8, 8), 77, np.uint8), Ink((9, 99, 199))), 8)

    assert (layer == (9, 99, 199, 77)).all()


def test_the_eraser_takes_paint_away_and_no_layer_is_left_where_all_is_gone() -> None:
    cover = rectangle((0, 0), (8, 8), SIDE)
    layer = inked(None, cover, Ink((1, 2, 3)))

    left = layer_pixels(erased(layer, rectangle((0, 0), (4, 8), SIDE)), SIDE)

    assert (left[:8, 4:8] == (1, 2, 3, 255)).all()
    assert not left[:, :4].any()
    assert erased(layer, cover) is None
    assert erased(None, cover) is None


def test_nothing_covered_changes_nothing() -> None:
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    pixels[3, 4] = (5, 6, 7, 8)

    assert inked(layer_of(pixels), np.zeros((SIDE, SIDE), np.uint8), Ink((0, 0, 0))) == layer_of(pixels)

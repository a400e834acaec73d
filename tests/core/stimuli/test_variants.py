"""Variants of one stimulus."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.document import random_match_to_sample, random_pair
from core.errors import UserError
from core.stimuli.datasets import random_odd_one_out
from core.stimuli.stimulus import Geometry, Item, Photo, Stimulus, is_trained_layout, odd_one, overlaps, truth
from core.stimuli.variants import Varied, variants

PAIR = random_pair(Geometry(), 3)
PLACES, NOISE = Varied(noise=False, shapes=False, colors=False), Varied(positions=False, shapes=False, colors=False)


def test_the_same_seed_gives_the_same_variants_and_more_of_them_begin_alike() -> None:
    few, many = (variants(PAIR, n, seed=5) for n in (3, 8))

    assert many[:3] == few
    assert variants(PAIR, 3, seed=6) != few
    assert len(set(many)) == 8


def test_places_change_alone_where_nothing_else_is_asked_for() -> None:
    for variant in variants(PAIR, 20, PLACES):
        pairs = zip(variant.items, PAIR.items, strict=True)
        assert tuple(replace(item, x_px=was.x_px, y_px=was.y_px) for item, was in pairs) == PAIR.items
        assert is_trained_layout(variant)
        assert not overlaps(*variant.items, variant.geometry)


def test_noise_and_jitter_change_alone_where_places_are_kept() -> None:
    for variant in variants(PAIR, 5, NOISE):
        kept = [(item.shape, item.color, item.x_px, item.y_px) for item in variant.items]
        assert kept == [(item.shape, item.color, item.x_px, item.y_px) for item in PAIR.items]
        assert all(item.seed != was.seed for item, was in zip(variant.items, PAIR.items, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_what_was_the_same_stays_the_same_whatever_the_properties_become(seed: int) -> None:
    stimulus = random_match_to_sample(Geometry(), seed)
    found = variants(stimulus, 20, seed=seed)

    assert {truth(variant) for variant in found} == {truth(stimulus)}
    assert len({item.color for variant in found for item in variant.items}) > 8
    assert all(is_trained_layout(variant) for variant in found)


def test_the_odd_one_out_stays_the_odd_one_out() -> None:
    stimulus = random_odd_one_out(Geometry(), 1, "color")

    assert {odd_one(v) for v in variants(stimulus, 10, Varied(shapes=False))} == {odd_one(stimulus)}


def test_a_locked_item_stays_and_a_large_one_has_room() -> None:
    a, b = PAIR.items
    stimulus = replace(PAIR, items=(replace(a, x_px=96, y_px=96, locked=True), replace(b, scale=2.5, x_px=0, y_px=0)))

    for variant in variants(stimulus, 20):
        assert (variant.items[0].x_px, variant.items[0].y_px) == (96, 96)
        assert variant.items[1].scale == 2.5
        assert not overlaps(*variant.items, variant.geometry)


def test_new_colours_stay_among_the_new_ones() -> None:
    stimulus = replace(PAIR, items=tuple(replace(item, color=16 + at) for at, item in enumerate(PAIR.items)))

    assert all(item.color >= 16 for variant in variants(stimulus, 8) for item in variant.items)


@pytest.mark.parametrize("name", ["positions", "noise", "shapes", "colors"])
def test_what_is_varied_does_not_depend_on_what_is_not(name: str) -> None:
    fields = {"positions": ("x_px", "y_px"), "noise": ("jitter_px", "seed"), "shapes": ("shape",), "colors": ("color",)}
    kept = replace(Varied(), **{name: False})  # type: ignore[arg-type]

    for variant, every in zip(variants(PAIR, 10, kept), variants(PAIR, 10), strict=True):
        back = []
        for item, own in zip(every.items, PAIR.items, strict=True):
            back.append(replace(item, **{field: getattr(own, field) for field in fields[name]}))
        assert variant.items == tuple(back)


def test_what_is_varied_is_said_where_it_is_not_everything() -> None:
    assert Varied().words() == ""
    assert PLACES.words() == "Drawn again: places; noise, shapes and colours stay."
    assert Varied(noise=False).words() == "Drawn again: places, shapes and colours; noise stays."


def test_where_every_variant_would_be_the_picture_itself_it_is_said() -> None:
    locked = replace(PAIR, items=tuple(replace(item, locked=True) for item in PAIR.items))

    with pytest.raises(UserError, match="Nothing is chosen that is drawn again"):
        variants(PAIR, 1, Varied(False, False, False, False))
    with pytest.raises(UserError, match="no item may move"):
        variants(locked, 1, PLACES)
    assert variants(locked, 1, NOISE)[0] != locked


@pytest.mark.parametrize(
    ("stimulus", "said"),
    [
        (Stimulus(), "There are no items to vary"),
        (Stimulus(photo=Photo(b"", "a.png")), "A photo has no variants"),
        (Stimulus((Item(0, 0, 0, 0, scale=7.0), Item(1, 1, 0, 0))), "There is no room"),
    ],
    ids=["nothing", "a photo", "no room"],
)
def test_what_cannot_be_varied_is_said(stimulus: Stimulus, said: str) -> None:
    with pytest.raises(UserError, match=said):
        variants(stimulus, 2)

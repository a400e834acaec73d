"""What lies between two states: its ends are the states themselves, and whatever can be halved is on its way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.between import between
from core.demo import demo_document
from core.document import Document, Intervention, delete_item, move_item
from core.documents.checks import check
from core.documents.work import Work
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.mode_gain import ModeGain
from core.interventions.move import MoveInSubspace
from core.interventions.swap import SwapFromSource
from core.stimuli.stimulus import Geometry, Photo, Stimulus
from tests.core.documents.test_files import VIEW, documents

DEMO = demo_document()
A = MoveInSubspace(1, 0, "color", (0.0, 2.0))
B = MoveInSubspace(1, 1, "color", (1.0, -1.0))
HEADS = KnockOutHeads(1, (2,))


def edited(*edits: Intervention) -> Document:
    return replace(DEMO, interventions=edits)


@settings(max_examples=60, deadline=None)
@given(documents, documents, st.floats(0, 1))
def test_the_ends_are_the_states_themselves_and_what_lies_between_can_be_drawn(
    a: Document, b: Document, share: float
) -> None:
    assert between(a, b, 0) == a
    assert between(a, b, 1) == b
    assert between(a, a, share) == a
    check(Work(a, VIEW))
    check(Work(b, VIEW))
    check(Work(between(a, b, share), VIEW))


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(-9, 9)] * 4), st.tuples(*[st.floats(0, 2)] * 2), st.floats(0.01, 0.99))
def test_points_and_strengths_are_as_far_on_their_way_as_the_share_says(
    point: tuple[float, ...], strength: tuple[float, float], share: float
) -> None:
    x, y, there_x, there_y = point
    start = edited(replace(A, point=(x, y), strength=strength[0]))
    end = edited(replace(A, point=(there_x, there_y), strength=strength[1]))

    (edit,) = between(start, end, share).interventions

    assert isinstance(edit, MoveInSubspace)
    assert edit.point == pytest.approx((x + (there_x - x) * share, y + (there_y - y) * share))
    assert edit.strength == pytest.approx(strength[0] + (strength[1] - strength[0]) * share)


def test_an_item_travels_in_whole_pixels_and_takes_its_new_colour_at_one_half() -> None:
    before = DEMO.base.items[0]
    moved = move_item(DEMO.base, 0, before.x_px + 11, before.y_px)
    there = replace(DEMO, base=replace(moved, items=(replace(moved.items[0], color=5), *moved.items[1:])))

    early, late = (between(DEMO, there, share).base.items[0] for share in (0.4, 0.6))

    assert (early.x_px - before.x_px, late.x_px - before.x_px) == (4, 7)
    assert (early.color, late.color) == (before.color, 5)


def test_an_edit_that_comes_grows_and_one_that_goes_fades_where_they_stand() -> None:
    coming, going = replace(A, strength=1.5), SwapFromSource(1, 0, 0, "shape")

    edits = between(edited(going, HEADS), edited(HEADS, coming), 0.25).interventions

    assert edits == (replace(going, strength=0.75), HEADS, replace(coming, strength=0.375))


def test_an_edit_that_is_switched_on_grows_from_nothing() -> None:
    (edit,) = between(edited(replace(A, enabled=False)), edited(A), 0.5).interventions

    assert edit == replace(A, strength=0.5)


def test_a_control_takes_over_from_its_effect() -> None:
    control = replace(A, control="wrong object")

    assert between(edited(A), edited(control), 0.75).interventions == (
        replace(A, strength=0.25),
        replace(control, strength=0.75),
    )


def test_a_gain_is_turned_and_which_mode_it_is_is_not() -> None:
    off, double = ModeGain(1, 2, (0,)), ModeGain(1, 2, (0,), gain=2.0)

    assert between(edited(off), edited(double), 0.25).interventions == (ModeGain(1, 2, (0,), gain=0.5),)


def test_two_edits_that_change_places_are_both_there_once() -> None:
    assert sorted(map(repr, between(edited(A, B), edited(B, A), 0.5).interventions)) == sorted(map(repr, (A, B)))


def test_with_another_model_or_number_of_items_the_edits_change_at_one_half() -> None:
    start = edited(A, B)
    for end in (replace(edited(B), model="other"), delete_item(start, "base", 0)):
        assert between(start, end, 0.49).interventions == start.interventions
        assert between(start, end, 0.5) == end


def test_a_photo_is_not_halved() -> None:
    photos = [Stimulus((), Geometry(32, 16), Photo(bytes([n]) * 3 * 32**2, f"{n}.png")) for n in range(2)]
    start, end = (replace(DEMO, base=photo) for photo in photos)

    assert between(start, end, 0.4) == start
    assert between(start, end, 0.6) == end

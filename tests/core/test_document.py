from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.document import (
    Document,
    Intervention,
    add_intervention,
    add_item,
    controls_in_force,
    delete_item,
    governing_edit,
    make_counterfactual,
    match_property,
    move_item,
    open_photo_in,
    random_pair,
    remove_intervention,
    reorder_intervention,
    replace_intervention,
    reroll_noise,
    set_property,
    stimulus_of,
    swap_items,
    with_stimulus,
)
from core.errors import UserError
from core.interventions.move import MoveInSubspace, find_move, move_by_hand, set_point
from core.interventions.novel import WriteNovelVectors, write_novel_vectors
from core.interventions.probe import AddProbeDirection
from core.interventions.swap import SwapFromSource, swap_from_source
from core.stimuli.datasets import all_kinds, discrimination
from core.stimuli.stimulus import RELATIONS, Geometry, Item, Photo, Stimulus, overlaps, pair_relation, truth

A, B, C = Item(1, 2, 0, 0, seed=1), Item(3, 4, 64, 32, seed=2), Item(5, 6, 128, 160, seed=3)
PAIR = Stimulus((A, B))
DOCUMENT = Document("tiny", PAIR)


def added(**changes: Any) -> WriteNovelVectors:
    """Added colour vectors in A and B after block 1."""
    return replace(WriteNovelVectors(1, 0, 1, "color", "added", "same"), **changes)


edits = st.one_of(
    st.builds(
        MoveInSubspace,
        block=st.integers(-1, 2),
        item=st.integers(0, 2),
        property=st.sampled_from(["shape", "color"]),
        point=st.just((0.0, 0.0)),
        enabled=st.booleans(),
    ),
    st.builds(
        SwapFromSource,
        block=st.integers(-1, 2),
        item=st.integers(0, 2),
        source_item=st.integers(0, 1),
        property=st.sampled_from(["shape", "color", "all"]),
    ),
)
edit_lists = st.lists(edits, max_size=5).map(tuple)


@given(x_px=st.integers(-500, 500), y_px=st.integers(-500, 500))
def test_an_item_dragged_off_the_canvas_stays_on_it(x_px: int, y_px: int) -> None:
    moved = move_item(PAIR, 1, x_px, y_px)

    item = moved.items[1]
    assert 0 <= item.x_px <= 192
    assert 0 <= item.y_px <= 192
    if 0 <= x_px <= 192 and 0 <= y_px <= 192:
        assert (item.x_px, item.y_px) == (x_px, y_px)
    assert replace(item, x_px=B.x_px, y_px=B.y_px) == B
    assert moved.items[0] == A


def test_a_property_is_set_on_one_item_alone() -> None:
    assert set_property(PAIR, 1, "shape", 9).items == (A, replace(B, shape=9))
    assert set_property(PAIR, 0, "color", 9).items == (replace(A, color=9), B)


def test_swapping_the_items_exchanges_places_and_nothing_else() -> None:
    swapped = swap_items(Stimulus((A, B, C)))

    assert swapped.items == (replace(A, x_px=64, y_px=32), replace(B, x_px=0, y_px=0), C)
    assert swap_items(swapped) == Stimulus((A, B, C))


def test_matching_both_properties_makes_a_same_pair() -> None:
    matched = match_property(match_property(PAIR, "shape"), "color")

    assert truth(match_property(PAIR, "shape")) == truth(set_property(PAIR, 1, "shape", A.shape))
    said = truth(matched)
    assert said is not None
    assert said.same
    assert matched.items[0] == A


def test_new_noise_keeps_what_is_drawn_and_where() -> None:
    rerolled = reroll_noise(PAIR, seed=7)

    assert [(i.shape, i.color, i.x_px, i.y_px) for i in rerolled.items] == [
        (i.shape, i.color, i.x_px, i.y_px) for i in PAIR.items
    ]
    assert {i.seed for i in rerolled.items}.isdisjoint({A.seed, B.seed})
    assert rerolled == reroll_noise(PAIR, seed=7)


def test_random_pairs_are_same_in_half_of_the_cases_and_differ_in_every_way() -> None:
    pairs = [truth(random_pair(Geometry(), seed)) for seed in range(600)]
    differs = [said.differs_in for said in pairs if said is not None]

    assert len(differs) == 600
    assert abs(differs.count("") - 300) < 60
    for way in ("shape", "color", "shape and color"):
        assert abs(differs.count(way) - 100) < 45


@given(st.integers(0, 500), st.sampled_from([14, 16, 32]))
def test_a_random_pair_never_overlaps(seed: int, patch_px: int) -> None:
    geometry = Geometry(patch_px=patch_px)

    pair = random_pair(geometry, seed)

    assert pair == random_pair(geometry, seed)
    assert not overlaps(*pair.items, geometry)


@pytest.mark.parametrize("property", ["shape", "color"])
def test_a_counterfactual_fills_the_source_with_a_donor(property: str) -> None:
    document = make_counterfactual(DOCUMENT, property, seed=1)

    assert document.source is not None
    assert getattr(document.source.items[0], property) == getattr(B, property)
    assert replace(document, source=None) == DOCUMENT


def test_an_absent_source_is_an_empty_picture_of_the_same_canvas() -> None:
    geometry = Geometry(64, 16)

    assert stimulus_of(Document("m", Stimulus((), geometry)), "source") == Stimulus((), geometry)
    assert stimulus_of(DOCUMENT, "base") is PAIR


@given(edit_lists)
def test_replacing_a_stimulus_keeps_the_other_and_the_edits(interventions: tuple[Intervention, ...]) -> None:
    document = Document("m", PAIR, Stimulus((C,)), interventions)

    assert with_stimulus(document, "base", Stimulus((B,))) == Document(
        "m", Stimulus((B,)), document.source, interventions
    )
    assert with_stimulus(document, "source", PAIR) == Document("m", PAIR, PAIR, interventions)


def test_a_photo_takes_the_place_of_the_items() -> None:
    photo = Photo(b"pixels", "dog.jpg")

    document = open_photo_in(DOCUMENT, "source", photo)

    assert document.source == Stimulus((), PAIR.geometry, photo)
    assert document.base is PAIR


@given(edit_lists, st.integers(0, 2))
def test_deleting_a_base_item_takes_its_edits_and_the_others_keep_their_items(
    interventions: tuple[Intervention, ...], index: int
) -> None:
    document = Document("m", Stimulus((A, B, C)), None, interventions)

    left = delete_item(document, "base", index)

    def edited(document: Document) -> list[tuple[Item, Intervention]]:
        return [(document.base.items[e.item], replace(e, item=0)) for e in document.interventions]

    gone = document.base.items[index]
    assert left.base.items == tuple(item for item in (A, B, C) if item is not gone)
    assert edited(left) == [(item, edit) for item, edit in edited(document) if item is not gone]


@given(edit_lists)
def test_deleting_a_source_item_takes_the_swaps_from_it_and_the_others_keep_their_donors(
    interventions: tuple[Intervention, ...],
) -> None:
    document = Document("m", Stimulus((A, B, C)), Stimulus((B, C)), interventions)

    left = delete_item(document, "source", 0)

    assert left.base == document.base
    assert left.source == Stimulus((C,))
    wanted = [e for e in interventions if isinstance(e, MoveInSubspace) or e.source_item == 1]
    assert list(left.interventions) == [
        replace(e, source_item=0) if isinstance(e, SwapFromSource) else e for e in wanted
    ]


def test_novel_vectors_go_with_either_item_of_their_pair_and_follow_the_others() -> None:
    both = added(item=2, partner=3)
    document = Document("m", Stimulus((A, B, C, A)), None, (added(), both))

    assert delete_item(document, "base", 0).interventions == (replace(both, item=1, partner=2),)
    assert delete_item(document, "base", 3).interventions == (added(),)


def test_novel_vectors_take_the_place_of_their_pairs_on_the_same_pad_and_go_on_top() -> None:
    others = (added(item=2, partner=3), added(property="shape"), added(block=2))
    document = replace(DOCUMENT, interventions=(added(), *others))

    again = write_novel_vectors(document, added(method="random"))

    assert again.interventions == (*others, added(method="random"))


def test_the_last_edit_of_a_pad_that_is_on_governs_an_item() -> None:
    move, swap = MoveInSubspace(1, 0, "color", (0.0, 0.0)), SwapFromSource(1, 0, 0, "all")
    document = replace(DOCUMENT, interventions=(swap, added(), move, replace(swap, enabled=False)))

    assert governing_edit(document, 0, "color", 1) == 2
    assert governing_edit(document, 1, "color", 1) == 1
    assert governing_edit(document, 0, "shape", 1) == 0
    assert governing_edit(document, 0, "color", 2) is None
    wrong = replace_intervention(document, 2, replace(move, control="wrong object"))
    assert governing_edit(wrong, 1, "color", 1) == 2
    assert controls_in_force(wrong) == ("wrong object",)


def test_a_push_toward_what_a_pair_is_already_is_a_control() -> None:
    """The demo's pair is different."""
    pushes = {toward: AddProbeDirection(1, 0, toward) for toward in RELATIONS}

    control, effect = (replace(DOCUMENT, interventions=(pushes[toward],)) for toward in ("different", "same"))
    off = replace(DOCUMENT, interventions=(replace(pushes["different"], enabled=False),))

    assert pair_relation(DOCUMENT.base, 0) == "different"
    assert controls_in_force(control) == ("probe, own relation",)
    assert controls_in_force(effect) == controls_in_force(off) == ()


def test_the_hand_takes_swaps_and_novel_vectors_of_an_item_off_a_pad() -> None:
    kept = (MoveInSubspace(1, 0, "color", (0.0, 0.0)), SwapFromSource(1, 1, 0, "color"), added(block=2))
    document = replace(DOCUMENT, interventions=(*kept, added(), SwapFromSource(1, 0, 0, "all")))

    assert move_by_hand(document, 0, "color", 1).interventions == kept


def test_a_swap_that_another_edit_overwrites_goes_on_top_when_it_is_made_again() -> None:
    document = swap_from_source(DOCUMENT, "color", 1)
    over = write_novel_vectors(document, added())

    assert swap_from_source(over, "color", 1).interventions == (added(), *document.interventions)


@given(st.integers(0, 200))
def test_a_new_item_lies_in_a_free_cell(seed: int) -> None:
    stimulus = add_item(Stimulus((A, B, C)), 7, 8, seed)

    *others, new = stimulus.items
    assert others == [A, B, C]
    assert (new.shape, new.color) == (7, 8)
    assert not any(overlaps(new, item, Geometry()) for item in others)


def test_a_full_canvas_takes_no_more_items() -> None:
    geometry = Geometry(64, 16)
    middle = Stimulus((Item(0, 0, 16, 16),), geometry)

    with pytest.raises(UserError, match="no room"):
        add_item(middle, 0, 0, seed=0)


def test_a_thumb_put_on_a_pad_adds_one_edit_and_dragging_it_keeps_one() -> None:
    document = set_point(DOCUMENT, 0, "color", 1, (1.0, 2.0))

    dragged = set_point(document, 0, "color", 1, (3.0, 4.0))

    assert document.interventions == (MoveInSubspace(1, 0, "color", (1.0, 2.0)),)
    assert dragged.interventions == (MoveInSubspace(1, 0, "color", (3.0, 4.0)),)


@pytest.mark.parametrize(("item", "property", "block"), [(1, "color", 1), (0, "shape", 1), (0, "color", 2)])
def test_each_item_property_and_block_has_a_thumb_of_its_own(item: int, property: str, block: int) -> None:
    document = set_point(DOCUMENT, 0, "color", 1, (1.0, 2.0))

    both = set_point(document, item, property, block, (0.0, 0.0))

    assert len(both.interventions) == 2
    assert find_move(both, item, property, block) == 1


def test_dragging_a_thumb_switches_it_on_where_it_stands_in_the_list() -> None:
    off = MoveInSubspace(1, 0, "color", (0.0, 0.0), enabled=False)
    swap = SwapFromSource(1, 1, 0, "all")

    document = set_point(replace(DOCUMENT, interventions=(off, swap)), 0, "color", 1, (5.0, 5.0), 0.4)

    assert document.interventions == (MoveInSubspace(1, 0, "color", (5.0, 5.0), 0.4), swap)


@pytest.mark.parametrize(
    "over", [SwapFromSource(1, 0, 0, "all"), SwapFromSource(1, 0, 0, "color"), added(), added(control="wrong object")]
)
def test_dragging_a_thumb_whose_value_another_edit_overwrites_puts_the_move_on_top(over: Intervention) -> None:
    move = MoveInSubspace(1, 0, "color", (0.0, 0.0))
    document = replace(DOCUMENT, interventions=(move, over))

    dragged = set_point(document, 0, "color", 1, (5.0, 5.0))

    assert dragged.interventions == (over, replace(move, point=(5.0, 5.0)))
    assert set_point(dragged, 0, "color", 1, (6.0, 5.0)).interventions == (over, replace(move, point=(6.0, 5.0)))
    beneath_one_that_is_off = replace(document, interventions=(move, replace(over, enabled=False)))
    assert find_move(set_point(beneath_one_that_is_off, 0, "color", 1, (5.0, 5.0)), 0, "color", 1) == 0


def test_a_dragged_thumb_of_a_control_stays_the_control() -> None:
    control = MoveInSubspace(1, 0, "color", (0.0, 0.0), control="random subspace", seed=5)

    dragged = set_point(replace(DOCUMENT, interventions=(control,)), 0, "color", 1, (5.0, 5.0))

    assert dragged.interventions == (replace(control, point=(5.0, 5.0)),)


@given(edit_lists, edits)
def test_edits_are_added_replaced_and_removed_in_their_place(
    interventions: tuple[Intervention, ...], edit: Intervention
) -> None:
    document = replace(DOCUMENT, interventions=interventions)

    added = add_intervention(document, edit)

    assert added.interventions == (*interventions, edit)
    assert remove_intervention(added, len(interventions)) == document
    for index, old in enumerate(interventions):
        assert replace_intervention(replace_intervention(document, index, edit), index, old) == document


@given(edit_lists, st.data())
def test_moving_an_edit_keeps_the_order_of_the_others(
    interventions: tuple[Intervention, ...], data: st.DataObject
) -> None:
    document = replace(DOCUMENT, interventions=(*interventions, SwapFromSource(0, 0, 0, "all")))
    places = st.integers(0, len(interventions))
    start, end = data.draw(places), data.draw(places)

    moved = reorder_intervention(document, start, end)

    assert moved.interventions[end] == document.interventions[start]
    assert remove_intervention(moved, end) == remove_intervention(document, start)
    assert reorder_intervention(moved, end, start) == document


def test_swapping_from_the_source_again_takes_the_place_of_the_first() -> None:
    document = swap_from_source(swap_from_source(DOCUMENT, "color", 1), "shape", 1)
    faded = replace_intervention(document, 0, SwapFromSource(1, 0, 0, "color", strength=0.2))

    again = swap_from_source(faded, "color", 1)

    assert again == document
    assert len(swap_from_source(document, "color", 2).interventions) == 3


def test_edits_never_change_the_document_that_they_start_from() -> None:
    examples = discrimination(10, all_kinds(), 0)
    document = Document("m", examples[0].stimulus)
    before = hash(document)

    set_point(document, 0, "color", 1, (0.0, 0.0))
    delete_item(document, "base", 0)
    make_counterfactual(document, "shape", 0)

    assert hash(document) == before

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.document import Document, make_counterfactual, random_match_to_sample
from core.errors import UserError
from core.interventions.swap import SwapFromSource, swap_from_source
from core.stimuli.counterfactuals import InterchangePair, interchange_pairs
from core.stimuli.datasets import (
    Example,
    Kind,
    all_kinds,
    compositional_kinds,
    match_to_sample,
    ood_kinds,
    split_examples,
)
from core.stimuli.stimulus import (
    PROPERTIES,
    Geometry,
    Item,
    Property,
    Stimulus,
    is_trained_layout,
    item_patches,
    truth,
    with_item,
)

KIND_SETS = {"256": all_kinds(), "32": compositional_kinds()[0], "16 new": ood_kinds("ood-shape-color")}


def kind_of(item: Item) -> Kind:
    return item.shape, item.color


@pytest.fixture(scope="module", params=KIND_SETS)
def kinds(request: pytest.FixtureRequest) -> list[Kind]:
    return KIND_SETS[request.param]


@pytest.fixture(scope="module")
def examples(kinds: list[Kind]) -> list[Example]:
    return match_to_sample(1200, kinds, seed=3)


def test_each_combination_of_relations_has_its_quarter(examples: list[Example]) -> None:
    counts = Counter(example.condition for example in examples)

    assert counts == dict.fromkeys(("same-same", "same-different", "different-same", "different-different"), 300)


def test_label_condition_and_picture_agree(examples: list[Example]) -> None:
    for example in examples:
        said = truth(example.stimulus)
        assert said is not None
        display, sample = said.pairs
        assert example.label == said.same == (display.same == sample.same)
        assert example.condition == "-".join("same" if pair.same else "different" for pair in (display, sample))


def test_different_sample_pairs_differ_in_every_way_equally_often(examples: list[Example]) -> None:
    samples = [pair.differs_in for e in examples if (said := truth(e.stimulus)) for pair in said.pairs[1:]]

    assert Counter(samples) == {"": 600, "shape and color": 200, "shape": 200, "color": 200}


def test_different_display_pairs_differ_in_every_way_about_equally_often(examples: list[Example]) -> None:
    displays = Counter(pair.differs_in for e in examples if (said := truth(e.stimulus)) for pair in said.pairs[:1])

    assert displays[""] == 600
    assert all(abs(displays[way] - 200) < 50 for way in ("shape and color", "shape", "color"))


def test_the_display_is_never_the_samples_own_pair(examples: list[Example]) -> None:
    for example in examples:
        a, b, c, d = map(kind_of, example.stimulus.items)
        assert {a, b} != {c, d}


def test_items_are_of_the_set_and_all_of_it_is_in_displays_and_samples(
    examples: list[Example], kinds: list[Kind]
) -> None:
    displays = {kind_of(item) for e in examples for item in e.stimulus.items[:2]}
    samples = {kind_of(item) for e in examples for item in e.stimulus.items[2:]}

    assert displays == samples == set(kinds)


@pytest.mark.parametrize("geometry", [Geometry(patch_px=p) for p in (14, 16, 32)] + [Geometry(64, 16)])
def test_every_image_has_the_layout_of_training_and_four_tokens_of_its_own_an_item(geometry: Geometry) -> None:
    for example in match_to_sample(200, all_kinds(), 0, geometry):
        patches = [patch for item in example.stimulus.items for patch in item_patches(item, geometry)]
        assert is_trained_layout(example.stimulus)
        assert len(set(patches)) == 4 * geometry.cell_patches**2


def test_the_display_pair_has_the_tokens_of_the_top_left() -> None:
    first, second = random_match_to_sample(Geometry(), 0).items[:2]

    assert item_patches(first, Geometry()) == (0, 1, 14, 15)
    assert item_patches(second, Geometry()) == (2, 3, 16, 17)


def test_sample_pairs_reach_every_corner_off_the_display() -> None:
    items = [i for e in match_to_sample(8000, all_kinds(), 1) for i in e.stimulus.items[2:]]

    assert {(i.x_px, i.y_px) for i in items} == set(Geometry().sample_corners())


@pytest.mark.parametrize("n", [-4, 0, 2, 30])
def test_a_set_that_has_no_quarters_is_refused(n: int) -> None:
    with pytest.raises(UserError, match="balanced"):
        match_to_sample(n, all_kinds(), 0)


def test_a_canvas_without_room_for_two_pairs_is_refused() -> None:
    with pytest.raises(UserError, match="do not fit"):
        match_to_sample(4, all_kinds(), 0, Geometry(48, 16))


def test_splits_draw_from_the_same_combinations_as_for_discrimination() -> None:
    trained, held_out = compositional_kinds()
    for split, wanted in (("train", trained), ("test", held_out), ("ood-color", ood_kinds("ood-color"))):
        examples = split_examples(split, 1200, task="rmts", n_kinds=32)
        assert {kind_of(item) for e in examples for item in e.stimulus.items} == set(wanted)
    assert split_examples("val", 8, task="rmts", seed=1) == split_examples("val", 8, task="rmts", seed=1)
    assert split_examples("val", 8, task="rmts", seed=1) != split_examples("val", 8, task="rmts", seed=2)


@pytest.fixture(scope="module", params=PROPERTIES)
def property(request: pytest.FixtureRequest) -> Property:
    return request.param


@pytest.fixture(scope="module", params=["256", "32"])
def pairs(request: pytest.FixtureRequest, property: Property) -> list[InterchangePair]:
    return interchange_pairs(402, property, KIND_SETS[request.param], 5, task="rmts")


def pair_of(stimulus: Stimulus, item: int) -> tuple[Item, ...]:
    return stimulus.items[:2] if item < 2 else stimulus.items[2:]


def test_labels_and_relations_of_the_edited_pair_are_balanced(pairs: list[InterchangePair]) -> None:
    quarters = Counter((p.label, kind_of(p.base.items[p.edited]) == kind_of(p.base.items[p.partner])) for p in pairs)

    assert sorted(quarters.values()) == [100, 100, 101, 101]
    assert all(80 < n < 125 for n in Counter(p.edited for p in pairs).values())


def test_the_edited_pair_is_same_or_differs_in_the_property_alone(
    pairs: list[InterchangePair], property: Property
) -> None:
    for pair in pairs:
        said = truth(Stimulus(pair_of(pair.base, pair.edited)))
        assert said is not None
        assert said.differs_in in ("", property)


def test_the_donor_has_the_edited_items_place_in_the_other_pair(pairs: list[InterchangePair]) -> None:
    for pair in pairs:
        assert pair.donor % 2 == pair.edited % 2
        assert pair.donor // 2 != pair.edited // 2
        assert (pair.partner, pair.wrong) == (pair.edited ^ 1, pair.donor ^ 1)


def test_taking_over_the_donors_value_turns_the_label(pairs: list[InterchangePair], property: Property) -> None:
    for pair in pairs:
        item, value = pair.base.items[pair.edited], getattr(pair.source.items[pair.donor], property)
        kind = (value, item.color) if property == "shape" else (item.shape, value)
        after = truth(with_item(pair.base, pair.edited, Item(*kind, item.x_px, item.y_px)))
        before = truth(pair.base)
        assert before is not None
        assert after is not None
        assert (before.same, after.same) == (not pair.label, bool(pair.label))


def test_the_source_is_the_base_drawn_again_with_one_value_of_the_donor_changed(
    pairs: list[InterchangePair], property: Property
) -> None:
    for pair in pairs:
        for index, (a, b) in enumerate(zip(pair.base.items, pair.source.items, strict=True)):
            changed = [name for name in PROPERTIES if getattr(a, name) != getattr(b, name)]
            assert changed in ([], [property])
            assert not changed or index == pair.donor
            assert (a.x_px, a.y_px) == (b.x_px, b.y_px)
            assert a.seed != b.seed


def test_interchange_pairs_of_discrimination_are_what_they_were() -> None:
    plain = interchange_pairs(40, "shape", all_kinds(), 5)

    assert plain == interchange_pairs(40, "shape", all_kinds(), 5, task="discrimination")
    assert {(p.edited, p.partner, p.donor, p.wrong) for p in plain} == {(0, 1, 0, 1)}


@given(st.integers(0, 300), st.sampled_from([14, 16, 32]))
def test_a_random_stimulus_is_one_of_training(seed: int, patch_px: int) -> None:
    stimulus = random_match_to_sample(Geometry(patch_px=patch_px), seed)

    assert stimulus == random_match_to_sample(Geometry(patch_px=patch_px), seed)
    assert is_trained_layout(stimulus)


def test_random_stimuli_are_of_all_four_combinations() -> None:
    found = [truth(random_match_to_sample(Geometry(), seed)) for seed in range(400)]
    relations = Counter(tuple(pair.same for pair in said.pairs) for said in found if said)

    assert len(relations) == 4
    assert all(60 < n < 140 for n in relations.values())


@pytest.mark.parametrize("item", range(4))
@pytest.mark.parametrize("property", PROPERTIES)
def test_a_counterfactual_and_its_swap_are_about_the_chosen_item(item: int, property: Property) -> None:
    base = with_item(random_match_to_sample(Geometry(), 4), item, Item(1, 2, 64, 64))
    document = swap_from_source(make_counterfactual(Document("rmts", base), property, 1, item), property, 2, item)

    assert document.source is not None
    assert document.interventions == (SwapFromSource(2, item, item ^ 2, property),)
    mine, partner = (getattr(base.items[index], property) for index in (item, item ^ 1))
    value = getattr(document.source.items[item ^ 2], property)
    assert (value == partner) == (mine != partner)
    assert value != mine


def test_swaps_of_two_items_stand_side_by_side() -> None:
    document = Document("rmts", random_match_to_sample(Geometry(), 4))

    both = swap_from_source(swap_from_source(document, "shape", 2, 0), "shape", 2, 3)

    assert [edit.item for edit in both.interventions] == [0, 3]
    assert swap_from_source(both, "shape", 2, 3) == both

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.stimuli.counterfactuals import InterchangePair, counterfactual_source, interchange_pairs
from core.stimuli.datasets import (
    SPLITS,
    Condition,
    Example,
    Kind,
    Split,
    all_kinds,
    compositional_kinds,
    different_pairs,
    discrimination,
    draw_cells,
    ood_kinds,
    place_items,
    split_examples,
)
from core.stimuli.stimulus import PROPERTIES, Geometry, Item, Property, is_aligned, item_patches, overlaps, truth

TRAINED, HELD_OUT = compositional_kinds()
KIND_SETS = {
    "256": all_kinds(),
    "32": TRAINED,
    "224": HELD_OUT,
    "64 new shapes": ood_kinds("ood-shape"),
    "64 new colors": ood_kinds("ood-color"),
    "16 new": ood_kinds("ood-shape-color"),
}
IN_WORDS: dict[Condition, str] = {"same": "", "both": "shape and color", "shape": "shape", "color": "color"}


@pytest.fixture(scope="module", params=KIND_SETS)
def kinds(request: pytest.FixtureRequest) -> list[Kind]:
    return KIND_SETS[request.param]


@pytest.fixture(scope="module")
def examples(kinds: list[Kind]) -> list[Example]:
    return discrimination(6400, kinds, seed=3)


def kind_of(item: Item) -> Kind:
    return item.shape, item.color


def test_no_image_is_lost_and_every_condition_has_its_third(examples: list[Example]) -> None:
    counts = Counter(example.condition for example in examples)

    assert counts == {"same": 3200, "both": 1067, "shape": 1067, "color": 1066}


def test_label_condition_and_picture_agree(examples: list[Example]) -> None:
    for example in examples:
        said = truth(example.stimulus)
        assert said is not None
        assert example.label == said.same == (example.condition == "same")
        assert said.differs_in == IN_WORDS[example.condition]


def test_items_are_of_the_set_and_all_of_it_is_used(examples: list[Example], kinds: list[Kind]) -> None:
    assert {kind_of(item) for example in examples for item in example.stimulus.items} == set(kinds)


def test_each_different_pair_comes_with_a_same_pair_of_one_member_in_the_same_cells(examples: list[Example]) -> None:
    for different, same in zip(examples[::2], examples[1::2], strict=True):
        assert (different.label, same.label) == (0, 1)
        assert [(i.x_px, i.y_px) for i in different.stimulus.items] == [(i.x_px, i.y_px) for i in same.stimulus.items]
        assert kind_of(same.stimulus.items[0]) in [kind_of(item) for item in different.stimulus.items]


def test_either_member_is_doubled_about_as_often(examples: list[Example]) -> None:
    pairs = zip(examples[::2], examples[1::2], strict=True)
    first = sum(kind_of(same.stimulus.items[0]) == kind_of(diff.stimulus.items[0]) for diff, same in pairs)

    assert abs(first - 1600) < 5 * np.sqrt(3200) / 2


def test_noise_is_drawn_anew_for_every_item(examples: list[Example]) -> None:
    seeds = [item.seed for example in examples for item in example.stimulus.items]

    assert len(set(seeds)) == len(seeds)


def test_items_lie_on_the_patch_grid_and_share_no_patch(examples: list[Example]) -> None:
    geometry = Geometry()
    for example in examples:
        a, b = example.stimulus.items
        assert is_aligned(a, geometry)
        assert is_aligned(b, geometry)
        assert not overlaps(a, b, geometry)
        assert len({*item_patches(a, geometry), *item_patches(b, geometry)}) == 8


@pytest.mark.parametrize("patch_px", [14, 16, 32])
def test_every_corner_and_every_jitter_comes_up_equally_often(patch_px: int) -> None:
    geometry = Geometry(patch_px=patch_px)
    items = [i for e in discrimination(12_000, all_kinds(), 0, geometry) for i in e.stimulus.items]

    corners = Counter((i.x_px, i.y_px) for i in items[::4])  # first items of different pairs: all independent
    jitters = np.array([i.jitter_px for i in items])

    assert set(corners) == set(geometry.corners())
    expected = 6000 / len(corners)
    assert all(abs(n - expected) < 6 * np.sqrt(expected) for n in corners.values())
    for axis in (0, 1):
        counts = np.bincount(jitters[:, axis])
        share = len(items) / (geometry.max_jitter_px + 1)
        assert len(counts) == geometry.max_jitter_px + 1
        assert (abs(counts - share) < 5 * np.sqrt(share)).all()
    assert abs(np.corrcoef(jitters.T)[0, 1]) < 0.03


@pytest.mark.parametrize("n", [-2, 0, 1, 33])
def test_a_set_that_cannot_be_balanced_is_refused(n: int) -> None:
    with pytest.raises(UserError, match="balanced"):
        discrimination(n, all_kinds(), 0)


def test_a_partner_is_not_drawn_again_while_unused_ones_are_left() -> None:
    rng = np.random.default_rng(0)
    partners: dict[tuple[Kind, Condition], list[Kind]] = defaultdict(list)

    for first, second, condition in islice(different_pairs(all_kinds(), rng), 256 * 3 * 15):
        partners[first, condition].append(second)

    for (_, condition), seconds in partners.items():
        n_partners = 225 if condition == "both" else 15
        assert len(set(seconds)) == min(len(seconds), n_partners)
        assert len(seconds) == 15


def test_where_a_condition_has_no_candidate_the_cycle_begins_again() -> None:
    no_shared_color = [(0, 0), (0, 1), (1, 2), (1, 3)]

    pairs = list(islice(different_pairs(no_shared_color, np.random.default_rng(0)), 30))

    assert {condition for _, _, condition in pairs} == {"both"}


def test_the_compositional_setting_trains_two_shapes_a_color_and_two_colors_a_shape() -> None:
    assert len(TRAINED) == 32
    assert len(HELD_OUT) == 224
    assert {*TRAINED, *HELD_OUT} == set(all_kinds())
    assert set(Counter(shape for shape, _ in TRAINED).values()) == {2}
    assert set(Counter(color for _, color in TRAINED).values()) == {2}


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_the_compositional_split_is_one_for_every_seed(seed: int) -> None:
    trained, held_out = compositional_kinds(seed)

    assert set(Counter(shape for shape, _ in trained).values()) == {2}
    assert not {*trained} & {*held_out}
    assert compositional_kinds(seed) == (trained, held_out)


def test_another_seed_gives_another_compositional_split() -> None:
    assert compositional_kinds(0) != compositional_kinds(1)


@pytest.mark.parametrize(
    ("split", "shapes", "colors"),
    [
        ("ood-shape", range(16, 20), range(16)),
        ("ood-color", range(16), range(16, 20)),
        ("ood-shape-color", range(16, 20), range(16, 20)),
    ],
)
def test_what_is_out_of_distribution_was_never_trained_on(split: Split, shapes: range, colors: range) -> None:
    kinds = ood_kinds(split)

    assert sorted(kinds) == [(shape, color) for shape in shapes for color in colors]
    assert not set(kinds) & set(all_kinds())


@pytest.mark.parametrize("n_kinds", [256, 32])
def test_each_split_draws_from_its_own_combinations(n_kinds: int) -> None:
    trained, held_out = (TRAINED, HELD_OUT) if n_kinds == 32 else (all_kinds(), all_kinds())
    wanted = {"train": trained, "val": trained, "test_iid": trained, "test": held_out, "compositional": held_out}

    for split in SPLITS:
        examples = split_examples(split, 3000, n_kinds=n_kinds)
        expected = wanted.get(split) or ood_kinds(split)
        assert {kind_of(item) for e in examples for item in e.stimulus.items} == set(expected)


def test_no_picture_is_in_two_splits() -> None:
    sets = [{e.stimulus for e in split_examples(split, 400)} for split in SPLITS]

    assert len(set.union(*sets)) == 400 * len(SPLITS)


def test_a_split_comes_from_its_seed_alone() -> None:
    assert split_examples("val", 60, seed=5) == split_examples("val", 60, seed=5)
    assert split_examples("val", 60, seed=5) != split_examples("val", 60, seed=6)


def test_another_process_draws_the_same_set() -> None:
    program = "from core.stimuli.datasets import split_examples as s; print(s('compositional', 20, n_kinds=32, seed=4))"

    said = [
        subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]

    here = f"{split_examples('compositional', 20, n_kinds=32, seed=4)}\n"
    assert said[0].stdout.decode() == said[1].stdout.decode() == here


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(UserError, match="100 combinations"):
        split_examples("test", 10, n_kinds=100)


@given(seed=st.integers(0, 10_000), image_px=st.sampled_from([64, 80, 96]), n=st.integers(1, 4))
def test_cells_are_found_on_a_canvas_with_just_enough_room(seed: int, image_px: int, n: int) -> None:
    geometry = Geometry(image_px, 16)

    cells = draw_cells(np.random.default_rng(seed), geometry.corners(), geometry, n)

    patches = [patch for x, y in cells for patch in item_patches(Item(0, 0, x, y), geometry)]
    assert len(cells) == n
    assert len(set(patches)) == 4 * n


@pytest.mark.parametrize("image_px", [32, 48])
def test_items_that_cannot_fit_are_refused(image_px: int) -> None:
    geometry = Geometry(image_px, 16)

    with pytest.raises(UserError, match="do not fit"):
        draw_cells(np.random.default_rng(0), geometry.corners(), geometry, 2)


@pytest.fixture(scope="module", params=PROPERTIES)
def property(request: pytest.FixtureRequest) -> Property:
    return request.param


@pytest.fixture(scope="module", params=["256", "32"])
def trained_kinds(request: pytest.FixtureRequest) -> list[Kind]:
    return KIND_SETS[request.param]


@pytest.fixture(scope="module")
def pairs(property: Property, trained_kinds: list[Kind]) -> list[InterchangePair]:
    return interchange_pairs(1024, property, trained_kinds, seed=11)


def other(property: Property) -> Property:
    return "color" if property == "shape" else "shape"


def test_half_of_the_interchange_pairs_turn_different_to_same(pairs: list[InterchangePair]) -> None:
    assert Counter(pair.label for pair in pairs) == {0: 512, 1: 512}


def test_bases_are_of_the_models_own_setting_and_all_of_it_is_edited(
    pairs: list[InterchangePair], trained_kinds: list[Kind]
) -> None:
    for label in (0, 1):
        assert {kind_of(p.base.items[0]) for p in pairs if p.label == label} == set(trained_kinds)
    assert {kind_of(item) for p in pairs for item in p.base.items} == set(trained_kinds)


def test_a_base_to_be_made_same_differs_in_the_property_alone(pairs: list[InterchangePair], property: Property) -> None:
    for pair in pairs:
        said = truth(pair.base)
        assert said is not None
        assert said.differs_in == (property if pair.label == 1 else "")


def test_the_donor_of_a_different_base_has_the_fixed_items_value(
    pairs: list[InterchangePair], property: Property
) -> None:
    rest = other(property)
    for pair in (p for p in pairs if p.label == 1):
        edited, fixed = pair.base.items
        donor, second = pair.source.items
        assert getattr(donor, property) == getattr(fixed, property)
        assert getattr(donor, rest) != getattr(fixed, rest)
        assert getattr(second, property) != getattr(donor, property)
        assert getattr(second, rest) not in (getattr(edited, rest), getattr(donor, rest))


def test_the_donor_of_a_same_base_has_new_values_and_its_source_is_a_same_pair(
    pairs: list[InterchangePair], property: Property
) -> None:
    rest = other(property)
    for pair in (p for p in pairs if p.label == 0):
        edited = pair.base.items[0]
        donor, second = pair.source.items
        assert getattr(donor, property) != getattr(edited, property)
        assert getattr(donor, rest) != getattr(edited, rest)
        assert kind_of(second) == kind_of(donor)


def test_giving_the_donors_value_turns_the_relation(pairs: list[InterchangePair], property: Property) -> None:
    for pair in pairs:
        edited, fixed = pair.base.items
        changed = {property: getattr(pair.source.items[0], property), other(property): getattr(edited, other(property))}
        assert ((changed["shape"], changed["color"]) == kind_of(fixed)) == bool(pair.label)


def test_a_source_has_places_and_noise_of_its_own(pairs: list[InterchangePair]) -> None:
    for pair in pairs:
        a, b = pair.source.items
        assert is_aligned(a, Geometry())
        assert is_aligned(b, Geometry())
        assert not overlaps(a, b, Geometry())
        assert len({i.seed for i in (*pair.base.items, a, b)}) == 4
    moved = sum(p.base.items[0].x_px != p.source.items[0].x_px for p in pairs)
    assert moved > len(pairs) * 0.85


def test_donors_are_drawn_over_all_combinations(pairs: list[InterchangePair]) -> None:
    donors = {kind_of(pair.source.items[0]) for pair in pairs}

    assert donors <= set(all_kinds())
    assert len(donors) > 200


def test_interchange_pairs_come_from_their_seed_and_canvas() -> None:
    geometry = Geometry(96, 16)

    pairs = interchange_pairs(20, "shape", all_kinds(), 5, geometry)

    assert pairs == interchange_pairs(20, "shape", all_kinds(), 5, geometry)
    assert pairs != interchange_pairs(20, "shape", all_kinds(), 6, geometry)
    assert {s.geometry for p in pairs for s in (p.base, p.source)} == {geometry}


@given(
    a=st.sampled_from(all_kinds()),
    b=st.sampled_from(all_kinds()),
    property=st.sampled_from(PROPERTIES),
    seed=st.integers(0, 99),
)
def test_any_pair_has_a_counterfactual_whose_donor_changes_its_relation_in_the_property(
    a: Kind, b: Kind, property: Property, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    base = place_items((a, b), [(0, 0), (64, 64)], rng, Geometry())

    source = counterfactual_source(base, property, rng)

    value, fixed = getattr(source.items[0], property), getattr(base.items[1], property)
    differed = getattr(base.items[0], property) != fixed
    assert (value == fixed) == differed

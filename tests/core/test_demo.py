from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from core.demo import best_block, demo_document, demo_view
from core.stimuli.stimulus import is_aligned, overlaps, truth


def test_the_demo_is_an_aligned_pair_that_differs_in_color_alone() -> None:
    stimulus = demo_document().base

    said = truth(stimulus)
    assert said is not None
    assert said.differs_in == "color"
    assert all(is_aligned(item, stimulus.geometry) for item in stimulus.items)
    assert not overlaps(*stimulus.items, stimulus.geometry)


def test_the_match_to_sample_demo_is_turned_by_giving_a_the_color_of_b() -> None:
    stimulus = demo_document("rmts", "rmts").base
    a, b, *sample = stimulus.items

    turned = replace(stimulus, items=(replace(a, color=b.color), b, *sample))

    assert [(i.x_px, i.y_px) for i in (a, b)] == stimulus.geometry.display_cells()
    assert all((i.x_px, i.y_px) in stimulus.geometry.sample_corners() for i in sample)
    assert not any(overlaps(i, j, stimulus.geometry) for i, j in combinations(stimulus.items, 2))
    before, after = truth(stimulus), truth(turned)
    assert before is not None
    assert after is not None
    assert (before.same, after.same) == (False, True)


def test_the_best_block_is_the_one_of_highest_interchange_accuracy() -> None:
    cards = {
        ("color", -1): {"iia": 0.3},
        ("color", 1): {"iia": 0.9},
        ("color", 4): {"iia": 0.1},
        ("shape", 4): {"iia": 1},
    }

    assert best_block(cards, "color") == 1
    assert best_block(cards, "shape") == 4
    assert best_block({}, "color") == 0


def test_the_demo_writes_where_color_is_carried_best_and_reads_after_it() -> None:
    view = demo_view({("color", 2): {"iia": 0.9}, ("shape", 3): {"iia": 0.95}})

    assert (view.write, view.read) == (2, 3)

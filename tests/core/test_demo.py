from __future__ import annotations

from core.demo import best_block, demo_document, demo_view
from core.scene import is_aligned, overlaps, truth


def test_the_demo_is_an_aligned_pair_that_differs_in_color_alone() -> None:
    stimulus = demo_document().base

    said = truth(stimulus)
    assert said is not None
    assert said.differs_in == "color"
    assert all(is_aligned(item, stimulus.geometry) for item in stimulus.items)
    assert not overlaps(*stimulus.items, stimulus.geometry)


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

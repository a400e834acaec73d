"""In what two states differ is said in words, and nothing is said of what is the same."""

from __future__ import annotations

from dataclasses import replace

from core.demo import demo_document
from core.differences import differences
from core.document import make_counterfactual, swap_items
from core.interventions.knock_out_heads import toggle_head
from core.interventions.move import set_point


def test_of_the_same_state_nothing_is_said() -> None:
    assert differences(demo_document(), demo_document()) == ()


def test_items_are_told_apart_by_what_they_are_and_where() -> None:
    one = demo_document()
    other = replace(one, base=replace(swap_items(one.base), items=(one.base.items[1], one.base.items[1])))

    assert differences(one, other) == ("A: indigo → pink, (32, 48) → (144, 128) px",)


def test_noise_alone_is_a_difference() -> None:
    one = demo_document()
    items = (replace(one.base.items[0], seed=99), one.base.items[1])

    assert differences(one, replace(one, base=replace(one.base, items=items))) == ("A: another noise or jitter",)


def test_edits_are_matched_by_what_they_are() -> None:
    one = toggle_head(demo_document(), 1, 2)
    other = set_point(one, 0, "color", 1, (0.5, 1.0))

    assert differences(one, other) == ("with: colour of A → by hand · block 1 · pad (0.5, 1.0), α 1",)
    assert differences(other, one) == ("without: colour of A → by hand · block 1 · pad (0.5, 1.0), α 1",)
    swapped = replace(other, interventions=other.interventions[::-1])
    assert differences(other, swapped) == ("edits in another order",)


def test_a_model_and_a_source_are_named() -> None:
    one = demo_document()
    other = replace(make_counterfactual(one, "color", 0), model="/models/vit.safetensors")

    assert differences(one, other) == ("model: discrimination → vit", "source: none → an image")

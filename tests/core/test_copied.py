"""Items as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.copied import copied_text, read_copied
from core.errors import UserError
from core.stimuli.stimulus import MAX_SCALE, MIN_SCALE, Geometry, Item, Stimulus

items = st.builds(
    Item,
    shape=st.integers(0, 19),
    color=st.integers(0, 19),
    x_px=st.integers(0, 4),
    y_px=st.integers(0, 190),
    jitter_px=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    seed=st.integers(0, 2**62),
    scale=st.floats(MIN_SCALE, 1),
    angle_deg=st.floats(0, 359),
    locked=st.booleans(),
)


@given(st.lists(items, min_size=1, max_size=4))
def test_items_are_read_as_they_were_copied(copied: list[Item]) -> None:
    assert read_copied(copied_text(copied, Geometry())) == Stimulus(tuple(copied))


ITEM = {"shape": 0, "color": 0, "x_px": 0, "y_px": 0}


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"format": 2, "items": [ITEM]},
        {"format": 1, "items": []},
        {"format": 1, "items": [{**ITEM, "shape": 99}]},
        {"format": 1, "items": [{**ITEM, "shape": "0"}]},
        {"format": 1, "items": [{**ITEM, "scale": MAX_SCALE + 1}]},
        {"format": 1, "items": [{**ITEM, "scale": None}]},
        {"format": 1, "items": [{**ITEM, "scale": 10**400}]},
        {"format": 1, "items": [{**ITEM, "x_px": 1000}]},
        {"format": 1, "items": [ITEM] * 30},
        {"format": 1, "items": [ITEM], "geometry": {"image_px": 10**9, "patch_px": 1}},
        {"format": 1, "items": [ITEM], "more": 1},
    ],
)
def test_what_is_no_item_is_refused_in_a_sentence(value: object) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_copied(json.dumps(value))


@pytest.mark.parametrize("text", ["", "hello", "[" * 100_000, '{"format": NaN}'])
def test_what_is_no_text_of_items_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UserError, match="What was copied"):
        read_copied(text)

from __future__ import annotations

import numpy as np
import pytest

from core.figures.looks import (
    heat,
    letter_places,
    map_scale,
    number,
    overlay,
    percent,
    signed,
    steps,
    top_of_scale,
    viridis,
    wrapped,
)
from core.plots import Map, Ring

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAFElEQVR4nGP8//8/AwwwMSAB3BwAlm4DBfIlvvkAAAAASUVORK5CYII="
MAP = Map("stage", "A caption.", ((0.0, 0.25), (0.5, 0.0)), 0.25, (0, 0))


def test_a_map_runs_from_dark_to_bright_on_its_own_scale() -> None:
    pixels, scale = overlay(PNG, MAP), map_scale(1000)[0]

    assert np.abs(pixels[3, 0].astype(int) - scale[-1]).max() <= 1
    assert np.abs(pixels[0, 0].astype(int) - scale[0]).max() <= 1


def test_a_map_without_attention_is_dark_and_not_stretched() -> None:
    empty = Map("CLS", "All goes to CLS.", ((0.0, 0.001), (0.0, 0.0)), 0.999, (0, 0))

    assert top_of_scale(empty) == pytest.approx(0.05)
    assert top_of_scale(MAP) == 0.5


def test_heat_runs_from_blue_over_grey_to_red_and_ends_there() -> None:
    assert [heat(share) for share in (-1, 0, 0.5, 1, 2)] == ["#2166ac", "#2166ac", "#f0f0f0", "#b2182b", "#b2182b"]
    assert viridis(np.array([0.0, 1.0])).tolist() == [[68, 1, 84], [253, 231, 37]]


def test_a_letter_stands_over_its_box_or_where_that_is_taken_under_it() -> None:
    tab = 1.0
    in_the_corner, free, under_another = Ring("A", (0, 1), 0), Ring("B", (7 * 14 + 7,), 1), Ring("C", (2 * 14,), 2)

    places = letter_places((in_the_corner, free, under_another), 14, tab)

    assert places[0][1] > 1, "over it there is no room"
    assert places[1][1] < 7
    assert places[2][1] > 3, "over it stands the letter of another"


def test_ticks_are_round_and_few() -> None:
    assert steps(0, 1) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert [number(v) for v in steps(-1, 1)] == ["−1", "−0.5", "0", "0.5", "1"]
    assert [percent(v) for v in (0, 0.004, 0.0994, 0.0996, 1)] == ["0 %", "0.4 %", "9.9 %", "10 %", "100 %"]


def test_words_are_wrapped_between_words_alone() -> None:
    assert wrapped("a group ofverylongwords b", 7, len) == ["a group", "ofverylongwords", "b"]


@pytest.mark.parametrize(("value", "text"), [(-0.04, "+0.0"), (0.04, "+0.0"), (-0.06, "−0.1"), (2.46, "+2.5")])
def test_what_is_zero_as_it_is_written_is_not_below_it(value: float, text: str) -> None:
    assert signed(value, 1) == text

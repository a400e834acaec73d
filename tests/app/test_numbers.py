"""Numbers are written as the user chose, everywhere in the window, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QFont
from pytestqt.qtbot import QtBot

from app import numbers
from app.numbers import Format, fixed, general, percent, share, signed, written
from app.plots.labels import left_ticks
from app.plots.words import spots
from core.figures import looks
from core.plots import Curves, Series

COMMA, MORE = Format(comma=True), Format(more=2)
A = Series("A", (-0.25, 0.75))
CURVES = Curves("Of", "strength", "margin", (0.0, 0.5), ("0", "0.5"), (A,), y_range=(-0.5, 1.0))


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    numbers.choose(Format())


def test_by_default_a_number_has_a_point_and_a_real_minus() -> None:
    said = [fixed(-2.5, 2), signed(2.345), signed(-0.01), general(-0.00012), share(0.084), percent(0.256)]

    assert said == ["−2.50", "+2.3", "0.0", "−0.00012", ".08", "26 %"]


def test_with_a_comma_every_number_has_one() -> None:
    numbers.choose(COMMA)

    said = [fixed(-2.5, 2), signed(2.25, 2), general(0.125), share(0.084), percent(0.256, 1), written("<0.1 %")]

    assert said == ["−2,50", "+2,25", "0,125", ",08", "25,6 %", "<0,1 %"]


def test_more_digits_stand_after_the_point_and_whole_numbers_stay_whole() -> None:
    numbers.choose(MORE)

    assert [fixed(1.23456, 1), signed(0.0), percent(0.25), signed(8.0, 0)] == ["1.235", "0.000", "25 %", "+8"]


def test_what_is_no_number_is_a_dash() -> None:
    assert general(float("nan")) == share(float("nan")) == "–"


def test_the_axes_and_the_words_of_a_plot_follow(qtbot: QtBot) -> None:
    numbers.choose(COMMA)

    assert "0,5" in [words for _, words in left_ticks(CURVES, QFont(), 400)]
    assert [spot.words for spot in spots(CURVES)] == ["strength 0\nA  −0,25", "strength 0,5\nA  0,75"]


def test_what_is_written_for_others_keeps_the_point() -> None:
    numbers.choose(COMMA)

    assert (looks.number(0.25), looks.signed(-1.5), looks.percent(0.05)) == ("0.25", "−1.50", "5.0 %")

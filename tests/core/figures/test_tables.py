"""The numbers behind a plot come out as CSV, every one of them, under the words that the plot has."""

from __future__ import annotations

import csv
import math
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from core.figures.tables import plot_rows, to_csv
from core.plots import (
    Bars,
    Cloud,
    Curves,
    Gallery,
    Heatmap,
    Map,
    Maps,
    Picture,
    Plot,
    Reference,
    Ring,
    Scatter,
    Series,
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAFElEQVR4nGP8//8/AwwwMSAB3BwAlm4DBfIlvvkAAAAASUVORK5CYII="
words = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=8)
number = st.floats(allow_infinity=False)


def read(plot: Plot) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(to_csv(plot_rows(plot)))))


def same(text: str, value: float) -> bool:
    return text == "" if math.isnan(value) else float(text) == value


@given(words, words, words, st.lists(st.tuples(number, number, number), min_size=1, max_size=4), words)
def test_every_value_of_curves_is_read_back_as_it_is(
    title: str, x_label: str, y_label: str, values: list[tuple[float, float, float]], name: str
) -> None:
    """Whatever the axes are called: also when both are called the same, or as another column is."""
    y, low, high = zip(*values, strict=True)
    n = len(values)
    plot = Curves(title, x_label, y_label, tuple(map(float, range(n))), ("t",) * n, (Series(name, y, low, high),))

    rows = read(plot)

    columns = list(rows[0])
    assert len(set(columns)) == len(columns) == 8
    for row, of in zip(rows, values, strict=True):
        found = list(row.values())
        assert (found[0], found[1]) == (title, name)
        assert all(same(text, value) for text, value in zip(found[-3:], of, strict=True))


def test_curves_say_their_units_their_ticks_and_what_they_are_compared_with() -> None:
    series = (Series("edited", (1.5, math.nan), star=0), Series("plain", (0.0, 2.0), role="control"))
    plot = Curves(
        "Answer", "after block", "same − different", (-1.0, 0.0), ("embed", "0"), series, (Reference(0.5, "chance"),)
    )

    rows = read(plot)

    assert rows[0] == {
        "plot": "Answer",
        "series": "edited",
        "role": "measured",
        "after block": "embed",
        "x": "-1.0",
        "same − different": "1.5",
        "starred": "yes",
    }
    assert rows[1]["same − different"] == "", "what is not there is no number"
    assert [row["same − different"] for row in rows if row["role"] == "reference"] == ["0.5"]


def test_bars_have_a_row_for_every_bar() -> None:
    plot = Bars("Flips", "share", ("swap", "move"), (Series("colour", (0.9, 0.1), (0.8, 0.0), (1.0, 0.2)),))

    assert [(row["group"], row["share"], row["low"], row["high"]) for row in read(plot)] == [
        ("swap", "0.9", "0.8", "1.0"),
        ("move", "0.1", "0.0", "0.2"),
    ]


def test_a_heat_map_names_the_row_and_the_column_of_every_cell() -> None:
    plot = Heatmap(
        "Margins", "layer", "token", ((1.0, 2.0), (3.0, math.nan)), ("0", "1"), ("A", "B"), (0, 3), "low", "high"
    )

    cells = [(row["token"], row["layer"], row["value, low to high"]) for row in read(plot)]

    assert cells == [("A", "0", "1.0"), ("A", "1", "2.0"), ("B", "0", "3.0"), ("B", "1", "")]


def test_points_have_their_names() -> None:
    plot = Scatter("Points", "x", "y", (Cloud("models", (0.2,), (0.6,), ("one",), "published"),))

    assert read(plot) == [
        {"plot": "Points", "cloud": "models", "role": "published", "name": "one", "x": "0.2", "y": "0.6"}
    ]


def test_maps_say_of_each_patch_what_is_on_it_and_what_goes_to_no_patch() -> None:
    plot = Maps("Where", PNG, (Ring("A", (1,), 0),), (Map("head 3", "", ((0.1, 0.2), (0.3, 0.0)), 0.4, (2, 3)),))

    rows = read(plot)

    assert [(row["row"], row["column"], row["on"], row["share of attention"]) for row in rows] == [
        ("0", "0", "", "0.1"),
        ("0", "1", "A", "0.2"),
        ("1", "0", "", "0.3"),
        ("1", "1", "", "0.0"),
        ("", "", "CLS", "0.4"),
    ]
    assert {(row["block"], row["head"]) for row in rows} == {("2", "3")}


def test_a_gallery_has_the_words_of_its_pictures() -> None:
    plot = Gallery("Pairs", ("same",), ((Picture(PNG, "flipped"), Picture(PNG, "kept")),))

    assert [(row["row"], row["place"], row["caption"]) for row in read(plot)] == [
        ("same", "0", "flipped"),
        ("same", "1", "kept"),
    ]

"""Numbers as tables: the rows behind any plot, and CSV of any rows."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Any

from core.plots import Bars, Curves, Gallery, Heatmap, Maps, Plot, Scatter, Series

Row = dict[str, Any]
"""Values by the names of their columns; a table has the columns of all its rows, in the order in which they come."""


def to_csv(rows: Sequence[Row], first: Sequence[str] = ()) -> str:
    """The rows as CSV under the names of their columns, those of `first` at the left; what is missing or no number is
    empty."""
    out = io.StringIO()
    columns = dict.fromkeys([*first, *(name for row in rows for name in row)])
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "" if _missing(value) else value for name, value in row.items()})
    return out.getvalue()


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def plot_rows(plot: Plot) -> list[Row]:
    """Every number of a plot with its labels, in long form; axes name the columns, with the units that they give."""
    match plot:
        case Curves():
            found = _curves(plot)
        case Bars():
            found = _bars(plot)
        case Heatmap():
            found = _heatmap(plot)
        case Scatter():
            found = _scatter(plot)
        case Maps():
            found = _maps(plot)
        case Gallery():
            found = _gallery(plot)
    return [_row(("plot", plot.title), *cells) for cells in found]


Cells = Sequence[tuple[str, Any]]


def _row(*cells: tuple[str, Any]) -> Row:
    """A row whose columns have different names, also where two axes are called the same."""
    row: Row = {}
    for name, value in cells:
        while name in row:
            name += "′"
        row[name] = value
    return row


def _curves(plot: Curves) -> Iterator[Cells]:
    for series in plot.series:
        for index, (x, tick) in enumerate(zip(plot.x, plot.ticks, strict=True)):
            yield (*_named(series), (plot.x_label or "x", tick), ("x", x), *_value(plot.y_label, series, index))
    for reference in plot.references:
        yield ("series", reference.label), ("role", "reference"), (plot.y_label or "y", reference.value)


def _bars(plot: Bars) -> Iterator[Cells]:
    for series in plot.series:
        for index, group in enumerate(plot.groups):
            yield (*_named(series), ("group", group), *_value(plot.y_label, series, index))
    for reference in plot.references:
        yield ("series", reference.label), ("role", "reference"), (plot.y_label or "y", reference.value)


def _named(series: Series) -> Cells:
    return ("series", series.label), ("role", series.role)


def _value(y_label: str, series: Series, index: int) -> Cells:
    """A value of a series, with its interval where there is one, and whether it is starred where one is."""
    cells: list[tuple[str, Any]] = [(y_label or "y", series.y[index])]
    if series.low:
        cells += [("low", series.low[index]), ("high", series.high[index])]
    if series.star is not None:
        cells.append(("starred", "yes" if index == series.star else ""))
    return cells


def _heatmap(plot: Heatmap) -> Iterator[Cells]:
    ends = f"value, {plot.low_label} to {plot.high_label}" if plot.low_label or plot.high_label else "value"
    for name, values in zip(plot.rows, plot.values, strict=True):
        for column, value in zip(plot.columns, values, strict=True):
            yield (plot.y_label or "row", name), (plot.x_label or "column", column), (ends, value)


def _scatter(plot: Scatter) -> Iterator[Cells]:
    for cloud in plot.clouds:
        for name, x, y in zip(cloud.names, cloud.x, cloud.y, strict=True):
            yield ("cloud", cloud.label), ("role", cloud.role), ("name", name), (plot.x_label, x), (plot.y_label, y)


def _maps(plot: Maps) -> Iterator[Cells]:
    """Each map patch by patch, with what the patch is on, and then what goes to tokens that are no patch."""
    on = {patch: ring.label for ring in plot.rings for patch in ring.patches}
    share = f"share of {plot.quantity}"
    for of in plot.maps:
        block, head = of.head
        named = (("map", of.title), ("block", block), ("head", head))
        for row, values in enumerate(of.values):
            for column, value in enumerate(values):
                item = on.get(row * len(of.values) + column, "")
                yield (*named, ("row", row), ("column", column), ("on", item), (share, value))
        yield (*named, ("on", plot.aside_label), (share, of.aside))


def _gallery(plot: Gallery) -> Iterator[Cells]:
    """Of pictures there are no numbers but what stands under them."""
    for name, pictures in zip(plot.rows, plot.pictures, strict=True):
        for place, picture in enumerate(pictures):
            yield ("row", name), ("place", place), ("caption", picture.caption)

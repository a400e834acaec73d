"""Plots in words: what stands at each spot of a plot, and a description for those who do not see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.numbers import general, tick
from core.plots import AxesPlot, Bars, Curves, Gallery, Heatmap, Maps, Plot, Role, Scatter, Series

ROLES: dict[Role, str] = {"measured": "", "control": ", control, dotted", "published": ", dashed and hollow"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a plot that has values: at `x` and, unless it is a whole column, `y`; `cell` is (row, column)."""

    x: float
    y: float
    words: str
    cell: tuple[int, int] | None = None


def spots(plot: AxesPlot) -> list[Spot]:
    """Every spot, in reading order."""
    match plot:
        case Curves():
            names = [f"{plot.x_label} {tick(word)}" for word in plot.ticks]
            return [Spot(x, math.nan, _column(names[i], plot.series, i)) for i, x in enumerate(plot.x)]
        case Bars():
            return [Spot(i, math.nan, _column(group, plot.series, i)) for i, group in enumerate(plot.groups)]
        case Heatmap():
            return [
                Spot(j + 0.5, i + 0.5, _cell(plot, i, j), (i, j))
                for i in range(len(plot.rows))
                for j in range(len(plot.columns))
            ]
        case Scatter():
            return [
                Spot(x, y, f"{name}\n{cloud.label}\n{plot.x_label}: {words(x)}\n{plot.y_label}: {words(y)}")
                for cloud in plot.clouds
                for x, y, name in zip(cloud.x, cloud.y, cloud.names, strict=True)
                if math.isfinite(x) and math.isfinite(y)
            ]


def plot_words(plot: Plot) -> str:
    """The plot in a few sentences."""
    match plot:
        case Curves():
            parts = [_extremes(s, plot.ticks, f"{plot.x_label} ") for s in plot.series]
            return _joined(f"{plot.title}. Curves of {plot.y_label} over {plot.x_label}.", parts, plot)
        case Bars():
            parts = [_extremes(s, plot.groups, "") for s in plot.series]
            return _joined(f"{plot.title}. Bars of {plot.y_label}.", parts, plot)
        case Heatmap():
            low, high = map(words, plot.range)
            ends = f"{low} is {plot.low_label or 'low'}, {high} {plot.high_label or 'high'}"
            size = f"{len(plot.rows)} rows ({plot.y_label}) × {len(plot.columns)} columns ({plot.x_label})"
            return f"{plot.title}. Heat map of {size}; {ends}."
        case Scatter():
            counts = ", ".join(f"{len(c.names)} {c.label}" for c in plot.clouds)
            return f"{plot.title}. Points: {plot.y_label} against {plot.x_label}; {counts}."

        case Maps():
            return " ".join([f"{plot.title}.", *(f"{of.title}: {of.caption}" for of in plot.maps)])
        case Gallery():
            rows = zip(plot.rows, plot.pictures, strict=True)
            return " ".join([f"{plot.title}.", *(f"{name}: {len(of)} pictures." for name, of in rows)])


def words(value: float) -> str:
    """A value with three digits, a dash where there is none."""
    return general(value)


def _column(name: str, series: Sequence[Series], index: int) -> str:
    lines = [f"{s.label}  {words(s.y[index])}{_interval(s, index)}" for s in series if not math.isnan(s.y[index])]
    return "\n".join([name, *lines])


def _interval(series: Series, index: int) -> str:
    if not series.low or math.isnan(series.low[index]):
        return ""
    return f" ({words(series.low[index])} to {words(series.high[index])})"


def _cell(plot: Heatmap, row: int, column: int) -> str:
    place = f"{plot.y_label} {plot.rows[row]}, {plot.x_label} {plot.columns[column]}"
    return f"{place}\n{words(plot.values[row][column])}"


def _extremes(series: Series, names: Sequence[str], axis: str) -> str:
    known = [(value, name) for value, name in zip(series.y, names, strict=True) if not math.isnan(value)]
    if not known:
        return f"{series.label}: no values."
    (low, at_low), (high, at_high) = min(known), max(known)
    head = f"{series.label}{ROLES[series.role]}"
    highest, lowest = (f"{words(value)} ({axis}{at})" for value, at in ((high, at_high), (low, at_low)))
    return f"{head}: highest {highest}, lowest {lowest}.".replace("after block embed", "after the embeddings")


def _joined(head: str, parts: Sequence[str], plot: Curves | Bars) -> str:
    lines = [f"Line at {words(r.value)}: {r.label}." for r in plot.references]
    return " ".join([head, *parts, *lines])

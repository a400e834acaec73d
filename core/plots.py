"""What is plotted: numbers, labels, units and intervals, without a word on how they are drawn.

Numbers are plain floats in tuples, so that plots compare by value and travel as JSON. NaN stands for a value
that does not exist; JSON writes it as null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from core.errors import UserError

Floats = tuple[float, ...]
Role = Literal["measured", "control", "published"]
"""Where the numbers of a series come from; `published` is always another model."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A horizontal line at a value worth comparing with, such as chance."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """One curve or one group of bars: values [N], the bounds of their intervals, and the index of a starred one.

    Series of the same `hue` share a colour. `low` and `high` are empty where there is no interval.
    """

    label: str
    y: Floats
    low: Floats = ()
    high: Floats = ()
    role: Role = "measured"
    hue: int = 0
    star: int | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """Series over positions `x` [N], named by `ticks` [N]."""

    title: str
    x_label: str
    y_label: str
    x: Floats
    ticks: tuple[str, ...]
    series: tuple[Series, ...]
    references: tuple[Reference, ...] = ()
    y_range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Bars:
    """Groups [N] of bars, one bar of every series in each group."""

    title: str
    y_label: str
    groups: tuple[str, ...]
    series: tuple[Series, ...]
    references: tuple[Reference, ...] = ()
    y_range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Values [R, C] on a colour scale of fixed range, from `low_label` (blue) to `high_label` (red)."""

    title: str
    x_label: str
    y_label: str
    values: tuple[Floats, ...]
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    range: tuple[float, float] = (0.0, 1.0)
    low_label: str = ""
    high_label: str = ""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points of one kind: x [N], y [N] and a name [N] each."""

    label: str
    x: Floats
    y: Floats
    names: tuple[str, ...]
    role: Role = "measured"
    hue: int = 0


@dataclass(frozen=True, slots=True)
class Points:
    """Clouds of named points in one plane."""

    title: str
    x_label: str
    y_label: str
    clouds: tuple[Cloud, ...]
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Ring:
    """Patches of a picture, row by row from the top left, outlined in a colour by number, with a letter.

    `asks` marks the patches whose attention is shown.
    """

    label: str
    patches: tuple[int, ...]
    hue: int
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """Shares `values` [G, G] over the patches of a picture; `aside` is what goes to tokens that are no patch.

    `head` is (block, head).
    """

    title: str
    caption: str
    values: tuple[Floats, ...]
    aside: float
    head: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Maps:
    """Several maps over one picture, a square PNG in base64, each on a colour scale of its own from 0.

    The rings say what is where; `aside_label` names the tokens that are no patch.
    """

    title: str
    picture: str
    rings: tuple[Ring, ...]
    maps: tuple[Map, ...]
    aside_label: str = "CLS"


AxesPlot = Curves | Bars | Heatmap | Points
Plot = AxesPlot | Maps

_KINDS: dict[str, type[Plot]] = {"curves": Curves, "bars": Bars, "heatmap": Heatmap, "points": Points, "maps": Maps}
_Part = Series | Reference | Cloud | Ring | Map
_PARTS: dict[str, type[_Part]] = {
    "series": Series,
    "references": Reference,
    "clouds": Cloud,
    "rings": Ring,
    "maps": Map,
}


def plot_to_json(plot: Plot) -> dict[str, Any]:
    """A plot as plain JSON values; `plot_from_json` gives an equal plot back."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(plot, cls))
    return {"kind": kind, **_plain_fields(plot)}


def _plain_fields(value: Any) -> dict[str, Any]:
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, _Part):
        return _plain_fields(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def plot_from_json(value: Mapping[str, Any]) -> Plot:
    """The plot that `plot_to_json` wrote.

    Raises UserError where it is damaged.
    """
    try:
        kind = _KINDS[value["kind"]]
        return kind(**{name: _value(name, v) for name, v in value.items() if name != "kind"})
    except (LookupError, TypeError, AttributeError) as error:
        raise UserError(f"A plot could not be read: {error}.", "Run its study again.") from error


def _value(name: str, value: Any) -> Any:
    if name in _PARTS:
        return tuple(_PARTS[name](**{k: _value(k, v) for k, v in part.items()}) for part in value)
    if isinstance(value, list):
        return tuple(_value("", v) for v in value)
    return math.nan if value is None and name == "" else value

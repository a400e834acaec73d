"""What is plotted: numbers, labels, units and intervals, without a word on how they are drawn.

Numbers are plain floats in tuples, so that plots compare by value and travel as JSON. NaN stands for a value
that does not exist; JSON writes it as null.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from core.errors import UserError

if TYPE_CHECKING:
    from cattrs import Converter

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

    @property
    def foot(self) -> float:
        """What bars stand on, or hang from: 0, or the end of the range that is nearest to it."""
        return max(self.y_range[0], min(0.0, self.y_range[1]))


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
class Scatter:
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

    The rings say what is where; `aside_label` names the tokens that are no patch, `quantity` what the shares are of.
    """

    title: str
    picture: str
    rings: tuple[Ring, ...]
    maps: tuple[Map, ...]
    aside_label: str = "CLS"
    quantity: str = "attention"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG in base64 with a caption."""

    png: str
    caption: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Rows of pictures of one size, each row with its words."""

    title: str
    rows: tuple[str, ...]
    pictures: tuple[tuple[Picture, ...], ...]


AxesPlot = Curves | Bars | Heatmap | Scatter
Plot = AxesPlot | Maps | Gallery


def _kind_in_files(plot: type[Plot]) -> str:
    """The name of a kind of plot in result files; those of a scatter have always said points."""
    return "points" if plot is Scatter else plot.__name__.lower()


@cache
def converter() -> Converter:
    """Between values and what JSON holds; a plot is told by its `kind`. Only made for files: it takes a while."""
    from cattrs import Converter
    from cattrs.strategies import configure_tagged_union

    plain = Converter(detailed_validation=False, forbid_extra_keys=True)
    plain.register_unstructure_hook(float, lambda value: None if math.isnan(value) else value)
    plain.register_structure_hook(float, lambda value, _: _number_in_files(value))
    configure_tagged_union(Plot, plain, tag_name="kind", tag_generator=_kind_in_files)
    tagged = plain.get_unstructure_hook(Plot)
    plain.register_unstructure_hook(Plot, lambda plot: {"kind": "", **tagged(plot)})  # first in a file
    return plain


def _number_in_files(value: Any) -> float:
    """A number as it stands there, NaN for none.

    Raises ValueError for what is no number, or larger than any.
    """
    if value is None:
        return math.nan
    if not isinstance(value, int | float) or (isinstance(value, int) and abs(value) > sys.float_info.max):
        raise ValueError(f"{repr(value)[:40]} is no number")
    return value


def plot_to_json(plot: Plot) -> dict[str, Any]:
    """A plot as plain JSON values; `plot_from_json` gives an equal plot back."""
    value: dict[str, Any] = converter().unstructure(plot, Plot)
    return value


def plot_from_json(value: Mapping[str, Any]) -> Plot:
    """The plot that `plot_to_json` wrote.

    Raises UserError where it is damaged.
    """
    from cattrs.errors import ForbiddenExtraKeysError

    try:
        plot: Plot = converter().structure(value, Plot)  # type: ignore[arg-type]
        return plot
    except (LookupError, TypeError, AttributeError, ValueError, ForbiddenExtraKeysError) as error:
        raise UserError(f"A plot could not be read: {error}.", "Run its study again.") from error

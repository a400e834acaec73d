"""Whether attention goes from what is alike to what is not as the network gets deeper."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from core.analyses import PlotAnalysis
from core.plots import AxesPlot, Curves, Reference, Series
from core.readings.modes import Convention

if TYPE_CHECKING:
    from torch import Tensor

    from core.families.model import Model
    from core.readings.modes import BlockModes
    from core.state import State
    from core.stimuli.stimulus import Stimulus


@dataclass(frozen=True, slots=True)
class ModeDepth(PlotAnalysis):
    """The weighted left-right cosine of the query-key modes, mean over the heads of each block, with its null.

    The second value has the relative curve beside it: the cosine minus the mean cosine between the centre tokens of
    different images of the reference set, as all tokens of a narrow cone are alike.

    Source: Pan et al. 2024. Their control compares a vector with itself; the band here is of random sides.
    """

    title: ClassVar[str] = "Query-key modes: cosine by depth"
    late: ClassVar[bool] = True

    convention: Convention = "exact"

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        from core.state import reference_images

        modes = [state.modes(block, self.convention) for block in range(state.model.n_blocks)]
        curve = cosine_curve(modes)
        yield (curve,)
        alike = state.remember(
            ("anisotropy", self.convention),
            lambda: anisotropy(state.model, reference_images(state.model), modes),
        )
        yield (with_relative(curve, alike),)


def cosine_curve(modes: Sequence[BlockModes]) -> Curves:
    """The mean of the weighted cosines over the heads of each block, and the 95 % band of random sides."""
    means = tuple(float(of.weighted_cosines.mean()) for of in modes)
    chance = tuple(float(of.chance.square().sum().sqrt() / len(of.chance)) for of in modes)
    nought = (0.0,) * len(means)
    return Curves(
        title="Left-right cosine of the modes by depth",
        x_label="block",
        y_label="weighted cosine, mean over heads",
        x=tuple(float(block) for block in range(len(means))),
        ticks=tuple(str(block) for block in range(len(means))),
        series=(
            Series("modes", means),
            Series("random sides, 95 %", nought, tuple(-c for c in chance), chance, role="control", hue=1),
        ),
        references=(Reference(0.0, ""),),
        y_range=(min(-0.2, *means) - 0.05, max(0.5, *means) + 0.05),
    )


def with_relative(curve: Curves, alike: Sequence[float]) -> Curves:
    """The curve with how alike centre tokens of different images are, and what is left of the cosine without that."""
    means = curve.series[0].y
    relative = tuple(mean - of for mean, of in zip(means, alike, strict=True))
    more = (Series("relative: minus centre tokens", relative, hue=2), Series("centre tokens", tuple(alike), hue=3))
    values = (*means, *relative, *alike)
    y_range = (min(-0.2, *values) - 0.05, max(0.5, *values) + 0.05)
    return replace(curve, series=(*curve.series, *more), y_range=y_range)


def anisotropy(model: Model, stimuli: Sequence[Stimulus], modes: Sequence[BlockModes]) -> tuple[float, ...]:
    """The mean cosine between the centre tokens of different images as they enter each block, normalised as the modes
    of that block see them."""
    from core.state import streams_of

    grid = model.geometry.grid
    centre = model.n_prefix + grid // 2 * grid + grid // 2
    tokens = streams_of(model, stimuli, centre)  # [L, N, D]
    return tuple(mean_cosine(of.norm(x)) for of, x in zip(modes, tokens, strict=True))


def mean_cosine(x: Tensor) -> float:
    """Over all pairs of different rows of x [N, D]."""
    unit = x / x.norm(dim=-1, keepdim=True)
    n = len(x)
    value = float((unit.sum(0).square().sum() - n) / (n * (n - 1)))
    return value if math.isfinite(value) else math.nan

"""Whether attention stays with its like: what tokens of the odd one out and of the others look at, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.analyses import PlotAnalysis
from core.errors import UserError
from core.plots import AxesPlot, Series
from core.preference import (
    PREFERENCES,
    REGIONS,
    Measure,
    depth_curves,
    preferences,
    regions_of,
    same_and_different,
)

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class AttentionPreference(PlotAnalysis):
    """What a token of the odd one out and one of the others give to their like, to the other, and to the background.

    Means over heads, edits in force. Source: Pan et al. 2024; docs/methods.md, "Attention preference".
    """

    title: ClassVar[str] = "Same, different or background"

    measure: Measure = "raw"

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        regions = regions_of(state.document.base)
        if regions is None:
            raise UserError(
                "There is no odd one out whose attention could be told from the others’.",
                "Use Stimulus ▸ Odd one out, or a photo with masks called target and distractors.",
            )
        n_prefix = state.model.n_prefix
        queries = [n_prefix + patch for patch in regions.queries]
        rows = np.stack(
            [state.numpy(state.pattern(block)[:, queries, n_prefix:]) for block in range(state.model.n_blocks)]
        )  # [L, H, 2, P]
        given = preferences(rows, regions, self.measure).mean(1)  # [L, 2, 3]
        yield (
            depth_curves("What attention prefers", self.measure, _series(PREFERENCES, same_and_different(given))),
            depth_curves("A token of the odd one looks at", self.measure, _series(REGIONS, given[:, 0])),
            depth_curves("A token of the others looks at", self.measure, _series(REGIONS, given[:, 1])),
        )


def _series(names: tuple[str, ...], values: np.ndarray) -> tuple[Series, ...]:
    """One curve for each column of values [L, 3]."""
    return tuple(Series(name, tuple(values[:, i].tolist()), hue=i) for i, name in enumerate(names))

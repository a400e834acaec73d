"""Which heads look at what is like the token that asks: the weighted left-right cosine of every head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.analyses import PlotAnalysis
from core.plots import AxesPlot, Heatmap
from core.readings.modes import Convention

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class ModeCosines(PlotAnalysis):
    """The weighted cosine of the query-key modes of every head.

        cos_h = Σ σ_n (u_n·v_n) / Σ σ_n,   1 like attends to like, 0 to something unrelated, −1 to its opposite

    Source: Pan et al. 2024. Theirs is of the raw projections (`paper`), and their code divides it by the head's width.
    """

    title: ClassVar[str] = "Query-key modes: cosine by head"
    late: ClassVar[bool] = True

    convention: Convention = "exact"

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        blocks = range(state.model.n_blocks)
        values = [tuple(state.modes(block, self.convention).weighted_cosines.tolist()) for block in blocks]
        yield (cosine_map(values),)


def cosine_map(values: list[tuple[float, ...]]) -> Heatmap:
    """Weighted cosines [L, H] as a heat map from −1 to 1."""
    return Heatmap(
        title="Left-right cosine by head, weighted by σ",
        x_label="head",
        y_label="block",
        values=tuple(values),
        columns=tuple(str(head) for head in range(len(values[0]))),
        rows=tuple(str(block) for block in range(len(values))),
        range=(-1.0, 1.0),
        low_label="opposite",
        high_label="alike",
    )

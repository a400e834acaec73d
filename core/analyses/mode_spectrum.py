"""How many modes a head attends by, and which of them look at what is like the token that asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.analyses import PlotAnalysis, check_block, check_head, follow
from core.plots import AxesPlot, Curves, Reference, Series
from core.readings.modes import Convention, chance_band

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class ModeSpectrum(PlotAnalysis):
    """The singular values of a head's query-key matrix, and of each mode the cosine between its two sides.

    Cosines of random sides lie within ±1.96/√D in 95 of 100 cases. Source: Pan et al. 2024.
    """

    title: ClassVar[str] = "Query-key modes: spectrum of a head"

    block: int = follow("read")
    head: int = follow("head")
    convention: Convention = "exact"

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        check_block(self.block, state.model.n_blocks, first=-1)
        block = max(self.block, 0)
        modes = state.modes(block, self.convention)
        check_head(self.head, len(modes.sigma), block)
        where = f"block {block}, head {self.head}"
        yield spectrum_plots(
            modes.sigma[self.head].tolist(), modes.cosines[self.head].tolist(), chance_band(modes.u.shape[-1]), where
        )


def spectrum_plots(sigma: Sequence[float], cosines: Sequence[float], band: float, where: str) -> tuple[Curves, Curves]:
    """σ by mode, and the cosine by mode with its chance band."""
    n = len(sigma)
    x, ticks = tuple(float(mode) for mode in range(n)), tuple(str(mode) for mode in range(n))
    nought = (0.0,) * n
    values = Curves(
        title=f"Singular values of {where}",
        x_label="mode",
        y_label="σ",
        x=x,
        ticks=ticks,
        series=(Series("σ", tuple(sigma)),),
        y_range=(0.0, 1.05 * max(*sigma, 1e-6)),
    )
    alike = Curves(
        title=f"Left-right cosine of {where}",
        x_label="mode",
        y_label="u·v",
        x=x,
        ticks=ticks,
        series=(
            Series("cosine", tuple(cosines)),
            Series("random sides, 95 %", nought, (-band,) * n, (band,) * n, role="control", hue=1),
        ),
        references=(Reference(0.0, ""),),
        y_range=(-1.05, 1.05),
    )
    return values, alike

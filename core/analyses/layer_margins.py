"""At which depth the answer is there: what the read-out would say of the stream after each block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from core.analyses import PlotAnalysis
from core.analyses.decision import verdict
from core.plots import AxesPlot, Curves, Reference, Series

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class LayerMargins(PlotAnalysis):
    """The margin that the network's own norm and head would read from the stream after each block.

        m_b = high − low of the logits of read-out(h_b),   h_b [T, D] the stream after block b

    At the last block it is the model's own margin. Source: the logit lens, nostalgebraist 2020.
    """

    title: ClassVar[str] = "Answer by depth"

    with_baseline: bool = True

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        said = verdict(state)
        low, high = (state.labels.index(said.labels[side]) for side in said.sides)

        def margins(edited: bool) -> tuple[float, ...]:
            streams = (state.stream(block, None if edited else ()) for block in state.blocks)
            logits = [state.read_out(stream)[0] for stream in streams]
            return tuple(float(of[high] - of[low]) for of in logits)

        series = [Series("with the edits" if state.edits else state.labels[high], margins(True))]
        if self.with_baseline and state.edits:
            series.append(Series("the model itself", margins(False), role="control", hue=1))
        values = [value for each in series for value in each.y]
        yield (
            Curves(
                title="What the read-out says of each block",
                x_label="after block",
                y_label=f"{state.labels[high]} − {state.labels[low]}{said.unit}",
                x=tuple(float(block) for block in state.blocks),
                ticks=tuple("embed" if block < 0 else str(block) for block in state.blocks),
                series=tuple(series),
                references=(Reference(0.0, "undecided"),),
                y_range=(min(0.0, *values) - 0.5, max(0.0, *values) + 0.5),
            ),
        )

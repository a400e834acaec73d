"""Since when a patch says it: the block from which on the read-out finds a class in it, and keeps finding it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from core.analyses import PlotAnalysis
from core.analyses.class_lens import LABEL_OPTION, PART_OPTION, class_of, readings
from core.analyses.lens_traces import EDITS_OPTION, EditsIn
from core.plots import AxesPlot, Heatmap
from core.site import ProjectedPart

if TYPE_CHECKING:
    from core.state import State


@dataclass(frozen=True, slots=True)
class LensOnset(PlotAnalysis):
    """The block from which on a class comes first in what the read-out says of each patch, and stays so to the end.

    −1 is the embeddings; a patch that does not say it at the end has no block. Source: Vilas et al. 2023 for the
    projection; the onset is ours.
    """

    title: ClassVar[str] = "Class lens: since when"

    label: int = field(default=-1, metadata=LABEL_OPTION)
    part: ProjectedPart = field(default="resid_post", metadata=PART_OPTION)
    edits: EditsIn = field(default="edited", metadata=EDITS_OPTION)

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        label, grid = class_of(state, self.label), state.model.geometry.grid
        found = readings(state, label, self.part, state.edits if self.edits == "edited" else ())
        onset = found.onset()[state.model.n_prefix :].reshape(grid, grid)
        names = tuple(map(str, range(grid)))
        yield (
            Heatmap(
                f"Since when a patch says “{state.labels[label]}”",
                "column",
                "row",
                tuple(tuple(row) for row in onset.tolist()),
                names,
                names,
                range=(-1.0, float(state.model.n_blocks - 1)),
                low_label="block",
                high_label="",
            ),
        )

"""Who moves a class on: the share of tokens in which attention, or the MLP, speaks more for it than the stream did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from core.analyses import PlotAnalysis
from core.analyses.class_lens import LABEL_OPTION, class_of
from core.analyses.lens_traces import EDITS_OPTION, EditsIn
from core.plots import AxesPlot, Curves, Reference, Series

if TYPE_CHECKING:
    from torch import Tensor

    from core.state import State


@dataclass(frozen=True, slots=True)
class LensChange(PlotAnalysis):
    """Class similarity change rate of this picture, block by block, over its patches.

        attention  share of patches with p_c(o_A) > p_c(x),   x the stream that enters the block
        MLP        share of patches with p_c(o_M) > p_c(m),   m = x + o_A its true input; in the paper, p_c(x)

    It compares directions, not sizes: every vector passes the final norm first. Source: Vilas et al. 2023, who compare
    both with the block's input; docs/methods.md, "Class lens".
    """

    title: ClassVar[str] = "Class lens: attention and MLP"

    label: int = field(default=-1, metadata=LABEL_OPTION)
    edits: EditsIn = field(default="edited", metadata=EDITS_OPTION)

    def run(self, state: State) -> Iterator[tuple[AxesPlot, ...]]:
        label, blocks = class_of(state, self.label), range(state.model.n_blocks)
        rates = [self._rates(state, label, block) for block in blocks]
        attention, mlp, paper = zip(*rates, strict=True)
        yield (
            Curves(
                title=f"More “{state.labels[label]}” than before",
                x_label="block",
                y_label="share of patches",
                x=tuple(map(float, blocks)),
                ticks=tuple(map(str, blocks)),
                series=(
                    Series("attention, against the block's input", attention),
                    Series("MLP, against its own input", mlp, hue=1),
                    Series("MLP, against the block's input (paper)", paper, hue=1, role="control"),
                ),
                references=(Reference(0.5, "as often as not"),),
            ),
        )

    def _rates(self, state: State, label: int, block: int) -> tuple[float, float, float]:
        edits = state.edits if self.edits == "edited" else ()

        def read(block: int, part: str) -> Tensor:
            return state.read_tokens(block, part, edits)[state.model.n_prefix :, label]  # type: ignore[arg-type]

        entering, mid = read(block - 1, "resid_post"), read(block, "resid_mid")
        attention, mlp = read(block, "attn_out"), read(block, "mlp_out")
        pairs = ((attention, entering), (mlp, mid), (mlp, entering))
        return tuple(float((after > before).float().mean()) for after, before in pairs)  # type: ignore[return-value]

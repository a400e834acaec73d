"""Which tokens speak for a class: relevance of every patch in one head, in one block, and over all blocks.

Source: Vilas et al. 2023, relevance maps; docs/methods.md, "Relevance".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from core.analyses import PlotAnalysis, check_block, check_head, check_token, follow
from core.analyses.class_lens import LABEL_OPTION, class_of
from core.errors import UserError
from core.maps import aside_label, held_ring, png_of, rings_of, share_map
from core.plots import Map, Maps, Plot

if TYPE_CHECKING:
    from core.masses import Masses
    from core.state import State

Shown = Literal["sum, block, head", "every block", "every head"]


@dataclass(frozen=True, slots=True)
class Relevance(PlotAnalysis):
    """How much each token speaks for a class, in what a token takes from it by attention, edits in force.

    `label` is the class, −1 for the model's own answer. A map shows what speaks for it, as shares of all that speaks
    for or against it. `core.readings.relevance` has the formula.
    """

    title: ClassVar[str] = "Relevance of patches"

    token: int = follow("token")
    read: int = follow("read")
    head: int = follow("head")
    label: int = field(default=-1, metadata=LABEL_OPTION)
    shown: Shown = "sum, block, head"
    loss: Literal["cross-entropy", "paper", "logit"] = field(
        default="cross-entropy",
        metadata={"tip": "“paper” takes the softmax twice, as the published code does: early blocks then weigh less"},
    )

    def run(self, state: State) -> Iterator[tuple[Plot, ...]]:
        if not state.model.labels:
            raise UserError(f"{state.model.name} has no classes.", "Open a network with a classifier.")
        label = class_of(state, self.label)
        check_token(self.token, state.model.wiring.n_tokens)
        check_block(self.read, state.model.n_blocks, first=-1)
        found = self._found(state, label)  # [L, H, T]
        blocks, block, head = range(len(found)), max(self.read, 0), self.head
        check_head(head, found.shape[1], block)
        match self.shown:
            case "every block":
                maps = [_map(state, f"Block {b}", found[b].sum(0), (b, -1)) for b in blocks]
            case "every head":
                maps = [_map(state, f"Block {block}, head {h}", row, (block, h)) for h, row in enumerate(found[block])]
            case _:
                maps = [
                    _map(state, "All blocks and heads", found.sum((0, 1)), (-1, -1)),
                    _map(state, f"Block {block}, all heads", found[block].sum(0), (block, -1)),
                    _map(state, f"Block {block}, head {head}", found[block, head], (block, head)),
                ]
        n_prefix = state.model.n_prefix
        who = ("CLS" if self.token == 0 else f"token {self.token}") if n_prefix else f"patch {self.token}"
        stimulus = state.document.base
        yield (
            Maps(
                f"For “{state.model.labels[label]}”: relevance at {who}",
                png_of(stimulus),
                (*rings_of(stimulus), *held_ring(self.token, n_prefix)),
                tuple(maps),
                aside_label(n_prefix),
                "relevance",
            ),
        )

    def _found(self, state: State, label: int) -> Masses:
        """g [L, H, T] of the class."""
        import torch

        from core.readings.memories import pass_block, values_of
        from core.readings.relevance import class_head, relevance

        model = state.model
        head = state.remember((class_head,), lambda: class_head(model))
        edits, classes, found = state.at_sites(state.edits), torch.tensor([label], device=model.device), []
        for block in range(model.n_blocks):
            values = state.remember((values_of, block), lambda block=block: values_of(model, block))  # type: ignore[misc]
            seen = pass_block(model, state.stream(block - 1), block, [e for e in edits if e[0].block == block])
            found.append(relevance(seen, values["attn_out"], head, classes, query=self.token, loss=self.loss)[0, 0])
        return state.numpy(torch.stack(found))


def _map(state: State, title: str, values: Masses, head: tuple[int, int]) -> Map:
    share = 100 * values.clip(min=0).sum() / (np.abs(values).sum() or 1.0)
    caption = f"{share:.0f}\N{NO-BREAK SPACE}% of it speaks for the class, the rest against."
    return share_map(title, caption, values, state.model.n_prefix, head)

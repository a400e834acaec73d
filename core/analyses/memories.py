"""What a sub-layer holds: its memories that fire in the picture, the classes they speak for, and where they fire.

Source: Geva et al. 2021; Vilas et al. 2023; docs/methods.md, "Memories".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from core.analyses import PlotAnalysis, check_block, check_token, follow
from core.analyses.class_lens import LABEL_OPTION, class_of
from core.figures.looks import signed
from core.maps import aside_label, held_ring, png_of, rings_of, share_map
from core.plots import Heatmap, Maps, Plot

if TYPE_CHECKING:
    from torch import Tensor

    from core.readings.memories import Sublayer
    from core.state import State

N_MEMORIES, N_NAMED, N_CLASSES = 6, 5, 12
"""Memories that are shown, classes that each is named by, and classes in the table."""

By = Literal["the token", "the picture", "the class"]


@dataclass(frozen=True, slots=True)
class Memories(PlotAnalysis):
    """The memories of the block's MLP or attention that fire most at the token or anywhere, or speak most for a class.

    Where each fires, edits in force; and its cosine with the classes that it speaks for most. `label` is the class,
    −1 for the model's own answer.
    """

    title: ClassVar[str] = "Memories"

    token: int = follow("token")
    read: int = follow("read")
    of: Literal["MLP", "attention"] = "MLP"
    by: By = field(default="the token", metadata={"label": "Strongest of"})
    label: int = field(default=-1, metadata=LABEL_OPTION)

    def run(self, state: State) -> Iterator[tuple[Plot, ...]]:
        from core.readings.memories import class_value_agreement, pass_block, values_of
        from core.readings.relevance import class_head

        model, block = state.model, max(self.read, 0)
        check_block(self.read, model.n_blocks, first=-1)
        part: Sublayer = "mlp_out" if self.of == "MLP" else "attn_out"
        check_token(self.token, model.wiring.n_tokens)
        head = state.remember((class_head,), lambda: class_head(model))
        values = state.remember((values_of, block), lambda: values_of(model, block))[part]
        edits = [edit for edit in state.at_sites(state.edits) if edit[0].block == block]
        fired = pass_block(model, state.stream(block - 1), block, edits).coefficients[part][0]  # [T, M]
        cosines = class_value_agreement(head.weight, values)  # [C, M]
        strength = {"the token": fired[self.token], "the picture": fired[model.n_prefix :].amax(0)}
        order = strength.get(self.by, cosines[class_of(state, self.label)] if self.by == "the class" else None)
        assert order is not None
        chosen: list[int] = order.topk(min(N_MEMORIES, len(order))).indices.tolist()
        names = [named(cosines[:, j], model.labels) for j in chosen]
        where = f"{self.of} of block {block}"
        yield (_maps(state, self, fired, chosen, names, where), _table(cosines, chosen, names, model.labels, where))


def named(cosines: Tensor, labels: Sequence[str]) -> list[str]:
    """The classes [N_NAMED] that a memory speaks for most, of cosines [C]; of few classes the half."""
    n = max(1, min(N_NAMED, len(labels) // 2))
    return [labels[c] for c in cosines.topk(n).indices.tolist()]


def _maps(
    state: State,
    analysis: Memories,
    fired: Tensor,
    chosen: Sequence[int],
    names: Sequence[Sequence[str]],
    where: str,
) -> Maps:
    n_prefix, stimulus, token = state.model.n_prefix, state.document.base, analysis.token
    maps = [
        share_map(
            f"Memory {j}",
            f"{', '.join(of)}; {signed(float(fired[token, j]))} at the token, "
            f"{signed(float(fired[:, j].amax()))} at most",
            state.numpy(fired[:, j]),
            n_prefix,
            (min(max(analysis.read, 0), state.model.n_blocks - 1), -1),
        )
        for j, of in zip(chosen, names, strict=True)
    ]
    return Maps(
        f"{where}: where memories fire",
        png_of(stimulus),
        (*rings_of(stimulus), *held_ring(token, n_prefix)),
        tuple(maps),
        aside_label(n_prefix),
        "what fires",
    )


def _table(
    cosines: Tensor, chosen: Sequence[int], names: Sequence[Sequence[str]], labels: Sequence[str], where: str
) -> Heatmap:
    """Classes by memories: those that they speak for most, or all where they are few."""
    every = list(dict.fromkeys(label for rank in zip(*names, strict=True) for label in rank))
    classes = list(labels) if len(labels) <= N_CLASSES else every[:N_CLASSES]
    values = tuple(tuple(float(v) for v in cosines[list(labels).index(label), list(chosen)]) for label in classes)
    top = math.ceil(20 * max(abs(v) for row in values for v in row)) / 20
    columns, title = tuple(map(str, chosen)), f"What memories speak for, {where}"
    return Heatmap(title, "memory", "class", values, columns, tuple(classes), (-top, top), "against", "for")

"""Give an item the value that an item of the source image has."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.document import (
    AssetKey,
    Document,
    Intervention,
    Near,
    Side,
    add_intervention,
    by_hand,
    renew_intervention,
)
from core.errors import UserError
from core.interventions.context import Context, as_index
from core.interventions.controls import CONTROLS, Control, InSubspace, of_item, without_one
from core.stimuli.stimulus import PROPERTIES, Property, Stimulus, item_name, n_items, task_of
from core.stimuli.tokens import add_at_tokens, gather_tokens, write_coordinates

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class SwapFromSource(InSubspace, Intervention):
    """Interchange: each token of an item receives from the token in the same place of the source's item.

        x'_t = x_t + α B Bᵀ (s_t − x_t),   B orthonormal [D, S]; the identity for property "all"

    Controls: for "wrong object" the tokens s are those of the other item of the source's pair; for "random subspace"
    B is replaced by as many random directions.

    Source: distributed interchange intervention, Geiger et al. 2023; Lepori et al. 2024. The random subspace is ours.
    """

    block: int
    item: int
    source_item: int
    property: Literal["shape", "color", "all"]
    strength: float = 1.0
    enabled: bool = True
    control: Control = ""
    seed: int = 0
    learned: str = ""

    @builtins.property
    def asset(self) -> AssetKey | None:
        return None if self.property == "all" else (self.property, self.block)

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D].

        Raises UserError where there is no source, or the two items cover different numbers of tokens, or everything
        is to be swapped through a random subspace.
        """
        tokens = context.item_tokens(self.item)
        donors = context.donor_tokens(self.source_item, wrong=self.control == "wrong object")
        if len(tokens) != len(donors):
            raise UserError(
                f"The items cover {len(tokens)} and {len(donors)} tokens.",
                "Give both one size and lay them on the patch grid; of a photo, mark as many patches in both.",
            )
        here, source = as_index(tokens, x), context.source(self.site)  # [1, n], [1, T, D]
        values = gather_tokens(source, as_index(donors, source))  # [1, n, D]
        if self.property == "all":
            if self.control == "random subspace":
                raise UserError(
                    "A swap of everything has no subspace.", "Swap the colour or the shape for this control."
                )
            return add_at_tokens(x, here, self.strength * (values - gather_tokens(x, here)))
        directions = context.subspace(self.property, self.block, self.learned).directions(self.seed_of_directions())
        return write_coordinates(x, here, values @ directions, directions, self.strength)

    def subject(self, stimulus: Stimulus) -> str:
        return of_item(self.property, self.item)

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} from source {item_name(self.source_item)}"

    def items(self) -> tuple[int, ...]:
        return (self.item,)

    def without_item(self, side: Side, index: int) -> SwapFromSource | None:
        item = without_one(self.item, index) if side == "base" else self.item
        donor = without_one(self.source_item, index) if side == "source" else self.source_item
        return None if item is None or donor is None else replace(self, item=item, source_item=donor)

    @builtins.property
    def pads(self) -> tuple[Property, ...]:
        return PROPERTIES if self.property == "all" else (self.property,)

    @builtins.property
    def mode(self) -> str:
        return "Swap all" if self.property == "all" else "Swap"

    def controls(self) -> tuple[str, ...]:
        """A swap of everything goes through no subspace."""
        return ("wrong object",) if self.property == "all" else CONTROLS


def swap_from_source(
    document: Document, property: Literal["shape", "color", "all"], block: int, item: int = 0
) -> Document:
    """The document with an interchange after `block`, in place of an earlier one like it.

    Of a pair, item A is edited and the source's A donates; in match-to-sample, `item` is edited and the item with the
    same place in the other pair donates; of a photo, the object at `item` is edited, and the source's of its letter
    donates, or its last one.
    """
    edit = SwapFromSource(block, 0, 0, property)
    if task_of(document.base) == "rmts":
        edit = SwapFromSource(block, item, item ^ 2, property)
    elif document.base.photo is not None:
        n_donors = 0 if document.source is None else n_items(document.source)
        edit = SwapFromSource(block, item, max(0, min(item, n_donors - 1)), property)
    for index, old in enumerate(document.interventions):
        if isinstance(old, SwapFromSource) and (old.block, old.item, old.property) == (block, edit.item, property):
            return renew_intervention(document, index, edit)
    return add_intervention(document, edit)

"""Give an item the value that an item of the source image has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import UserError
from core.interventions.subspace import Context, Control

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class SwapFromSource:
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

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D].

        Raises UserError where there is no source, or the two items cover different numbers of tokens, or everything
        is to be swapped through a random subspace.
        """
        tokens, donors = context.item_tokens(self.item), self._donors(context)
        if len(tokens) != len(donors):
            raise UserError(
                f"The items cover {len(tokens)} and {len(donors)} tokens.", "Align both with the patch grid to swap."
            )
        assert context.source is not None
        change = context.source[:, donors] - x[:, tokens]  # [1, n, D]
        if self.property != "all":
            directions = context.subspace(self.property, self.block).directions(self.control, self.seed)
            change = change @ directions @ directions.T
        elif self.control == "random subspace":
            raise UserError("A swap of everything has no subspace.", "Swap the colour or the shape for this control.")
        edited = x.clone()
        edited[:, tokens] += self.strength * change
        return edited

    def _donors(self, context: Context) -> list[int]:
        """Token indices of the source's item that gives."""
        donor = self.source_item ^ 1 if self.control == "wrong object" else self.source_item
        if context.source is None or self.source_item >= len(context.source_tokens):
            raise UserError("There is no source image to swap from.", "Make a counterfactual or compose a source.")
        if donor >= len(context.source_tokens):
            raise UserError("The source has no other item to be the wrong object.", "Go back to the effect.")
        return list(context.source_tokens[donor])

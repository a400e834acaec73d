"""Give an item the value that an item of the source image has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import UserError
from core.interventions.subspace import Context

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class SwapFromSource:
    """Interchange: each token of an item receives from the token in the same place of the source's item.

        x'_t = x_t + α B Bᵀ (s_t − x_t),   B orthonormal [D, S]; the identity for property "all"

    Source: distributed interchange intervention, Geiger et al. 2023; Lepori et al. 2024.
    """

    block: int
    item: int
    source_item: int
    property: Literal["shape", "color", "all"]
    strength: float = 1.0
    enabled: bool = True

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D].

        Raises UserError where there is no source, or the two items cover different numbers of tokens.
        """
        if context.source is None or self.source_item >= len(context.source_tokens):
            raise UserError("There is no source image to swap from.", "Make a counterfactual or compose a source.")
        tokens, donors = context.item_tokens(self.item), list(context.source_tokens[self.source_item])
        if len(tokens) != len(donors):
            raise UserError(
                f"The items cover {len(tokens)} and {len(donors)} tokens.", "Align both with the patch grid to swap."
            )
        change = context.source[:, donors] - x[:, tokens]  # [1, n, D]
        if self.property != "all":
            basis = context.subspace(self.property, self.block).basis
            change = change @ basis @ basis.T
        edited = x.clone()
        edited[:, tokens] += self.strength * change
        return edited

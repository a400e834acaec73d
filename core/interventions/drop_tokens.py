"""Hide tokens: nobody can attend to them any more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.document import Document, Intervention, Near, Offer, Side, View, add_intervention, by_hand, item_of_base
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.controls import without_one
from core.site import Site
from core.stimuli.stimulus import Stimulus, item_name

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["item", "background", "CLS"]


@dataclass(frozen=True, slots=True)
class DropTokens(Intervention):
    """Take attention away from some tokens as keys, in `block` and all after it.

        s'_qk = s_qk + log(1 − α)   for dropped keys k, before the softmax

    so that at α = 1 no query, not even their own, takes anything from them, and at α = ½ half as much before the
    shares are made to add up to 1 again. `which` says whether they are those of `item`, of no item, or CLS and
    registers. Control "wrong object": the partner's tokens in place of the item's.

    Source: Vilas et al. 2023, perturbed attention; the strength and the control are ours.
    """

    block: int
    which: Which = "item"
    item: int = 0
    strength: float = 1.0
    enabled: bool = True
    control: Literal["", "wrong object"] = ""

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        def of(which: Which) -> Callable[[Document, View], Document]:
            def make(document: Document, view: View) -> Document:
                item = item_of_base(document, view) if which == "item" else 0
                return add_intervention(document, DropTokens(max(view.write, 0), which, item))

            return make

        return (
            Offer("Drop the item's tokens", of("item"), "From the write layer on nobody can attend to them"),
            Offer("Drop the background", of("background"), "From the write layer on nobody can attend to it"),
            Offer("Drop CLS", of("CLS"), "From the write layer on nobody can attend to CLS and registers"),
        )

    @property
    def site(self) -> Site:
        return Site(self.block, "scores")

    def sites(self, n_blocks: int) -> tuple[Site, ...]:
        return tuple(Site(block, "scores") for block in range(self.block, n_blocks))

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited scores [B, H, T, T].

        Raises UserError where there is no such item, or no token would be left.
        """
        dropped = self._tokens(x.shape[-1], context)
        if not dropped:
            raise UserError(f"There is no token of this kind: {self.which}.", "Nothing is dropped.")
        if len(dropped) == x.shape[-1]:
            raise UserError("No token would be left to attend to.", "Keep some of them.")
        edited = x.clone()
        edited[..., dropped] += math.log(1 - self.strength) if self.strength < 1 else -math.inf
        return edited

    def _tokens(self, n_tokens: int, context: Context) -> list[int]:
        if self.which == "CLS":
            return list(range(context.n_prefix))
        if self.which == "background":
            of_items = {token for tokens in context.tokens for token in tokens}
            return [token for token in range(context.n_prefix, n_tokens) if token not in of_items]
        wrong = self.control == "wrong object"
        return context.wrong_tokens(self.item) if wrong else context.item_tokens(self.item)

    def subject(self, stimulus: Stimulus) -> str:
        if self.which == "item":
            return f"tokens of {item_name(self.item)}"
        return "background" if self.which == "background" else "CLS"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} dropped"

    def detail(self, stimulus: Stimulus) -> str:
        return f"from block {self.block} on · nobody attends to it"

    def items(self) -> tuple[int, ...]:
        return (self.item,) if self.which == "item" else ()

    def without_item(self, side: Side, index: int) -> DropTokens | None:
        if side == "source" or self.which != "item":
            return self
        item = without_one(self.item, index)
        return None if item is None else replace(self, item=item)

    def controls(self) -> tuple[str, ...]:
        return ("wrong object",) if self.which == "item" else ()

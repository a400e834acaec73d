"""Take the value of some tokens at any site from the source image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from core.document import Document, Intervention, Near, Offer, Side, View, add_intervention, by_hand, item_of_base
from core.errors import UserError
from core.interventions.context import Context
from core.interventions.controls import without_one
from core.site import Part, Site
from core.stimuli.stimulus import Stimulus, item_name

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class PatchTokens(Intervention):
    """Activation patching: tokens take what the source has at the same site.

        x'_t = x_t + α (s_t − x_t),   t the tokens of `item`, s_t those of `source_item` in the same order

    With no item named, every token takes from the token in the same place. Of scores and patterns the rows of the
    tokens as queries are taken. Control "wrong object": from the other item of the source's pair.

    Source: activation patching, Vig et al. 2020; Meng et al. 2022. The control is ours.
    """

    block: int
    part: Part = "resid_post"
    item: int | None = None
    source_item: int = 0
    strength: float = 1.0
    enabled: bool = True
    control: Literal["", "wrong object"] = ""

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        def at(part: Part, *, whole: bool = False) -> Callable[[Document, View], Document]:
            def make(document: Document, view: View) -> Document:
                block = view.write if part == "resid_post" else max(view.write, 0)
                item = None if whole else item_of_base(document, view)
                return add_intervention(document, PatchTokens(block, part, item, item or 0))

            return make

        return (
            Offer("Patch the item's stream from source", at("resid_post"), "After the write layer, token by token"),
            Offer("Patch the item's attention output from source", at("attn_out"), "What attention adds there"),
            Offer("Patch the item's MLP output from source", at("mlp_out"), "What the MLP adds there"),
            Offer("Patch the item's values from source", at("v"), "What others can take from the item's tokens there"),
            Offer(
                "Patch the attention pattern from source",
                at("pattern", whole=True),
                "Who looks where, as in the source",
            ),
        )

    @property
    def site(self) -> Site:
        return Site(self.block, self.part)

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited value at the site; tokens are the last axis but one of all of them.

        Raises UserError where there is no source, or the items cover different numbers of tokens.
        """
        source = context.source(self.site)
        if self.item is None:
            return x + self.strength * (source - x)
        tokens = context.item_tokens(self.item)
        donors = context.donor_tokens(self.source_item, wrong=self.control == "wrong object")
        if len(tokens) != len(donors):
            raise UserError(
                f"The items cover {len(tokens)} and {len(donors)} tokens.",
                "Give both one size and lay them on the patch grid.",
            )
        edited = x.clone()
        edited[..., tokens, :] += self.strength * (source[..., donors, :] - x[..., tokens, :])
        return edited

    def subject(self, stimulus: Stimulus) -> str:
        return "all tokens" if self.item is None else f"tokens of {item_name(self.item)}"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        donor = "" if self.item is None else f" {item_name(self.source_item)}"
        return f"{self.subject(stimulus)} from source{donor}"

    def items(self) -> tuple[int, ...]:
        return () if self.item is None else (self.item,)

    def without_item(self, side: Side, index: int) -> PatchTokens | None:
        if self.item is None:
            return self
        item = without_one(self.item, index) if side == "base" else self.item
        donor = without_one(self.source_item, index) if side == "source" else self.source_item
        return None if item is None or donor is None else replace(self, item=item, source_item=donor)

    def controls(self) -> tuple[str, ...]:
        return () if self.item is None else ("wrong object",)

"""Limit what patches may attend to: nothing but themselves, or everything but CLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.document import Document, Intervention, Near, Offer, View, add_intervention, by_hand
from core.errors import UserError
from core.interventions.context import Context
from core.site import Site
from core.stimuli.stimulus import Stimulus

if TYPE_CHECKING:
    from torch import Tensor

To = Literal["themselves", "no CLS"]
_WORDS: dict[To, str] = {"themselves": "attend to themselves alone", "no CLS": "take nothing from CLS"}


@dataclass(frozen=True, slots=True)
class LimitAttention(Intervention):
    """Change the attention of every patch, in `block` and all after it; CLS and registers attend as they did.

        a'_qk = a_qk + α (f_qk − a_qk),   q a patch

    after the softmax and without making the shares add up to 1 again. To “themselves”: f_qq = 1 and nothing else. To
    “no CLS”: f_q0 = 0 and the rest as it was.

    Source: Vilas et al. 2023, perturbed attention, where it acts in every block; the strength is ours.
    """

    block: int
    to: To = "themselves"
    strength: float = 1.0
    enabled: bool = True

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        def of(to: To) -> Callable[[Document, View], Document]:
            return lambda document, view: add_intervention(document, LimitAttention(max(view.write, 0), to))

        return (
            Offer("Patches attend to themselves alone", of("themselves"), "From the write layer on none sees another"),
            Offer("Patches take nothing from CLS", of("no CLS"), "From the write layer on no patch sees CLS"),
        )

    @property
    def site(self) -> Site:
        return Site(self.block, "pattern")

    def sites(self, n_blocks: int) -> tuple[Site, ...]:
        return tuple(Site(block, "pattern") for block in range(self.block, n_blocks))

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited pattern [B, H, T, T].

        Raises UserError where there is no CLS to take nothing from.
        """
        import torch  # the window knows edits, and loads no torch

        n = context.n_prefix
        if self.to == "no CLS" and not n:
            raise UserError("This network has no CLS.", "Nothing is changed.")
        edited = x.clone()
        rows = edited[..., n:, :]
        if self.to == "no CLS":
            rows[..., 0] *= 1 - self.strength
        else:
            rows += self.strength * (torch.eye(x.shape[-1], device=x.device, dtype=x.dtype)[n:] - rows)
        return edited

    def subject(self, stimulus: Stimulus) -> str:
        return "patches"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"patches {_WORDS[self.to]}"

    def detail(self, stimulus: Stimulus) -> str:
        return f"from block {self.block} on · not shared out anew"

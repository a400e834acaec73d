"""Switch the MLP of a block off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.document import (
    Document,
    Intervention,
    Near,
    Offer,
    View,
    add_intervention,
    by_hand,
)
from core.interventions.context import Context
from core.interventions.fill import Fill, fill_at
from core.site import Site
from core.stimuli.stimulus import Stimulus

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class KnockOutMLP(Intervention):
    """Replace what the MLP adds to the residual stream, by nothing or by what it adds on average.

    m' = m + α (f − m),   m [T, D] the MLP's output, f = 0 or its mean over the reference set, one for each token

    Source: ablation of layers; the mean over a reference set after Wang et al. 2022.
    """

    block: int
    fill: Fill = "zero"
    strength: float = 1.0
    enabled: bool = True

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        def with_fill(fill: Fill) -> Callable[[Document, View], Document]:
            return lambda document, view: add_intervention(document, KnockOutMLP(max(view.read, 0), fill))

        return (
            Offer("Switch the MLP off", with_fill("zero"), "The MLP of the block that is looked at adds nothing"),
            Offer("The MLP at its mean", with_fill("mean"), "It adds what it adds on average over training images"),
        )

    @property
    def site(self) -> Site:
        return Site(self.block, "mlp_out")

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited output of the MLP [B, T, D]."""
        return x + self.strength * (fill_at(self.fill, self.site, x, context) - x)

    def subject(self, stimulus: Stimulus) -> str:
        return "MLP"

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return "MLP off" if self.fill == "zero" else "MLP → mean"

"""What takes the place of a value that is knocked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.interventions.context import Context
from core.site import Site

if TYPE_CHECKING:
    from torch import Tensor

Fill = Literal["zero", "mean"]


def fill_at(fill: Fill, site: Site, x: Tensor, context: Context) -> Tensor:
    """Zeros like x [B, …], or the mean [1, …] of the site over the reference set, one for each token.

    Raises UserError where there is no reference set.
    """
    return x.new_zeros(()).expand_as(x) if fill == "zero" else context.mean_at(site)

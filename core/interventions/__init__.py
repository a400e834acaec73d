"""Edits to the residual stream: frozen values, each with one pure `apply(x, context) -> x`."""

from __future__ import annotations

from core.interventions.interchange import SwapFromSource
from core.interventions.subspace import Context, MoveInSubspace, Subspace

Intervention = MoveInSubspace | SwapFromSource

__all__ = ["Context", "Intervention", "MoveInSubspace", "Subspace", "SwapFromSource"]

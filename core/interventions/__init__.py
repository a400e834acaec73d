"""Edits to the residual stream: frozen values, each with one pure `apply(x, context) -> x`."""

from __future__ import annotations

from core.interventions.interchange import SwapFromSource
from core.interventions.probe import AddProbeDirection, Probe
from core.interventions.subspace import Context, MoveInSubspace, Subspace

Intervention = MoveInSubspace | SwapFromSource | AddProbeDirection

__all__ = ["AddProbeDirection", "Context", "Intervention", "MoveInSubspace", "Probe", "Subspace", "SwapFromSource"]

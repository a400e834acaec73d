"""Edits to the residual stream: frozen values, each with one pure `apply(x, context) -> x`."""

from __future__ import annotations

from core.interventions.interchange import SwapFromSource
from core.interventions.novel import WriteNovelVectors
from core.interventions.subspace import Context, Control, MoveInSubspace, Subspace

InSubspace = MoveInSubspace | SwapFromSource | WriteNovelVectors
"""Edits that a property's pad shows, each with its controls."""

Intervention = InSubspace

__all__ = [
    "Context",
    "Control",
    "InSubspace",
    "Intervention",
    "MoveInSubspace",
    "Subspace",
    "SwapFromSource",
    "WriteNovelVectors",
]

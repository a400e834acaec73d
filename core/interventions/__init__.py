"""Edits to the residual stream: frozen values, each with one pure `apply(x, context) -> x`."""

from __future__ import annotations

from core.interventions.interchange import SwapFromSource
from core.interventions.novel import WriteNovelVectors
from core.interventions.probe import AddProbeDirection, Probe
from core.interventions.subspace import Context, Control, MoveInSubspace, Subspace

InSubspace = MoveInSubspace | SwapFromSource | WriteNovelVectors
"""Edits that a property's pad shows, each with its controls."""

Intervention = InSubspace | AddProbeDirection

__all__ = [
    "AddProbeDirection",
    "Context",
    "Control",
    "InSubspace",
    "Intervention",
    "MoveInSubspace",
    "Probe",
    "Subspace",
    "SwapFromSource",
    "WriteNovelVectors",
]

"""Edits to activations: frozen values, each with one pure `apply(x, context) -> x`, one kind in a file."""

from __future__ import annotations

from core.document import Intervention
from core.registry import kinds


def intervention_kinds() -> tuple[type[Intervention], ...]:
    """Every kind of edit."""
    return kinds("core.interventions", Intervention)  # type: ignore[type-abstract]

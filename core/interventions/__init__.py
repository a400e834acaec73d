"""Edits to activations: frozen values, each with one pure `apply(x, context) -> x`, one kind in a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

from core.document import Intervention
from core.registry import kinds

MAX_SEED = 2**63 - 1
"""The largest from which torch draws."""


def intervention_kinds() -> tuple[type[Intervention], ...]:
    """Every kind of edit."""
    return kinds("core.interventions", Intervention)  # type: ignore[type-abstract]


def check_edit(edit: Intervention) -> None:
    """Raises ValueError where an edit is drawn from what is no seed, or names a head or a mode twice: it would act on
    that one twice, and its control on another one more."""
    for field in fields(edit):  # type: ignore[arg-type]
        value: Any = getattr(edit, field.name)
        if field.name == "seed" and not 0 <= value <= MAX_SEED:
            raise ValueError(f"{value} is no seed")
        counted = Counter(value if isinstance(value, tuple) else ())
        twice = [part for part, n in counted.items() if n > 1 and isinstance(part, int)]
        if twice:
            raise ValueError(f"{field.name} names {twice[0]} more than once")

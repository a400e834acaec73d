"""`Question` and `Answer`: frozen values of plain numpy that travel between the window and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.analyses import Analysis
from core.cards import SubspaceKey
from core.document import Document
from core.scene import Geometry


@dataclass(frozen=True, slots=True)
class Question:
    """What the window wants to know of one state: whatever its visible panels want, beside the decision."""

    document: Document
    wanted: tuple[Analysis[Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What panels need to know of the model that answered; `probe_cards` are by the block after which they read."""

    name: str
    weights_hash: str
    device: str
    n_blocks: int
    n_heads: int
    n_prefix: int
    geometry: Geometry
    labels: tuple[str, ...]
    card: Mapping[str, Any]
    subspace_cards: Mapping[SubspaceKey, Mapping[str, Any]]
    probe_cards: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A part of what the engine found for one question: what is new since the part before it.

    `found` maps an analysis to its value, or to why there is none. The first part holds the decision alone; with the
    second everything that was wanted is there once (`complete`); the others make some of it better. `notes` say which
    edits could not be applied, in words.
    """

    question: Question
    model: ModelInfo
    found: Mapping[Analysis[Any], Any]
    notes: tuple[str, ...] = ()
    complete: bool = False
    engine_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that could not be answered: what happened, what to do, and the details."""

    question: Question
    message: str
    hint: str
    details: str

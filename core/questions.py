"""`Question` and `Answer`: frozen values of plain numpy that travel between the window and the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core.analyses import Analysis
from core.cards import SubspaceKey, card_has_cls, judges_relation
from core.document import AssetKey, Document, Intervention
from core.stimuli.stimulus import Geometry

if TYPE_CHECKING:
    from core.state import Opened


@dataclass(frozen=True, slots=True)
class Question:
    """What the window wants to know of one state: whatever its visible panels want, beside the decision."""

    document: Document
    wanted: tuple[Analysis[Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What panels need to know of the model that answered; `probe_cards` are by the block after which they read.

    `learned_hash` is of the content of all subspaces and probes, and of how the card says that the weights are run:
    after another fit, or with another card, it is another one.
    `asset_hashes` are those of each. `assumed` says in sentences what was taken for granted of the model.
    """

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
    learned_hash: str = ""
    asset_hashes: Mapping[AssetKey, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()

    @property
    def fit(self) -> tuple[str, str]:
        """Which weights these are, and which fit of all that was learned on them."""
        return self.weights_hash, self.learned_hash

    @property
    def prefix_names(self) -> tuple[str, ...]:
        """What the tokens before the patches are called: CLS, where there is one, then registers."""
        cls = ("CLS",) if self.n_prefix and card_has_cls(self.card) else ()
        return (*cls, *(f"R{index}" for index in range(1, self.n_prefix - len(cls) + 1)))

    @property
    def judges_relation(self) -> bool:
        """Whether the model answers “different” or “same”."""
        return judges_relation(self.labels)


def info_of(opened: Opened) -> ModelInfo:
    """What panels need to know of an open model."""
    model = opened.model
    return ModelInfo(
        model.name,
        model.weights_hash,
        str(model.device),
        model.n_blocks,
        model.n_heads,
        model.n_prefix,
        model.geometry,
        model.labels,
        model.card,
        {key: subspace.card for key, subspace in opened.subspaces.items()},
        {block: probe.card for block, probe in opened.probes.items()},
        opened.learned_hash,
        _asset_hashes(opened),
        model.assumed,
    )


def _asset_hashes(opened: Opened) -> dict[AssetKey, str]:
    hashes: dict[AssetKey, str] = {key: subspace.hash for key, subspace in opened.subspaces.items()}
    return hashes | {("probe", block): probe.hash for block, probe in opened.probes.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A part of what the engine found for one question: what is new since the part before it.

    `found` maps an analysis to its value, or to why there is none. The first part holds the decision alone; with the
    second, the one that is `complete`, everything that was wanted is there once; the others make some of it better.
    `lost` are the edits that could not be applied, with the reason; `notes` say that and more that must be known.
    """

    question: Question
    model: ModelInfo
    found: Mapping[Analysis[Any], Any]
    notes: tuple[str, ...] = ()
    lost: Mapping[Intervention, str] = field(default_factory=dict)
    complete: bool = False
    engine_ms: float = 0.0


def whole(parts: Sequence[Answer]) -> Answer:
    """All parts of an answer in one, each finding at its best."""
    found = {analysis: value for part in parts for analysis, value in part.found.items()}
    return replace(parts[-1], found=found, complete=True)


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that could not be answered: what happened, what to do, and the details."""

    question: Question
    message: str
    hint: str
    details: str

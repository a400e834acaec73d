"""`Question` and `Answer`: frozen values of plain numpy that travel between the window and the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core.cards import SubspaceKey, card_has_cls, judges_relation
from core.document import Document
from core.masses import Masses
from core.scene import Geometry, Property

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Question:
    """What the window wants to know of one state.

    `write` is the block after which the pads are; `token` the query token, prefix tokens counted. `attention`
    asks for attention patterns; `map_cells` for cells (first, last + 1) of a decision map, counted row by row.
    """

    document: Document
    write: int
    token: int = 0
    attention: bool = True
    map_cells: tuple[int, int] | None = None
    map_property: Property = "color"
    map_item: int = 0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What panels need to know of the model that answered; `probe_cards` are by the block after which they read.

    `learned_hash` is of the content of all subspaces and probes: after another fit it is another one.
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

    @property
    def prefix_names(self) -> tuple[str, ...]:
        """What the tokens before the patches are called: CLS, where there is one, then registers."""
        cls = ("CLS",) if self.n_prefix and card_has_cls(self.card) else ()
        return (*cls, *(f"R{index}" for index in range(1, self.n_prefix - len(cls) + 1)))

    @property
    def judges_relation(self) -> bool:
        """Whether the model answers “different” or “same”."""
        return judges_relation(self.labels)


@dataclass(frozen=True, slots=True)
class Decision:
    """Logits [C] with and without the edits, in the order of `labels`; “different” and “same” come first where the
    head has them. The answer is the label of the largest logit."""

    labels: tuple[str, ...]
    logits: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def answer(self) -> str:
        """The label of the largest logit, of equals the first."""
        return self.labels[_largest(self.logits)]

    @property
    def flipped(self) -> bool:
        """Whether the edits change the answer."""
        return _largest(self.logits) != _largest(self.baseline)

    @property
    def sides(self) -> tuple[int, int]:
        """The classes (low, high) that the margin is between: of two, the first and the last.

        Of more, the high one is the answer, and the low one the answer without edits; where these are one and the
        same, the low one is the runner-up.
        """
        if len(self.labels) == 2:
            return 0, 1
        now, before = _largest(self.logits), _largest(self.baseline)
        if now != before:
            return before, now
        return max((i for i in range(len(self.labels)) if i != now), key=self.logits.__getitem__), now

    @property
    def margin(self) -> float:
        """The logit of the high side minus that of the low one: same − different."""
        low, high = self.sides
        return self.logits[high] - self.logits[low]

    @property
    def baseline_margin(self) -> float:
        """The margin between the same classes in the model itself, without edits."""
        low, high = self.sides
        return self.baseline[high] - self.baseline[low]

    @property
    def mapped(self) -> int:
        """The class whose probability a decision map shows: “same”, the last of two, or of more the model's own
        answer without edits."""
        return 1 if len(self.labels) == 2 or judges_relation(self.labels) else _largest(self.baseline)


def _largest(logits: Sequence[float]) -> int:
    return max(range(len(logits)), key=logits.__getitem__)


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """Attention of one query token, [L, H, T], with edits and without, and what heads take from items to items.

    `received` [L, H, T] is what every token gives to that token as a key. `masses` are `core.masses.sound_masses`
    [L, H] by kind, edits in force, the local (0) to global (1) score among them; none without items. `vmax` [L] is
    the largest value over the heads of a block, edits in force.
    """

    token: int
    rows: Floats
    baseline_rows: Floats
    received: Floats
    baseline_received: Floats
    masses: Mapping[str, Masses]
    vmax: Floats
    received_vmax: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Pad:
    """A subspace at the write layer as the pad shows it. Positions are in the units of the stream.

    `own` [N, 2] are the items' own places before this pad's edits, `now` [N, 2] after them, `distance` [N] how
    far the edited value is from anything seen, in σ.
    """

    property: Property
    block: int
    landmarks: Floats
    ellipses: Floats
    axis_share: float
    own: Floats
    now: Floats
    distance: Floats
    extent: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PairJudgement:
    """What the probe after the write block says of a pair: its logit same − different, with the edits and without."""

    margin: float
    baseline: float


@dataclass(frozen=True, slots=True, eq=False)
class DecisionMap:
    """P(`Decision.mapped`) [N] with an item's thumb at the centres of cells `first` … of a grid over a pad's extent."""

    first: int
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the engine found for one question. `notes` say what could not be done, in words; `judgements` are of the
    pairs that a probe after the write block can read."""

    question: Question
    model: ModelInfo
    decision: Decision
    pads: Mapping[Property, Pad]
    attention: Attention | None = None
    map: DecisionMap | None = None
    notes: tuple[str, ...] = ()
    engine_ms: float = 0.0
    judgements: Mapping[int, PairJudgement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that could not be answered: what happened, what to do, and the details."""

    question: Question
    message: str
    hint: str
    details: str


MAP_SIZE = 14
"""Rows and columns of a decision map."""

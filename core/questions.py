"""`Question` and `Answer`: frozen values of plain numpy that travel between the window and the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core.cards import SubspaceKey
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


@dataclass(frozen=True, slots=True)
class Decision:
    """Logits [C] with and without the edits, in the order of `labels`."""

    labels: tuple[str, ...]
    logits: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def margin(self) -> float:
        """Last logit minus first: same − different."""
        return self.logits[-1] - self.logits[0]

    @property
    def baseline_margin(self) -> float:
        """The margin of the model itself, without edits."""
        return self.baseline[-1] - self.baseline[0]

    @property
    def flipped(self) -> bool:
        """Whether the edits change the answer."""
        return (self.margin > 0) != (self.baseline_margin > 0)


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
    """P(last label) [N] with an item's thumb at the centres of cells `first` … of a grid over a pad's extent."""

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

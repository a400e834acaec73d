"""The class lens: how strongly each token speaks for a class, after every block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.analyses import Analysis
from core.errors import UserError
from core.site import ProjectedPart

if TYPE_CHECKING:
    from core.document import Intervention
    from core.state import State

Floats = npt.NDArray[np.float32]

PART_WORDS: dict[ProjectedPart, str] = {
    "resid_post": "block output",
    "attn_out": "attention output",
    "resid_mid": "mid-block",
    "mlp_out": "MLP output",
}


PART_OPTION: dict[str, Any] = {"words": PART_WORDS}
"""How a form shows what is read of a block."""
LABEL_OPTION: dict[str, Any] = {"label": "Class", "least": -1, "said": "the answer"}
"""How a form shows of which class; −1 is the one that the model itself answers."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Logits and ranks of one class, [L + 1, T] both: the embeddings first, NaN where they have no such part."""

    logits: Floats
    ranks: Floats

    def identifiability(self, n_classes: int) -> Floats:
        """r = 1 − k / C, k the 0-based rank of the class."""
        return (1 - self.ranks / n_classes).astype(np.float32)

    def onset(self) -> Floats:
        """The block [T] from which on the class comes first and stays so, −1 for the embeddings; NaN for never."""
        first = np.nan_to_num(self.ranks, nan=np.inf) == 0  # [L + 1, T]
        stays = np.logical_and.accumulate(first[::-1])[::-1]
        start = stays.argmax(0).astype(np.float32) - 1
        return np.where(stays[-1], start, np.float32(np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class Lens:
    """What the read-out says of a class at every token of every block, with the edits and without.

    `words` say of a network without classes what is read instead.
    """

    label: int
    labels: tuple[str, ...]
    now: Readings
    baseline: Readings
    words: str = ""


@dataclass(frozen=True, slots=True)
class ClassLens(Analysis[Lens]):
    """How strongly each token already speaks for one class, layer by layer.

        p(h) = E · LN(h) + β,   h the stream after a block or what is added to it, E, β the network's own read-out

    Source: Vilas et al. 2023; docs/methods.md, "Class lens". After the last block the CLS row holds the network's own
    logits.
    """

    label: int = field(default=-1, metadata=LABEL_OPTION)
    part: ProjectedPart = field(default="resid_post", metadata=PART_OPTION)

    def run(self, state: State) -> Iterator[Lens]:
        label = class_of(state, self.label)
        now, baseline = (readings(state, label, self.part, edits) for edits in (state.edits, ()))
        yield Lens(label, state.labels, now, baseline, lens_words(state))


def readings(state: State, label: int, part: ProjectedPart, edits: Sequence[Intervention]) -> Readings:
    """Logits and ranks of a class at every token of every block."""
    import torch

    from core.readings.projection import ranks

    first = -1 if part == "resid_post" else 0
    logits = [state.read_tokens(block, part, edits) for block in range(first, state.model.n_blocks)]  # [T, C] each
    of_class = torch.stack([of[:, label] for of in logits])
    ranked = torch.stack([ranks(of, label) for of in logits])
    missing = ((first + 1, 0), (0, 0))
    both = (np.pad(state.numpy(x), missing, constant_values=np.nan) for x in (of_class, ranked))
    return Readings(*both)


def class_of(state: State, label: int) -> int:
    """The class itself; for −1 the one that the model answers without edits.

    Raises UserError where there is none of this number.
    """
    if not -1 <= label < len(state.labels):
        raise UserError(
            f"There is no class {label}.", f"Choose from 0 to {len(state.labels) - 1}, or −1 for the answer."
        )
    return int(state.logits(()).argmax()) if label < 0 else label


def lens_words(state: State) -> str:
    """What is read of a network without classes, in a sentence; "" where it has some."""
    if state.model.labels:
        return ""
    return (
        "This network has no classes: each token, put through the read-out alone, is held against the means of what "
        "the network puts out for same and different examples, in σ of these."
    )

"""What the *Lens* panel draws of a lens: the values of a measure, now, without edits or the difference, and a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.analyses.class_lens import Lens, Readings

Measure = Literal["identifiability", "logit", "since when"]
Shown = Literal["edited", "baseline", "difference"]

MEASURES: dict[Measure, str] = {
    "identifiability": "1 − rank / number of classes: 1 where the class comes first, 0.5 by chance",
    "logit": "The logit of the class",
    "since when": "The block from which on the class comes first, and stays so",
}
SHOWN: dict[Shown, str] = {"edited": "with edits", "baseline": "without edits", "difference": "what the edits change"}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Values [L + 1, T] of all depths, those [T] over the picture, and the ends of the scale of each.

    The picture holds the depth that is looked at, but of “since when” the blocks themselves.
    """

    values: np.ndarray
    scale: tuple[float, float]
    picture: np.ndarray
    picture_scale: tuple[float, float]


def drawn(lens: Lens, measure: Measure, shown: Shown, row: int) -> Drawn:
    """What is drawn of a lens at the depth `row`, 0 for the embeddings."""
    n_blocks = len(lens.now.logits) - 1
    values = _combined(shown, *(_values(lens, of, measure) for of in (lens.now, lens.baseline)))
    scale = _scale(values, measure, shown)
    if measure != "since when":
        return Drawn(values, scale, values[row], scale)
    onset = _combined(shown, *(of.onset() for of in (lens.now, lens.baseline)))
    ends = (-1.0, float(n_blocks - 1)) if shown != "difference" else _around_zero(onset)
    return Drawn(values, scale, onset, ends)


def _values(lens: Lens, of: Readings, measure: Measure) -> np.ndarray:
    if measure == "logit":
        return of.logits
    if measure == "identifiability":
        return of.identifiability(len(lens.labels))
    return np.where(np.isnan(of.ranks), np.nan, of.ranks == 0).astype(np.float32)


def _combined(shown: Shown, now: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    return now - baseline if shown == "difference" else baseline if shown == "baseline" else now


def _scale(values: np.ndarray, measure: Measure, shown: Shown) -> tuple[float, float]:
    if shown == "difference":
        return _around_zero(values)
    return (float(np.nanmin(values)), float(np.nanmax(values))) if measure == "logit" else (0.0, 1.0)


def _around_zero(values: np.ndarray) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    reach = float(np.abs(known).max()) if known.size else 0.0
    return (-reach, reach) if reach else (-1.0, 1.0)

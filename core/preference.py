"""Whether the tokens of a target and of its distractors look at their like, at the other, or at the background.

Importing this loads no torch. Source: Pan et al. 2024, the odd-one-out attention preference; docs/methods.md,
"Attention preference".
What we changed: beside the masses there are those over the area that a region has, and those without the query's own
key; masks that overlap share a patch, so that the three of a query always add up to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.plots import Curves, Reference, Series
from core.stimuli.masks import Inside, cover
from core.stimuli.render import item_insides
from core.stimuli.stimulus import Stimulus, odd_one

Floats = npt.NDArray[Any]
Measure = Literal["raw", "enrichment", "non-self", "non-self enrichment"]
MEASURES: dict[Measure, str] = {
    "raw": "share of attention",
    "enrichment": "attention over area",
    "non-self": "share of attention, own token left out",
    "non-self enrichment": "attention over area, own token left out",
}
"""What is told of the attention of a query token to each region."""
REGIONS = ("target", "distractors", "background")
TINY = 1e-12
PREFERENCES = ("same", "different", "background")


@dataclass(frozen=True, slots=True)
class Regions:
    """What share of each patch [3, P] is target, distractors and background, adding up to 1; and the two patches that
    show most of the target and of the distractors."""

    shares: Floats
    queries: tuple[int, int]


def regions_of(stimulus: Stimulus) -> Regions | None:
    """The regions of a stimulus with an odd one out; None where there is none, or one of the two shows nowhere."""
    odd = odd_one(stimulus)
    if odd is None:
        return None
    insides = item_insides(stimulus)
    target: Inside = insides[odd]
    others: Inside = np.logical_or.reduce(np.delete(insides, odd, 0), axis=0)
    both = np.stack([cover(part, stimulus.geometry) for part in (target, others)]).astype(np.float64)  # [2, P]
    if not both.any(1).all():
        return None
    both /= np.maximum(1.0, both.sum(0))
    queries = (int(both[0].argmax()), int(both[1].argmax()))
    return Regions(np.concatenate([both, 1 - both.sum(0, keepdims=True)]), queries)


def preferences(rows: Floats, regions: Regions, measure: Measure = "raw") -> Floats:
    """What the two query tokens give to target, distractors and background, [..., 2, 3], of their rows [..., 2, P].

        ρ(q → r) = Σ_j a_q[j] m_r[j],   a_q rescaled to add up to 1 over patches

    so that the three of a query add up to 1. "non-self" leaves the query's own patch out, and rescales after;
    "enrichment" divides by the region's share of the patches that are left, NaN where it has none.
    """
    counted = np.ones((2, rows.shape[-1]))
    if "non-self" in measure:
        counted[range(2), regions.queries] = 0
    rows = rows * counted
    rows = rows / np.maximum(rows.sum(-1, keepdims=True), TINY)
    given: Floats = rows @ regions.shares.T  # [..., 2, 3]
    if "enrichment" not in measure:
        return given
    areas = counted @ regions.shares.T / counted.sum(1, keepdims=True)  # [2, 3]
    return given / np.where(areas > TINY, areas, np.nan)


def same_and_different(given: Floats) -> Floats:
    """Attention to the same, to the different and to the background [..., 3], the mean of the two queries' [..., 2, 3].

        same = (ρ(T→T) + ρ(D→D)) / 2,   different = (ρ(T→D) + ρ(D→T)) / 2

    Of one that does not exist it is the other alone.
    """
    target, distractors = given[..., 0, :], given[..., 1, [1, 0, 2]]
    mean: Floats = (target + distractors) / 2
    return np.where(np.isnan(target), distractors, np.where(np.isnan(distractors), target, mean))


def dissimilarity(mean: Floats) -> Floats:
    """Of what goes to same and different [..., 3], the share that goes to the different: ½ where neither is
    preferred."""
    different: Floats = mean[..., 1] / np.maximum(mean[..., 0] + mean[..., 1], TINY)
    return different


def depth_curves(title: str, measure: Measure, series: tuple[Series, ...]) -> Curves:
    """Curves over blocks, placed from 0 to 1 by depth."""
    n_blocks = len(series[0].y)
    top = float(np.nanmax([1.0, *(value for each in series for value in (*each.y, *each.high))]))
    return Curves(
        title=title,
        x_label="block, by depth",
        y_label=MEASURES[measure],
        x=tuple(block / max(1, n_blocks - 1) for block in range(n_blocks)),
        ticks=tuple(str(block) for block in range(n_blocks)),
        series=series,
        references=(Reference(1.0, "as by area"),) if "enrichment" in measure else (),
        y_range=(0.0, top if "enrichment" in measure else 1.0),
    )

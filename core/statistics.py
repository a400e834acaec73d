"""Intervals and rank correlation, in numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Z95 = 1.959963984540054


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `hits` among `n`; NaN where there is nothing to count.

    Source: Wilson 1927.
    """
    if n == 0:
        return (math.nan, math.nan)
    share, z2 = hits / n, Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (max(0.0, middle - half), min(1.0, middle + half))


def mean_interval(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean of values [N] and its 95 % interval by the normal approximation; without width for one value."""
    mean = float(values.mean())
    half = Z95 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return (mean, mean - half, mean + half)


def ranks(values: Sequence[float]) -> npt.NDArray[np.float64]:
    """Ranks from 1, ties sharing their mean rank."""
    x = np.asarray(values, np.float64)
    below = (x[:, None] > x[None, :]).sum(1)
    equal = (x[:, None] == x[None, :]).sum(1)
    mean: npt.NDArray[np.float64] = below + (equal + 1) / 2
    return mean


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation of two lists; NaN where one of them does not vary."""
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else math.nan


def spearman_interval(
    x: Sequence[float], y: Sequence[float], *, seed: int = 0, n_draws: int = 4000
) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of the rank correlation, over draws in which both lists vary."""
    rng = np.random.default_rng(seed)
    a, b = np.asarray(x), np.asarray(y)
    drawn = [spearman(a[rows], b[rows]) for rows in rng.integers(0, len(a), (n_draws, len(a)))]
    kept = [value for value in drawn if not math.isnan(value)]
    if not kept:
        return (math.nan, math.nan)
    low, high = np.quantile(kept, [0.025, 0.975])
    return (float(low), float(high))

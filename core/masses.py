"""How an item's attention is shared out: its own item, its partner, the other pair, the background, and CLS.

Importing this loads no torch. Source: Lepori et al. 2024, attention patterns; docs/methods.md, "Attention pattern".
What we changed: every mass is measured directly and averaged over the items, so that they add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.plots import Curves, Role, Series

Masses = npt.NDArray[Any]
"""Shares of attention, in whatever precision they were measured."""
Pairs = Sequence[tuple[int, int]]

KINDS = {
    "WO": "within the object (WO)",
    "WP": "within the pair (WP)",
    "BP": "between pairs (BP)",
    "BG": "background (BG)",
    "CLS": "CLS",
    "BO": "between objects (BO)",
}


def attention_shares(masses: Masses, pairs: Pairs, of: Sequence[int] = ()) -> dict[str, Masses]:
    """WO, WP, BP, BO, BG and CLS [..., L, H], and the local (0) to global (1) score, from masses [..., L, H, I, I + 2].

    Means over all items, or over those in `of`. There is no WP without pairs and no BP with one; what several items
    that are no pairs give to each other is BO. The score is the share that leaves the own item for other patches; the
    kinds add up to 1 where all items are in pairs or none is.
    """
    n_items = masses.shape[-1] - 2
    partner = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    items = list(of) or sorted(partner) or list(range(n_items))
    kinds = {
        "WO": np.mean([masses[..., i, i] for i in items], 0),
        "BG": np.mean([masses[..., i, n_items] for i in items], 0),
        "CLS": np.mean([masses[..., i, n_items + 1] for i in items], 0),
    }
    if pairs:
        kinds["WP"] = np.mean([masses[..., i, partner[i]] for i in items], 0)
    if len(pairs) > 1:
        others = {i: [j for j in partner if j not in (i, partner[i])] for i in items}
        kinds["BP"] = np.mean([masses[..., i, others[i]].sum(-1) for i in items], 0)
    if not pairs and n_items > 1:
        kinds["BO"] = np.mean([masses[..., i, :n_items].sum(-1) - masses[..., i, i] for i in items], 0)
    kinds["score"] = 1 - kinds["WO"] - kinds["CLS"]
    return kinds


def kind_series(kind: str, y: Sequence[float], low: Sequence[float] = (), high: Sequence[float] = ()) -> Series:
    """The curve of a kind over blocks; its peak is starred, that of CLS is not."""
    star = None if kind == "CLS" else int(np.argmax(y))
    role: Role = "control" if kind == "CLS" else "measured"
    return Series(KINDS[kind], tuple(y), tuple(low), tuple(high), role, list(KINDS).index(kind), star)


def mass_curves(means: Mapping[str, Masses], series: Sequence[Series] = ()) -> Curves:
    """For each kind, over blocks, the largest of the heads' masses [L, H]; `series` instead, where there are some."""
    n_blocks = len(means["WO"])
    largest = [kind_series(kind, means[kind].max(-1).tolist()) for kind in KINDS if kind in means]
    return Curves(
        title="Attention of item tokens, head with the most",
        x_label="block",
        y_label="share of attention",
        x=tuple(float(b) for b in range(n_blocks)),
        ticks=tuple(str(b) for b in range(n_blocks)),
        series=tuple(series or largest),
    )

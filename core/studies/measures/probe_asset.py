"""The probes of a model that are kept, for their directions to be added by hand, and the card of what was measured."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import torch

from core.assets.probe import Probe
from core.assets.probe_files import as_kept
from core.families.model import Model, require_relation
from core.progress import Job
from core.studies.measures.probe import fit_and_measure, probe_rows, probe_sites
from core.studies.probe import ALPHAS, ProbeOptions, Probes
from core.studies.result import Row
from core.studies.study import Bench


def probe_asset(
    model: Model, options: ProbeOptions = ProbeOptions(), *, n: int = 2000, seed: int = 0
) -> Job[tuple[dict[int, Probe], dict[str, Any]]]:
    """A probe after every block, as a file will keep it, and its card, measured as in the study on `n` images."""
    require_relation(model)
    sites = probe_sites(model, paper_convention=False)
    probes, hits = yield from fit_and_measure(model, options, sites, n=n, seed=seed, keep=as_kept)
    rows = probe_rows(model, hits, sites, probes)
    card = {
        **model.stamp,
        "settings": Probes(n=n, seed=seed, probe=options).settings(Bench((model,))),
        "base_accuracy": rows[0]["base_accuracy"],
        "blocks": [_measured(block, rows) for block in sorted(probes)],
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
    }
    return probes, card


def _measured(block: int, rows: Sequence[Row]) -> dict[str, Any]:
    """What the study measured after one block over all pairs, each share with its 95 % interval."""
    mean = {(r["measure"], r["alpha"]): r for r in rows if (r["block"], r["pair"]) == (block, "mean")}
    probe = mean["probe", None]
    edits = [
        {"alpha": alpha, **_share("success", mean["intervention", alpha]), **_share("control", mean["control", alpha])}
        for alpha in ALPHAS
    ]
    head = {"block": block, **_share("accuracy", probe), "n": probe["n"]}
    return {**head, "direction_norm": round(probe["direction_norm"], 4), "edits": edits}


def _share(name: str, row: Row) -> dict[str, Any]:
    return {name: row["success"], f"{name}_95": [round(row["low"], 4), round(row["high"], 4)]}

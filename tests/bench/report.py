"""The table, and what is told with it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from measure import Row, n_engine_threads

from core.cards import read_card
from core.cores import n_cores
from core.demo import DEFAULT_MODEL
from core.locations import bundled_models, model_path

BUSY_SHARE = 0.25
"""From this load per core on, other programs take part in what is measured."""
PACKAGES = ("torch", "timm", "PySide6_Essentials", "pyqtgraph", "numpy")


def load_average() -> float | None:
    """Of the last minute; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def circumstances() -> dict[str, Any]:
    """The machine, the versions and the model; the load is that of other programs, before anything has run."""
    load = load_average()
    card = read_card(model_path(DEFAULT_MODEL)) if DEFAULT_MODEL in bundled_models() else {}
    return {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "n_cores": n_cores(),
        "n_threads": n_engine_threads(),
        "load_average_before": load,
        "machine_was_busy": None if load is None else load > BUSY_SHARE * (os.cpu_count() or 1),
        "model": DEFAULT_MODEL,
        "network": card.get("network"),
        "weights_sha256": card.get("weights_sha256"),
    }


def table(rows: Sequence[Row]) -> str:
    """One line a row: name, value, range of the repeats, unit, target, met."""
    lines = [("what", "value", "repeats", "unit", "target", "met")]
    for row in rows:
        spread = "" if row.low is None or row.high is None else f"{_number(row.low)} – {_number(row.high)}"
        target = "" if row.target is None else f"{row.limit} {row.target:g}"
        met = {True: "yes", False: "no", None: ""}[row.met]
        lines.append((row.name, _number(row.value), spread, row.unit, target, met))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    aligned = [
        "  ".join(text.rjust(width) if column in (1, 2, 4) else text.ljust(width) for column, (text, width) in cells)
        for cells in (enumerate(zip(line, widths, strict=True)) for line in lines)
    ]
    return "\n".join(line.rstrip() for line in [aligned[0], "─" * len(aligned[0]), *aligned[1:]])


def footer(facts: Mapping[str, Any]) -> str:
    """Under which circumstances the table was made."""
    load = f"load average {facts['load_average_before']} before, {facts['load_average_after']} after"
    busy = "\nThe machine was busy with something else: look at the ratios, and not too closely."
    return f"{facts['n_cores']} cores, {facts['n_threads']} threads, {load}" + (
        busy if facts["machine_was_busy"] else ""
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"

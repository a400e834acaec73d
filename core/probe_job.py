"""Fitting probes as a job for the window: they are yielded once their file is written.

Importing this loads no torch, so that the window can name it and read what it yields.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from core.progress import Progress

PROBE_JOB = "core.probe_job:fit_probes"


@dataclass(frozen=True, slots=True)
class FittedProbes:
    """Probes that lie on the disk now: after how many layers there is one, and how often the best of them is right."""

    n_blocks: int
    best: int
    accuracy: float
    n: int


def fit_probes(model: str, *, n_images: int, device: str) -> Generator[Progress | FittedProbes, None, str]:
    """Learn a probe after every block of a model where the window looks for them, measure them and their directions on
    as many other images, and return their file.

    Raises UserError where the model cannot be opened or does not judge relations, or the file cannot be written.
    """
    yield Progress(0, 1, "opening the model")
    from core.assets.probe_files import save_probes
    from core.engine import verify
    from core.families.files import open_model
    from core.families.model import choose_device
    from core.locations import probe_file
    from core.storage import check_tensor_file
    from core.studies.measures.probe_asset import probe_asset
    from core.studies.probe import ProbeOptions

    path = probe_file(model)
    check_tensor_file(path)
    opened = verify(open_model(model, choose_device(device)))
    probes, card = yield from probe_asset(opened, ProbeOptions(n_images=n_images), n=n_images)
    save_probes(path, probes, card)
    best = max(card["blocks"], key=lambda row: float(row["accuracy"]))
    yield FittedProbes(len(probes), best["block"], best["accuracy"], best["n"])
    return str(path)

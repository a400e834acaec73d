"""A model by name into the library: timm's, or a repository of Hugging Face's, with its weights or with random ones.

Nothing is fetched from the network unless that was asked for.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import nn

from core.catalogue import HUB, SAFE_WEIGHTS, TIMM, Named, download_place, find_named, hub_url, on_disk
from core.errors import UserError
from core.families.files import write_tensors
from core.families.named import card_of, settings_of, with_random_weights, with_weights
from core.families.tensors import check_finite
from core.jobs.download import download
from core.jobs.fetch_repository import fetch_repository
from core.library import free_name, library_model, size_words
from core.locations import library_file
from core.progress import Job, Progress, part
from core.storage import check_tensor_file

SHARE_OF_DOWNLOAD = 90
"""How much of a job's progress is the download, in %."""
RANDOM = "random weights"
HUB_OF_TIMM = f"{HUB}timm/"
"""Where timm publishes; these are opened as timm itself opens them."""


def fetch_model(
    reference: str,
    *,
    may_download: bool = False,
    seed: int | None = None,
    stated: Mapping[str, Any] = MappingProxyType({}),
) -> Job[str]:
    """The name in the library of a model by name, put there unless it is there.

    With a `seed` it gets random weights, and says so in its name. Weights that are not on this computer are fetched
    only where `may_download` says so. What is `stated` of a repository's model is not assumed.

    Raises UserError where there is no such model, or its weights cannot be had, with what to fetch and where to put it.
    """
    yield Progress(0, 100, f"looking for {reference}")
    if seed is not None:
        return _with_random_weights(reference, seed)
    if reference.startswith(HUB) and not reference.startswith(HUB_OF_TIMM):
        return (yield from fetch_repository(reference, may_download=may_download, stated=stated))
    cfg = settings_of(reference.removeprefix(HUB_OF_TIMM).removeprefix(TIMM))
    full = f"{cfg.architecture}.{cfg.tag}" if cfg.tag else str(cfg.architecture)
    known = library_model(f"{TIMM}{full}")
    if known is not None:
        return known.reference
    if not cfg.hf_hub_id:
        raise UserError(f"Nobody has published weights of {full}.", "Open it with random weights.")
    repo, file = str(cfg.hf_hub_id), str(cfg.hf_hub_filename or SAFE_WEIGHTS)
    path = on_disk(repo, file)
    if path is None:
        path = yield from _fetched(full, repo, file, may_download=may_download)
    yield Progress(SHARE_OF_DOWNLOAD, 100, f"opening {full}")
    name = _keep(full, full, with_weights(full, path), {"url": hub_url(repo, file)})
    _forget(path, repo)
    return name


def _fetched(full: str, repo: str, file: str, *, may_download: bool) -> Job[Path]:
    url, place = hub_url(repo, file), download_place(repo, file)
    about = find_named(full)
    size = f" (about {size_words(about.n_bytes)})" if isinstance(about, Named) else ""
    by_hand = f"fetch {url} elsewhere and put it here as {place}"
    if not may_download:
        raise UserError(
            f"The weights of {full}{size} are not on this computer.",
            f"Add --download to fetch them, or {by_hand}; --random opens it with random weights.",
            in_window=f"Download them in Model ▸ Open model…, or {by_hand}.",
        )
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        raise UserError("HF_HUB_OFFLINE is set, so nothing is downloaded.", f"Unset it, or {by_hand}.")
    return (yield from part(download(url, place), 0, SHARE_OF_DOWNLOAD, 100))


def _with_random_weights(reference: str, seed: int) -> str:
    if not reference.startswith(TIMM):
        raise UserError(f"{reference} is no network of timm's.", f"Only these have random weights: {TIMM}NAME.")
    architecture = str(settings_of(reference.removeprefix(TIMM)).architecture)
    origin = f"{TIMM}{architecture}, {RANDOM}, seed {seed}"
    known = library_model(origin)
    if known is not None:
        return known.reference
    name = f"{architecture} ({RANDOM}, seed {seed})"
    return _keep(name, architecture, with_random_weights(architecture, seed), {"from": origin})


def _keep(name: str, timm_name: str, network: nn.Module, origin: Mapping[str, Any]) -> str:
    """Write a network into the library; returns its name there."""
    name = free_name(name)
    path = library_file(name)
    check_tensor_file(path)
    state = {key: value.detach().contiguous() for key, value in network.state_dict().items()}
    check_finite(name, state, "Nothing was written. Fetch it again.")
    card = card_of(timm_name, network, origin)
    if RANDOM in card["origin"]["from"]:
        card["licence"] = ""  # that of timm's is of the weights that it publishes
    write_tensors(path, state, card)
    return name


def _forget(path: Path, repo: str) -> None:
    """Delete what was downloaded, which is in the library now; what lies in the cache of others stays."""
    folder = download_place(repo, path.name).parent
    if path.parent == folder:
        shutil.rmtree(folder, ignore_errors=True)

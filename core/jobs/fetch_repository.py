"""A repository of Hugging Face's into the library: its weights and what says how they are used, imported like a folder
of files that somebody saved."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.cards import read_card
from core.catalogue import HUB, download_place, hub_list, hub_url
from core.errors import UserError
from core.families.checkpoint import CONFIGS, IN_FOLDERS
from core.families.importing import import_model
from core.jobs.download import download, read_json
from core.library import library_model
from core.locations import INDEX_SUFFIX
from core.progress import Job, Progress, part
from core.storage import write_text
from core.texts import parse_json, read_text

SHARE_OF_DOWNLOAD = 80
"""How much of a job's progress is the download, in %."""
NAME = r"\w[\w.-]*"
"""What owners, repositories and files are called; nothing that leads elsewhere."""


def fetch_repository(reference: str, *, may_download: bool, stated: Mapping[str, Any]) -> Job[str]:
    """The name in the library of a model of a repository, `hf-hub:owner/name`, put there unless it is there.

    Raises UserError where there is no such model, or its files cannot be had, with what to fetch and where to put it.
    """
    repo = reference.removeprefix(HUB)
    if not re.fullmatch(f"{NAME}/{NAME}", repo):
        raise UserError(f"“{reference}” names no repository.", f"Write {HUB}OWNER/NAME.")
    known = library_model(f"{HUB}{repo}")
    if known is not None and not stated:
        return known.reference
    folder = download_place(repo, "config.json").parent
    if not _is_whole(folder):
        if not may_download:
            raise UserError(
                f"The files of {repo} are not on this computer.",
                f"Add --download to fetch them, or put its weights and config.json into {folder}.",
            )
        yield from _fetched(repo, folder)
    path = yield from part(import_model(folder, stated, repo.partition("/")[2]), SHARE_OF_DOWNLOAD, 20, 100)
    card = read_card(path)
    origin = {**card["origin"], "from": f"{HUB}{repo}", "path": hub_url(repo, "")}
    write_text(path.with_suffix(".json"), json.dumps({**card, "origin": origin}, indent=2) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    return path.stem


def _is_whole(folder: Path) -> bool:
    """Whether all files of the best weights in a folder are there: a download may have been stopped between them."""
    weights = next((folder / name for name in IN_FOLDERS if (folder / name).is_file()), None)
    if weights is None or not weights.name.endswith(INDEX_SUFFIX):
        return weights is not None
    return all((folder / shard).is_file() for shard in _shards(weights))


def _fetched(repo: str, folder: Path) -> Job[None]:
    """Fetch the files of a repository that make a model, the weights last."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        raise UserError(
            "HF_HUB_OFFLINE is set, so nothing is downloaded.", f"Unset it, or put the files into {folder}."
        )
    yield Progress(0, 100, f"looking for {repo}")
    names = _wanted(repo, _names_in(repo, folder))
    for index, name in enumerate(names):
        last = name == names[-1]
        share = SHARE_OF_DOWNLOAD - index if last else 1
        yield from part(download(hub_url(repo, name), folder / name), index, share, 100)
        if name.endswith(INDEX_SUFFIX):
            shards = sorted(set(_shards(folder / name)))
            for number, shard in enumerate(shards):
                each = max(1, (SHARE_OF_DOWNLOAD - index) // len(shards))
                yield from part(download(hub_url(repo, shard), folder / shard), index + number * each, each, 100)


def _names_in(repo: str, folder: Path) -> list[str]:
    """The names of the files of a repository."""
    url = hub_list(repo)
    try:
        said = read_json(url, folder / repo.partition("/")[2])
    except UserError as error:
        raise UserError(error.message, _by_hand(repo, folder)) from error
    files = said.get("siblings") if isinstance(said, Mapping) else None
    if not isinstance(files, list):
        raise UserError(f"What {url} says is no list of files.", _by_hand(repo, folder))
    return [str(each["rfilename"]) for each in files if isinstance(each, Mapping) and "rfilename" in each]


def _by_hand(repo: str, folder: Path) -> str:
    """What to do where the files of a repository cannot be had from here."""
    page = hub_url(repo, "").partition("/resolve/")[0]
    return (
        f"Look at {page} on a machine where it can be had, fetch its weights, such as model.safetensors, and "
        f"config.json and preprocessor_config.json where it has them, put them here into {folder}, and open the model "
        "again."
    )


def _wanted(repo: str, names: Sequence[str]) -> list[str]:
    """What makes a model of these: the best of the weights, after what lies beside them."""
    weights = next((name for name in IN_FOLDERS if name in names), "")
    if not weights:
        raise UserError(f"{repo} holds no weights that can be opened.", f"It would need {', '.join(IN_FOLDERS)}.")
    return [*(name for name in CONFIGS if name in names), weights]


def _shards(index: Path) -> list[str]:
    """The files that an index names, each in the same folder."""
    try:
        weights = parse_json(read_text(index))["weight_map"]
        names = list(weights.values())
    except (ValueError, LookupError, TypeError, AttributeError):
        names = [None]
    if not all(isinstance(name, str) and re.fullmatch(NAME, name) for name in names):
        index.unlink()
        raise UserError(f"{index.name} names files that are not beside it.", "It is damaged, or not what it seems.")
    return names

"""timm's vision transformers by name: how large each is and where its weights are. Read from a shipped table, without
torch.

The table is made from timm by `python -m core.families.named`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.locations import data_folder, resource_folder
from core.texts import parse_json, read_text

TIMM, HUB = "timm:", "hf-hub:"
SAFE_WEIGHTS = "model.safetensors"
BYTES_A_NUMBER = 4
"""What a number takes in the files of weights that timm publishes, nearly all of which are fp32."""


@dataclass(frozen=True, slots=True)
class Named:
    """A network by timm's name, `architecture.tag`; without a tag, and without a `repo`, nobody has weights of it."""

    name: str
    image_px: int
    patch_px: int
    blocks: int
    heads: int
    width: int
    n_classes: int
    n_numbers: int
    repo: str = ""
    licence: str = ""

    @property
    def reference(self) -> str:
        """How it is called on the command line."""
        return f"{TIMM}{self.name}"

    @property
    def n_bytes(self) -> int:
        """About how large its weights are."""
        return self.n_numbers * BYTES_A_NUMBER


def is_named(reference: str) -> bool:
    """Whether a reference is of a network by name, and not of a model on the disk."""
    return reference.startswith((TIMM, HUB))


@cache
def catalogue() -> tuple[Named, ...]:
    """Every name, by architecture, then by tag as timm has them: its first is what the architecture alone means."""
    table = parse_json(read_text(resource_folder("timm") / "networks.json"))
    return tuple(named for name, entry in table["networks"].items() for named in _of(name, entry))


def _of(name: str, entry: dict[str, Any]) -> list[Named]:
    shape = {key: entry[key] for key in ("patch_px", "blocks", "heads", "width")}
    weights = [_tagged(f"{name}.{tag}", shape, said) for tag, said in entry["weights"].items()]
    return weights or [_tagged(name, shape, entry)]


def _tagged(name: str, shape: dict[str, Any], said: dict[str, Any]) -> Named:
    return Named(
        name,
        **shape,
        image_px=said["image_px"],
        n_classes=said["classes"],
        n_numbers=said["numbers"],
        repo=said.get("repo", ""),
        licence=said.get("licence", ""),
    )


def find_named(reference: str) -> Named | None:
    """What the table says of a reference, with `timm:` before it or without; an architecture alone means its first
    weights."""
    name = reference.removeprefix(TIMM)
    return next((n for n in catalogue() if n.name == name or n.name.partition(".")[0] == name), None)


def hub_url(repo: str, file: str) -> str:
    """The address of a file of a repository of models."""
    server = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    return f"{server}/{repo}/resolve/main/{file}"


def hub_list(repo: str) -> str:
    """The address that says which files a repository has."""
    return f"{hub_url(repo, '').partition(f'/{repo}/')[0]}/api/models/{repo}"


def download_place(repo: str, file: str) -> Path:
    """Where a file of a repository is put, by a download or by hand."""
    return data_folder() / "downloads" / repo.replace("/", "--") / file


def on_disk(repo: str, file: str) -> Path | None:
    """A file of a repository that is here already: downloaded, put here by hand, or in the cache of Hugging Face."""
    place = download_place(repo, file)
    if not repo or os.path.isfile(place):
        return place if repo else None
    kept = hub_cache() / f"models--{repo.replace('/', '--')}"
    try:
        commits = [read_text(kept / "refs" / "main").strip()]
    except OSError:
        commits = []
    commits += sorted(os.listdir(kept / "snapshots")) if os.path.isdir(kept / "snapshots") else []
    found = (kept / "snapshots" / commit / file for commit in commits)
    return next((path for path in found if os.path.isfile(path)), None)


def hub_cache() -> Path:
    """Where Hugging Face's own programs keep what they download."""
    home = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")
    return Path(os.path.expanduser(os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")))

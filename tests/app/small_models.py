"""Jobs that put models into the library without a network, for the window that waits for them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.importer import Found, Tried
from core.library import Assumption, remove
from core.locations import library_file, library_folder
from core.progress import Progress

CARD = {"network": {"img_size": 224, "patch_size": 16, "depth": 4, "num_heads": 2}, "labels": ["cat", "dog", "bird"]}
Steps = Generator[Any, None, Any]


def add(name: str, **card: Any) -> Path:
    """A model of the library, as far as the window reads it."""
    path = library_file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(2_000_000))
    path.with_suffix(".json").write_text(json.dumps({**CARD, **card}))
    return path


def fetch(reference: str, may_download: bool, seed: int | None) -> Steps:
    """Put a model into the library, whose name says what was asked for."""
    yield Progress(1, 2, "downloading")
    name = f"{reference.removeprefix('timm:')} {may_download} {seed}"
    add(name, origin={"from": reference})
    return name


def fetch_for_ever(**_: Any) -> Steps:
    """Go on until closed."""
    while True:
        yield Progress(1, 2, "downloading")


def refuse_to_fetch(**_: Any) -> Steps:
    """What happens without a network."""
    yield Progress(0, 1, "asking")
    raise UserError("The hub cannot be reached.", "Fetch it elsewhere.")


def look(source: str) -> Steps:
    """A checkpoint that leaves two things open."""
    yield Progress(0, 1, "looking")
    heads = Assumption("num_heads", 2, "most have heads 64 wide", (1, 2, 4))
    return Found("a small layout", "4 × 2", 2_000_000, (heads, Assumption("mean", (0.5, 0.5, 0.5), "by layout")))


def look_at_what_says_all(source: str) -> Steps:
    """A checkpoint that leaves nothing open."""
    yield Progress(0, 1, "looking")
    return Found("a small layout", "4 × 2", 2_000_000, ())


def refuse_to_look(source: str) -> Steps:
    """No checkpoint at all."""
    yield Progress(0, 1, "looking")
    raise UserError(f"{Path(source).name} is no checkpoint.", "Nothing was written.")


def die_looking(source: str) -> Steps:
    """End as a process does that runs out of memory."""
    yield Progress(0, 1, "looking")
    os.kill(os.getpid(), signal.SIGKILL)


def attempt(source: str, stated: Mapping[str, Any], instead_of: str, device: str) -> Steps:
    """A model whose answers depend on its heads; it cannot have 3."""
    yield Progress(1, 2, "reading")
    if str(stated.get("num_heads")) == "3":
        raise UserError("64 is no multiple of 3 heads.", "Choose another number.")
    if instead_of:
        remove(instead_of)
    name = f"{Path(source).stem} {stated.get('num_heads', 2)}"
    is_new = not (library_folder() / f"{name}.safetensors").exists()
    add(name)
    share = 0.1 * int(stated.get("num_heads", 2))
    return Tried(stated, name, (("dog", 1 - share), ("cat", share)), is_new)

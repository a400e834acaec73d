"""The files of what edits were made with, found by content hash, so that a document can take them along.

Nothing here loads torch: the window writes documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cards import is_whole, probe_files, read_card, subspace_folders, tensor_files
from core.document import AssetKey
from core.errors import UserError
from core.storage import content_hash
from core.texts import read_text
from core.work import LEARNED, Learned, Work, assets_of, documents_of


def with_learned_files(work: Work) -> Work:
    """The work that names what its edits were made with, and takes along what of it is on this computer, or came along.

    What lies in a file now and has another content than the edits were made with is not taken.
    """
    files = dict(work.files)
    known = {(asset.model, asset.asset, asset.hash): asset for asset in work.learned if asset.file in files}
    learned: list[Learned] = []
    for (model, asset), content in assets_of(documents_of(work)).items():
        found = known.get((model, asset, content)) or Learned(model, asset, content)
        path = None if found.file else _file_of(model, asset, content)
        if path is not None:
            tensors, card = path.read_bytes(), read_text(path.with_suffix(".json"))
            member = f"{LEARNED}{hashlib.sha256(tensors).hexdigest()}"
            found = replace(found, file=f"{member}.safetensors")
            files |= {found.file: tensors, f"{member}.json": card.encode("utf-8")}
        learned.append(found)
    used = {name for asset in learned for name in (asset.file, asset.file.replace(".safetensors", ".json"))}
    return replace(work, learned=tuple(learned), files={name: files[name] for name in files if name in used})


def _file_of(model: str, asset: AssetKey, content: str) -> Path | None:
    """The tensor file that holds an asset of this content; None where there is none."""
    for path in _candidates(model, asset):
        try:
            if _hash_of(path, asset) == content:
                return path
        except (UserError, OSError, LookupError, TypeError, ValueError):
            continue  # a damaged file is not what the edits were made with
    return None


def _candidates(model: str, asset: AssetKey) -> Iterator[Path]:
    kind, block = asset
    if kind == "probe":
        yield from (path for path in probe_files(model) if path.is_file())
        return
    for path in (path for folder in subspace_folders(model) for path in tensor_files(folder)):
        card = _card(path)
        if (card.get("property"), card.get("block")) == (kind, block):
            yield path


def _card(path: Path) -> Mapping[str, Any]:
    try:
        return read_card(path)
    except UserError:
        return {}


def _hash_of(path: Path, asset: AssetKey) -> str:
    """The content hash of an asset in a file, as the engine names it."""
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    if asset[0] == "probe":
        blocks = [row["block"] for row in read_card(path)["blocks"] if is_whole(row["block"])]
        tensors = {name: tensors[name][blocks.index(asset[1])] for name in ("weight", "bias")}
    return content_hash((name, np.asarray(tensors[name], np.float32)) for name in sorted(tensors))

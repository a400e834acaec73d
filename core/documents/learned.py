"""The files of what edits were made with, found by content hash, so that a document can take them along, and another
computer can have them.

Nothing here loads torch: the window writes documents.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.cards import is_whole, read_card
from core.document import AssetKey
from core.documents.work import LEARNED, Learned, Work, assets_of, documents_of
from core.errors import UserError
from core.locations import probe_file, probe_files, subspace_folder, subspace_folders, subspace_name, tensor_files
from core.site import block_words
from core.storage import content_hash, write_files
from core.texts import parse_json, read_text

INSTALLED_NOTHING = "Nothing was installed; its edits stay off."


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


def brought(work: Work, model: str, there: Mapping[AssetKey, str]) -> tuple[Learned, ...]:
    """What came along for a model that has none of its kind: `there` are the hashes of what is learned on it."""
    has_probes = any(kind == "probe" for kind, _ in there)  # they lie in one file
    mine = (asset for asset in work.learned if asset.model == model and asset.file in work.files)
    return tuple(asset for asset in mine if not (has_probes if asset.asset[0] == "probe" else asset.asset in there))


def install(work: Work, assets: Sequence[Learned], weights: str) -> list[Path]:
    """Put what came along where what is learned on its model is looked for, and return the files.

    Raises UserError, before anything is written, where it is not what its edits were made with, was learned on other
    `weights`, or would take the place of a file.
    """
    files: dict[Path, bytes] = {}
    for asset in assets:
        tensors, text = work.files[asset.file], work.files.get(asset.file.replace(".safetensors", ".json"), b"")
        _check(asset, tensors, text, weights)
        path = _place_of(asset)
        files |= {path: tensors, path.with_suffix(".json"): text}
    taken = next((path for path in files if os.path.lexists(path)), None)
    if taken is not None:
        raise UserError(
            f"There is a {taken.name} of this model already.", f"It is in {taken.parent}; nothing was changed."
        )
    write_files(files)
    return list(files)


def _check(asset: Learned, tensors: bytes, text: bytes, weights: str) -> None:
    what = asset_words(asset.asset)
    try:
        card = parse_json(text.decode("utf-8"))
        found = card["weights_sha256"]
        if asset.asset[0] != "probe" and (card["property"], card["block"]) != asset.asset:
            raise ValueError("its card is of another")
        same = _hash_of(tensors, card, asset.asset) == asset.hash
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f"{what} that came along is damaged: {error}.", INSTALLED_NOTHING) from error
    if not same:
        raise UserError(f"{what} that came along is not the one that its edits were made with.", INSTALLED_NOTHING)
    if found != weights:
        raise UserError(f"{what} that came along was learned on other weights.", INSTALLED_NOTHING)


def _place_of(asset: Learned) -> Path:
    kind, block = asset.asset
    return probe_file(asset.model) if kind == "probe" else subspace_folder(asset.model) / subspace_name(kind, block)


def asset_words(asset: AssetKey) -> str:
    """What is learned, in words."""
    kind, block = asset
    what = f"{'colour' if kind == 'color' else kind}{'' if kind == 'probe' else ' subspace'}"
    return f"The {what} after {block_words(block)}"


def _file_of(model: str, asset: AssetKey, content: str) -> Path | None:
    """The tensor file that holds an asset of this content; None where there is none."""
    for path in _candidates(model, asset):
        try:
            if _hash_of(path.read_bytes(), read_card(path), asset) == content:
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


def _hash_of(content: bytes, card: Mapping[str, Any], asset: AssetKey) -> str:
    """The content hash of an asset in a file, as the engine names it.

    Raises ValueError, LookupError or TypeError for a damaged one.
    """
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    if asset[0] == "probe":
        blocks = [row["block"] for row in card["blocks"] if is_whole(row["block"])]
        tensors = {name: tensors[name][blocks.index(asset[1])] for name in ("weight", "bias")}
    return content_hash((name, np.asarray(tensors[name], np.float32)) for name in sorted(tensors))

"""Shipped data and the JSON cards beside tensor files. Importing this loads no torch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path

from core.errors import UserError
from core.scene import PROPERTIES, Geometry, Property, Task
from core.storage import check_folder

SubspaceKey = tuple[Property, int]
Card = Mapping[str, Any]

DEFAULT_DEPTH = 12
MODEL_SUFFIX = ".safetensors"
CHECKPOINT_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".npz", ".h5", ".msgpack", ".onnx", ".gguf")
"""Files that hold weights in ways that cannot be opened."""


def is_model_file(path: Path) -> bool:
    """Whether a file is, by the end of its name, of the kind that models are opened from."""
    return path.suffix.lower() == MODEL_SUFFIX


def is_checkpoint(path: Path) -> bool:
    """Whether a file is, by the end of its name, a checkpoint of a kind that cannot be opened."""
    return path.suffix.lower() in CHECKPOINT_SUFFIXES


def resource_folder(name: str) -> Path:
    """A folder of the shipped data."""
    return Path(str(files("resources"))) / name


def data_folder() -> Path:
    """Where files of the user's own go that no place was named for; the installation may be read-only."""
    return user_data_path("relata", appauthor=False)


def bundled_models() -> list[str]:
    """Names of the models that ship with Relata."""
    return sorted(path.stem for path in resource_folder("models").glob("*.safetensors"))


def model_path(reference: str) -> Path:
    """The weights file of a bundled name or a path, whose suffix may be left out.

    Raises UserError where there is neither, or a checkpoint of a kind that cannot be opened.
    """
    if reference in bundled_models():
        return resource_folder("models") / f"{reference}.safetensors"
    path = _weights(reference)
    if os.path.isfile(path) and is_checkpoint(path):
        raise UserError(
            f"{path.name}: checkpoints of this kind ({path.suffix.lower()}) cannot be opened yet.",
            "A .safetensors file with its card can.",
        )
    if not os.path.isfile(path):
        raise UserError(
            f"There is no model “{reference}”.",
            f"Name a .safetensors file or one of: {', '.join(bundled_models()) or 'none is bundled'}.",
        )
    if path.suffix != ".safetensors" and os.path.isfile(path.with_suffix(".safetensors")):
        raise UserError(f"{path.name} holds no weights.", f"Name {path.with_suffix('.safetensors')}.")
    return path


def _weights(reference: str) -> Path:
    path = Path(reference)
    whole = path.parent / f"{path.name}.safetensors"
    return whole if os.path.isfile(whole) and not os.path.isfile(path) else path


def read_card(path: Path) -> dict[str, Any]:
    """The JSON card beside a tensor file.

    Raises UserError where it is missing or damaged.
    """
    card = path.with_suffix(".json")
    try:
        value = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"The card {card.name} could not be read: {error}.", "Keep it beside its tensor file."
        ) from error
    if not isinstance(value, dict):
        raise UserError(f"The card {card.name} is not a JSON object.", "Restore it from where it came.")
    return value


def card_geometry(card: Card) -> Geometry:
    """The canvas and patch grid that a model's card names.

    Raises UserError where it names none.
    """
    try:
        return Geometry(int(card["network"]["img_size"]), int(card["network"]["patch_size"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError("The model's card does not say its image and patch size.", "Restore the card.") from error


def card_n_prefix(card: Card) -> int:
    """Tokens before the patches, by a model's card: CLS, unless it says that there is none, and registers."""
    network = card.get("network", {})
    return int(network.get("class_token", True)) + int(network.get("reg_tokens", 0))


def card_n_blocks(card: Card) -> int:
    """Blocks of the network, by a model's card; as many as a ViT has that does not say it.

    Raises UserError where the card says something else than a number.
    """
    try:
        return int(card.get("network", {}).get("depth", DEFAULT_DEPTH))
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError("The model's card does not say how many blocks it has.", "Restore the card.") from error


def card_task(card: Card) -> Task:
    """The task that a model's card says it was trained on; discrimination where it says nothing."""
    return "rmts" if card.get("task") == "rmts" else "discrimination"


def subspace_folders(model: str) -> tuple[Path, Path]:
    """Where a model's subspaces are looked for: the user's own come first, one by one, then those of the model.

    The latter lie with the shipped data for a bundled name, beside the weights for a path.
    """
    return _learned(model, "subspaces")


def probe_files(model: str) -> tuple[Path, Path]:
    """The files in which a model's probes are looked for, in places like those of `subspace_folders`."""
    own, given = (path.with_name(f"{path.name}.safetensors") for path in _learned(model, "probes"))
    return own, given


def subspace_folder(model: str) -> Path:
    """Where new subspaces of a model are kept: beside weights of the user's own if that can be written."""
    return _kept(model, *subspace_folders(model))


def probe_file(model: str) -> Path:
    """Where new probes of a model are kept: beside weights of the user's own if that can be written."""
    return _kept(model, *probe_files(model))


def tensor_files(folder: Path) -> list[Path]:
    """The tensor files in a folder; none where it is not there or cannot be read."""
    return sorted(folder.glob("*.safetensors")) if os.path.isdir(folder) else []


def _learned(model: str, kind: Literal["subspaces", "probes"]) -> tuple[Path, Path]:
    if model in bundled_models():
        return data_folder() / kind / model, resource_folder(kind) / model
    path = _weights(model)
    place = hashlib.sha256(os.path.abspath(path).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return data_folder() / kind / f"{path.stem[:100]}-{place}", path.parent / f"{path.stem}-{kind}"


def _kept(model: str, own: Path, given: Path) -> Path:
    if model in bundled_models() or os.path.exists(own):
        return own
    try:
        check_folder(given.parent)
    except UserError:
        return own
    return given


def subspace_cards(model: str) -> dict[SubspaceKey, Card]:
    """The cards of a model's subspaces, the user's own first; those that cannot be read are left out."""
    cards: dict[SubspaceKey, Card] = {}
    own, given = subspace_folders(model)
    for path in (*tensor_files(given), *tensor_files(own)):
        try:
            card = read_card(path)
        except UserError:
            continue
        measured = isinstance(card.get("block"), int) and isinstance(card.get("iia"), int | float)
        if measured and card.get("property") in PROPERTIES:
            cards[card["property"], card["block"]] = card
    return cards

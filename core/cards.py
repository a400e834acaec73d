"""Shipped data and the JSON cards beside tensor files. Importing this loads no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.scene import PROPERTIES, Geometry, Property, Task

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


def bundled_models() -> list[str]:
    """Names of the models that ship with Relata."""
    return sorted(path.stem for path in resource_folder("models").glob("*.safetensors"))


def model_path(reference: str) -> Path:
    """The weights file of a bundled name or a path.

    Raises UserError where there is neither, or a checkpoint of a kind that cannot be opened.
    """
    if reference in bundled_models():
        return resource_folder("models") / f"{reference}.safetensors"
    path = Path(reference)
    if path.is_file() and is_checkpoint(path):
        raise UserError(
            f"{path.name}: checkpoints of this kind ({path.suffix.lower()}) cannot be opened yet.",
            "A .safetensors file with its card can.",
        )
    if not path.is_file():
        raise UserError(
            f"There is no model “{reference}”.",
            f"Name a .safetensors file or one of: {', '.join(bundled_models()) or 'none is bundled'}.",
        )
    return path


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


def subspace_folder(model: str) -> Path:
    """Where a model's subspaces lie: with the shipped data for a bundled name, beside the weights for a path."""
    return _learned(model, "subspaces")


def probe_file(model: str) -> Path:
    """The file of a model's probes, with the shipped data for a bundled name, beside the weights for a path."""
    folder = _learned(model, "probes")
    return folder.with_name(f"{folder.name}.safetensors")


def _learned(model: str, kind: str) -> Path:
    path = Path(model)
    return path.with_name(f"{path.stem}-{kind}") if is_model_file(path) else resource_folder(kind) / model


def subspace_cards(model: str) -> dict[SubspaceKey, Card]:
    """The cards of a model's subspaces; those that cannot be read are left out."""
    cards: dict[SubspaceKey, Card] = {}
    for path in sorted(subspace_folder(model).glob("*.safetensors")):
        try:
            card = read_card(path)
        except UserError:
            continue
        measured = isinstance(card.get("block"), int) and isinstance(card.get("iia"), int | float)
        if measured and card.get("property") in PROPERTIES:
            cards[card["property"], card["block"]] = card
    return cards

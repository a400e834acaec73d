"""Open and save models: the bundled ones by name, others by the path of a safetensors file with its card."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from timm.models.vision_transformer import VisionTransformer

from core.errors import UserError
from core.families.model import Model, check_runnable, geometry_of, weights_hash


def resource_folder(name: str) -> Path:
    """A folder of the shipped data."""
    return Path(str(files("resources"))) / name


def bundled_models() -> list[str]:
    """Names of the models that ship with Relata."""
    return sorted(path.stem for path in resource_folder("models").glob("*.safetensors"))


def model_path(reference: str) -> Path:
    """The weights file of a bundled name or a path.

    Raises UserError where there is neither.
    """
    if reference in bundled_models():
        return resource_folder("models") / f"{reference}.safetensors"
    path = Path(reference)
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


def open_model(reference: str, device: torch.device) -> Model:
    """The model behind a bundled name or a path, in fp32 on `device`, in evaluation mode.

    Raises UserError for a file that is missing, damaged or of the wrong shape, or a network that the
    executor cannot run.
    """
    path = model_path(reference)
    card = read_card(path)
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path.name} could not be read: {error}.", "Fetch or train it again.") from error
    try:
        network = check_runnable(VisionTransformer(**card["network"]))
        network.load_state_dict(state)
    except (KeyError, TypeError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path.name} does not fit its card: {reason}.", "The model before it was kept.") from error
    network = network.float().eval().requires_grad_(False).to(device)
    return Model(
        network,
        geometry_of(network),
        name=path.stem,
        mean=tuple(card["mean"]),
        std=tuple(card["std"]),
        labels=tuple(card["labels"]),
        weights_hash=weights_hash(state),
        card=card,
    )


def save_model(path: Path, network: VisionTransformer, card: Mapping[str, Any]) -> None:
    """Write fp16 weights and the card that `open_model` needs, each replaced in one step.

    `card["network"]` holds the arguments that build the network.
    """
    state = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}
    write_tensors(path, state, {**card, "weights_sha256": weights_hash(state)})


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], card: Mapping[str, Any]) -> None:
    """A safetensors file and the JSON card beside it, each replaced in one step.

    Raises UserError where the disk refuses.
    """
    part, card_part = path.with_suffix(".part"), path.with_suffix(".json.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(tensors), part)
        card_part.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        os.replace(part, path)
        os.replace(card_part, path.with_suffix(".json"))
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        card_part.unlink(missing_ok=True)
        raise UserError(f"{path} could not be written: {error}.", "Free some space or name another folder.") from error

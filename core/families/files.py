"""Open and save models: the bundled ones by name, others by the path of a safetensors file with its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from timm.models.vision_transformer import VisionTransformer

from core.cards import model_path, read_card
from core.errors import UserError
from core.families.model import Model, check_runnable, geometry_of, weights_hash
from core.storage import write_files


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
        (red, green, blue), (red_std, green_std, blue_std) = (map(float, card[name]) for name in ("mean", "std"))
        labels = tuple(map(str, card["labels"]))
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError, AssertionError) as error:
        raise _does_not_fit(path, " ".join(str(error).split())[:200]) from error
    if card.get("weights_sha256", weights_hash(state)) != weights_hash(state):
        raise _does_not_fit(path, "the card is of other weights")
    if len(labels) != network.num_classes:
        raise _does_not_fit(path, f"{len(labels)} labels for {network.num_classes} classes")
    network = network.float().eval().requires_grad_(False).to(device)
    return Model(
        network,
        geometry_of(network),
        name=path.stem,
        mean=(red, green, blue),
        std=(red_std, green_std, blue_std),
        labels=labels,
        weights_hash=weights_hash(state),
        card=card,
        reference=reference,
    )


def _does_not_fit(path: Path, reason: str) -> UserError:
    return UserError(f"{path.name} does not fit its card: {reason}.", "The model before it was kept.")


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
    words = json.dumps(card, indent=2) + "\n"
    # safetensors would write the file for its owner's eyes only, whatever the umask says.
    write_files({path: save(dict(tensors)), path.with_suffix(".json"): words.encode("utf-8")})

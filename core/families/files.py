"""Open and save models: the bundled ones by name, others by the path of a safetensors file with its card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.cards import card_pixels, check_setting, read_card, relations_first
from core.errors import UserError
from core.families.class_names import as_two_classes, class_names
from core.families.low_rank import delta_hash, has_low_rank, low_rank_state, merged
from core.families.model import Model, check_runnable, geometry_of, weights_hash
from core.families.network import assumed, build_network, load_weights
from core.families.tensors import check_finite, read_tensors
from core.library import assumptions
from core.locations import model_path
from core.storage import write_files


def open_model(reference: str, device: torch.device) -> Model:
    """The model behind a bundled name or a path, in fp32 on `device`, in evaluation mode.

    A head that judges “same” and “different” has its rows put in the order in which examples count these, whatever
    their order in the file: everything that reads a logit finds them by name.

    Raises UserError for a file that is missing, damaged or of the wrong shape, or a network that the
    executor cannot run.
    """
    path = model_path(reference)
    card = read_card(path)
    try:
        stated = card["network"]
        network = check_runnable(build_network(dict(stated)))
        mean, std = card_pixels(card)
        labels, named = class_names(card, network.num_classes)
        check_setting(card)
        parent, learned = read_model_file(reference)
        scale = card["low_rank"]["scale"] if has_low_rank(learned) else 1.0
        state = merged(parent, learned, scale) if parent else learned
        load_weights(network, state)
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError, AssertionError) as error:
        raise _does_not_fit(path, " ".join(str(error).split())[:200]) from error
    own_hash = weights_hash(learned)
    if parent:
        own_hash = delta_hash(card["parent"]["weights_sha256"], own_hash)
    if card.get("weights_sha256", own_hash) != own_hash:
        raise _does_not_fit(path, "the card is of other weights")
    _check_classes(path, labels, network.num_classes)
    order = relations_first(labels)
    network = network.float().eval().requires_grad_(False).to(device)
    _order_head(network, order)
    labels = tuple(labels[index] for index in order)
    return Model(
        network,
        geometry_of(network),
        name=path.stem,
        mean=mean,
        std=std,
        labels=as_two_classes(_heads(network), labels[0]) if len(labels) == 1 else labels,
        weights_hash=own_hash,
        card=card,
        reference=reference,
        assumed=(*assumed(stated), *named, *(f"Assumed: {words}." for words in assumptions(card))),
    )


def read_model_file(reference: str) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The tensors of the parent, none where there is no parent, and those of the file itself.

    Raises UserError where one of the two is damaged, or the parent is missing or another one.
    """
    path = model_path(reference)
    learned = read_tensors(path, "Fetch or train it again.")
    parent = read_card(path).get("parent")
    if parent is None:
        return {}, learned
    try:
        theirs = read_tensors(model_path(parent["model"]), "Fetch it again.")
    except UserError as error:
        raise UserError(
            f"{path.name} is what was learned on {parent['model']}, which could not be opened: {error.message}",
            "Put its parent back; what was learned is kept.",
        ) from error
    if weights_hash(theirs) != parent["weights_sha256"]:
        raise UserError(
            f"{path.name} was learned on other weights of {parent['model']} than those that are here.",
            f"Fetch the ones whose hash begins with {parent['weights_sha256'][:12]}.",
        )
    return theirs, learned


def _check_classes(path: Path, labels: Sequence[str], n_classes: int) -> None:
    """Raises UserError where the card names other classes than the head has."""
    if len(labels) != n_classes:
        raise _does_not_fit(path, f"{len(labels)} labels for {n_classes} classes")


def _order_head(network: Any, order: Sequence[int]) -> None:
    """Put the rows of the head in another order, in place."""
    for head in _heads(network):
        for part in head.parameters():
            part.copy_(part[list(order)].clone())


def _heads(network: Any) -> tuple[nn.Module, ...]:
    """What puts out the logits: one head, or the two of a distilled network, whose mean it takes."""
    head = network.get_classifier()
    return tuple(head) if isinstance(head, tuple | nn.ModuleList) else (head,)


def _does_not_fit(path: Path, reason: str) -> UserError:
    return UserError(f"{path.name} does not fit its card: {reason}.", "The model before it was kept.")


def save_model(path: Path, network: VisionTransformer, card: Mapping[str, Any]) -> None:
    """Write fp16 weights and the card that `open_model` needs, each replaced in one step.

    `card["network"]` holds the arguments that build the network.

    Raises UserError where the disk refuses, or a weight is not finite, also where it is too large for fp16.
    """
    state = {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}
    check_finite(path.name, state, "Nothing was written. Train again with a lower peak_lr.")
    write_tensors(path, state, {**card, "weights_sha256": weights_hash(state)})


def save_low_rank(path: Path, network: nn.Module, card: Mapping[str, Any]) -> None:
    """Write what low-rank fine-tuning learned, or the head alone where no layer has a pair of matrices, in fp16, and
    its card, each replaced in one step.

    `card["parent"]` names the model and the weights that it was learned on.

    Raises UserError where the disk refuses, or a weight is not finite.
    """
    learned = {name: value.to("cpu", torch.float16).contiguous() for name, value in low_rank_state(network).items()}
    check_finite(path.name, learned, "Nothing was written. Train again with a lower peak_lr.")
    own_hash = delta_hash(card["parent"]["weights_sha256"], weights_hash(learned))
    write_tensors(path, learned, {**card, "weights_sha256": own_hash})


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], card: Mapping[str, Any]) -> None:
    """A safetensors file and the JSON card beside it, each replaced in one step.

    Raises UserError where the disk refuses.
    """
    words = json.dumps(card, indent=2) + "\n"
    # safetensors would write the file for its owner's eyes only, whatever the umask says.
    write_files({path: save(dict(tensors)), path.with_suffix(".json"): words.encode("utf-8")})

"""Probe files: the probes of a model after its blocks in one tensor file, with a card of what was measured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.assets.probe import Probe
from core.cards import is_number, is_whole, read_card
from core.errors import UserError
from core.families.files import write_tensors
from core.families.model import Model, weights_hash
from core.families.tensors import read_tensors

KEPT = torch.float16


def as_kept(probe: Probe) -> Probe:
    """The probe as it will be after a file: rounded to fp16, computed with in fp32."""
    return Probe(probe.weight.to(KEPT).float(), probe.bias.to(KEPT).float(), probe.card)


def save_probes(path: Path, probes: Mapping[int, Probe], card: Mapping[str, Any]) -> None:
    """Write `weight` [K, 2, F] and `bias` [K, 2] of K blocks; `card["blocks"]` lists them in ascending order.

    Raises UserError where the disk refuses.
    """
    ordered = [probe for _, probe in sorted(probes.items())]
    tensors = {name: torch.stack([getattr(p, name).detach() for p in ordered]) for name in ("weight", "bias")}
    write_tensors(path, {name: value.to("cpu", KEPT).contiguous() for name, value in tensors.items()}, card)


def load_probes(path: Path, model: Model) -> dict[int, Probe]:
    """The probes in a file by the block after which they read, checked against the model; none where there is no file.

    Raises UserError where the file or its card is damaged, or was fitted on other weights.
    """
    if not os.path.isfile(path):
        return {}
    card = read_card(path)
    tensors = read_tensors(path, "Fit them again.")
    try:
        weight, bias = tensors["weight"].float(), tensors["bias"].float()
        blocks = {int(measured["block"]): _whole(measured) for measured in card["blocks"]}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"The probes of {path.name} could not be read: {error}.", "Fit them again.") from error
    if card.get("weights_sha256") != model.weights_hash:
        raise UserError(f"The probes of {path.name} were fitted on other weights.", "Fit them on this model.")
    if card.get("run_sha256", model.run_sha256) != model.run_sha256:
        raise UserError(f"{path.name} was fitted when the card of the model said otherwise.", "Fit its probes again.")
    _check(path, model, list(blocks), weight, bias)
    rows = zip(blocks.items(), weight.to(model.device), bias.to(model.device), strict=True)
    return {b: Probe(w, bias, card, weights_hash({"weight": w, "bias": bias})) for (b, card), w, bias in rows}


def learned_probes(paths: Sequence[Path], model: Model) -> tuple[dict[int, Probe], list[UserError]]:
    """The probes in several files; one in an earlier file takes the place of those after the same block in later ones.

    The second part says what was wrong with files that were left out.
    """
    probes: dict[int, Probe] = {}
    errors: list[UserError] = []
    for path in paths:
        try:
            probes = load_probes(path, model) | probes
        except UserError as error:
            errors.append(error)
    return probes, errors


def _whole(measured: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the card says of one block, if the window can tell of it; else a LookupError or TypeError."""
    at_one = {edit["alpha"]: edit for edit in measured["edits"]}[1.0]
    numbers = (measured["accuracy"], measured["n"], at_one["success"], at_one["control"])
    if not all(map(is_number, numbers)) or not is_whole(measured["block"]):
        raise TypeError("a block or a measured share is no number")
    return measured


def _check(path: Path, model: Model, blocks: list[int], weight: Tensor, bias: Tensor) -> None:
    """Raises UserError where the tensors are not those of a pair's tokens after these blocks."""
    width = 2 * model.geometry.cell_patches**2 * model.width
    shapes = ((len(blocks), 2, width), (len(blocks), 2))
    known = blocks == sorted(blocks) and all(-1 <= block < model.n_blocks for block in blocks)
    if (weight.shape, bias.shape) != shapes or not known:
        raise UserError(f"The probes of {path.name} do not fit this model.", "Fit them again.")

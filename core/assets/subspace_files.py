"""Subspace files: a rotation, a mask and the landmarks of a property after one block, with a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.assets.subspace import Subspace
from core.cards import is_number, is_whole, read_card
from core.errors import UserError
from core.families.files import write_tensors
from core.families.model import Model, weights_hash
from core.families.tensors import read_tensors
from core.locations import subspace_name, tensor_files
from core.stimuli.stimulus import N_COLORS, PROPERTIES, Property


def landmarks(basis: Tensor, values: Tensor, classes: Tensor, n_classes: int) -> dict[str, Tensor]:
    """Class means and spreads inside span(basis [D, S]) of item vectors [N, D] of known classes [N].

    Returns the tensor fields of `Subspace` beside the basis. The pooled covariance is shrunk towards its
    mean variance by 5 %, so that it can be inverted.

    Raises UserError where a class has fewer than two vectors.
    """
    if torch.bincount(classes, minlength=n_classes).min() < 2:
        raise UserError(f"{len(values)} items do not show every class twice.", "Use more pairs.")
    coords = values @ basis  # [N, S]
    size = basis.shape[1]
    groups = [coords[classes == c] for c in range(n_classes)]
    centroids = torch.stack([g.mean(0) for g in groups])  # [C, S]
    center = centroids.mean(0)
    _, spectrum, directions = torch.linalg.svd(centroids - center, full_matrices=False)
    axes = torch.zeros(size, 2, dtype=coords.dtype)
    axes[:, : min(2, size)] = directions[:2].T
    residual = torch.cat([g - g.mean(0) for g in groups])  # [N, S]
    pooled = residual.T @ residual / max(1, len(residual) - n_classes)
    pooled = 0.95 * pooled + 0.05 * pooled.diagonal().mean() * torch.eye(size, dtype=coords.dtype)
    ellipses = torch.stack([((g - g.mean(0)) @ axes).T.cov() for g in groups])  # [C, 2, 2]
    return {
        "centroids": centroids,
        "center": center,
        "axes": axes,
        "axis_share": (spectrum[:2] ** 2).sum() / (spectrum**2).sum().clamp_min(1e-12),
        "ellipses": ellipses,
        "precision": torch.linalg.inv(pooled),
    }


def subspace_file(folder: Path, property: Property, block: int) -> Path:
    """The file of one property after one block; the embeddings are called `embed`."""
    return folder / subspace_name(property, block)


def save_subspace(path: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
    """Write a fitted subspace; `tensors` holds its `basis` [D, S] and the landmarks."""
    write_tensors(path, {k: v.detach().float().contiguous().cpu() for k, v in tensors.items()}, card)


def load_subspace(path: Path, model: Model) -> Subspace:
    """A subspace file, checked against the model that it is to be used with.

    Raises UserError where the file or its card is damaged, or was learned on other weights.
    """
    card = read_card(path)
    tensors = read_tensors(path, "Fit it again.")
    try:
        basis = _basis(tensors)
        rest = {name: tensors[name].float() for name in ("centroids", "center", "axes", "ellipses", "precision")}
        share = float(tensors["axis_share"])
        property, block = card["property"], card["block"]
        if not is_whole(block) or not is_number(card["iia"]):
            raise TypeError("its block or iia is no number")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"The subspace {path.name} could not be read: {error}.", "Fit it again.") from error
    if basis.ndim != 2 or len(basis) != model.width:
        raise UserError(f"The subspace {path.name} is for a model of another width.", "Fit it on this model.")
    if property not in PROPERTIES or not -1 <= block < model.n_blocks:
        raise UserError(f"The subspace {path.name} names no block or property of this model.", "Fit it again.")
    if card.get("weights_sha256") != model.weights_hash:
        raise UserError(f"The subspace {path.name} was learned on other weights.", "Fit it on this model.")
    if card.get("run_sha256", model.run_sha256) != model.run_sha256:
        what = f"{path.name} was learned when the card of the model said otherwise."
        raise UserError(what, "Fit the subspace again.")
    size = basis.shape[1]
    shapes = {
        "centroids": (N_COLORS, size),
        "center": (size,),
        "axes": (size, 2),
        "ellipses": (N_COLORS, 2, 2),
        "precision": (size, size),
    }
    if any(rest[name].shape != shape for name, shape in shapes.items()):
        raise UserError(f"The landmarks in {path.name} do not fit its subspace.", "Fit it again.")
    if not torch.allclose(basis.T @ basis, torch.eye(size), atol=1e-3):
        raise UserError(f"The basis in {path.name} is not orthonormal.", "Fit it again.")
    to_device = {name: value.to(model.device) for name, value in rest.items()}
    basis = basis.to(model.device)
    return Subspace(property, block, basis, axis_share=share, card=card, hash=weights_hash(tensors), **to_device)


def _basis(tensors: Mapping[str, Tensor]) -> Tensor:
    """The basis [D, S]; older files keep the whole rotation [D, D], and which of its axes count."""
    basis = tensors["basis"] if "basis" in tensors else tensors["rotation"][:, tensors["mask_logits"] > 0]
    return basis.float()


def load_subspaces(folder: Path, model: Model) -> tuple[dict[tuple[Property, int], Subspace], list[UserError]]:
    """Every subspace in a folder that fits the model, and what was wrong with the others."""
    found: dict[tuple[Property, int], Subspace] = {}
    errors: list[UserError] = []
    for path in tensor_files(folder):
        try:
            subspace = load_subspace(path, model)
        except UserError as error:
            errors.append(error)
        else:
            found[subspace.property, subspace.block] = subspace
    return found, errors


def learned_subspaces(
    folders: Sequence[Path], model: Model
) -> tuple[dict[tuple[Property, int], Subspace], list[UserError]]:
    """The subspaces in several folders; one in an earlier folder takes the place of those in later ones.

    The second part says what was wrong with files that were left out.
    """
    found: dict[tuple[Property, int], Subspace] = {}
    errors: list[UserError] = []
    for folder in folders:
        here, wrong = load_subspaces(folder, model)
        found = here | found
        errors += wrong
    return found, errors

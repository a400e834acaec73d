"""Read the tensors of a safetensors file; every number in them is finite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file

from core.errors import UserError


def read_tensors(path: Path, hint: str) -> dict[str, torch.Tensor]:
    """The tensors in a file by name; `hint` says what to do where it is of no use.

    Raises UserError where it is damaged, or holds NaN or infinity.
    """
    try:
        tensors = _load(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path.name} could not be read: {error}.", hint) from error
    check_finite(path.name, tensors, hint)
    return tensors


def check_finite(what: str, tensors: Mapping[str, torch.Tensor], hint: str) -> None:
    """Raises UserError that names the first tensor in which a number is NaN or infinite."""
    for name, value in tensors.items():
        if not value.isfinite().all():
            raise UserError(f"{what} holds numbers that are not finite, in “{name}”.", hint)


def _load(path: Path) -> dict[str, torch.Tensor]:
    """The tensors, without a copy in memory where safetensors can name the file."""
    tensors: dict[str, torch.Tensor]
    try:
        str(path).encode()
    except UnicodeEncodeError:  # a path that is no text
        tensors = load(path.read_bytes())
    else:
        tensors = load_file(path)
    return tensors

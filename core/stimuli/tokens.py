"""Which tokens an item covers, and what is read and written at tokens. Importing this loads no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.stimuli.masks import mask_patches
from core.stimuli.stimulus import Geometry, Stimulus, item_patches

if TYPE_CHECKING:
    from torch import Tensor

    from core.families.model import Model


def patches_of_items(stimulus: Stimulus) -> tuple[tuple[int, ...], ...]:
    """Indices of the patches of each item of a stimulus, or of each mask of a photo, prefix tokens not counted."""
    if stimulus.photo is not None:
        return tuple(mask_patches(mask, stimulus.geometry) for mask in stimulus.photo.masks)
    return tuple(item_patches(item, stimulus.geometry) for item in stimulus.items)


def tokens_of_items(stimulus: Stimulus, n_prefix: int) -> tuple[tuple[int, ...], ...]:
    """Token indices of each item of a stimulus, or of each mask of a photo, `n_prefix` prefix tokens counted."""
    return tuple(tuple(patch + n_prefix for patch in patches) for patches in patches_of_items(stimulus))


def item_tokens(model: Model, stimuli: Sequence[Stimulus]) -> Tensor:
    """Token indices [N, I, n] of the items of N stimuli that have equally many, prefix tokens counted."""
    import torch

    return torch.tensor([tokens_of_items(s, model.n_prefix) for s in stimuli], device=model.device)


def kept_tokens(
    stimuli: Sequence[Stimulus], geometry: Geometry, share: float, rng: np.random.Generator, n_prefix: int
) -> np.ndarray:
    """Token indices [B, N]: prefix, tokens of each item in turn, then a random share of the background."""
    n_patches = geometry.grid**2
    items = np.array([[item_patches(i, geometry) for i in stimulus.items] for stimulus in stimuli])
    items = items.reshape(len(stimuli), -1)  # [B, I n]
    order = rng.random((len(stimuli), n_patches))
    np.put_along_axis(order, items, 2.0, axis=1)
    n_background = round((n_patches - items.shape[1]) * share)
    background = np.argsort(order, axis=1)[:, :n_background]
    prefix = np.broadcast_to(np.arange(n_prefix), (len(stimuli), n_prefix))
    return np.concatenate([prefix, items + n_prefix, background + n_prefix], axis=1)


def gather_tokens(x: Tensor, tokens: Tensor) -> Tensor:
    """Rows of x [B, T, D] at tokens [B, n] → [B, n, D]."""
    return x.gather(1, tokens[:, :, None].expand(-1, -1, x.shape[2]))


def add_at_tokens(x: Tensor, tokens: Tensor, change: Tensor) -> Tensor:
    """The stream [B, T, D] with `change` [B, n, D] added at tokens [B, n]."""
    return x.scatter_add(1, tokens[:, :, None].expand_as(change), change.to(x.dtype))


def write_coordinates(
    x: Tensor,
    tokens: Tensor,
    wanted: Tensor,
    basis: Tensor,
    strength: float | Tensor = 1.0,
    *,
    along: Tensor | None = None,
) -> Tensor:
    """The stream [B, T, D] whose tokens [B, n] have the coordinates `wanted` [B, n, S] along a basis [D, S].

        x'_t = x_t + α Q (c_t − Bᵀx_t),   B orthonormal [D, S], Q = B

    so that nothing outside span(B) changes. α may be one for each coordinate [S]. As a control the same change of
    coordinates, and so the same length, is made along other orthonormal directions Q, `along` [D, S].
    """
    directions = basis if along is None else along
    change = ((wanted - gather_tokens(x, tokens) @ basis) * strength) @ directions.T  # [B, n, D]
    return add_at_tokens(x, tokens, change)

"""A subspace at the write layer as its pad shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.analyses import Analysis
from core.document import Intervention, is_of_pad
from core.errors import UserError
from core.stimuli.stimulus import Property

if TYPE_CHECKING:
    from torch import Tensor

    from core.assets.subspace import Subspace
    from core.state import State

Floats = npt.NDArray[np.float32]
Extent = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class PadPlaces:
    """Where landmarks and items lie on a pad, in the units of the stream.

    `own` [N, 2] are the items' own places before this pad's edits, `now` [N, 2] after them, `distance` [N] how
    far the edited value is from anything seen, in σ. `extent` is the pad's square (x0, x1, y0, y1).
    """

    property: Property
    block: int
    landmarks: Floats
    ellipses: Floats
    axis_share: float
    own: Floats
    now: Floats
    distance: Floats
    extent: Extent


@dataclass(frozen=True, slots=True)
class Pad(Analysis[PadPlaces]):
    """The pad of a property after a block."""

    property: Property
    block: int

    def run(self, state: State) -> Iterator[PadPlaces]:
        subspace = pad_subspace(state, self.property, self.block)
        others = [edit for edit in state.edits if not is_of_pad(edit, self.property, self.block)]
        own = item_coordinates(state, others, subspace)
        now = item_coordinates(state, state.edits, subspace)
        yield PadPlaces(
            self.property,
            self.block,
            state.numpy(subspace.on_pad(subspace.centroids)),
            state.numpy(subspace.ellipses),
            subspace.axis_share,
            state.numpy(subspace.on_pad(own)),
            state.numpy(subspace.on_pad(now)),
            state.numpy(subspace.distance(now)),
            pad_extent(subspace, own),
        )


def pad_subspace(state: State, property: Property, block: int) -> Subspace:
    """The subspace that the pad of a property after a block shows.

    Raises UserError where there is none, or no item to show in it.
    """
    subspace = state.context().subspace(property, block)
    if not state.document.base.items:
        raise UserError("There is no item to show on the pad.", "Add one, or use Stimulus ▸ Random pair.")
    return subspace


def item_coordinates(state: State, edits: Sequence[Intervention], subspace: Subspace) -> Tensor:
    """Mean coordinates [N, S] of the base's items after the subspace's block, `edits` applied."""
    import torch

    x = state.stream(subspace.block, edits)[0]  # [T, D]
    return torch.stack([subspace.coordinates(x[list(tokens)]).mean(0) for tokens in state.tokens])


def pad_extent(subspace: Subspace, own: Tensor) -> Extent:
    """The pad's square (x0, x1, y0, y1): every landmark with a margin, and the items' own coordinates [N, S].

    An item far off makes the pad no more than twice as wide, so that landmarks can still be told from each other.
    """
    places = subspace.on_pad(subspace.centroids)
    low, high = places.amin(0), places.amax(0)
    middle, of_landmarks = (low + high) / 2, float((high - low).amax()) * 0.62 + 1e-6
    reach = float((subspace.on_pad(own) - middle).abs().amax()) * 1.1
    half = min(max(of_landmarks, reach), 2 * of_landmarks)
    x, y = (float(v) for v in middle)
    return (x - half, x + half, y - half, y + half)

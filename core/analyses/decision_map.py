"""The decision map behind a pad: what the model would say with one item's thumb anywhere on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.analyses import Analysis
from core.analyses.decision import verdict
from core.analyses.pad import Extent, Floats, item_coordinates, pad_extent, pad_subspace
from core.document import is_of_pad
from core.errors import UserError
from core.interventions.move import MoveInSubspace, with_thumb
from core.stimuli.stimulus import Property

if TYPE_CHECKING:
    from core.state import State

MAP_SIZE = 14
"""Rows and columns of a decision map."""
CELLS_AT_ONCE = 6
WORK_AT_ONCE = 3 * 10**8
"""Blocks · tokens · width² that are run between two looks at whether something newer is asked: it waits that long."""


@dataclass(frozen=True, slots=True)
class DecisionMap(Analysis[Floats]):
    """P(`Verdict.mapped`) [MAP_SIZE, MAP_SIZE] with an item's thumb at the centres of a grid over its pad, from below.

    All other edits stay as they are. Cells that are not computed yet are NaN; a few more are known at each yield.
    """

    property: Property
    block: int
    item: int = 0

    def run(self, state: State) -> Iterator[Floats]:
        placed, thumb = with_thumb(state.document, self.item, self.property, self.block)
        subspace = pad_subspace(state, self.property, self.block)
        if not 0 <= self.item < len(state.document.base.items):
            raise UserError("There is no such item to move.", "Choose one that is in the picture.")
        # All that the map depends on: the state with the thumb that it moves at one and the same place.
        grid = state.remember((DecisionMap, placed, self), lambda: np.full((MAP_SIZE, MAP_SIZE), np.nan, np.float32))
        yield grid.copy()
        there = state.of(placed)
        others = [edit for edit in there.edits if not is_of_pad(edit, self.property, self.block)]
        points = grid_points(pad_extent(subspace, item_coordinates(there, others, subspace)))
        at_once = cells_at_once(state, self.block)
        while np.isnan(grid).any():
            missing = np.flatnonzero(np.isnan(grid))[:at_once]
            grid.flat[missing] = self._cells(there, thumb, [points[cell] for cell in missing])
            yield grid.copy()

    def _cells(self, state: State, thumb: MoveInSubspace, points: list[tuple[float, float]]) -> Floats:
        """P(`Verdict.mapped`) [N] with the thumb at N places."""
        import torch

        said = verdict(state)
        mapped = state.labels.index(said.labels[said.mapped])
        if thumb not in state.edits:  # it is about a wrong object that is not there
            return state.numpy(state.logits(state.edits).softmax(-1)[mapped].expand(len(points)))
        at = state.edits.index(thumb)
        entering, context = state.stream(self.block, state.edits[:at]), state.context()
        x = torch.cat([replace(thumb, point=point).apply(entering, context) for point in points])  # [N, T, D]
        n_blocks = state.model.n_blocks
        after = [e for i, e in enumerate(state.edits) if i > at or e.sites(n_blocks)[-1].block > self.block]
        return state.numpy(state.resume(x, self.block + 1, after).softmax(-1)[:, mapped])


def cells_at_once(state: State, block: int) -> int:
    """How many cells are run together from `block` on; fewer of a large model, so that a drag on it stays quick."""
    model = state.model
    work = (model.n_blocks - block) * (model.n_prefix + model.geometry.grid**2) * model.width**2
    return max(1, min(CELLS_AT_ONCE, WORK_AT_ONCE // work))


def grid_points(extent: Extent) -> list[tuple[float, float]]:
    """Centres of the cells of a decision map, row by row from the lowest."""
    x0, x1, y0, y1 = extent
    centers = (np.arange(MAP_SIZE) + 0.5) / MAP_SIZE
    return [(float(x), float(y)) for y in y0 + (y1 - y0) * centers for x in x0 + (x1 - x0) * centers]

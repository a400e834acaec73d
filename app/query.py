"""The attention query goes where its item goes."""

from __future__ import annotations

from dataclasses import dataclass

from core.stimuli.stimulus import Geometry, Item, Stimulus, item_patches


@dataclass(frozen=True, slots=True)
class _Held:
    """Which item a patch belongs to, and where in the cell it lies, in patches from the cell's first one."""

    patch: int
    item: int
    row: int
    column: int


class FollowedQuery:
    """Keeps a patch on its item. What it held last is remembered: items that pass over each other, and cells that
    touch fewer patches for a while, must not change what the query is about.
    """

    def __init__(self) -> None:
        self._held: _Held | None = None

    def patch(self, patch: int, before: Stimulus, after: Stimulus) -> int:
        """Where a patch of `before` is in `after`; one of no item, or of an item that is gone, stays."""
        held = self._held
        if held is None or held.patch != patch or held.item >= len(before.items):
            held = _held(patch, before)
        there = None if held is None else _same_item(held.item, before, after)
        if held is None or there is None:
            self._held = None
            return _same_place(patch, before.geometry, after.geometry)
        moved = _patch_of(after.items[there], held, after.geometry)
        self._held = _Held(moved, there, held.row, held.column)
        return moved


def _same_place(patch: int, before: Geometry, after: Geometry) -> int:
    """The patch in the same place of the picture, on another grid."""
    row, column = (min(after.grid - 1, at * after.grid // before.grid) for at in divmod(patch, before.grid))
    return row * after.grid + column


def _held(patch: int, stimulus: Stimulus) -> _Held | None:
    """The item that a patch shows: of those that touch it, the topmost."""
    geometry = stimulus.geometry
    owners = [i for i, item in enumerate(stimulus.items) if patch in item_patches(item, geometry)]
    if not owners:
        return None
    first_row, first_column = divmod(item_patches(stimulus.items[owners[-1]], geometry)[0], geometry.grid)
    row, column = divmod(patch, geometry.grid)
    return _Held(patch, owners[-1], row - first_row, column - first_column)


def _same_item(index: int, before: Stimulus, after: Stimulus) -> int | None:
    """Which item of `after` an item of `before` is: the one of its letter, also where all items are new. Where some
    were added or taken away, the one that is equal to it; None where there is none.
    """
    some_are_left = any(item in after.items for item in before.items)
    if len(before.items) != len(after.items) and some_are_left:
        item = before.items[index]
        return after.items.index(item) if item in after.items else None
    return index if index < len(after.items) else None


def _patch_of(item: Item, held: _Held, geometry: Geometry) -> int:
    """The patch of an item where the one that is held lies in its cell, or the nearest that the cell touches."""
    patches = item_patches(item, geometry)
    (first_row, first_column), (last_row, last_column) = (divmod(patches[end], geometry.grid) for end in (0, -1))
    return min(first_row + held.row, last_row) * geometry.grid + min(first_column + held.column, last_column)

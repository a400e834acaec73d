"""Variants of one stimulus: the same relations between items, with places, noise and chosen properties drawn again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice

import numpy as np

from core.datasets import redraw
from core.errors import UserError
from core.scene import (
    N_COLORS,
    N_SHAPES,
    Item,
    Property,
    Stimulus,
    cell_side_px,
    is_trained_layout,
    overlaps,
    task_of,
)

TRIES = 200
"""How often places are drawn from the first item on before it is said that there is no room."""


def variants(
    stimulus: Stimulus,
    n: int,
    *,
    positions: bool = True,
    noise: bool = True,
    properties: Sequence[Property] = (),
    seed: int = 0,
) -> list[Stimulus]:
    """`n` variants of what is drawn; the first ones are the same whatever `n` is.

    `positions` puts items on the patch grid where none covers another; a locked one stays, and so does the display pair
    of a match-to-sample that is laid out as in training. `noise` draws fill and jitter. Of each of the `properties`,
    every value becomes one that is drawn, no two the same: what was the same stays the same, what differed differs.

    Raises UserError where there are no items, no room for them, or more values than the study has.
    """
    how = {"positions": positions, "noise": noise}
    return list(islice(endless_variants(stimulus, properties=properties, seed=seed, **how), n))


def endless_variants(
    stimulus: Stimulus,
    *,
    positions: bool = True,
    noise: bool = True,
    properties: Sequence[Property] = (),
    seed: int = 0,
) -> Iterator[Stimulus]:
    """The same, one after the other."""
    if not stimulus.items:
        raise UserError("There are no items to vary.", "Draw some first: Stimulus ▸ Random pair.")
    for index in count():
        rng = np.random.default_rng([seed, index])
        yield _variant(stimulus, rng, properties, positions=positions, noise=noise)


def _variant(
    stimulus: Stimulus, rng: np.random.Generator, properties: Sequence[Property], *, positions: bool, noise: bool
) -> Stimulus:
    for property in properties:
        stimulus = _exchanged(stimulus, property, rng)
    if positions:
        stimulus = _moved(stimulus, rng)
    return redraw(stimulus, rng) if noise else stimulus


def _exchanged(stimulus: Stimulus, property: Property, rng: np.random.Generator) -> Stimulus:
    """Each value of a property as one of the study's that is drawn, one for one."""
    values = sorted({getattr(item, property) for item in stimulus.items})
    n_known = N_SHAPES if property == "shape" else N_COLORS
    if len(values) > n_known:
        word = "colour" if property == "color" else property
        raise UserError(f"There are {len(values)} {word}s, and {n_known} to choose from.", "Delete some items.")
    others = dict(zip(values, rng.permutation(n_known)[: len(values)].tolist(), strict=True))

    def exchanged(item: Item) -> Item:
        value = others[getattr(item, property)]
        return replace(item, shape=value) if property == "shape" else replace(item, color=value)

    return replace(stimulus, items=tuple(map(exchanged, stimulus.items)))


def _moved(stimulus: Stimulus, rng: np.random.Generator) -> Stimulus:
    """The items in other places, tried from the first one on until all have room."""
    kept = _kept(stimulus)
    allowed = [_corners(stimulus, item) for item in stimulus.items]
    for _ in range(TRIES):
        placed = {index: stimulus.items[index] for index in kept}
        for index in rng.permutation(len(stimulus.items)).tolist():
            if index in placed:
                continue
            there = _drawn(stimulus, index, allowed[index], list(placed.values()), rng)
            if there is None:
                break
            placed[index] = there
        else:
            return replace(stimulus, items=tuple(placed[index] for index in range(len(stimulus.items))))
    raise UserError("There is no room to move the items about.", "Delete one, make one smaller, or keep their places.")


def _drawn(
    stimulus: Stimulus, index: int, corners: list[tuple[int, int]], placed: list[Item], rng: np.random.Generator
) -> Item | None:
    """An item in a corner drawn from those where it covers none that is placed; None where there is none."""
    for at in rng.permutation(len(corners)).tolist():
        x, y = corners[at]
        moved = replace(stimulus.items[index], x_px=x, y_px=y)
        if not any(overlaps(moved, other, stimulus.geometry) for other in placed):
            return moved
    return None


def _kept(stimulus: Stimulus) -> set[int]:
    """The items that stay where they are."""
    locked = {index for index, item in enumerate(stimulus.items) if item.locked}
    as_trained = task_of(stimulus) == "rmts" and is_trained_layout(stimulus)
    return locked | {0, 1} if as_trained else locked


def _corners(stimulus: Stimulus, item: Item) -> list[tuple[int, int]]:
    """Places on the patch grid where the item's cell lies on the canvas."""
    geometry = stimulus.geometry
    steps = range(0, geometry.image_px - cell_side_px(item, geometry) + 1, geometry.patch_px)
    return [(x, y) for y in steps for x in steps]

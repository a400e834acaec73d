"""Variants of one stimulus: the same relations between items, with places, noise, shapes and colours drawn again.

Source: ours; docs/methods.md, "Other pairs".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import count, islice, product

import numpy as np

from core.errors import UserError
from core.stimuli.datasets import EXAMPLES_MAX, draw_cells
from core.stimuli.stimulus import (
    N_COLORS,
    N_OOD,
    N_SHAPES,
    Geometry,
    Item,
    Property,
    Stimulus,
    is_upright,
    item_box,
    task_of,
)

Place = tuple[int, int]

TRIES = 200
"""How often places are drawn from the first item on before it is said that there is no room."""
_STREAM = 0x0A1B
_WORDS = {"positions": "places", "noise": "noise", "shapes": "shapes", "colors": "colours"}


@dataclass(frozen=True, slots=True)
class Varied:
    """What is drawn again: places on the patch grid, noise and jitter, shapes, colours. By default everything."""

    positions: bool = True
    noise: bool = True
    shapes: bool = True
    colors: bool = True

    @property
    def properties(self) -> tuple[Property, ...]:
        """Those that are drawn again."""
        chosen: tuple[tuple[Property, bool], ...] = (("shape", self.shapes), ("color", self.colors))
        return tuple(name for name, wanted in chosen if wanted)

    @property
    def chosen(self) -> str:
        """What is drawn again, as a list in words."""
        return _listed([_WORDS[f.name] for f in fields(self) if getattr(self, f.name)])

    def words(self) -> str:
        """What is drawn again and what stays; "" where everything is."""
        kept = [_WORDS[f.name] for f in fields(self) if not getattr(self, f.name)]
        return (
            f"Drawn again: {self.chosen}; {_listed(kept)} {'stays' if kept == ['noise'] else 'stay'}." if kept else ""
        )


EVERYTHING = Varied()


@dataclass(frozen=True, slots=True)
class Renaming:
    """For each shape and each colour the one that takes its place, none of them twice; new ones stay among new ones."""

    shapes: tuple[int, ...]
    colors: tuple[int, ...]

    def of(self, property: Property) -> tuple[int, ...]:
        """That of one property."""
        return self.shapes if property == "shape" else self.colors


def variants(stimulus: Stimulus, n: int, varied: Varied = EVERYTHING, *, seed: int = 0) -> list[Stimulus]:
    """`n` variants of what is drawn; the first ones are the same whatever `n` is.

    Shapes and colours are exchanged one for one: what was the same stays the same, what differed differs. Places are
    those of training where all items are as in training, else any on the patch grid where none covers another; locked
    items stay, and the display pair of a match-to-sample has the cells of training. What is not varied is as it was,
    and what is varied does not depend on what is not.

    Raises UserError where there are no items, no room for them, or nothing would change.
    """
    return list(islice(endless_variants(stimulus, varied, seed=seed), n))


def endless_variants(stimulus: Stimulus, varied: Varied = EVERYTHING, *, seed: int = 0) -> Iterator[Stimulus]:
    """The same, one after the other."""
    if why := why_nothing_varies(stimulus, varied):
        hint = "Choose other places, noise, shapes or colours." if stimulus.items else "Draw some items first."
        raise UserError(why, hint)
    for index in count():
        rng = generator(seed_of(seed, index))
        redrawn = drawn_again(stimulus, renaming_from(rng, varied), rng, varied)
        moved = redrawn if not varied.positions else in_other_places(redrawn, rng)
        if moved is None:
            hint = "Delete one, make one smaller, or keep their places."
            raise UserError("There is no room to move the items about.", hint)
        yield moved


def why_nothing_varies(stimulus: Stimulus, varied: Varied) -> str:
    """Why every variant would be the stimulus itself; "" where it would not."""
    if stimulus.photo is not None:
        return "A photo has no variants: what it shows cannot be drawn in another place or colour."
    if not stimulus.items:
        return "There are no items to vary."
    if varied.noise or varied.shapes or varied.colors:
        return ""
    if not varied.positions:
        return "Nothing is chosen that is drawn again."
    return "" if len(_held(stimulus)) < len(stimulus.items) else "Only places are drawn again, and no item may move."


def seed_of(seed: int, index: int) -> int:
    """The seed of a single variant; those of fewer variants are the first of those of more."""
    return seed * EXAMPLES_MAX + index + 1


def generator(seed: int) -> np.random.Generator:
    """What a single variant is drawn from."""
    return np.random.default_rng([_STREAM, seed])


def renaming_from(rng: np.random.Generator, varied: Varied) -> Renaming | None:
    """A random exchange of the properties that are varied; None where neither is."""
    shapes, colors = _exchanged(rng, N_SHAPES, varied=varied.shapes), _exchanged(rng, N_COLORS, varied=varied.colors)
    return Renaming(shapes, colors) if varied.properties else None


def _exchanged(rng: np.random.Generator, n: int, *, varied: bool) -> tuple[int, ...]:
    """A random order of the first n, and one of the new ones after them; drawn also where nothing is varied."""
    order = (*map(int, rng.permutation(n)), *(n + int(i) for i in rng.permutation(N_OOD)))
    return order if varied else tuple(range(n + N_OOD))


def drawn_again(stimulus: Stimulus, renaming: Renaming | None, rng: np.random.Generator, varied: Varied) -> Stimulus:
    """The items in their places under their new names, jitter and noise drawn again where they are varied."""
    items = []
    for item in stimulus.items:
        dx, dy = (int(d) for d in rng.integers(0, stimulus.geometry.max_jitter_px + 1, 2))
        noise = int(rng.integers(2**62))
        if varied.noise:
            item = replace(item, jitter_px=(dx, dy), seed=noise)
        if renaming is not None:
            item = replace(item, shape=renaming.shapes[item.shape], color=renaming.colors[item.color])
        items.append(item)
    return replace(stimulus, items=tuple(items))


def places_of(stimulus: Stimulus) -> list[Place]:
    """Where the items are."""
    return [(item.x_px, item.y_px) for item in stimulus.items]


def at_places(stimulus: Stimulus, places: Iterable[Place]) -> Stimulus:
    """The items somewhere else."""
    pairs = zip(stimulus.items, places, strict=True)
    return replace(stimulus, items=tuple(replace(item, x_px=x_px, y_px=y_px) for item, (x_px, y_px) in pairs))


def in_other_places(stimulus: Stimulus, rng: np.random.Generator) -> Stimulus | None:
    """The items in random places: as in training, or where one is locked, turned or of another size, or they pose no
    task, wherever there is room; None where there is none."""
    geometry, items, task = stimulus.geometry, stimulus.items, task_of(stimulus)
    if task is None or not all(is_upright(item) and not item.locked for item in items):
        return _in_free_places(stimulus, rng)
    if task == "rmts":
        samples = draw_cells(rng, geometry.sample_corners(), geometry, 2)
        return at_places(stimulus, [*geometry.display_cells(), *samples])
    return at_places(stimulus, draw_cells(rng, geometry.corners(), geometry, len(items)))


def _held(stimulus: Stimulus) -> set[int]:
    """The items that stay where they are."""
    locked = {index for index, item in enumerate(stimulus.items) if item.locked}
    return locked | {0, 1} if task_of(stimulus) == "rmts" else locked


def _in_free_places(stimulus: Stimulus, rng: np.random.Generator) -> Stimulus | None:
    """The items on the patch grid where none covers another or sticks out."""
    geometry, held = stimulus.geometry, _held(stimulus)
    for _ in range(TRIES):
        placed = {index: stimulus.items[index] for index in held}
        for index, item in enumerate(stimulus.items):
            if index in held:
                continue
            free = _free(item, placed.values(), geometry)
            if not free:
                break
            placed[index] = free[int(rng.integers(len(free)))]
        else:
            return replace(stimulus, items=tuple(placed[index] for index in range(len(stimulus.items))))
    return None


def _free(item: Item, placed: Iterable[Item], geometry: Geometry) -> list[Item]:
    """The item in every place where there is room for it."""
    taken = [item_box(other, geometry) for other in placed]
    # Only where it is differs, so its box is looked at once: a set of many items asks for thousands of places.
    left, top, right, bottom = item_box(replace(item, x_px=0, y_px=0), geometry)
    xs = [x for x in range(0, geometry.image_px, geometry.patch_px) if left + x >= 0 and right + x <= geometry.image_px]
    ys = [y for y in range(0, geometry.image_px, geometry.patch_px) if top + y >= 0 and bottom + y <= geometry.image_px]
    return [
        replace(item, x_px=x, y_px=y)
        for x, y in product(xs, ys)
        if not any(left + x < x1 and x0 < right + x and top + y < y1 and y0 < bottom + y for x0, y0, x1, y1 in taken)
    ]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""

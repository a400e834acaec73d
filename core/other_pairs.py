"""Other pairs of the same kind as one that is drawn, and the same edits on them.

Source: ours; docs/methods.md, "Other pairs". Importing this loads no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from core.datasets import draw_cells
from core.document import Document, Intervention
from core.errors import UserError
from core.scene import (
    N_COLORS,
    N_OOD,
    N_SHAPES,
    Geometry,
    Item,
    Property,
    Stimulus,
    is_upright,
    item_box,
    overlaps,
    task_of,
)

if TYPE_CHECKING:
    from core.assets.subspace import Subspace
    from core.interventions.context import Context
    from core.state import State

EFFECT = "with the edits"
"""What the condition is called that is no control."""

Place = tuple[int, int]

_STREAM = 0x0A1B
TRIES = 20
"""How often places are looked for before items stay where they are."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """For each shape and each colour the one that takes its place, none of them twice; new ones stay among new ones."""

    shapes: tuple[int, ...]
    colors: tuple[int, ...]

    def of(self, property: Property) -> tuple[int, ...]:
        """That of one property."""
        return self.shapes if property == "shape" else self.colors


def why_no_others(document: Document, labels: Sequence[str]) -> str:
    """Why there are no other pairs of the same kind, or no answers that could be counted; "" where there are.

    `labels` are the classes of the model, none for a network without.
    """
    base, source = document.base, document.source
    if base.photo is not None:
        return "A photo has no other pairs of its kind: nobody knows what else it could have shown."
    if task_of(base) is None:
        n = len(base.items)
        return f"{n} {'item poses' if n == 1 else 'items pose'} no task; draw two, or four for match-to-sample."
    if any(s is not None and s.photo is None and s.paint is not None for s in (base, source)):
        return "What is painted by hand belongs to this picture, and to no other pair."
    if len(labels) > 2:
        return f"This model chooses among {len(labels)} classes and judges no pair."
    return ""


def other_pair(document: Document, seed: int) -> tuple[Document, Renaming]:
    """The document, without edits, with another pair of the same kind and a source to go with it, from `seed`.

    All that is the same in the drawn pictures is the same, and all that differs differs: shapes and colours are
    exchanged one for one. Places, jitter and noise are drawn anew; size and angle stay. A source in the base's places
    stays in those of the base, and a photo is a source as it is.

    Raises UserError where there are no others.
    """
    if why := why_no_others(document, ()):
        raise UserError(why, "Use Stimulus ▸ Random pair.")
    rng = np.random.default_rng([_STREAM, seed])
    renaming = Renaming(_exchanged(rng, N_SHAPES), _exchanged(rng, N_COLORS))
    base = _placed(_redrawn(document.base, renaming, rng), rng)
    source = document.source
    if source is not None and source.photo is None and source.items:
        redrawn, together = _redrawn(source, renaming, rng), _places(source) == _places(document.base)
        source = _at(redrawn, _places(base)) if together else _placed(redrawn, rng)
    return replace(document, base=base, source=source, interventions=()), renaming


def _exchanged(rng: np.random.Generator, n: int) -> tuple[int, ...]:
    """A random order of the first n, and one of the new ones after them."""
    return (*map(int, rng.permutation(n)), *(n + int(i) for i in rng.permutation(N_OOD)))


def _places(stimulus: Stimulus) -> list[Place]:
    return [(item.x_px, item.y_px) for item in stimulus.items]


def _at(stimulus: Stimulus, places: Iterable[Place]) -> Stimulus:
    pairs = zip(stimulus.items, places, strict=True)
    return replace(stimulus, items=tuple(replace(item, x_px=x_px, y_px=y_px) for item, (x_px, y_px) in pairs))


def _placed(stimulus: Stimulus, rng: np.random.Generator) -> Stimulus:
    """The items in random places: as in training, or where one is turned or of another size, wherever there is room."""
    geometry, items = stimulus.geometry, stimulus.items
    if not all(map(is_upright, items)):
        return _at(stimulus, _free_places(stimulus, rng))
    if task_of(stimulus) == "rmts":
        return _at(stimulus, [*geometry.display_cells(), *draw_cells(rng, geometry.sample_corners(), geometry, 2)])
    return _at(stimulus, draw_cells(rng, geometry.corners(), geometry, len(items)))


def _free_places(stimulus: Stimulus, rng: np.random.Generator) -> list[Place]:
    """Random places on the patch grid in which no item covers another or sticks out, the display pair in its own; those
    that they have where there are none."""
    geometry, n_held = stimulus.geometry, 2 if task_of(stimulus) == "rmts" else 0
    for _ in range(TRIES):
        placed = list(stimulus.items[:n_held])
        for item in stimulus.items[n_held:]:
            steps = range(0, geometry.image_px, geometry.patch_px)
            moved = (replace(item, x_px=x, y_px=y) for x, y in product(steps, repeat=2))
            free = [
                at for at in moved if _is_inside(at, geometry) and not any(overlaps(at, p, geometry) for p in placed)
            ]
            if not free:
                break
            placed.append(free[int(rng.integers(len(free)))])
        if len(placed) == len(stimulus.items):
            return [(item.x_px, item.y_px) for item in placed]
    return _places(stimulus)


def _is_inside(item: Item, geometry: Geometry) -> bool:
    left, top, right, bottom = item_box(item, geometry)
    return min(left, top) >= 0 and max(right, bottom) <= geometry.image_px


def _redrawn(stimulus: Stimulus, renaming: Renaming, rng: np.random.Generator) -> Stimulus:
    """The items under their new names, with jitter and noise drawn anew."""
    items = []
    for item in stimulus.items:
        dx, dy = (int(d) for d in rng.integers(0, stimulus.geometry.max_jitter_px + 1, 2))
        names = {"shape": renaming.shapes[item.shape], "color": renaming.colors[item.color]}
        items.append(replace(item, **names, jitter_px=(dx, dy), seed=int(rng.integers(2**62))))  # type: ignore[arg-type]
    return replace(stimulus, items=tuple(items))


def stays(edit: Intervention) -> bool:
    """Whether an edit has no counterpart in another block: it names heads, and those of another block are others."""
    return bool(edit.named_heads)


def moved_to(state: State, block: int, renaming: Renaming | None = None, seed: int = 0) -> tuple[Intervention, ...]:
    """The edits in force, made after or in `block`; those that name heads stay where they are.

    With a renaming they are those of another pair, and what is drawn in them is drawn from `seed`. Raises UserError
    where one has no counterpart there.
    """
    return tuple(_counterpart(edit, state, block, renaming, seed) for edit in state.edits)


def on_other(state: State, renaming: Renaming, seed: int) -> tuple[Intervention, ...]:
    """The edits in force on another pair, where they are; what is drawn in them is drawn from `seed`."""
    return tuple(_counterpart(edit, state, edit.site.block, renaming, seed) for edit in state.edits)


def _counterpart(edit: Intervention, state: State, block: int, renaming: Renaming | None, seed: int) -> Intervention:
    context = state.context()
    site = edit.site if stays(edit) else replace(edit.site, block=block)
    if renaming is None:
        return edit if site == edit.site else edit.carried(site, context, context)
    there = edit.carried(site, context, _renamed(context, renaming, site.block))
    return there.drawn_again(seed) or there


def _renamed(context: Context, renaming: Renaming, block: int) -> Context:
    """The context in which, after a block, each landmark stands where the one does that takes its place."""
    there = {key: _exchange(s, renaming) for key, s in context.subspaces.items() if key[1] == block}
    return replace(context, subspaces=there)


def _exchange(subspace: Subspace, renaming: Renaming) -> Subspace:
    order = list(renaming.of(subspace.property)[: len(subspace.centroids)])
    return replace(subspace, centroids=subspace.centroids[order], ellipses=subspace.ellipses[order])


def conditions(
    edits: Sequence[Intervention], stimulus: Stimulus, seed: int | None = None
) -> Mapping[str, tuple[Intervention, ...]]:
    """The edits themselves, and each control that any of them has: in it all that have it are that control.

    With a seed, what is drawn in a control is drawn from it.
    """
    versions = [edit.as_controls(stimulus) for edit in edits]
    found = {EFFECT: tuple(edits)}
    for control in dict.fromkeys(name for of in versions for name in of):
        chosen = (of.get(control, edit) for edit, of in zip(edits, versions, strict=True))
        found[control] = tuple(e if seed is None else (e.drawn_again(seed) or e) for e in chosen)
    return found

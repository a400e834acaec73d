"""Labelled sets of stimuli from a seed: discrimination pairs, splits, and the sets never trained on.

Source: Lepori et al. 2024, stimuli; docs/methods.md, "Discrimination pairs" and "Splits".
What we changed: the counts are exact also for small object sets, and the compositional split is seeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Literal, get_args

import numpy as np

from core.errors import UserError
from core.scene import N_COLORS, N_OOD, N_SHAPES, Geometry, Item, Property, Stimulus

Kind = tuple[int, int]
"""A shape and a colour: what the study calls an object."""

Condition = Literal["same", "both", "shape", "color"]
"""In what the two items of a pair differ."""

Split = Literal["train", "val", "test", "test_iid", "compositional", "ood-shape", "ood-color", "ood-shape-color"]
SPLITS: tuple[Split, ...] = get_args(Split)

_CYCLE: tuple[Condition, ...] = ("both", "shape", "color")


@dataclass(frozen=True, slots=True)
class Example:
    """A stimulus and its label: 1 where its items are the same, else 0."""

    stimulus: Stimulus
    label: int
    condition: Condition


def all_kinds() -> list[Kind]:
    """The 256 combinations of the 16 shapes and 16 colours."""
    return [(shape, color) for shape in range(N_SHAPES) for color in range(N_COLORS)]


def compositional_kinds(seed: int = 0) -> tuple[list[Kind], list[Kind]]:
    """The 32 combinations to train on and the 224 held out.

    Every colour keeps two shapes for training and every shape two colours; which ones depends on `seed`.
    """
    rng = np.random.default_rng(seed)
    shapes, colors = rng.permutation(N_SHAPES), rng.permutation(N_COLORS)
    held_out = {(int(shapes[(i + j) % N_SHAPES]), int(colors[i])) for i in range(N_COLORS) for j in range(14)}
    return [kind for kind in all_kinds() if kind not in held_out], sorted(held_out)


def ood_kinds(split: Split) -> list[Kind]:
    """The combinations of an out-of-distribution split: new shapes, new colours, or both."""
    new_shapes = range(N_SHAPES, N_SHAPES + N_OOD)
    new_colors = range(N_COLORS, N_COLORS + N_OOD)
    shapes = range(N_SHAPES) if split == "ood-color" else new_shapes
    colors = range(N_COLORS) if split == "ood-shape" else new_colors
    return [(shape, color) for shape in shapes for color in colors]


def split_examples(
    split: Split, n: int, *, n_kinds: int = 256, seed: int = 0, geometry: Geometry = Geometry()
) -> list[Example]:
    """`n` labelled examples of a split of the 256- or the 32-combination setting.

    Raises UserError for a setting that does not exist.
    """
    if n_kinds not in (256, 32):
        raise UserError(f"There is no setting with {n_kinds} combinations.", "Use 256 or 32.")
    trained, held_out = compositional_kinds() if n_kinds == 32 else (all_kinds(), all_kinds())
    if split.startswith("ood"):
        kinds = ood_kinds(split)
    elif split in ("compositional", "test"):
        kinds = held_out
    else:
        kinds = trained
    return discrimination(n, kinds, _split_seed(split, seed), geometry)


def _split_seed(split: Split, seed: int) -> int:
    return int(np.random.SeedSequence([seed, SPLITS.index(split)]).generate_state(1, np.uint64)[0])


def discrimination(n: int, kinds: Sequence[Kind], seed: int, geometry: Geometry = Geometry()) -> list[Example]:
    """`n` pairs, half of them same; a third of the different ones under each of the three conditions.

    Each different pair comes with a same pair in the same two cells that doubles one of its members,
    with jitter and noise drawn again.

    Raises UserError where `n` is odd or not positive.
    """
    if n < 2 or n % 2:
        raise UserError(f"A balanced set cannot have {n} images.", "Ask for an even number.")
    rng = np.random.default_rng(seed)
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    corners = geometry.corners()
    examples: list[Example] = []
    for (first, second, condition), _ in zip(different_pairs(order, rng), range(n // 2), strict=False):
        cells = draw_cells(rng, corners, geometry, 2)
        examples.append(Example(place_items((first, second), cells, rng, geometry), 0, condition))
        double = (first, second)[int(rng.integers(2))]
        examples.append(Example(place_items((double, double), cells, rng, geometry), 1, "same"))
    return examples


def different_pairs(order: Sequence[Kind], rng: np.random.Generator) -> Iterator[tuple[Kind, Kind, Condition]]:
    """Endless different pairs: the first member walks over `order`, the condition over both, shape, colour.

    A partner is not drawn twice for the same first member while it has unused ones left.
    """
    used: dict[tuple[Kind, Condition], set[Kind]] = {}
    conditions = cycle(_CYCLE)
    for first in cycle(order):
        condition = next(conditions)
        candidates = [kind for kind in order if _condition(first, kind) == condition]
        if not candidates:
            conditions = cycle(_CYCLE)
            continue
        seen = used.setdefault((first, condition), set())
        if len(seen) == len(candidates):
            seen.clear()
        unused = [kind for kind in candidates if kind not in seen]
        second = unused[int(rng.integers(len(unused)))]
        seen.add(second)
        yield first, second, condition


def _condition(a: Kind, b: Kind) -> Condition:
    if a == b:
        return "same"
    if a[0] != b[0]:
        return "both" if a[1] != b[1] else "shape"
    return "color"


def draw_cells(
    rng: np.random.Generator, corners: Sequence[tuple[int, int]], geometry: Geometry, n: int
) -> list[tuple[int, int]]:
    """`n` legal corners whose cells share no patch.

    Raises UserError where the canvas has no room for them.
    """
    if (geometry.grid // geometry.cell_patches) ** 2 < n:
        raise UserError(f"{n} items do not fit on {geometry.image_px} px.", "Use a larger image or smaller patches.")
    cells: list[tuple[int, int]] = []
    while len(cells) < n:
        corner = corners[int(rng.integers(len(corners)))]
        if _is_free(corner, cells, geometry):
            cells.append(corner)
        elif not any(_is_free(other, cells, geometry) for other in corners):
            cells.clear()  # on a small canvas the cells drawn so far can leave no room for the next
    return cells


def _is_free(corner: tuple[int, int], cells: Sequence[tuple[int, int]], geometry: Geometry) -> bool:
    size = geometry.cell_px
    return all(abs(corner[0] - x) >= size or abs(corner[1] - y) >= size for x, y in cells)


def place_items(
    kinds: Sequence[Kind], cells: Sequence[tuple[int, int]], rng: np.random.Generator, geometry: Geometry
) -> Stimulus:
    """A stimulus of these kinds in these cells, jitter and noise drawn from `rng`."""
    jitter = rng.integers(0, geometry.max_jitter_px + 1, (len(kinds), 2))
    seeds = rng.integers(0, 2**62, len(kinds))
    items = tuple(
        Item(shape, color, x, y, (int(dx), int(dy)), int(seed))
        for (shape, color), (x, y), (dx, dy), seed in zip(kinds, cells, jitter, seeds, strict=True)
    )
    return Stimulus(items, geometry)


@dataclass(frozen=True, slots=True)
class InterchangePair:
    """A base and a source: item `donor` of the source, giving its value of `property` to item `edited` of the
    base, turns the label to `label`.

    `partner` is the other item of the edited pair, `wrong` the source's item that is a control donor.
    """

    base: Stimulus
    source: Stimulus
    property: Property
    label: int
    edited: int = 0
    partner: int = 1
    donor: int = 0
    wrong: int = 1


def interchange_pairs(
    n: int, property: Property, kinds: Sequence[Kind], seed: int, geometry: Geometry = Geometry()
) -> list[InterchangePair]:
    """`n` base–source pairs, half turning different to same and half same to different.

    Bases of the first half differ in `property` alone. Item 0 is edited and item 0 of the source donates.
    Donors are drawn over all 256 combinations.

    Source: Lepori et al. 2024, distributed alignment search; docs/methods.md, "Counterfactual pairs".
    """
    rng = np.random.default_rng(seed)
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    corners = geometry.corners()
    pairs: list[InterchangePair] = []
    for index in range(n):
        first = order[index // 2 % len(order)]
        partners = [k for k in kinds if _condition(first, k) == property]
        second = first if index % 2 or not partners else partners[int(rng.integers(len(partners)))]
        cells = draw_cells(rng, corners, geometry, 2)
        base = place_items((first, second), cells, rng, geometry)
        source = counterfactual_source(base, property, rng)
        pairs.append(InterchangePair(base, source, property, int(second != first)))
    return pairs


def counterfactual_source(base: Stimulus, property: Property, rng: np.random.Generator) -> Stimulus:
    """The matched donor image for a pair: its item 0 carries the value that turns the base's relation.

    Where the base's items differ in `property`, the donor has item 1's value and the source is a
    different pair; else the donor has another value and the source is a same pair.
    """
    geometry = base.geometry
    edited, fixed = base.items[0], base.items[1]
    at, other = ("shape", "color") if property == "shape" else ("color", "shape")
    if getattr(edited, at) != getattr(fixed, at):
        donor = {at: getattr(fixed, at), other: _other_than(rng, getattr(fixed, other))}
        second = {
            at: _other_than(rng, donor[at]),
            other: _other_than(rng, getattr(edited, other), donor[other]),
        }
    else:
        donor = {at: _other_than(rng, getattr(edited, at)), other: _other_than(rng, getattr(edited, other))}
        second = donor
    cells = draw_cells(rng, geometry.corners(), geometry, 2)
    return place_items([(kind["shape"], kind["color"]) for kind in (donor, second)], cells, rng, geometry)


def _other_than(rng: np.random.Generator, *values: int) -> int:
    """One of the 16 values that is none of `values`."""
    left = [v for v in range(N_SHAPES) if v not in values]
    return left[int(rng.integers(len(left)))]

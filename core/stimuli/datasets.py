"""Labelled sets of stimuli from a seed: discrimination, match-to-sample, splits of both; and the odd one out.

Source: Lepori et al. 2024, stimuli; docs/methods.md, "Discrimination pairs", "Match-to-sample" and "Splits".
What we changed: the counts are exact also for small object sets, the compositional split is seeded, and display
pairs are drawn like sample pairs instead of out of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Literal, get_args

import numpy as np

from core.errors import UserError
from core.stimuli.stimulus import MAX_ITEMS, N_COLORS, N_OOD, N_SHAPES, Geometry, Item, Stimulus, Task, truth

Kind = tuple[int, int]
"""A shape and a colour: what the study calls an object."""

Condition = Literal["same", "both", "shape", "color"]
"""In what the two items of a pair differ."""

Split = Literal["train", "val", "test", "test_iid", "compositional", "ood-shape", "ood-color", "ood-shape-color"]
SPLITS: tuple[Split, ...] = get_args(Split)

SEED_MAX = 2**31 - 1
"""The largest seed that every part of the program takes."""
EXAMPLES_MAX = 1_000_000
"""The most examples that a user can ask for."""

FEWEST_ODD = 5
"""The fewest items among which one is the odd one out: two and four pose another task."""

_CYCLE: tuple[Condition, ...] = ("both", "shape", "color")


@dataclass(frozen=True, slots=True)
class Example:
    """A stimulus and its label: 1 where its items are the same, or its two pairs alike, else 0.

    `condition` is in what the pair differs; in match-to-sample, the relations of display and sample pair, such as
    "same-different".
    """

    stimulus: Stimulus
    label: int
    condition: str


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
    split: Split,
    n: int,
    *,
    task: Task = "discrimination",
    n_kinds: int = 256,
    seed: int = 0,
    geometry: Geometry = Geometry(),
) -> list[Example]:
    """`n` labelled examples of a split of the 256- or the 32-combination setting of a task.

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
    return balanced_set(task, n, kinds, _split_seed(split, seed), geometry)


def _split_seed(split: Split, seed: int) -> int:
    return int(np.random.SeedSequence([seed, SPLITS.index(split)]).generate_state(1, np.uint64)[0])


def balanced_set(
    task: Task, n: int, kinds: Sequence[Kind], seed: int, geometry: Geometry = Geometry()
) -> list[Example]:
    """`n` labelled examples of a task."""
    draw = match_to_sample if task == "rmts" else discrimination
    return draw(n, kinds, seed, geometry)


def check_balance(task: Task, n: int) -> None:
    """Raises UserError where `n` images of a task cannot be balanced."""
    step = 4 if task == "rmts" else 2
    if n < step or n % step:
        hint = "Ask for a multiple of 4." if task == "rmts" else "Ask for an even number."
        raise UserError(f"A balanced set cannot have {n} images.", hint)


def discrimination(n: int, kinds: Sequence[Kind], seed: int, geometry: Geometry = Geometry()) -> list[Example]:
    """`n` pairs, half of them same; a third of the different ones under each of the three conditions.

    Each different pair comes with a same pair in the same two cells that doubles one of its members,
    with jitter and noise drawn again.

    Raises UserError where `n` is odd or not positive.
    """
    check_balance("discrimination", n)
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


def match_to_sample(n: int, kinds: Sequence[Kind], seed: int, geometry: Geometry = Geometry()) -> list[Example]:
    """`n` images of a display pair and a sample pair, a quarter for each combination of their relations.

    Sample pairs are those of `discrimination`, off the display pair's patches. Displays are drawn like them, and are
    never the sample's own pair.

    Raises UserError where `n` is not a positive multiple of 4.
    """
    check_balance("rmts", n)
    rng = np.random.default_rng(seed)
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    samples, displays = different_pairs(order, rng), different_pairs(order, rng)
    corners = geometry.sample_corners()
    turned = [rng.permutation(n // 2) < n // 4 for _ in range(2)]
    examples: list[Example] = []
    for index, (first, second, _) in enumerate(islice(samples, n // 2)):
        cells = [*geometry.display_cells(), *draw_cells(rng, corners, geometry, 2)]
        double = (first, second)[int(rng.integers(2))]
        for same, pair in enumerate(((first, second), (double, double))):
            alike = not turned[same][index]
            display_same = bool(same) == alike
            display = _display(pair, order, displays, rng, same=display_same)
            stimulus = place_items((*display, *pair), cells, rng, geometry)
            words = ("same" if relation else "different" for relation in (display_same, same))
            examples.append(Example(stimulus, int(alike), "-".join(words)))
    return examples


def _display(
    sample: tuple[Kind, Kind],
    kinds: Sequence[Kind],
    different: Iterator[tuple[Kind, Kind, Condition]],
    rng: np.random.Generator,
    *,
    same: bool,
) -> tuple[Kind, Kind]:
    """A same or a different pair that is not the sample pair in either order."""
    while True:
        if same:
            kind = kinds[int(rng.integers(len(kinds)))]
            pair = (kind, kind)
        else:
            first, second, _ = next(different)
            pair = (first, second)
        if {*pair} != {*sample}:
            return pair


def different_pairs(order: Sequence[Kind], rng: np.random.Generator) -> Iterator[tuple[Kind, Kind, Condition]]:
    """Endless different pairs: the first member walks over `order`, the condition over both, shape, colour.

    A partner is not drawn twice for the same first member while it has unused ones left.
    """
    used: dict[tuple[Kind, Condition], set[Kind]] = {}
    conditions = cycle(_CYCLE)
    for first in cycle(order):
        condition = next(conditions)
        candidates = [kind for kind in order if condition_of(first, kind) == condition]
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


def condition_of(a: Kind, b: Kind) -> Condition:
    """In what two kinds differ."""
    if a == b:
        return "same"
    if a[0] != b[0]:
        return "both" if a[1] != b[1] else "shape"
    return "color"


def example_of(stimulus: Stimulus) -> Example | None:
    """A stimulus as a labelled example; None where it poses no task."""
    known = truth(stimulus)
    if known is None:
        return None
    if known.pairs:
        condition = "-".join("same" if pair.same else "different" for pair in known.pairs)
    else:
        a, b = ((item.shape, item.color) for item in stimulus.items)
        condition = condition_of(a, b)
    return Example(stimulus, int(known.same), condition)


def odd_one_out(
    kinds: Sequence[Kind], rng: np.random.Generator, geometry: Geometry, n_items: int, differs: Condition = "both"
) -> Stimulus:
    """Items of one of the kinds and, in a random place of the list, a target of another that `differs` so.

    Raises UserError where the canvas has no room for them.
    """
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    target, other = next((a, b) for a in order for b in order if condition_of(a, b) == differs)
    shown = [other] * n_items
    shown[int(rng.integers(n_items))] = target
    return place_items(shown, draw_cells(rng, _roomy_corners(geometry, n_items), geometry, n_items), rng, geometry)


def random_odd_one_out(geometry: Geometry, seed: int, differs: Condition) -> Stimulus:
    """The odd one out among FEWEST_ODD to MAX_ITEMS items, as many as the canvas has room for, from `seed`.

    Raises UserError where it has room for fewer.
    """
    rng = np.random.default_rng(seed)
    room = (geometry.grid // geometry.cell_patches) ** 2
    n_items = int(rng.integers(FEWEST_ODD, max(FEWEST_ODD, min(MAX_ITEMS, room)) + 1))
    return odd_one_out(all_kinds(), rng, geometry, n_items, differs)


def _roomy_corners(geometry: Geometry, n: int) -> list[tuple[int, int]]:
    """Legal corners; those of a tiling where the items take more than a quarter of the canvas, as cells drawn anywhere
    would leave no room for the last ones."""
    size, corners = geometry.cell_px, geometry.corners()
    if 4 * n <= (geometry.grid // geometry.cell_patches) ** 2:
        return corners
    return [(x, y) for x, y in corners if x % size == 0 and y % size == 0]


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


def redraw(stimulus: Stimulus, rng: np.random.Generator) -> Stimulus:
    """The same items in the same cells with jitter and noise drawn again."""
    kinds = [(item.shape, item.color) for item in stimulus.items]
    cells = [(item.x_px, item.y_px) for item in stimulus.items]
    drawn = place_items(kinds, cells, rng, stimulus.geometry).items
    pairs = zip(stimulus.items, drawn, strict=True)
    return replace(stimulus, items=tuple(replace(item, jitter_px=of.jitter_px, seed=of.seed) for item, of in pairs))

"""Pure edits on several items at once: where they lie, how they are drawn, how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Literal, get_args

import numpy as np

from core.document import Document, Side, View, delete_item, move_item, stimulus_of, with_stimulus
from core.errors import UserError
from core.stimuli.crops import cropped, masks_beyond
from core.stimuli.stimulus import (
    MAX_ITEMS,
    MAX_SCALE,
    MIN_SCALE,
    Crop,
    Geometry,
    Item,
    Stimulus,
    cell_side_px,
    drawing_order,
    is_aligned,
    n_items,
    overlaps,
    with_item,
)

Edge = Literal["left", "centre", "right", "top", "middle", "bottom"]
EDGES: tuple[Edge, ...] = get_args(Edge)
Way = Literal["forward", "backward", "front", "back"]
Places = Mapping[int, tuple[int, int]]
"""Of items by index, the top left corners of their cells in pixels."""


def selected_items(document: Document, view: View) -> tuple[int, ...]:
    """The items that are selected in the picture that is shown, in order: drawn ones, or masks of a photo."""
    n = n_items(stimulus_of(document, view.side))
    return tuple(sorted({index for index in (view.item, *view.also) if 0 <= index < n}))


def loose(stimulus: Stimulus, items: Iterable[int]) -> tuple[int, ...]:
    """Those of the items that are not locked.

    Raises UserError where all are.
    """
    found = tuple(index for index in items if not stimulus.items[index].locked)
    if not found:
        raise UserError("What is selected is locked.", "Unlock it first: Edit ▸ Lock or unlock.")
    return found


def with_places(stimulus: Stimulus, places: Places) -> Stimulus:
    """The stimulus with cells moved, held on the canvas."""
    for index, (x_px, y_px) in places.items():
        stimulus = move_item(stimulus, index, x_px, y_px)
    return stimulus


def delete_items(document: Document, side: Side, items: Sequence[int]) -> Document:
    """The document without some items, or masks of a photo, and without the edits of them or from them."""
    for index in sorted(set(items), reverse=True):
        document = delete_item(document, side, index)
    return document


def crop_photo(document: Document, side: Side, crop: Crop) -> Document:
    """The document with another square of a photo, and without the edits of objects of which nothing is left."""
    stimulus = stimulus_of(document, side)
    left = delete_items(document, side, masks_beyond(stimulus, crop))
    return with_stimulus(left, side, cropped(stimulus, crop))


def check_room(stimulus: Stimulus, n: int = 1) -> None:
    """Raises UserError where `n` items more cannot be drawn."""
    if stimulus.photo is not None:
        raise UserError("Items cannot be drawn on a photo.", "The item tool (I) paints one, as an object of the photo.")
    there = len(stimulus.items)
    if there >= MAX_ITEMS:
        raise UserError(f"There are already {MAX_ITEMS} items.", "Delete one first.")
    if there + n > MAX_ITEMS:
        raise UserError(f"{there} items and {n} more are above the limit of {MAX_ITEMS}.", "Delete some first.")


def with_copies(stimulus: Stimulus, items: Sequence[Item], seed: int) -> Stimulus:
    """The stimulus with more items, as they lie to each other, as near to their places as they cover none; noise is
    drawn again of one whose noise is there already, as no two items of the study are alike in pixels.

    Raises UserError where they are too many.
    """
    check_room(stimulus, len(items))
    rng = np.random.default_rng(seed)
    right, down = _free_way(stimulus, items)
    for item in items:
        fresh = replace(item, locked=False)
        if item.seed in {other.seed for other in stimulus.items}:
            fresh = replace(fresh, seed=int(rng.integers(2**62)))
        stimulus = with_item_at(stimulus, replace(fresh, x_px=item.x_px + right, y_px=item.y_px + down))
    return stimulus


def _free_way(stimulus: Stimulus, items: Sequence[Item]) -> tuple[int, int]:
    """The shortest way by whole patches that takes items where they cover none; one patch where there is no such."""
    geometry = stimulus.geometry
    steps = range(-geometry.image_px // geometry.patch_px * geometry.patch_px, geometry.image_px, geometry.patch_px)
    ways = sorted(product(steps, steps), key=lambda way: (way[0] ** 2 + way[1] ** 2, way[0] < 0, way[1] < 0, -way[0]))
    for right, down in ways:
        moved = [replace(item, x_px=item.x_px + right, y_px=item.y_px + down) for item in items]
        if not all(_lies_on(item, geometry) for item in moved):
            continue
        if not any(overlaps(item, other, geometry) for item in moved for other in stimulus.items):
            return right, down
    return geometry.patch_px, geometry.patch_px


def _lies_on(item: Item, geometry: Geometry) -> bool:
    """Whether the item's cell is on the canvas."""
    room = geometry.image_px - cell_side_px(item, geometry)
    return 0 <= item.x_px <= room and 0 <= item.y_px <= room


def with_item_at(stimulus: Stimulus, item: Item) -> Stimulus:
    """The stimulus with one more item, where it says, held on the canvas.

    Raises UserError where it is one too many.
    """
    check_room(stimulus)
    added = replace(stimulus, items=(*stimulus.items, item))
    return move_item(added, len(stimulus.items), item.x_px, item.y_px)


def aligned_to(stimulus: Stimulus, items: Sequence[int], edge: Edge) -> Stimulus:
    """The items with one edge or middle on a line: of several that of what they take together, of one the canvas's.

    Items on the patch grid stay on it, as near to the line as it allows.
    """
    axis = 0 if edge in ("left", "centre", "right") else 1
    spans = {index: _span(stimulus, index, axis) for index in items}
    low, high = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
    if len(items) == 1:
        low, high = 0, stimulus.geometry.image_px
    share = {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0}.get(edge, 0.5)
    starts = {index: low + share * (high - low - (end - start)) for index, (start, end) in spans.items()}
    return _along(stimulus, axis, starts)


def distributed(stimulus: Stimulus, items: Sequence[int], axis: Literal[0, 1]) -> Stimulus:
    """The items with equal gaps between them, the outer ones where they are; 0 is across and 1 is down.

    Items on the patch grid stay on it, where gaps may differ by a patch. Raises UserError where there are fewer than
    three.
    """
    if len(items) < 3:
        raise UserError("This needs three items.", "Select more: Shift and a click adds one.")
    order = sorted(items, key=lambda index: _span(stimulus, index, axis))
    spans = [_span(stimulus, index, axis) for index in order]
    gap = (spans[-1][1] - spans[0][0] - sum(end - start for start, end in spans)) / (len(spans) - 1)
    starts, at = {}, float(spans[0][0])
    for index, (start, end) in zip(order, spans, strict=True):
        starts[index] = at
        at += end - start + gap
    return _along(stimulus, axis, starts)


def _span(stimulus: Stimulus, index: int, axis: int) -> tuple[int, int]:
    """From where to where an item's cell goes across (0) or down (1)."""
    item = stimulus.items[index]
    start = (item.x_px, item.y_px)[axis]
    return start, start + cell_side_px(item, stimulus.geometry)


def _along(stimulus: Stimulus, axis: int, starts: Mapping[int, float]) -> Stimulus:
    """The items moved along one axis; those on the patch grid to its nearest line."""
    patch = stimulus.geometry.patch_px
    for index, start in starts.items():
        item = stimulus.items[index]
        at = round(start / patch) * patch if is_aligned(item, stimulus.geometry) else round(start)
        place = (at, item.y_px) if axis == 0 else (item.x_px, at)
        stimulus = move_item(stimulus, index, *place)
    return stimulus


def reordered(stimulus: Stimulus, items: Sequence[int], way: Way) -> Stimulus:
    """The items drawn over, or under, the next one or all others. Letters, pairs and edits stay with their items."""
    order = drawing_order(stimulus)
    chosen = [index for index in order if index in items]
    others = [index for index in order if index not in items]
    if way == "front":
        order = others + chosen
    elif way == "back":
        order = chosen + others
    else:
        order = _stepped(order, set(items), up=way == "forward")
    natural = order == sorted(order)
    levels = {index: 0 if natural else level for level, index in enumerate(order)}
    leveled = (replace(item, level=levels[index]) for index, item in enumerate(stimulus.items))
    return replace(stimulus, items=tuple(leveled))


def _stepped(order: list[int], chosen: set[int], *, up: bool) -> list[int]:
    """Each chosen one past the next one that is not."""
    order = order[::-1] if up else order[:]
    for at in range(1, len(order)):
        if order[at] in chosen and order[at - 1] not in chosen:
            order[at - 1], order[at] = order[at], order[at - 1]
    return order[::-1] if up else order


def with_lock(stimulus: Stimulus, items: Iterable[int], *, locked: bool) -> Stimulus:
    """The stimulus with items locked or unlocked."""
    return _each(stimulus, items, lambda item: replace(item, locked=locked))


def turned(stimulus: Stimulus, items: Iterable[int], by_deg: float) -> Stimulus:
    """Each item turned clockwise about its own middle."""
    return _each(stimulus, items, lambda item: replace(item, angle_deg=normal_angle(item.angle_deg + by_deg)))


def upright(stimulus: Stimulus, items: Iterable[int]) -> Stimulus:
    """The items of the study's size, and not turned."""
    for index in items:
        stimulus = resized(with_item(stimulus, index, replace(stimulus.items[index], angle_deg=0.0)), (index,), scale=1)
    return stimulus


def resized(stimulus: Stimulus, items: Iterable[int], *, scale: float | None = None, by: float = 1.0) -> Stimulus:
    """Each item of another size, `scale` or `by` times its own, about the middle of its cell, held on the canvas."""
    for index in items:
        item = stimulus.items[index]
        wanted = scale_within(item.scale * by if scale is None else scale, stimulus.geometry)
        larger = replace(item, scale=wanted)
        out = (cell_side_px(larger, stimulus.geometry) - cell_side_px(item, stimulus.geometry)) // 2
        stimulus = move_item(with_item(stimulus, index, larger), index, item.x_px - out, item.y_px - out)
    return stimulus


def shaped(stimulus: Stimulus, index: int, place: tuple[int, int], scale: float, angle_deg: float) -> Stimulus:
    """The item with another place, size and angle, as its handles ask for, held on the canvas."""
    scale = scale_within(scale, stimulus.geometry)
    item = replace(stimulus.items[index], scale=scale, angle_deg=normal_angle(angle_deg))
    return move_item(with_item(stimulus, index, item), index, *place)


def scale_within(scale: float, geometry: Geometry) -> float:
    """The nearest size that an item may have on this canvas."""
    return min(max(scale, MIN_SCALE), MAX_SCALE, geometry.image_px / geometry.cell_px)


def normal_angle(angle_deg: float) -> float:
    """The same angle from 0 up to 360, in tenths of a degree."""
    return round(angle_deg, 1) % 360


def _each(stimulus: Stimulus, items: Iterable[int], change: Callable[[Item], Item]) -> Stimulus:
    for index in items:
        stimulus = with_item(stimulus, index, change(stimulus.items[index]))
    return stimulus

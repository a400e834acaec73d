"""A stimulus laid out anew, for a model whose canvas or patch grid is another one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from PIL import Image

from core.errors import UserError
from core.stimuli.masks import resized
from core.stimuli.paint import on_canvas
from core.stimuli.stimulus import Geometry, Item, Photo, Stimulus, is_trained_layout, overlaps, task_of

Corner = tuple[int, int]


def laid_out(stimulus: Stimulus, geometry: Geometry) -> Stimulus:
    """The same items in about the same places of another canvas, on its patch grid; or the photo, resized. What is
    painted over them goes along.

    Items that did not overlap do not overlap afterwards, and a layout as in training is one afterwards too.

    Raises UserError where the canvas has no room for the items.
    """
    if stimulus.geometry == geometry:
        return stimulus
    if stimulus.paint is not None:
        paint = on_canvas(stimulus.paint, stimulus.geometry.image_px, geometry.image_px)
        return replace(laid_out(replace(stimulus, paint=None), geometry), paint=paint)
    if stimulus.photo is not None:
        return Stimulus((), geometry, _resized(stimulus.photo, stimulus.geometry, geometry))
    items = tuple(_fitted(item, stimulus.geometry, geometry) for item in stimulus.items)
    for allowed in _corners_allowed(stimulus, geometry):
        corners = _corners(stimulus, geometry, items, allowed)
        if corners is not None:
            placed = (replace(item, x_px=x, y_px=y) for item, (x, y) in zip(items, corners, strict=True))
            return Stimulus(tuple(placed), geometry)
    size = f"{geometry.image_px} px in patches of {geometry.patch_px} px"
    raise UserError(f"{len(items)} items do not fit on {size}.", "Delete some of them first.")


def _resized(photo: Photo, before: Geometry, after: Geometry) -> Photo:
    """The whole photo on another canvas; a larger one shows no more of it than there was."""
    if before.image_px == after.image_px:
        return photo
    image = Image.frombytes("RGB", (before.image_px, before.image_px), photo.pixels)
    whole = image.resize((after.image_px, after.image_px), Image.Resampling.BICUBIC)
    masks = tuple(resized(mask, before.image_px, after.image_px) for mask in photo.masks)
    return replace(photo, pixels=whole.tobytes(), masks=masks)


def _fitted(item: Item, before: Geometry, after: Geometry) -> Item:
    """The item about where it was, its jitter as large a share of the room in its cell as before, off the grid yet."""

    def moved(at_px: int) -> int:
        share = at_px / max(1, before.image_px - before.cell_px)
        return round(share * (after.image_px - after.cell_px))

    dx, dy = (
        min(max(0, round(by * after.max_jitter_px / max(1, before.max_jitter_px))), after.max_jitter_px)
        for by in item.jitter_px
    )
    return replace(item, x_px=moved(item.x_px), y_px=moved(item.y_px), jitter_px=(dx, dy))


def _corners_allowed(stimulus: Stimulus, geometry: Geometry) -> Iterable[list[list[Corner]]]:
    """For each item the corners where it may go: first the legal ones, then those of a tiling, where none is in the
    way of another."""
    anywhere = geometry.corners()
    every = [anywhere] * len(stimulus.items)
    if task_of(stimulus) == "rmts" and is_trained_layout(stimulus):
        display, samples = ([corner] for corner in geometry.display_cells()), [geometry.sample_corners()] * 2
        every = [*display, *samples]
    size = geometry.cell_px
    yield every
    yield [[(x, y) for x, y in corners if x % size == 0 and y % size == 0] for corners in every]


def _corners(
    stimulus: Stimulus, geometry: Geometry, items: tuple[Item, ...], allowed: list[list[Corner]]
) -> list[Corner] | None:
    """For each item the nearest corner that none before it is in the way of; None where one has none."""
    placed: list[Item] = []
    for index, item in enumerate(items):
        apart = [not overlaps(stimulus.items[index], before, stimulus.geometry) for before in stimulus.items[:index]]
        in_the_way = [other for other, was_apart in zip(placed, apart, strict=True) if was_apart]
        there = [replace(item, x_px=x, y_px=y) for x, y in allowed[index]]
        free = [moved for moved in there if not any(overlaps(moved, other, geometry) for other in in_the_way)]
        if not free:
            return None
        placed.append(min(free, key=partial(_distance, item)))
    return [(item.x_px, item.y_px) for item in placed]


def _distance(a: Item, b: Item) -> int:
    return (a.x_px - b.x_px) ** 2 + (a.y_px - b.y_px) ** 2

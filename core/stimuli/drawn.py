"""What a hand does to a stimulus: it paints over it, and marks objects of a photo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import UserError
from core.stimuli.masks import mask_of, mask_pixels
from core.stimuli.paint import layer_of, layer_pixels
from core.stimuli.render import item_insides, render, shape_name
from core.stimuli.stimulus import COLOR_NAMES, ITEM_LETTERS, Item, Stimulus
from core.stimuli.strokes import Cover, Ink, erased, inked


def paint_with(stimulus: Stimulus, cover: Cover, ink: Ink) -> Stimulus:
    """The stimulus painted over with ink where it is covered."""
    return replace(stimulus, paint=inked(stimulus.paint, cover, ink))


def erase_paint(stimulus: Stimulus, cover: Cover) -> Stimulus:
    """The stimulus without what is painted where it is covered."""
    return replace(stimulus, paint=erased(stimulus.paint, cover))


def mark_object(stimulus: Stimulus, cover: Cover, index: int = -1, *, take: bool = False) -> Stimulus | None:
    """The photo with what is covered by half as one more object, or as more of the one at `index`, or, to `take`, as
    less of it; None where nothing would be left of it, or nothing is covered.

    Raises UserError where there are as many objects as letters.
    """
    photo, side = stimulus.photo, stimulus.geometry.image_px
    inside = cover >= 128
    if photo is None or not inside.any():
        return None
    masks = list(photo.masks)
    if not 0 <= index < len(masks):
        if len(masks) >= len(ITEM_LETTERS):
            raise UserError(f"There are already {len(masks)} objects.", "Delete one first.")
        masks.append(mask_of(f"object {len(masks) + 1}", inside))
    else:
        before = mask_pixels(masks[index], side)
        after = before & ~inside if take else before | inside
        if not after.any():
            return None
        masks[index] = mask_of(masks[index].label, after)
    return replace(stimulus, photo=replace(photo, masks=tuple(masks)))


def rename_object(stimulus: Stimulus, index: int, label: str) -> Stimulus:
    """The photo with one of its objects called otherwise."""
    photo = stimulus.photo
    if photo is None:
        return stimulus
    masks = (*photo.masks[:index], replace(photo.masks[index], label=label), *photo.masks[index + 1 :])
    return replace(stimulus, photo=replace(photo, masks=masks))


def stamp(stimulus: Stimulus, item: Item) -> Stimulus:
    """The photo with an item painted on it, as one more of its objects.

    Raises UserError where there are as many objects as letters.
    """
    alone = Stimulus((item,), stimulus.geometry)
    inside, side = item_insides(alone)[0], stimulus.geometry.image_px
    pixels = layer_pixels(stimulus.paint, side).copy()
    pixels[inside] = np.concatenate([render(alone), np.full((side, side, 1), 255, np.uint8)], axis=2)[inside]
    marked = mark_object(stimulus, np.where(inside, 255, 0).astype(np.uint8))
    if marked is None or marked.photo is None:
        return stimulus
    named = rename_object(marked, len(marked.photo.masks) - 1, f"{COLOR_NAMES[item.color]} {shape_name(item.shape)}")
    return replace(named, paint=layer_of(pixels))

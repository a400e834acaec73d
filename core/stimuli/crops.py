"""Which square of a picture is shown: the picture is kept, so that another one can be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from core.stimuli.masks import mask_of, mask_pixels
from core.stimuli.paint import cut
from core.stimuli.pictures import UNREADABLE
from core.stimuli.stimulus import Crop, Geometry, Layer, Mask, Photo, Stimulus

KEPT_PX = 768
"""The longer side of a picture that is kept whole: a larger one is scaled down."""
LEAST_CROP_PX = 16


def kept_whole(image: Image.Image) -> tuple[bytes, Crop | None]:
    """A picture as a PNG, scaled down where it is large, and the square in its middle; nothing of a square one."""
    if image.width == image.height:
        return b"", None
    kept = image.copy()
    kept.thumbnail((KEPT_PX, KEPT_PX), Image.Resampling.BICUBIC)
    out = BytesIO()
    kept.save(out, "PNG", compress_level=1)
    return out.getvalue(), middle(kept.size)


def middle(size: tuple[int, int]) -> Crop:
    """The largest square in the middle of a picture of a size (width, height)."""
    side = min(size)
    return Crop((size[0] - side) // 2, (size[1] - side) // 2, side)


@lru_cache(maxsize=4)
def whole_picture(whole: bytes) -> Image.Image:
    """The picture that was kept.

    Raises ValueError where it is none.
    """
    try:
        with Image.open(BytesIO(whole), formats=["PNG"]) as image:
            if max(image.size) > KEPT_PX or image.mode != "RGB":
                raise ValueError("a photo was kept in a way that is not known")
            image.load()
            return image.copy()
    except UNREADABLE as error:
        raise ValueError("a photo that was kept whole is no picture that can be read") from error


def check_crop(photo: Photo) -> None:
    """Raises ValueError where the crop of a photo lies outside it, or there is none."""
    width, height = whole_picture(photo.whole).size
    crop = photo.crop
    if crop is None or crop != within(crop, (width, height)):
        raise ValueError("a photo is cropped where it has nothing")


def within(crop: Crop, size: tuple[int, int]) -> Crop:
    """The crop, not larger than a picture of a size (width, height), and moved into it."""
    side = min(max(crop.side_px, min(LEAST_CROP_PX, *size)), *size)
    left, top = (min(max(at, 0), room - side) for at, room in zip((crop.left_px, crop.top_px), size, strict=True))
    return Crop(left, top, side)


def cropped(stimulus: Stimulus, crop: Crop) -> Stimulus:
    """The stimulus with another square of its photo; masks and paint stay on what they are on.

    What of them lies beyond the square is lost, and so is a mask of which nothing is left.
    """
    photo, side = stimulus.photo, stimulus.geometry.image_px
    if photo is None or photo.crop is None:
        return stimulus
    whole = whole_picture(photo.whole)
    crop, before = within(crop, whole.size), photo.crop
    if crop == before:
        return stimulus
    box = (crop.left_px, crop.top_px, crop.left_px + crop.side_px, crop.top_px + crop.side_px)
    pixels = whole.crop(box).resize((side, side), Image.Resampling.BICUBIC).tobytes()
    square = _square(before, crop, side)
    kept = tuple(mask for mask in _moved_masks(photo, square, stimulus.geometry) if any(mask.bits))
    paint = _moved_paint(stimulus.paint, square, side)
    return replace(stimulus, photo=replace(photo, pixels=pixels, masks=kept, crop=crop), paint=paint)


def masks_beyond(stimulus: Stimulus, crop: Crop) -> tuple[int, ...]:
    """Which masks of a photo are lost with another square of it."""
    photo, geometry = stimulus.photo, stimulus.geometry
    if photo is None or photo.crop is None:
        return ()
    square = _square(photo.crop, within(crop, whole_picture(photo.whole).size), geometry.image_px)
    return tuple(i for i, mask in enumerate(_moved_masks(photo, square, geometry)) if not any(mask.bits))


def _square(before: Crop, crop: Crop, side_px: int) -> tuple[float, float, float]:
    """Left, top and side of another crop in pixels of the canvas that shows the one before."""
    scale = side_px / before.side_px
    return (crop.left_px - before.left_px) * scale, (crop.top_px - before.top_px) * scale, crop.side_px * scale


def _moved_masks(photo: Photo, square: tuple[float, float, float], geometry: Geometry) -> Iterator[Mask]:
    return (_moved(mask, square, geometry) for mask in photo.masks)


def _moved(mask: Mask, square: tuple[float, float, float], geometry: Geometry) -> Mask:
    side, (left, top, width) = geometry.image_px, square
    image = Image.fromarray(np.where(mask_pixels(mask, side), 255, 0).astype(np.uint8))
    box = (left, top, left + width, top + width)
    fitted = image.transform((side, side), Image.Transform.EXTENT, box, Image.Resampling.NEAREST)
    return mask_of(mask.label, np.asarray(fitted) > 0)


def _moved_paint(paint: Layer | None, square: tuple[float, float, float], side_px: int) -> Layer | None:
    return None if paint is None else cut(paint, side_px, side_px, square)

"""Which square of a picture is shown: the picture is kept, so that another one can be chosen."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from core.masks import mask_of, mask_pixels
from core.paint import cut
from core.pictures import UNREADABLE
from core.scene import Crop, Geometry, Layer, Mask, Photo, Stimulus

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
    scale = side / before.side_px
    square = ((crop.left_px - before.left_px) * scale, (crop.top_px - before.top_px) * scale, crop.side_px * scale)
    masks = (_moved(mask, square, stimulus.geometry) for mask in photo.masks)
    kept = tuple(mask for mask in masks if any(mask.bits))
    paint = _moved_paint(stimulus.paint, square, side)
    return replace(stimulus, photo=replace(photo, pixels=pixels, masks=kept, crop=crop), paint=paint)


def _moved(mask: Mask, square: tuple[float, float, float], geometry: Geometry) -> Mask:
    side, (left, top, width) = geometry.image_px, square
    image = Image.fromarray(np.where(mask_pixels(mask, side), 255, 0).astype(np.uint8))
    box = (left, top, left + width, top + width)
    fitted = image.transform((side, side), Image.Transform.EXTENT, box, Image.Resampling.NEAREST)
    return mask_of(mask.label, np.asarray(fitted) > 0)


def _moved_paint(paint: Layer | None, square: tuple[float, float, float], side_px: int) -> Layer | None:
    return None if paint is None else cut(paint, side_px, side_px, square)

"""The layer that is painted by hand: its pixels, and what they make of the picture under them."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.stimuli.pictures import UNREADABLE
from core.stimuli.stimulus import Layer

Pixels = npt.NDArray[np.uint8]


def layer_of(rgba: Pixels) -> Layer | None:
    """The layer of pixels [S, S, 4]; None where all are see-through."""
    if not rgba[..., 3].any():
        return None
    clean = np.where(rgba[..., 3:] > 0, rgba, 0).astype(np.uint8)  # what cannot be seen makes no difference
    out = BytesIO()
    Image.fromarray(clean).save(out, "PNG", compress_level=1)
    return Layer(out.getvalue())


@lru_cache(maxsize=16)
def _decoded(layer: Layer, side_px: int) -> Pixels:
    try:
        with Image.open(BytesIO(layer.packed), formats=["PNG"]) as image:
            if image.size != (side_px, side_px) or image.mode != "RGBA":
                raise ValueError("what is painted is not as large as its canvas")
            pixels = np.array(image)
    except UNREADABLE as error:
        raise ValueError("what is painted is no picture that can be read") from error
    pixels.setflags(write=False)
    return pixels


def layer_pixels(layer: Layer | None, side_px: int) -> Pixels:
    """The pixels [S, S, 4] of a layer, not to be written; of none, all see-through.

    Raises ValueError for one of another size, or that is no picture.
    """
    return np.zeros((side_px, side_px, 4), np.uint8) if layer is None else _decoded(layer, side_px)


def over(picture: Pixels, rgba: Pixels) -> Pixels:
    """A picture [S, S, 3] with pixels [S, S, 4] over it, rounded to the nearest level."""
    alpha = rgba[..., 3:].astype(np.int32)
    mixed = rgba[..., :3] * alpha + picture * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)


def on_canvas(layer: Layer, before_px: int, after_px: int) -> Layer | None:
    """The layer on a canvas of another side."""
    return cut(layer, before_px, after_px, (0.0, 0.0, float(before_px)))


def cut(layer: Layer, before_px: int, after_px: int, square: tuple[float, float, float]) -> Layer | None:
    """A square (left, top, side) of the layer on a canvas of `after_px`; see-through where it reaches beyond."""
    left, top, side = square
    if (before_px, (0.0, 0.0, float(before_px))) == (after_px, square):
        return layer
    image = Image.fromarray(layer_pixels(layer, before_px))
    box = (left, top, left + side, top + side)
    fitted = image.transform((after_px, after_px), Image.Transform.EXTENT, box, Image.Resampling.NEAREST)
    return layer_of(np.asarray(fitted))

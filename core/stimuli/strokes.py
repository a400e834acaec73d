"""What a hand draws on the canvas: how far each pixel is covered, and what ink or an eraser makes of it.

Places are in image pixels from the top left corner; the pixel in column x and row y has its middle at (x + ½, y + ½).
A cover [S, S] holds 0 (untouched) to 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from core.stimuli.paint import Pixels, layer_of, layer_pixels
from core.stimuli.render import NOISE_MAX, NOISE_STD
from core.stimuli.stimulus import Layer

Cover = npt.NDArray[np.uint8]
Point = tuple[float, float]

TOLERANCE = 48
"""How far a channel may be from that where a fill begins: noise of one colour is one region, two colours are two."""


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour, even or as Gaussian noise round it from `seed`, as the study fills its items."""

    rgb: tuple[int, int, int]
    noisy: bool = False
    seed: int = 0


@lru_cache(maxsize=4)
def ink_pixels(ink: Ink, side_px: int) -> Pixels:
    """The ink as it lies over a whole canvas [S, S, 3]: a pixel gets the same noise however it is reached."""
    if not ink.noisy:
        return np.full((side_px, side_px, 3), ink.rgb, np.uint8)
    rng = np.random.Generator(np.random.Philox(key=ink.seed))
    noise = rng.standard_normal((side_px, side_px, 3), dtype=np.float32)
    mean = np.asarray(ink.rgb, np.float32)
    return np.clip(mean + NOISE_STD * noise, 0.0, NOISE_MAX).astype(np.uint8)


def inked(layer: Layer | None, cover: Cover, ink: Ink) -> Layer | None:
    """The layer with ink where it is covered."""
    side = cover.shape[0]
    pixels, box = layer_pixels(layer, side).copy(), _box(cover)
    below, fresh = pixels[box].astype(np.int32), ink_pixels(ink, side)[box]
    above = cover[box][..., None].astype(np.int32)
    kept = below[..., 3:] * (255 - above) // 255
    alpha = above + kept
    pixels[box] = np.concatenate(
        [(fresh * above + below[..., :3] * kept + alpha // 2) // np.maximum(alpha, 1), alpha], 2
    )
    return layer_of(pixels)


def _box(cover: Cover) -> tuple[slice, slice]:
    """Rows and columns round all that is covered."""
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def erased(layer: Layer | None, cover: Cover) -> Layer | None:
    """The layer without what is covered; the items and the photo under it stay."""
    if layer is None:
        return None
    pixels = layer_pixels(layer, cover.shape[0]).copy()
    pixels[..., 3] = pixels[..., 3].astype(np.int32) * (255 - cover.astype(np.int32)) // 255
    return layer_of(pixels)


def no_cover(side_px: int) -> Cover:
    """Nothing is covered."""
    return np.zeros((side_px, side_px), np.uint8)


def segment(a: Point, b: Point, width_px: float, side_px: int, hardness: float = 1.0) -> Cover:
    """A straight stroke with round ends. `hardness` is the share of its half width that is covered in full; from there
    on the cover falls to nothing at the edge. At 1 a pixel is covered where its middle is."""
    radius = max(0.5, width_px / 2)
    cover = no_cover(side_px)
    x0, x1 = _span(a[0], b[0], radius, side_px)
    y0, y1 = _span(a[1], b[1], radius, side_px)
    if x0 >= x1 or y0 >= y1:
        return cover
    x, y = np.meshgrid(np.arange(x0, x1) + 0.5, np.arange(y0, y1) + 0.5)
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
    distance = np.hypot(x - a[0] - along * dx, y - a[1] - along * dy)
    if hardness >= 1:
        share = (distance <= radius).astype(np.float64)
    else:
        share = np.clip((radius - distance) / ((1 - hardness) * radius), 0.0, 1.0)
    cover[y0:y1, x0:x1] = np.round(255 * share)
    return cover


def _span(a: float, b: float, radius: float, side_px: int) -> tuple[int, int]:
    return max(0, int(min(a, b) - radius) - 1), min(side_px, int(max(a, b) + radius) + 2)


def rectangle(a: Point, b: Point, side_px: int) -> Cover:
    """All pixels whose middle lies between two corners."""
    middles = np.arange(side_px) + 0.5
    columns = (middles >= min(a[0], b[0])) & (middles < max(a[0], b[0]))
    rows = (middles >= min(a[1], b[1])) & (middles < max(a[1], b[1]))
    return np.where(rows[:, None] & columns[None, :], 255, 0).astype(np.uint8)


def ellipse(a: Point, b: Point, side_px: int) -> Cover:
    """All pixels whose middle lies in the ellipse between two corners."""
    middles = np.arange(side_px) + 0.5
    rx, ry = max(abs(a[0] - b[0]) / 2, 1e-6), max(abs(a[1] - b[1]) / 2, 1e-6)
    across = (middles - (a[0] + b[0]) / 2) / rx
    down = (middles - (a[1] + b[1]) / 2) / ry
    return np.where(down[:, None] ** 2 + across[None, :] ** 2 <= 1, 255, 0).astype(np.uint8)


def polygon(points: Sequence[Point], side_px: int) -> Cover:
    """What a closed line goes round; nothing where it has fewer than three points."""
    image = Image.new("L", (side_px, side_px))
    if len(points) > 2:
        ImageDraw.Draw(image).polygon([(x - 0.5, y - 0.5) for x, y in points], fill=255)
    return np.asarray(image)


def region(picture: Pixels, at: Point, tolerance: int = TOLERANCE) -> Cover:
    """The pixels of a picture [S, S, 3] that hang together with one and are coloured like it."""
    side = picture.shape[0]
    column, row = int(at[0]), int(at[1])
    alike = (np.abs(picture.astype(np.int32) - picture[row, column]) <= tolerance).all(axis=2)
    found = np.zeros((side + 2, side + 2), np.bool_)  # with a margin, for nothing to go round the edge
    found[row + 1, column + 1] = True
    n_found = 0
    while n_found != (n_found := int(found.sum())):
        near = found[1:-1, 1:-1] | found[:-2, 1:-1] | found[2:, 1:-1] | found[1:-1, :-2] | found[1:-1, 2:]
        found[1:-1, 1:-1] = near & alike
    return np.where(found[1:-1, 1:-1], 255, 0).astype(np.uint8)


def letters(text: str, at: Point, height_px: float, side_px: int) -> Cover:
    """Letters of a height, in lines from a place on; what goes over the edge is cut."""
    image = Image.new("L", (side_px, side_px))
    drawing, font = ImageDraw.Draw(image), _font(height_px)
    for n, line in enumerate(text.split("\n")):
        drawing.text((at[0], at[1] + n * sum(font.getmetrics())), line, fill=255, font=font)
    return np.asarray(image)


def text_end(text: str, at: Point, height_px: float) -> Point:
    """Where the next letter of a text would begin."""
    *above, last = text.split("\n")
    font = _font(height_px)
    return at[0] + font.getlength(last), at[1] + len(above) * sum(font.getmetrics())


@lru_cache(maxsize=8)
def _font(height_px: float) -> ImageFont.FreeTypeFont:
    """The typeface that comes with matplotlib, so that a picture has the same pixels on every machine."""
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans-Bold.ttf")), height_px)

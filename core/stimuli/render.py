"""Stimulus → pixels, the one picture that the canvas shows and the model receives.

Source: Lepori et al. 2024, stimuli; docs/methods.md, "Stimuli". The silhouettes are our own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw

from core.stimuli.crops import kept_whole
from core.stimuli.masks import NUMBERED, mask_pixels, read_masks
from core.stimuli.paint import layer_pixels, over
from core.stimuli.pictures import on_white, opened, square
from core.stimuli.stimulus import COLORS, Geometry, Item, Photo, Stimulus, drawing_order, drawn_box, turned_px

NOISE_STD = 10.0
NOISE_MAX = 250.0
SUPERSAMPLING = 8
CURVE_STEPS = 16
Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@lru_cache
def _shape_files() -> tuple[Any, ...]:
    folder = files("resources").joinpath("shapes")
    return tuple(sorted((f for f in folder.iterdir() if f.name.endswith(".svg")), key=lambda f: f.name))


@lru_cache
def _shape_source(shape: int) -> tuple[str, str]:
    svg = _shape_files()[shape].read_text(encoding="utf-8")
    name = re.search(r"<title>(.*?)</title>", svg)
    path = re.search(r' d="([^"]*)"', svg)
    if name is None or path is None:
        raise ValueError(f"shape {shape} has no title or no path")
    return name.group(1), path.group(1)


def shape_name(shape: int) -> str:
    """The name of a silhouette."""
    return _shape_source(shape)[0]


def _rings(path: str) -> list[list[tuple[float, float]]]:
    """The closed rings of an SVG path made of absolute M, L, C and Z, curves cut into short lines."""
    rings: list[list[tuple[float, float]]] = []
    for command, numbers in re.findall(r"([MLCZ])([^MLCZ]*)", path):
        flat = [float(n) for n in numbers.split()]
        points = list(zip(flat[::2], flat[1::2], strict=True))
        if command == "M":
            rings.append(points)
        elif command == "L":
            rings[-1].extend(points)
        elif command == "C":
            start, (a, b, end) = rings[-1][-1], points
            for t in np.linspace(0, 1, CURVE_STEPS + 1)[1:]:
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                x = sum(w * p[0] for w, p in zip(weights, (start, a, b, end), strict=True))
                y = sum(w * p[1] for w, p in zip(weights, (start, a, b, end), strict=True))
                rings[-1].append((float(x), float(y)))
    return rings


@lru_cache(maxsize=256)
def shape_mask(shape: int, size_px: int, angle_deg: float = 0.0) -> Mask:
    """The silhouette `[N, N]`, True inside: a pixel counts when half of it is covered.

    Turned clockwise about its middle it is in a square of N = `turned_px`, upright N = `size_px`.
    """
    return _covered(_rings(_shape_source(shape)[1]), size_px, angle_deg)


@lru_cache(maxsize=256)
def _box_mask(size_px: int, angle_deg: float) -> Mask:
    """The white box that a silhouette lies in, turned with it: `[N, N]`."""
    return _covered([[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]], size_px, angle_deg)


def _covered(rings: list[list[tuple[float, float]]], size_px: int, angle_deg: float) -> Mask:
    """Which pixels lie inside an odd number of rings, whose coordinates run to 100 along the side."""
    n = turned_px(size_px, angle_deg)
    side = n * SUPERSAMPLING
    image = Image.new("1", (side, side))
    for ring in rings:
        layer = Image.new("1", (side, side))
        ImageDraw.Draw(layer).polygon(_scaled(ring, size_px, angle_deg), fill=1)
        image = ImageChops.logical_xor(image, layer)
    cover = np.asarray(image, dtype=np.float32).reshape(n, SUPERSAMPLING, n, SUPERSAMPLING)
    mask: Mask = cover.mean(axis=(1, 3)) >= 0.5
    mask.setflags(write=False)
    return mask


def _scaled(ring: list[tuple[float, float]], size_px: int, angle_deg: float) -> list[tuple[float, float]]:
    """A ring in finer pixels, turned about the middle of the square that holds it then."""
    side = size_px * SUPERSAMPLING
    points = [(x * side / 100, y * side / 100) for x, y in ring]
    if angle_deg == 0:
        return points
    middle, there = side / 2, turned_px(size_px, angle_deg) * SUPERSAMPLING / 2
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    around = [(x - middle, y - middle) for x, y in points]
    return [(there + c * x - s * y, there + s * x + c * y) for x, y in around]


def item_pixels(item: Item, size_px: int) -> Pixels:
    """The drawn item in its white box `[N, N, 3]`; noise is clipped to 0–250 and truncated."""
    mask = shape_mask(item.shape, size_px, item.angle_deg)
    n = len(mask)
    box = np.full((n, n, 3), 255, np.uint8)
    mean = np.asarray(COLORS[item.color], np.float32)
    if item.flat:
        box[mask] = mean.astype(np.uint8)
        return box
    rng = np.random.Generator(np.random.Philox(key=item.seed))
    noise = rng.standard_normal((n, n, 3), dtype=np.float32)
    fill = np.clip(mean + NOISE_STD * noise, 0.0, NOISE_MAX).astype(np.uint8)
    box[mask] = fill[mask]
    return box


def render(stimulus: Stimulus) -> Pixels:
    """The picture `[S, S, 3]` of a stimulus, the same bytes on every call and machine."""
    side = stimulus.geometry.image_px
    if stimulus.photo is not None:
        canvas = np.frombuffer(stimulus.photo.pixels, np.uint8).reshape(side, side, 3).copy()
    else:
        canvas = np.full((side, side, 3), 255, np.uint8)
        for index in drawing_order(stimulus):
            _draw(canvas, stimulus.items[index], stimulus.geometry)
    return canvas if stimulus.paint is None else over(canvas, layer_pixels(stimulus.paint, side))


def render_many(stimuli: Sequence[Stimulus]) -> Pixels:
    """The pictures `[N, S, S, 3]` of stimuli of one geometry."""
    side = stimuli[0].geometry.image_px
    out = np.empty((len(stimuli), side, side, 3), np.uint8)
    for row, stimulus in zip(out, stimuli, strict=True):
        row[...] = render(stimulus)
    return out


def item_insides(stimulus: Stimulus) -> Mask:
    """For each item, or mask of a photo, which pixels show it, `[I, S, S]`."""
    side = stimulus.geometry.image_px
    if stimulus.photo is not None:
        found = [mask_pixels(mask, side) for mask in stimulus.photo.masks]
        return np.array(found, np.bool_).reshape(-1, side, side)
    insides = np.zeros((len(stimulus.items), side, side), np.bool_)
    for inside, item in zip(insides, stimulus.items, strict=True):
        mask = shape_mask(item.shape, drawn_box(item, stimulus.geometry)[2], item.angle_deg)
        there, of_box = _place(item, len(mask), stimulus.geometry)
        inside[there] = mask[of_box]
    return insides


def _draw(canvas: Pixels, item: Item, geometry: Geometry) -> None:
    """Put an item in its white box on a canvas [S, S, 3]."""
    drawn_px = drawn_box(item, geometry)[2]
    box = item_pixels(item, drawn_px)
    there, of_box = _place(item, len(box), geometry)
    if item.angle_deg == 0:  # most items are, and whole sets are drawn while a model trains
        canvas[there] = box[of_box]
    else:
        covers = _box_mask(drawn_px, item.angle_deg)[of_box]
        canvas[there][covers] = box[of_box][covers]


def _place(item: Item, n: int, geometry: Geometry) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a square of `n` px round the middle of an item lies on the canvas, and what of the square that is."""
    left, top, drawn = drawn_box(item, geometry)
    x, y = left - (n - drawn) // 2, top - (n - drawn) // 2
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = max(x0, min(x + n, geometry.image_px)), max(y0, min(y + n, geometry.image_px))
    return (slice(y0, y1), slice(x0, x1)), (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))


def open_photo(path: Path, geometry: Geometry, masks: Mapping[str, Path] = NUMBERED, *, whole: bool = False) -> Photo:
    """A picture file, upright, centre-cropped to a square and resized to the canvas, with its masks. One that is not
    square is kept `whole` as well where another part of it may be wanted: for many at once that is a lot.

    `masks` names the mask file of each of its items; without, they are the objects that the file NAME.mask.png beside
    it numbers, where there is one.

    Raises UserError for a file that is missing, truncated, not a picture, too small or too large, or a mask of another
    size.
    """
    with opened(path) as image:
        rgb, note = on_white(image)
    side = geometry.image_px
    pixels = square(rgb).resize((side, side), Image.Resampling.BICUBIC).tobytes()
    found = read_masks(path, rgb.size, side, masks)
    return Photo(pixels, path.name, note, found, *(kept_whole(rgb) if whole else ()))

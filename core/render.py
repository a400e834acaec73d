"""Stimulus → pixels, the one picture that the canvas shows and the model receives.

Source: Lepori et al. 2024, stimuli; docs/methods.md, "Stimuli". The silhouettes are our own.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageOps, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, TiffImageFile

from core.errors import UserError
from core.scene import COLORS, Geometry, Item, Photo, Stimulus

NOISE_STD = 10.0
NOISE_MAX = 250.0
SUPERSAMPLING = 8
CURVE_STEPS = 16
MAX_PHOTO_PIXELS = 100_000_000
PHOTO_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")  # EPS, for one, would start another program

MAX_DOUBTFUL_BITS = 14
"""Cameras and microscopes keep 10, 12 or 14 bits in 16; a picture that uses no more may be one of theirs."""
MAX_SAMPLE_VALUE, S_MAX_SAMPLE_VALUE = 281, 341

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
def shape_mask(shape: int, size_px: int) -> Mask:
    """The silhouette `[size_px, size_px]`, True inside: a pixel counts when half of it is covered."""
    side = size_px * SUPERSAMPLING
    image = Image.new("1", (side, side))
    for ring in _rings(_shape_source(shape)[1]):
        layer = Image.new("1", (side, side))
        ImageDraw.Draw(layer).polygon([(x * side / 100, y * side / 100) for x, y in ring], fill=1)
        image = ImageChops.logical_xor(image, layer)
    cover = np.asarray(image, dtype=np.float32).reshape(size_px, SUPERSAMPLING, size_px, SUPERSAMPLING)
    mask: Mask = cover.mean(axis=(1, 3)) >= 0.5
    mask.setflags(write=False)
    return mask


def item_pixels(item: Item, size_px: int) -> Pixels:
    """The drawn item in its white box `[size_px, size_px, 3]`; noise is clipped to 0–250 and truncated."""
    mask = shape_mask(item.shape, size_px)
    box = np.full((size_px, size_px, 3), 255, np.uint8)
    mean = np.asarray(COLORS[item.color], np.float32)
    if item.flat:
        box[mask] = mean.astype(np.uint8)
        return box
    rng = np.random.Generator(np.random.Philox(key=item.seed))
    noise = rng.standard_normal((size_px, size_px, 3), dtype=np.float32)
    fill = np.clip(mean + NOISE_STD * noise, 0.0, NOISE_MAX).astype(np.uint8)
    box[mask] = fill[mask]
    return box


def render(stimulus: Stimulus) -> Pixels:
    """The picture `[S, S, 3]` of a stimulus, the same bytes on every call and machine."""
    side = stimulus.geometry.image_px
    if stimulus.photo is not None:
        return np.frombuffer(stimulus.photo.pixels, np.uint8).reshape(side, side, 3).copy()
    canvas = np.full((side, side, 3), 255, np.uint8)
    for item in stimulus.items:
        _paste(canvas, item, stimulus.geometry)
    return canvas


def render_many(stimuli: Sequence[Stimulus]) -> Pixels:
    """The pictures `[N, S, S, 3]` of stimuli of one geometry."""
    side = stimuli[0].geometry.image_px
    out = np.empty((len(stimuli), side, side, 3), np.uint8)
    for row, stimulus in zip(out, stimuli, strict=True):
        row[...] = render(stimulus)
    return out


def _paste(canvas: Pixels, item: Item, geometry: Geometry) -> None:
    size = geometry.drawn_px
    x, y = item.x_px + item.jitter_px[0], item.y_px + item.jitter_px[1]
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + size, geometry.image_px), min(y + size, geometry.image_px)
    if x0 < x1 and y0 < y1:
        canvas[y0:y1, x0:x1] = item_pixels(item, size)[y0 - y : y1 - y, x0 - x : x1 - x]


def open_photo(path: Path, geometry: Geometry) -> Photo:
    """A picture file, upright, centre-cropped to a square and resized to the canvas.

    Raises UserError for a file that is missing, truncated, not a picture, too small or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pillow thinks of size and metadata; the size is checked here
            with Image.open(path, formats=PHOTO_FORMATS) as image:
                _check_size(path.name, image.width, image.height)
                rgb, note = _on_white(image)
    except Image.DecompressionBombError as error:
        raise UserError(f"{path.name} is too large to open.", "Scale it down to below 100 megapixels.") from error
    except UnidentifiedImageError as error:
        raise UserError(
            f"{path.name} is not a picture that can be read.", "Use PNG, JPEG, WebP, TIFF, BMP or GIF, of 8 or 16 bits."
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise UserError(
            f"{path.name} could not be read: {error}.", "The stimulus was kept; try another file."
        ) from error
    side = min(rgb.size)
    left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
    square = rgb.crop((left, top, left + side, top + side))
    size = (geometry.image_px, geometry.image_px)
    return Photo(square.resize(size, Image.Resampling.BICUBIC).tobytes(), path.name, note)


def _check_size(name: str, width: int, height: int) -> None:
    if min(width, height) < 8:
        raise UserError(f"{name} is only {width}×{height} px.", "Use a picture of at least 8×8 px.")
    if width * height > MAX_PHOTO_PIXELS:
        raise UserError(f"{name} has {width}×{height} px.", "Scale it down to below 100 megapixels.")


def _on_white(image: ImageFile) -> tuple[Image.Image, str]:
    """The picture, upright, in 8-bit RGB, see-through parts on white; and what a viewer must know of it, or ""."""
    if image.mode in ("I", "F"):
        raise ValueError("its pixels are numbers of unknown range")
    if image.mode.startswith("I;16"):
        return _grey_on_white(image)
    raw, note = _raw_mode(image), ""
    key = image.info.get("transparency")
    if key is not None and raw in ("L;2", "L;4"):
        # Pillow widens the greys to 8 bits and leaves the see-through one as it is in the file.
        image.info["transparency"] = key * 255 // (2 ** int(raw[2:]) - 1)
    elif key is not None and raw == "RGB;16B":
        image.info["transparency"] = tuple(channel >> 8 for channel in key)
        note = "Colours that share 8 of 16 bits with its see-through one are see-through too."
    elif raw.startswith("RGB;16"):
        return _wide_rgb(image)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB"), note
    return upright.convert("RGB"), note


def _raw_mode(image: ImageFile) -> str:
    """How the pixels lie in the file, in Pillow's words."""
    words = image.tile[0].args if image.tile else ""
    return words if isinstance(words, str) else str(words[0]) if words else ""


def _wide_rgb(image: ImageFile) -> tuple[Image.Image, str]:
    """A picture of 16 bits a colour, of which Pillow keeps the upper 8: fewer that the file declares are stretched."""
    n_bits, declared = _n_bits(_tags(image))
    upright = ImageOps.exif_transpose(image)
    if not declared:
        return upright, _too_few(int(np.asarray(upright).max()) << 8, "dark")
    stretched = [min(level << 16 - n_bits, 255) for level in range(256)]
    return upright.point(stretched * 3), ""


def _tags(image: ImageFile) -> Mapping[int, Any]:
    return image.tag_v2 if isinstance(image, TiffImageFile) else {}


def _too_few(largest: int, looks: str) -> str:
    """What is to be said of a picture of 16 bits whose largest value is this."""
    used = largest.bit_length()
    return f"It uses {used} of its 16 bits: perhaps too {looks}." if used <= MAX_DOUBTFUL_BITS else ""


def _grey_on_white(image: ImageFile) -> tuple[Image.Image, str]:
    """A grey picture of up to 16 bits, brought to 8 by the bits that its file declares."""
    tags = _tags(image)
    n_bits, declared = _n_bits(tags)
    values = np.asarray(ImageOps.exif_transpose(image)).astype(np.int32)  # [H, W]
    grey = (values * 256 >> n_bits).clip(0, 255)
    white_is_zero = tags.get(PHOTOMETRIC_INTERPRETATION) == 0
    if white_is_zero:
        grey = 255 - grey
    grey[values == image.info.get("transparency", -1)] = 255
    note = "" if declared else _too_few(int(values.max()), "bright" if white_is_zero else "dark")
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB"), note


def _n_bits(tags: Mapping[int, Any]) -> tuple[int, bool]:
    """How many bits the greys of a TIFF have, and whether the file says that they are fewer than are stored."""
    stored = tags.get(BITSPERSAMPLE, (16,))[0]
    for tag in (S_MAX_SAMPLE_VALUE, MAX_SAMPLE_VALUE):
        largest = tags.get(tag, 0)
        largest = largest[0] if isinstance(largest, tuple) else largest
        if 0 < largest < 2**stored:
            return int(largest).bit_length(), True
    return stored, stored < 16

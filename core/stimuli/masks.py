"""Masks of photos: which pixels show what, packed, read from files, and how much of each patch they cover.

Importing this loads no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import UserError
from core.stimuli.pictures import grey_levels, opened, square
from core.stimuli.stimulus import ITEM_LETTERS, Geometry, Mask

MASK_SUFFIX = ".mask.png"
LABELS = "labels"
"""The text in a mask file that names its objects, a line each, in the order of their grey levels."""
NUMBERED: Mapping[str, Path] = MappingProxyType({})
"""No mask file is named: the one that belongs to a picture by its name numbers the objects."""
HALF = 0.5
"""The share of a pixel or patch from which on a mask has it."""

Inside = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def mask_of(label: str, inside: Inside) -> Mask:
    """The mask of the pixels [S, S] that are True."""
    return Mask(label, np.packbits(inside).tobytes())


def mask_pixels(mask: Mask, side_px: int) -> Inside:
    """The pixels [S, S] of a mask, True inside."""
    bits = np.frombuffer(mask.bits, np.uint8)
    return np.unpackbits(bits, count=side_px**2).reshape(side_px, side_px).astype(np.bool_)


@lru_cache(maxsize=256)
def mask_cover(mask: Mask, geometry: Geometry) -> Floats:
    """The share of each patch [P] that lies in a mask."""
    return cover(mask_pixels(mask, geometry.image_px), geometry)


def cover(inside: Inside, geometry: Geometry) -> Floats:
    """The share of each patch [P] that is True in a picture [S, S]."""
    grid, patch = geometry.grid, geometry.patch_px
    blocks = inside[: grid * patch, : grid * patch].reshape(grid, patch, grid, patch)
    shares: Floats = blocks.mean((1, 3), dtype=np.float32).reshape(-1)
    shares.setflags(write=False)
    return shares


def mask_patches(mask: Mask, geometry: Geometry) -> tuple[int, ...]:
    """Indices of the patches that a mask covers by half, and of the one that it covers most, row-major; none where it
    covers nothing."""
    shares = mask_cover(mask, geometry)
    if not shares.any():
        return ()
    return tuple(sorted({int(shares.argmax()), *np.flatnonzero(shares >= HALF).tolist()}))


def resized(mask: Mask, before_px: int, after_px: int) -> Mask:
    """The mask on a canvas of another side."""
    return mask_of(mask.label, _fitted(mask_pixels(mask, before_px), after_px))


def _fitted(inside: Inside, side_px: int) -> Inside:
    """The middle of pixels [H, W], as wide as high, on a canvas [S, S]: a pixel counts by the half of it, and the
    fullest in any case where there is one, so that what is thin does not vanish."""
    image = square(Image.fromarray(inside.astype(np.float32)))
    shares = np.asarray(image.resize((side_px, side_px), Image.Resampling.BOX))
    fitted: Inside = shares >= min(HALF, shares.max() or HALF)
    return fitted


def read_masks(
    picture: Path, size: tuple[int, int], side_px: int, files: Mapping[str, Path] = NUMBERED
) -> tuple[Mask, ...]:
    """The masks of a picture of `size` (width, height), fitted to a canvas as that is: cropped and resized.

    Of the named `files` each is one mask, of the pixels that are brighter than half the brightest. Without, every grey
    level above 0 of the file NAME.mask.png beside the picture is the number of an object, which the file may name. What
    lies outside the square that is shown is left out.

    Raises UserError where a mask cannot be read, is of another size, or there are more than letters.
    """
    beside = picture.with_name(picture.stem + MASK_SUFFIX)
    if files:
        drawn = [(label, _bright(_levels(path, size))) for label, path in files.items()]
    elif beside != picture and beside.is_file():
        levels = _levels(beside, size)
        numbers = [int(number) for number in np.unique(levels) if number]
        if len(numbers) > len(ITEM_LETTERS):
            raise UserError(
                f"{beside.name} numbers {len(numbers)} objects.", f"Keep {len(ITEM_LETTERS)} of them, or take it away."
            )
        names = _names(beside)
        labels = names if len(names) == len(numbers) else [f"object {number}" for number in numbers]
        drawn = [(label, levels == number) for label, number in zip(labels, numbers, strict=True)]
    else:
        return ()
    fitted = ((label, _fitted(inside, side_px)) for label, inside in drawn)
    return tuple(mask_of(label, inside) for label, inside in fitted if inside.any())


def _levels(path: Path, size: tuple[int, int]) -> npt.NDArray[np.int32]:
    with opened(path) as image:
        levels = grey_levels(image)  # [H, W]
    height, width = levels.shape
    if (width, height) != size:
        raise UserError(
            f"The mask {path.name} in {path.parent.name} has {width}×{height} px, and its picture {size[0]}×{size[1]}.",
            "A mask is as large as its picture: the stimulus was kept.",
        )
    return levels


def _names(path: Path) -> list[str]:
    """What a mask file calls its objects; nothing where it does not say it."""
    with opened(path) as image:
        return str(image.info.get(LABELS, "")).splitlines()


def _bright(levels: npt.NDArray[np.int32]) -> Inside:
    """Whether pixels are brighter than half the brightest: 0 and 1, 0 and 255, or what JPEG made of them."""
    inside: Inside = levels * 2 > levels.max()
    return inside

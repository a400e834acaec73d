"""Picture files, opened safely: the formats that are decoded here, upright, in 8 bits, square.

Nothing but pillow's own decoders of these formats runs on a file, and a size that does not fit is refused before it is
decoded.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, TiffImageFile

from core.errors import UserError

MAX_PHOTO_PIXELS = 100_000_000
PHOTO_FORMATS = (
    *("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "DIB", "GIF"),
    *("PPM", "PCX", "ICO", "QOI", "SGI"),
)
"""What a file may be by its first bytes, whatever its name says. Left out: EPS and WMF, which would start another
program; TGA, which has no first bytes to know it by; JPEG 2000, for the record of its decoder; what is no picture of
8 or 16 bits; and what few have."""
FORMAT_WORDS = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF, PPM, PCX, ICO, QOI, SGI"
PHOTO_SUFFIXES = (
    *("png", "jpg", "jpeg", "mpo", "webp", "avif", "tif", "tiff", "bmp", "dib", "gif"),
    *("ppm", "pgm", "pbm", "pnm", "pcx", "ico", "qoi", "sgi", "rgb", "bw"),
)

UNREADABLE = (
    *(OSError, SyntaxError, EOFError, LookupError, RuntimeError, struct.error, zlib.error),
    Image.DecompressionBombError,
)
"""What pillow raises, beside ValueError, where a file is damaged or too large."""

MAX_DOUBTFUL_BITS = 14
"""Cameras and microscopes keep 10, 12 or 14 bits in 16; a picture that uses no more may be one of theirs."""
WIDE = "RGB;16B"
"""What Pillow calls colours of 16 bits in a PNG."""
HALF_CLEAR = 128
"""The opacity from which on a pixel of a mask is there."""
MAX_SAMPLE_VALUE, S_MAX_SAMPLE_VALUE = 281, 341


@contextmanager
def opened(path: Path) -> Iterator[ImageFile]:
    """A picture file, for as long as its pixels are read.

    Raises UserError for a file that is missing, truncated, not a picture, too small or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pillow thinks of size and metadata; the size is checked here
            with Image.open(path, formats=PHOTO_FORMATS) as image:
                _check_size(path.name, image.width, image.height)
                yield image
    except Image.DecompressionBombError as error:
        raise UserError(f"{path.name} is too large to open.", "Scale it down to below 100 megapixels.") from error
    except UnidentifiedImageError as error:
        raise UserError(
            f"{path.name} is not a picture that can be read.", f"Use one of {FORMAT_WORDS}, of 8 or 16 bits."
        ) from error
    except (ValueError, *UNREADABLE) as error:
        raise UserError(
            f"{path.name} could not be read: {error}.", "The stimulus was kept; try another file."
        ) from error


def square(image: Image.Image) -> Image.Image:
    """The middle of a picture, as wide as high."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def grey_levels(image: ImageFile) -> npt.NDArray[np.int32]:
    """The numbers [H, W] that the pixels of a grey or indexed picture hold in the file, upright; 0 where it is
    see-through.

    Raises ValueError for one in colour.
    """
    key, tags = _key(image), _tags(image)
    upright = ImageOps.exif_transpose(image)
    levels = np.asarray(upright).astype(np.int32)
    if upright.mode in ("RGB", "RGBA", "LA"):
        clear = levels[..., -1] < HALF_CLEAR if upright.mode != "RGB" else (levels == key).all(-1)
        levels = np.where(clear[..., None], 0, levels[..., :3] if upright.mode != "LA" else levels[..., :1])
        if (levels != levels[..., :1]).any():
            raise ValueError("it is in colour, and a mask is grey")
        return levels[..., 0]
    if upright.mode not in ("1", "L", "P", "I") and not upright.mode.startswith("I;16"):
        raise ValueError(f"its pixels are {upright.mode}, and a mask is grey")
    if isinstance(key, bytes):  # how solid each entry of the palette is
        clear = np.isin(levels, [entry for entry, alpha in enumerate(key) if alpha < HALF_CLEAR])
    else:
        clear = levels == key
    if upright.mode.startswith("I;16") and tags.get(PHOTOMETRIC_INTERPRETATION) == 0:
        levels = 2 ** _n_bits(tags)[0] - 1 - levels
    return np.where(clear, 0, levels)


def _check_size(name: str, width: int, height: int) -> None:
    if min(width, height) < 8:
        raise UserError(f"{name} is only {width}×{height} px.", "Use a picture of at least 8×8 px.")
    if width * height > MAX_PHOTO_PIXELS:
        raise UserError(f"{name} has {width}×{height} px.", "Scale it down to below 100 megapixels.")


def on_white(image: ImageFile) -> tuple[Image.Image, str]:
    """The picture, upright, in 8-bit RGB, see-through parts on white; and what a viewer must know of it, or ""."""
    if image.mode == "I" and image.format == "PPM":
        # Pillow brings greys of more than 8 bits to 16, whatever the largest value is that the file declares.
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)).convert("RGB"), ""
    if image.mode in ("I", "F"):
        raise ValueError("its pixels are numbers of unknown range")
    if image.mode.startswith("I;16"):
        return _grey_on_white(image)
    raw, note, key = _raw_mode(image), "", _key(image)
    if key is not None:
        image.info["transparency"] = key
        note = "Colours that share 8 of 16 bits with its see-through one are see-through too." if raw == WIDE else ""
    elif raw.startswith("RGB;16"):
        return _wide_rgb(image)
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB"), note
    return upright.convert("RGB"), note


def _key(image: ImageFile) -> Any:
    """What is see-through: a grey, a colour, the entry of a palette, or how solid each of its entries is; None for
    nothing. Pillow brings the pixels to 8 bits and leaves this as it is in the file."""
    key, raw = image.info.get("transparency"), _raw_mode(image)
    if key is not None and raw in ("L;2", "L;4"):
        return key * 255 // (2 ** int(raw[2:]) - 1)
    return tuple(channel >> 8 for channel in key) if key is not None and raw == WIDE else key


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

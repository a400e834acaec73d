"""A drawing as pixels, from the same primitives as the SVG."""

from __future__ import annotations

import base64
import io
import math
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageColor, ImageDraw, ImageFont

from core.figures.drawing import PLAIN, Area, Drawing, Line, Picture, Point, Text
from core.figures.palette import LIGHT, Palette

SUPERSAMPLING = 3
FONTS = {
    False: (
        "Inter-Regular.ttf",
        "Arial.ttf",
        "arial.ttf",
        "Helvetica.ttc",
        "LiberationSans-Regular.ttf",
        "DejaVuSans.ttf",
    ),
    True: ("Inter-SemiBold.ttf", "Arial Bold.ttf", "arialbd.ttf", "LiberationSans-Bold.ttf", "DejaVuSans-Bold.ttf"),
}
"""System fonts to try, plain and bold; Pillow's own, which lacks Greek letters, is the last resort."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def to_png(drawing: Drawing, palette: Palette = LIGHT, *, dpi: int = 200) -> Image.Image:
    """The drawing as an RGB image at `dpi` pixels an inch."""
    scale = SUPERSAMPLING * dpi / 72
    size = (round(drawing.width * dpi / 72), round(drawing.height * dpi / 72))
    image = Image.new("RGB", (size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING), palette.paper)
    pen = ImageDraw.Draw(image, "RGBA")
    for mark in drawing.marks:
        match mark:
            case Line():
                _line(pen, mark, palette.color(mark.color), scale)
            case Area():
                _area(pen, mark, palette, scale)
            case Text():
                _text(image, mark, palette.color(mark.color), scale)
            case Picture():
                _picture(image, mark, scale)
    return image.resize(size, Image.Resampling.LANCZOS)


def _line(pen: ImageDraw.ImageDraw, mark: Line, color: str, scale: float) -> None:
    width = max(1, round(mark.width * scale))
    parts = _dashed(mark.points, mark.dashes) if mark.dashes else [mark.points]
    for part in parts:
        pen.line([(x * scale, y * scale) for x, y in part], fill=color, width=width, joint="curve")


def _dashed(points: tuple[Point, ...], dashes: tuple[float, ...]) -> list[tuple[Point, ...]]:
    """The path cut into the pieces that are drawn."""
    pieces: list[tuple[Point, ...]] = []
    piece: list[Point] = [points[0]]
    index, left = 0, dashes[0]
    for (x0, y0), (x1, y1) in pairwise(points):
        length, done = math.hypot(x1 - x0, y1 - y0), 0.0
        while length - done > left:
            done += left
            at = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if index % 2 == 0:
                pieces.append((*piece, at))
            piece, index = [at], index + 1
            left = dashes[index % len(dashes)]
        left -= length - done
        piece.append((x1, y1))
    if index % 2 == 0 and len(piece) > 1:
        pieces.append(tuple(piece))
    return pieces


def _area(pen: ImageDraw.ImageDraw, mark: Area, palette: Palette, scale: float) -> None:
    points = [(x * scale, y * scale) for x, y in mark.points]
    red, green, blue = ImageColor.getrgb(palette.color(mark.color))[:3]
    pen.polygon(points, fill=(red, green, blue, round(255 * mark.opacity)))
    if mark.outline:
        pen.line(
            [*points, points[0]], fill=palette.color(mark.outline), width=max(1, round(0.75 * scale)), joint="curve"
        )


def _picture(image: Image.Image, mark: Picture, scale: float) -> None:
    pixels = Image.open(io.BytesIO(base64.b64decode(mark.png))).convert("RGB")
    side = round(mark.side * scale)
    place = (round(mark.x * scale), round(mark.y * scale))
    image.paste(pixels.resize((side, side), Image.Resampling.NEAREST), place)


def _text(image: Image.Image, mark: Text, color: str, scale: float) -> None:
    font, lacks_letters = _font(mark.bold, round(mark.size * scale))
    words = mark.words.translate(PLAIN) if lacks_letters else mark.words
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[mark.anchor]
    at = (mark.x * scale, mark.y * scale)
    if not mark.turned:
        ImageDraw.Draw(image).text(at, words, fill=color, font=font, anchor=anchor)
        return
    length, height = round(font.getlength(words)) + 8, round(2 * mark.size * scale)
    strip = Image.new("L", (length, height))
    ImageDraw.Draw(strip).text((4, height * 0.7), words, fill=255, font=font, anchor="ls")
    upright = strip.transpose(Image.Transpose.ROTATE_90)
    shift = {"start": length - 4, "middle": length / 2, "end": 4}[mark.anchor]
    image.paste(color, (round(at[0] - height * 0.7), round(at[1] - shift)), upright)


@lru_cache(maxsize=32)
def _font(bold: bool, size_px: int) -> tuple[Font, bool]:
    """A font, and whether it lacks letters beyond Latin."""
    for name in FONTS[bold]:
        try:
            return ImageFont.truetype(name, size_px), False
        except OSError:
            continue
    return ImageFont.load_default(size_px), True

"""A drawing: primitives in points (1/72 inch), origin at the top left, colours by role."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from PIL import ImageFont

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

PLAIN = str.maketrans({"α": "a", "×": "x", "−": "-", "–": "-", "ρ": "p", "→": ">", "≥": ">", "≤": "<"})
"""Stand-ins for letters that Pillow's own font lacks, of about the same width."""


@dataclass(frozen=True, slots=True)
class Line:
    """A path through points, with dashes (on, off, …) where there are any."""

    points: tuple[Point, ...]
    color: str
    width: float = 1.0
    dashes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon; `outline` "" is none."""

    points: tuple[Point, ...]
    color: str
    opacity: float = 1.0
    outline: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; (x, y) is its anchor on the baseline; `turned` runs upwards."""

    x: float
    y: float
    words: str
    size: float = 8.0
    color: str = "ink"
    anchor: Anchor = "start"
    bold: bool = False
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels, a PNG in base64, in a square with its top left corner at (x, y); they are drawn as squares."""

    x: float
    y: float
    side: float
    png: str


Mark = Line | Area | Text | Picture


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks in drawing order on a canvas of `width` × `height` points, and what it shows in words."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    description: str = ""


def box(x: float, y: float, width: float, height: float) -> tuple[Point, ...]:
    """The corners of a rectangle."""
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def disc(x: float, y: float, radius: float) -> tuple[Point, ...]:
    """A circle as a polygon."""
    return _ring(x, y, [radius] * 24, 0.0)


def star(x: float, y: float, radius: float) -> tuple[Point, ...]:
    """A five-pointed star."""
    return _ring(x, y, [radius, 0.42 * radius] * 5, -math.pi / 2)


def marker(kind: int, x: float, y: float, radius: float) -> tuple[Point, ...]:
    """Disc, square, triangle, diamond, triangle upside down or hexagon, of about the same area."""
    corners, scale, turn = [
        (24, 1.0, 0.0),
        (4, 1.25, 0.25),
        (3, 1.45, -0.5),
        (4, 1.3, 0.0),
        (3, 1.45, 0.5),
        (6, 1.1, 0),
    ][kind % 6]
    return _ring(x, y, [radius * scale] * corners, turn * math.pi)


def _ring(x: float, y: float, radii: list[float], start: float) -> tuple[Point, ...]:
    step = 2 * math.pi / len(radii)
    return tuple((x + r * math.cos(start + i * step), y + r * math.sin(start + i * step)) for i, r in enumerate(radii))


@lru_cache
def _ruler() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(64)


def wrapped(words: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The words in lines no wider than `width` by `measure`, if no single word is."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def text_width(words: str, size: float) -> float:
    """Room for a line of text in points: the same on every machine, wide enough for the usual sans-serif fonts."""
    return 1.12 * size / 64 * float(_ruler().getlength(words.translate(PLAIN)))

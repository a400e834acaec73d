"""How plots look, in written figures and in the window alike: colours by role, dashes, ticks, maps.

The hues are those of Okabe and Ito 2008, which people with any colour vision can tell apart; series differ in
marker and line style as well. Heat maps run from blue over grey to red, maps over a picture from dark to bright.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image

from core.plots import Map, Maps, Ring, Role


@dataclass(frozen=True, slots=True)
class Palette:
    """What stands for each role, as `#rrggbb`."""

    paper: str
    ink: str
    muted: str
    grid: str
    hues: tuple[str, ...]

    def hue(self, index: int, role: Role) -> str:
        """The colour of a series: controls are grey."""
        return self.muted if role == "control" else self.hues[index % len(self.hues)]

    def names(self) -> dict[str, str]:
        """Each colour by a name that a style sheet can use: paper, ink, muted, grid, hue0 …"""
        named = asdict(self)
        return named | {f"hue{i}": hue for i, hue in enumerate(named.pop("hues"))}


LIGHT = Palette(
    paper="#ffffff",
    ink="#1c2026",
    muted="#5b636e",
    grid="#dfe3e8",
    hues=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#5b636e"),
)

CLEAR = replace(LIGHT, paper="none")
"""Light, without a ground."""

DARK = Palette(
    paper="#17181c",
    ink="#dfe3ea",
    muted="#9aa1ad",
    grid="#343941",
    hues=("#56b4e9", "#e8793a", "#2bb58b", "#d99abf", "#e6b422", "#9aa1ad"),
)

DASHES: dict[Role, tuple[float, ...]] = {"measured": (), "control": (1.5, 2.0), "published": (5.0, 2.5)}
"""Points drawn and left out, in turn."""

RINGS = ("#2bb5a5", "#e69f00", "#56b4e9", "#e0752d")
"""Outlines of items A to D over a map, which is dark in every palette."""
RING_SHADE, RING_INK = "#101216", "#14161a"

HEAT = ("#2166ac", "#f0f0f0", "#b2182b")
OPACITY = 0.78
"""Of the colours of a map over its picture."""

# Viridis at ten even points (the colour map of matplotlib, released as CC0), for the window, which loads no matplotlib.
_VIRIDIS = np.array(
    [
        (68, 1, 84),
        (72, 40, 120),
        (62, 74, 137),
        (49, 104, 142),
        (38, 130, 142),
        (31, 158, 137),
        (53, 183, 121),
        (110, 206, 88),
        (181, 222, 43),
        (253, 231, 37),
    ],
    dtype=np.float64,
)


def viridis(values: np.ndarray) -> np.ndarray:
    """Colours `[..., 3]` uint8 of values in 0–1 on the viridis map."""
    return ramp(values, _VIRIDIS)


def ramp(values: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Colours `[..., 3]` uint8 of values in 0–1 between evenly spaced `stops` [N, 3]."""
    at = np.clip(np.asarray(values, dtype=np.float64), 0.0, 1.0) * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    share = (at - low)[..., None]
    # `take`: many times as quick as an index for rows as short as these.
    mixed: np.ndarray = stops.take(low, axis=0) * (1 - share) + stops.take(low + 1, axis=0) * share
    return mixed.round().astype(np.uint8)


_HEAT = np.array([list(bytes.fromhex(stop[1:])) for stop in HEAT], dtype=np.float64)


def heat(share: float) -> str:
    """`#rrggbb` of a share 0–1 of a heat map's range: blue, grey, red."""
    return "#" + ramp(np.array(share), _HEAT).tobytes().hex()


def ink_on_heat(share: float) -> str:
    """Black or white, whichever reads better on that cell."""
    return "#ffffff" if abs(share - 0.5) > 0.33 else "#1c2026"


def cell_words(value: float) -> str:
    """The value in a cell of a heat map."""
    return f"{value:.2f}".replace("0.", ".", 1).replace("-", "−")


def steps(low: float, high: float) -> list[float]:
    """Four to six round numbers from `low` to `high`."""
    raw = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A tick label."""
    return f"{value:.6g}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A difference, or what is above or below 0, with its sign; what is 0 as it is written is not below it."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def percent(share: float) -> str:
    """A share in whole per cent, below ten per cent with one decimal."""
    digits = 0 if share >= 0.0995 else 1
    return f"{100 * share:.{digits}f} %".replace("0.0 %", "0 %")


def wrapped(words: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The words in lines no wider than `width` by `measure`, if no single word is."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def key_of(plot: Maps) -> str:
    """How to read maps."""
    asking = [ring.label for ring in plot.rings if ring.asks]
    who = f" White frame: {asking[0]}, whose tokens look." if asking else ""
    return f"Colour: share of {plot.quantity} a patch, each map on a scale of its own.{who}"


LEAST_SPAN = 0.2


def mode_range(values: np.ndarray) -> tuple[float, float]:
    """What is dark and what is bright in a picture of a mode: the 30th and 95th percentile over patches.

    Never the least and the largest, by which one odd patch would blank all others; but at least a fifth of the way to
    the largest, so that the noise of an even ground does not look like a pattern.
    """
    low, high = np.percentile(values, (30, 95))
    return float(low), float(max(high, low + LEAST_SPAN * (values.max() - low)))


def red_cyan(query: np.ndarray, key: np.ndarray, ranges: Sequence[tuple[float, float]] = ()) -> np.ndarray:
    """Two maps [G, G] in one, `[G, G, 3]` uint8: red what asks, cyan what is looked at, white both, black neither.

    Each is on its `mode_range`, or on the one of two `ranges` that it is given. Source: Pan et al. 2024; the scale is
    ours.
    """
    given = ranges or (mode_range(query), mode_range(key))
    red, cyan = (
        np.clip((values - low) / max(high - low, 1e-12), 0, 1)
        for values, (low, high) in zip((query, key), given, strict=True)
    )
    mixed: np.ndarray = (255 * np.stack([red, cyan, cyan], -1)).round().astype(np.uint8)
    return mixed


@lru_cache(maxsize=64)
def overlay(picture: str, of: Map) -> np.ndarray:
    """The picture, a PNG in base64, under the colours of a map: `[S, S, 3]` uint8."""
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"), np.float64)  # [S, S, 3]
    values = np.asarray(of.values, np.float64)  # [G, G]
    colors = viridis(values / top_of_scale(of))
    sides = [np.arange(n) * len(values) // n for n in pixels.shape[:2]]
    mixed: np.ndarray = (1 - OPACITY) * pixels + OPACITY * colors[np.ix_(*sides)]
    return mixed.round().astype(np.uint8)


@lru_cache(maxsize=256)
def decoded(png: str) -> np.ndarray:
    """A PNG in base64 as `[H, W, 3]` uint8."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png)), formats=("PNG",)).convert("RGB"))


def map_scale(n: int) -> np.ndarray:
    """The colours of a map from 0 to its top as they look over white: `[1, n, 3]` uint8."""
    mixed: np.ndarray = (1 - OPACITY) * 255 + OPACITY * viridis((np.arange(n)[None] + 0.5) / n)
    return mixed.round().astype(np.uint8)


def top_of_scale(of: Map) -> float:
    """The share at the upper end of a map's colour scale: its largest, but a fifth of an even spread at least.

    Otherwise the noise of a map whose attention is all elsewhere would look like a pattern.
    """
    shares = [value for row in of.values for value in row]
    return max([*shares, 0.2 / len(shares)])


def extent_of(patches: tuple[int, ...], grid: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of patches on a grid of `grid` × `grid`, in patches."""
    rows, columns = zip(*(divmod(patch, grid) for patch in patches), strict=True)
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


def letter_places(rings: Sequence[Ring], grid: int, tab: float) -> list[tuple[float, float]]:
    """Left and top, in patches, of a square of side `tab` for each ring's letter: above its box or below it.

    It stands inside the picture, and where it is nearest to the fewest other boxes and letters.
    """
    boxes: list[tuple[float, float, float, float]] = [extent_of(ring.patches, grid) for ring in rings]
    places: list[tuple[float, float]] = []
    for index in range(len(rings)):
        left, top, _, bottom = boxes[index]
        x, gap = left - 0.25 * tab, 0.45 * tab
        above, below = top - gap - tab, bottom + gap
        inside = [y for y in (above, below) if 0 <= y <= grid - tab] or [below]
        others = [box for i, box in enumerate(boxes) if i != index] + [(a, b, a + tab, b + tab) for a, b in places]
        near = [sum(_near((x, y, x + tab, y + tab), box, 0.5 * tab) for box in others) for y in inside]
        places.append((x, inside[near.index(min(near))]))
    return places


def _near(a: tuple[float, float, float, float], b: tuple[float, float, float, float], room: float) -> bool:
    return a[0] < b[2] + room and b[0] < a[2] + room and a[1] < b[3] + room and b[1] < a[3] + room

"""Colours of figures by role, in light, in dark, and left to the page that shows them.

The hues are those of Okabe and Ito 2008, which people with any colour vision can tell apart; series differ in
marker and line style as well. Heat maps run from blue over grey to red.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

N_HUES = 6


@dataclass(frozen=True, slots=True)
class Palette:
    """What stands for each role: `#rrggbb`, or a CSS variable where the page decides."""

    paper: str
    ink: str
    muted: str
    grid: str
    hues: tuple[str, ...]

    def color(self, role: str) -> str:
        """The colour of `role`, `hue0` …, or `role` itself where it is a colour already."""
        if role.startswith("#"):
            return role
        if role.startswith("hue"):
            return self.hues[int(role[3:]) % len(self.hues)]
        named: str = getattr(self, role)
        return named

    def css(self) -> str:
        """Declarations of the variables that `PAGE` refers to."""
        roles = {"paper": self.paper, "ink": self.ink, "muted": self.muted, "grid": self.grid}
        roles |= {f"hue{i}": hue for i, hue in enumerate(self.hues)}
        return "".join(f"--{name}:{value};" for name, value in roles.items())


LIGHT = Palette(
    paper="#ffffff",
    ink="#1c2026",
    muted="#5b636e",
    grid="#dfe3e8",
    hues=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#5b636e"),
)

DARK = Palette(
    paper="#17181c",
    ink="#dfe3ea",
    muted="#9aa1ad",
    grid="#343941",
    hues=("#56b4e9", "#e8793a", "#2bb58b", "#d99abf", "#e6b422", "#9aa1ad"),
)

PAGE = Palette(
    paper="var(--paper)",
    ink="var(--ink)",
    muted="var(--muted)",
    grid="var(--grid)",
    hues=tuple(f"var(--hue{i})" for i in range(N_HUES)),
)

RINGS = ("#2bb5a5", "#e69f00", "#56b4e9", "#e0752d")
"""Outlines of items A to D over a map, which is dark in every palette."""

# Viridis at ten even points (the colour map of matplotlib, released as CC0).
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
    mixed: np.ndarray = stops[low] * (1 - share) + stops[low + 1] * share
    return mixed.round().astype(np.uint8)


_BLUE, _MIDDLE, _RED = (33, 102, 172), (240, 240, 240), (178, 24, 43)


def heat(share: float) -> str:
    """`#rrggbb` of a share 0–1 of a heat map's range: blue, grey, red."""
    share = min(1.0, max(0.0, share))
    start, end, t = (_BLUE, _MIDDLE, 2 * share) if share < 0.5 else (_MIDDLE, _RED, 2 * share - 1)
    red, green, blue = (round(a + (b - a) * t) for a, b in zip(start, end, strict=True))
    return f"#{red:02x}{green:02x}{blue:02x}"


def ink_on_heat(share: float) -> str:
    """Black or white, whichever reads better on that cell."""
    return "#ffffff" if abs(share - 0.5) > 0.33 else "#1c2026"

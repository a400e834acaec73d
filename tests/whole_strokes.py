"""What a brush covers on a whole way, at once: what the canvas covers piece by piece is compared with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.stimuli.strokes import Cover, Point, no_cover, segment


def polyline(points: Sequence[Point], width_px: float, side_px: int, hardness: float = 1.0) -> Cover:
    """A stroke through points; through one, a dot."""
    cover = no_cover(side_px)
    for a, b in zip(points, points[1:] or points, strict=False):
        cover = np.maximum(cover, segment(a, b, width_px, side_px, hardness))
    return cover

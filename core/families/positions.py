"""Position embeddings of another number of patches."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import interpolate

OFFSET = 0.1
"""What the original adds to the number of patches, and so to the scale, since DINO; it shifts every position."""


def resized(positions: Tensor, side: int, rule: str) -> Tensor:
    """The position embeddings of a square grid for one of `side` patches along each side; [1, P, D] before and after.

    `rule` is “original”: bicubic, without antialiasing, by a scale of (side + 0.1) / side before, as DINO and DINOv2
    resize theirs; or “size”: the same to a size, as transformers does since its version 4.46. What they give differs.
    """
    before = math.isqrt(positions.shape[1])
    grid = positions.float().reshape(1, before, before, -1).permute(0, 3, 1, 2)  # [1, D, side, side]
    if rule == "original":
        scale = (side + OFFSET) / before
        grid = interpolate(grid, scale_factor=(scale, scale), mode="bicubic", antialias=False)
    else:
        grid = interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)
    return grid.permute(0, 2, 3, 1).reshape(1, side * side, -1).to(positions.dtype)  # [1, P, D]

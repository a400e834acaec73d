"""What is in the hand over the canvas: a tool, and how it draws."""

from __future__ import annotations

from dataclasses import dataclass

from core.stimuli.stimulus import COLORS

SIZES_PX = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
"""The sizes that keys step through; the slider has all between."""


@dataclass(frozen=True, slots=True)
class Hand:
    """The tool by its name; the width of a stroke or the height of letters in image pixels; how much of a stroke is
    hard; its colour, even or noisy; and what an item that is placed is like."""

    tool: str = "Select"
    size_px: int = 12
    hardness: float = 1.0
    rgb: tuple[int, int, int] = COLORS[0]
    noisy: bool = False
    shape: int = 6
    color: int = 0


def next_size(size_px: int, step: int) -> int:
    """The next larger or smaller size of those that keys step through."""
    there = [size for size in SIZES_PX if (size > size_px if step > 0 else size < size_px)]
    return size_px if not there else min(there) if step > 0 else max(there)

"""Galleries: rows of pictures with a caption each."""

from __future__ import annotations

from matplotlib.figure import Figure

from core.figures.looks import Palette, decoded
from core.figures.sheet import BELOW, NORMAL, SMALL, new_axes, write, write_title
from core.plots import Gallery

HIGH, GAP, CAPTION, ROW = 56.0, 8.0, 10.0, 14.0


def draw_gallery(figure: Figure, plot: Gallery, palette: Palette) -> None:
    """The rows one under another, each with its words above its pictures."""
    step = HIGH + CAPTION + ROW + GAP
    top = None
    for index, (words, pictures) in enumerate(zip(plot.rows, plot.pictures, strict=True)):
        left, bottom = 0.0, BELOW + (len(plot.rows) - 1 - index) * step
        for place, picture in enumerate(pictures):
            pixels = decoded(picture.png)
            wide = HIGH * pixels.shape[1] / pixels.shape[0]
            axes = new_axes(figure, (left, bottom, wide, HIGH))
            axes.set_axis_off()
            axes.imshow(pixels, aspect="auto")
            write(axes, picture.caption, (0, -3), (0, 0), size=SMALL, color=palette.muted, va="top")
            if place == 0:
                write(axes, words, (0, 4), (0, 1), size=NORMAL, weight="bold", va="bottom")
                top = top or axes
            left += wide + GAP
    axes = top or new_axes(figure, (0, BELOW, HIGH, HIGH))
    if top is None:
        axes.set_axis_off()
    width = max(300.0, *(len(row) * (2 * HIGH + GAP) for row in plot.pictures), 0.0)
    write_title(axes, plot.title, (0, ROW + 8), width)

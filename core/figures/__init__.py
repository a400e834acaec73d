"""The one writer of figures: a plot → SVG text and PNG, without a display."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from core.figures.draw import draw
from core.figures.drawing import Drawing
from core.figures.palette import DARK, LIGHT, PAGE, Palette
from core.figures.png import to_png
from core.figures.svg import to_svg
from core.plots import Plot
from core.storage import write_files

__all__ = ["DARK", "LIGHT", "PAGE", "Drawing", "Palette", "draw", "to_png", "to_svg", "write_figure"]


def write_figure(plot: Plot, path: Path, *, palette: Palette = LIGHT, dpi: int = 200) -> list[Path]:
    """Write `path` with the endings .svg and .png, and return both.

    Raises UserError where the disk refuses.
    """
    drawing = draw(plot)
    svg, png = path.with_suffix(".svg"), path.with_suffix(".png")
    pixels = BytesIO()
    to_png(drawing, palette, dpi=dpi).save(pixels, "PNG", dpi=(dpi, dpi), optimize=True)
    write_files({svg: to_svg(drawing, palette).encode("utf-8"), png: pixels.getvalue()})
    return [svg, png]

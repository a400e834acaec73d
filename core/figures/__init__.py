"""The one writer of figures: a plot → SVG text and PNG, without a display."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError
from core.figures.draw import draw
from core.figures.drawing import Drawing
from core.figures.palette import DARK, LIGHT, PAGE, Palette
from core.figures.png import to_png
from core.figures.svg import to_svg
from core.plots import Plot

__all__ = ["DARK", "LIGHT", "PAGE", "Drawing", "Palette", "draw", "to_png", "to_svg", "write_figure"]


def write_figure(plot: Plot, path: Path, *, palette: Palette = LIGHT, dpi: int = 200) -> list[Path]:
    """Write `path` with the endings .svg and .png, and return both.

    Raises UserError where the disk refuses.
    """
    drawing = draw(plot)
    svg, png = path.with_suffix(".svg"), path.with_suffix(".png")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        svg.write_text(to_svg(drawing, palette), encoding="utf-8")
        to_png(drawing, palette, dpi=dpi).save(png, dpi=(dpi, dpi), optimize=True)
    except OSError as error:
        raise UserError(f"{path} could not be written: {error}.", "Free some space or name another folder.") from error
    return [svg, png]

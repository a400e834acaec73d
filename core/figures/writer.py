"""The one writer of figures: a plot → SVG with its text as text, PDF and PNG, by matplotlib and without a display.

Whoever imports this loads matplotlib, which takes a while: the window and the start of the command line do not.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from core.figures.cells import draw_heatmap, draw_maps
from core.figures.looks import LIGHT, Palette
from core.figures.options import figure_files
from core.figures.pictures import draw_gallery
from core.figures.series import draw_bars, draw_curves, draw_scatter
from core.figures.sheet import POINTS_AN_INCH, WIDTH, fit
from core.figures.state import State, with_state
from core.locations import resource_folder
from core.plots import Bars, Curves, Gallery, Heatmap, Maps, Plot, Scatter
from core.storage import write_files


def write_figure(
    plot: Plot, path: Path, *, palette: Palette = LIGHT, dpi: int = 200, state: State | None = None
) -> list[Path]:
    """Write the files of a figure, and return them; each carries the state of how it was made.

    Raises UserError where the disk refuses.
    """
    with _style(palette, plot.title):
        figure = figure_of(plot, palette)
        encoded = {file: _encoded(figure, file.suffix, plot.title, dpi) for file in figure_files(path)}
    write_files({p: content if state is None else with_state(content, state) for p, content in encoded.items()})
    return list(encoded)


def to_svg(plot: Plot, palette: Palette = LIGHT, width: float = WIDTH) -> str:
    """The SVG element alone, ready to stand in a page; plots with axes are so many points wide."""
    with _style(palette, plot.title):
        text = _encoded(figure_of(plot, palette, width), ".svg", plot.title).decode("utf-8")
    return text[text.index("<svg") :]


def type_name() -> str:
    """The family of type in which words are measured: the first of the style's that this computer has."""
    with _style(LIGHT, ""):
        return get_font(findfont(FontProperties())).family_name


def _encoded(figure: Figure, ending: str, title: str, dpi: int = POINTS_AN_INCH) -> bytes:
    """The same bytes for the same plot: without the date."""
    said = {
        ".svg": {"Title": title, "Creator": "Relata", "Date": None},
        ".pdf": {"Title": title, "Creator": "Relata", "CreationDate": None},
        ".png": {"Title": title, "Software": "Relata"},
    }
    file = io.BytesIO()
    figure.savefig(file, format=ending[1:], dpi=dpi, metadata=said[ending])
    # XML has no control characters, which a file's name, and so a model's, may have.
    return re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", file.getvalue()) if ending == ".svg" else file.getvalue()


@contextmanager
def _style(palette: Palette, salt: str) -> Iterator[None]:
    """matplotlib's own defaults, our style and the palette, whatever the user has set for other programs."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A letter that no font has is a box in a PNG; the SVG has it nevertheless.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font")
        matplotlib.rc_file(resource_folder("figures.mplstyle"))
        chosen = matplotlib.rcParams
        chosen["text.color"] = chosen["axes.labelcolor"] = palette.ink
        chosen["xtick.color"] = chosen["ytick.color"] = chosen["axes.edgecolor"] = palette.muted
        chosen["figure.facecolor"] = chosen["axes.facecolor"] = palette.paper
        chosen["grid.color"] = palette.grid
        # Names inside an SVG are made of the salt, so that two of them can stand in one page.
        chosen["svg.hashsalt"] = f"Relata {salt}"
        yield


def figure_of(plot: Plot, palette: Palette = LIGHT, width: float = WIDTH) -> Figure:
    """The figure of a plot, so many points wide or as wide as its cells or maps need."""
    with _style(palette, plot.title):
        figure = Figure(figsize=(width / POINTS_AN_INCH, 1), dpi=POINTS_AN_INCH)
        match plot:
            case Curves():
                draw_curves(figure, plot, palette)
            case Bars():
                draw_bars(figure, plot, palette)
            case Heatmap():
                draw_heatmap(figure, plot, palette)
            case Scatter():
                draw_scatter(figure, plot, palette)
            case Maps():
                draw_maps(figure, plot, palette)
            case Gallery():
                draw_gallery(figure, plot, palette)
        fit(figure, 0.0 if isinstance(plot, Heatmap | Maps | Gallery) else width)
    return figure

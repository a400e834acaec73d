"""How a figure is to be written, as the dialog and the command line ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Format = Literal["PNG", "SVG", "PDF"]
Palette = Literal["light", "dark", "transparent"]
WIDTH_MM, DPI, FONT_PT = (10.0, 1000.0), (36, 2400), (3.0, 72.0)
"""The least and the most."""
ENDINGS = (".svg", ".pdf", ".png")
"""What a plot is written as, each to a file of its own."""


@dataclass(frozen=True, slots=True)
class FigureOptions:
    """Of one figure; `columns` are pictures in a row, 0 as many as look well."""

    format: Format = "PNG"
    palette: Palette = field(default="light", metadata={"label": "Theme"})
    width_mm: float = field(
        default=120.0,
        metadata={"label": "Width in mm", "least": WIDTH_MM[0], "most": WIDTH_MM[1], "step": 5},
    )
    font_pt: float = field(
        default=8.0, metadata={"label": "Font size in pt", "least": FONT_PT[0], "most": FONT_PT[1], "step": 0.5}
    )
    dpi: int = field(
        default=300, metadata={"label": "Pixels an inch", "least": DPI[0], "most": DPI[1], "step": 50, "tip": "Of PNG"}
    )
    columns: int = field(
        default=0,
        metadata={"label": "Pictures in a row", "most": 8, "said": "as fits", "tip": "Of a figure of several pictures"},
    )
    letters: bool = field(default=True, metadata={"label": "Letters a, b, c", "tip": "Over each of several pictures"})
    carries: bool = field(
        default=True,
        metadata={
            "label": "Carry the state",
            "tip": "The file holds what it shows: stimulus, edits, what they were made with and the answer, but not\n"
            "the history. Dropped on the window, it opens as that document.",
        },
    )


def figure_name(path: Path, which: str = "") -> Path:
    """The name that the files of a figure have in common, and `which` of several it is; other dots are part of it."""
    return path.with_name(f"{path.stem if path.suffix.lower() in ENDINGS else path.name}{which}")


def figure_files(path: Path) -> list[Path]:
    """The files of a figure of this name, one with each of ENDINGS; the name may have one of them already."""
    name = figure_name(path)
    return [name.with_name(f"{name.name}{end}") for end in ENDINGS]

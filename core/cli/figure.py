"""The verb `relata figure`: pictures of a document as a figure, drawn by the window's own widgets without a window."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, get_args

from core.arguments import between, whole
from core.errors import UserError
from core.figures.options import DPI, FONT_PT, WIDTH_MM, FigureOptions, Palette
from core.figures.state import SUFFIXES
from core.start import become, window_command
from core.storage import check_file
from core.terminal import DEVICE_HELP, check_device

VERB = "figure"
PICTURES = ("canvas", "attention", "heads", "pad", "meter", "layers", "lens", "mode")


def add_figure_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    add_figure_arguments(verbs.add_parser(VERB, help="pictures of a document as PNG, SVG or PDF"))


def add_figure_arguments(verb: argparse.ArgumentParser) -> None:
    """What can be said of a figure, to the command and to the program that draws it."""
    usual = FigureOptions()
    verb.add_argument("file", type=Path, help="a .relata file, or a figure that carries its document")
    verb.add_argument(
        "--panel",
        action="append",
        metavar="NAME",
        help=f"{', '.join(PICTURES)}, or a panel by its title; may be given again, or several with commas between "
        f"them (default: {PICTURES[0]})",
    )
    verb.add_argument("--out", type=Path, required=True, help="the file to write; its end says the format")
    verb.add_argument("--width", type=between(*WIDTH_MM), default=usual.width_mm, metavar="MM")
    verb.add_argument("--font", type=between(*FONT_PT), default=usual.font_pt, metavar="PT", help="size of the type")
    verb.add_argument("--dpi", type=whole(*DPI), default=usual.dpi, help="pixels an inch, of PNG")
    verb.add_argument("--theme", choices=get_args(Palette), default=usual.palette)
    verb.add_argument("--columns", type=whole(0, 8), default=0, help="pictures in a row (default: as fits)")
    verb.add_argument("--plain", action="store_true", help="the file does not carry the document")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.set_defaults(run=_figure)


def options_of(arguments: argparse.Namespace) -> FigureOptions:
    """How it is to be written.

    Raises UserError for another end of the name than that of a figure.
    """
    named = dict(zip(SUFFIXES, ("PNG", "SVG", "PDF"), strict=True))
    kind: Any = named.get(arguments.out.suffix.lower())
    if kind is None:
        raise UserError(f"{arguments.out.name} does not end in {', '.join(SUFFIXES)}.", "Name the file so.")
    size = (arguments.width, arguments.font, arguments.dpi, arguments.columns)
    return FigureOptions(kind, arguments.theme, *size, carries=not arguments.plain)


def names_of(arguments: argparse.Namespace) -> list[str]:
    """The pictures that are named."""
    words = ",".join(arguments.panel or PICTURES[:1])
    return [name.strip().lower() for name in words.split(",") if name.strip()]


def _figure(arguments: argparse.Namespace) -> int:
    """What draws is a program of its own, so that `core` never loads Qt."""
    options = options_of(arguments)
    check_file(arguments.out, arguments.file)
    check_device(arguments)
    words = [str(arguments.file.absolute()), "--out", str(arguments.out.absolute()), "--theme", options.palette]
    for name in names_of(arguments):
        words += ["--panel", name]
    numbers = {"width": options.width_mm, "font": options.font_pt, "dpi": options.dpi, "columns": options.columns}
    for name, value in numbers.items():
        words += [f"--{name}", f"{value:g}"]
    words += ["--device", arguments.device, *(["--plain"] if arguments.plain else [])]
    # What a screen that is none warns of is no news.
    nowhere = {"QT_LOGGING_RULES": "default.warning=false", **os.environ, "QT_QPA_PLATFORM": "offscreen"}
    return become(window_command(VERB, *words), nowhere)

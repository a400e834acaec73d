"""The verb `relata film`: a drag, a walk through the layers or the way from scene to scene, as GIF or MP4."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, get_args

from core.arguments import between
from core.documents.figures import work_in
from core.figures.films import film_file
from core.film import LONGEST_S, OF_WORDS, SHORTEST_S, Film, Fps, Look, Size
from core.start import become, window_command
from core.storage import check_file
from core.terminal import DEVICE_HELP, check_device

VERB = "film"


def add_film_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    add_film_arguments(verbs.add_parser(VERB, help="a film of a document file as GIF or MP4"))


def add_film_arguments(verb: argparse.ArgumentParser) -> None:
    """What can be said of a film, to the command and to the program that makes it."""
    usual = Film()
    verb.add_argument("file", type=Path, help="a .relata file, or a figure that carries its document")
    ways = "; ".join(f"{name}: {words.lower()}" for name, words in OF_WORDS.items())
    verb.add_argument("--of", choices=list(OF_WORDS), default=usual.of, help=f"{ways} (default: {usual.of})")
    verb.add_argument("--out", type=Path, required=True, help="the .gif or .mp4 file to write")
    verb.add_argument("--size", choices=get_args(Size), default=usual.size, help=f"pixels (default: {usual.size})")
    verb.add_argument("--fps", choices=get_args(Fps), default=usual.fps, help=f"frames a second (default: {usual.fps})")
    seconds = between(SHORTEST_S, LONGEST_S)
    verb.add_argument("--seconds", type=seconds, default=usual.seconds, help="how long each way takes (default: 2)")
    verb.add_argument("--look", choices=get_args(Look), default=usual.look, help=f"colours (default: {usual.look})")
    verb.add_argument("--no-map", dest="map", action="store_false", help="no decision map behind the pad: much quicker")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.set_defaults(run=_film)


def film_of(arguments: argparse.Namespace) -> Film:
    """The film that is described."""
    return Film(arguments.of, arguments.size, arguments.fps, arguments.seconds, arguments.look, arguments.map)


def _film(arguments: argparse.Namespace) -> int:
    """What paints is a program of its own, so that `core` never loads Qt."""
    film = film_of(arguments)
    check_file(arguments.out)
    film_file(arguments.out, int(film.fps))
    work_in(arguments.file)
    check_device(arguments)
    words = [str(arguments.file.absolute()), "--out", str(arguments.out.absolute()), "--device", arguments.device]
    words += ["--of", film.of, "--size", film.size, "--fps", film.fps, "--seconds", f"{film.seconds:g}"]
    words += ["--look", film.look, *([] if film.map else ["--no-map"])]
    return become(window_command(VERB, *words), {**os.environ, "QT_QPA_PLATFORM": "offscreen"})

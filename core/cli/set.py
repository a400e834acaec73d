"""The verb `relata set`: variants of what a document file holds, as a folder of pictures."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from core.arguments import add_varied_arguments, seed, varied_of, whole
from core.document import Side
from core.documents.figures import work_in
from core.set_job import SetOptions, write_set
from core.sets import MANIFEST
from core.stimuli.datasets import EXAMPLES_MAX
from core.terminal import DEVICE_HELP, device_of, watch


def add_set_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    usual = SetOptions()
    verb = verbs.add_parser("set", help="variants of what a document file holds, as PNG with a JSON manifest")
    verb.add_argument("file", type=Path, help="a .relata file, or a figure that carries its document")
    verb.add_argument("--n", type=whole(1, EXAMPLES_MAX), default=usual.n, help=f"variants (default: {usual.n})")
    verb.add_argument("--side", choices=get_args(Side), default="base", help="which of its stimuli (default: base)")
    add_varied_arguments(verb, usual.varied)
    verb.add_argument("--seed", type=seed, default=usual.seed)
    verb.add_argument("--ask", action="store_true", help="ask the model about each, with the edits and without")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.add_argument("--out", type=Path, required=True, help="a new folder")
    verb.set_defaults(run=_set)


def _set(arguments: argparse.Namespace) -> int:
    document = work_in(arguments.file).document
    options = SetOptions(arguments.n, **asdict(varied_of(arguments)), seed=arguments.seed, ask=arguments.ask)
    device = str(device_of(arguments)) if arguments.ask else "cpu"
    found = watch(write_set(document, arguments.side, options, str(arguments.out), device))
    print(f"{found.n} images and {MANIFEST} in {arguments.out}")
    if words := found.words(edited=arguments.side == "base" and any(e.enabled for e in document.interventions)):
        print(words)
    return 0

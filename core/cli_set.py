"""The verb `relata set`: variants of what a document file holds, as a folder of pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

from core.arguments import seed, whole
from core.datasets import EXAMPLES_MAX
from core.document import Side
from core.errors import UserError
from core.scene import PROPERTIES
from core.set_job import MANIFEST, SetOptions, write_set
from core.terminal import DEVICE_HELP, device_of, watch
from core.work_files import read_work


def add_set_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    usual = SetOptions()
    verb = verbs.add_parser("set", help="variants of what a document file holds, as PNG with a JSON manifest")
    verb.add_argument("file", type=Path, help="a .relata file")
    verb.add_argument("--n", type=whole(1, EXAMPLES_MAX), default=usual.n, help=f"variants (default: {usual.n})")
    verb.add_argument("--side", choices=get_args(Side), default="base", help="which of its stimuli (default: base)")
    verb.add_argument("--vary", default="", metavar="PROPERTIES", help="shape, color, or shape,color: drawn again")
    verb.add_argument("--keep-positions", action="store_true", help="leave the items where they are")
    verb.add_argument("--keep-noise", action="store_true", help="leave noise and jitter as they are")
    verb.add_argument("--seed", type=seed, default=usual.seed)
    verb.add_argument("--ask", action="store_true", help="ask the model about each, with the edits and without")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.add_argument("--out", type=Path, required=True, help="a new folder")
    verb.set_defaults(run=_set)


def _set(arguments: argparse.Namespace) -> int:
    document = read_work(arguments.file).document
    vary = [name for name in arguments.vary.split(",") if name]
    if odd := next((name for name in vary if name not in PROPERTIES), ""):
        raise UserError(f"There is no property “{odd}”.", f"Name {' or '.join(PROPERTIES)}.")
    options = SetOptions(
        arguments.n,
        positions=not arguments.keep_positions,
        noise=not arguments.keep_noise,
        shapes="shape" in vary,
        colors="color" in vary,
        seed=arguments.seed,
        ask=arguments.ask,
    )
    device = str(device_of(arguments)) if arguments.ask else "cpu"
    found = watch(write_set(document, arguments.side, options, str(arguments.out), device))
    print(f"{found.n} images and {MANIFEST} in {arguments.out}")
    if words := found.words(edited=arguments.side == "base" and any(e.enabled for e in document.interventions)):
        print(words)
    return 0

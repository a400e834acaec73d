"""The verb `relata import`: a checkpoint of another program becomes a model of the library."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.locations import LOCAL_FOLDER
from core.streams import print_json
from core.terminal import add_assume_argument, stated_of, watch

SHOWN = 6
"""Names that are printed of a long list."""


def add_import_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser("import", help="put a checkpoint of another program into the library of models")
    verb.add_argument("source", help="a .safetensors, .pt, .pth, .bin or .ckpt file, an index of shards, or a folder")
    add_assume_argument(verb)
    verb.add_argument("--name", default="", help="what to call the model (default: after the file)")
    verb.add_argument("--dry-run", action="store_true", help="say what it is and what is assumed, and write nothing")
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    from core.families.importing import import_model, propose

    source = Path(arguments.source.removeprefix(LOCAL_FOLDER))
    stated = stated_of(arguments.assume)
    proposal = propose(source, stated)
    path = None if arguments.dry_run else watch(import_model(source, stated, arguments.name), quiet=arguments.json)
    taken = {one.name: one for one in proposal.assumptions}
    if arguments.json:
        said = {name: {"value": one.value, "why": one.why, "choices": one.choices} for name, one in taken.items()}
        value = {"layout": proposal.layout, "network": proposal.card["network"], "assumptions": said}
        print_json({**value, "path": None if path is None else str(path)}, indent=2)
        return 0
    print(f"layout: {proposal.layout}")
    for name, one in taken.items():
        others = [_words(choice) for choice in one.choices if choice != one.value]
        print(f"{name}: {_words(one.value)} ({one.why}{'; or ' + ', '.join(others) if others else ''})")
    if path is not None:
        print(f"model: {path}")
    return 0


def _words(value: Any) -> str:
    """A value as it is typed after --assume."""
    if not isinstance(value, list | tuple):
        return str(value)
    shown = ",".join(map(str, value[:SHOWN]))
    return shown if len(value) <= SHOWN else f"{shown},… ({len(value)})"

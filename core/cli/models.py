"""The verb `relata models`: what can be opened, and the library put in order."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from core.library import Listed, find, listed, remove, rename, size_words

COLUMNS = ("model", "size", "blocks × heads", "answers", "last opened", "from")


def add_models_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser("models", help="list the models that can be opened, or remove or rename one of the library")
    verb.add_argument("--json", action="store_true", help="print the list with every card as JSON")
    what = verb.add_mutually_exclusive_group()
    what.add_argument("--remove", metavar="NAME", help="delete a model and what was learned on it")
    what.add_argument("--rename", nargs=2, metavar=("NAME", "NEW"))
    what.add_argument("--path", metavar="NAME", help="print where the file of a model is")
    verb.set_defaults(run=_models)


def _models(arguments: argparse.Namespace) -> int:
    if arguments.remove is not None:
        remove(arguments.remove)
    elif arguments.rename is not None:
        print(rename(*arguments.rename))
    elif arguments.path is not None:
        print(find(arguments.path).path)
    elif arguments.json:
        print(json.dumps([{**asdict(model), "path": str(model.path)} for model in listed()], indent=2))
    else:
        _print_table([COLUMNS, *map(_row, listed())])
    return 0


def _row(model: Listed) -> tuple[str, ...]:
    when = datetime.fromtimestamp(model.opened).strftime("%Y-%m-%d %H:%M") if model.opened else "never"
    if model.damaged:
        return (model.reference, size_words(model.n_bytes), "?", "its card cannot be read", when, model.origin)
    return (model.reference, size_words(model.n_bytes), model.shape, model.answers, when, model.origin)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip())

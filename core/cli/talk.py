"""The verb `relata talk`: present the scenes of a document, or check in the terminal that nothing is missing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.analyses.decision import Decision
from core.documents.files import read_work
from core.documents.work import Work
from core.errors import UserError
from core.rehearsal import Rehearsed, rehearse
from core.start import TALK, become, window_command
from core.talk import TITLE, talk_path
from core.terminal import DEVICE_HELP, device_of

MISSING = 1
"""The exit status where something is."""


def add_talk_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser("talk", help="present the scenes of a document")
    verb.add_argument("file", type=Path, nargs="?", help=f"a .relata file; without one “{TITLE}”")
    verb.add_argument("--check", action="store_true", help="run every scene here and say what is missing")
    verb.add_argument("--device", default="auto", help=f"of --check: {DEVICE_HELP}")
    verb.set_defaults(run=_talk)


def _talk(arguments: argparse.Namespace) -> int:
    path = talk_path() if arguments.file is None else arguments.file.absolute()
    work = read_work(path)
    if not work.scenes:
        raise UserError(f"{path.name} holds no scenes.", "Open it with relata open, and add some: Scenes ▸ Add scene.")
    if arguments.check:
        return _check(work, arguments)
    return become(window_command(TALK, str(path)))


def _check(work: Work, arguments: argparse.Namespace) -> int:
    from core.session import Session

    complete = True
    for found in rehearse(work.scenes, work.models, Session(str(device_of(arguments)))):
        if isinstance(found, Rehearsed):
            print(_words(found), flush=True)
            complete &= not found.missing
    print("Nothing is missing." if complete else "Something is missing.")
    return 0 if complete else MISSING


def _words(found: Rehearsed) -> str:
    """A scene in a line, and a line for each thing that it lacks."""
    said = ""
    if found.answer is not None:
        verdict = found.answer.found[Decision()]
        said = f": {verdict.answer} {verdict.margin:+.2f}{' (flip)' if verdict.flipped else ''}"
    return "\n".join((f"{found.index + 1}  {found.name}{said}", *(f"   missing: {words}" for words in found.missing)))

"""The verb `relata open`: what a document file holds, and what its model answers."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.analyses.decision import Decision, Verdict
from core.document import Document
from core.errors import UserError
from core.terminal import DEVICE_HELP, device_of
from core.work import Work, recorded_verdicts
from core.work_files import read_work


def add_open_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser("open", help="what a document file holds, and what its model answers")
    verb.add_argument("file", type=Path, help="a .relata file")
    verb.add_argument("--json", action="store_true", help="print it as JSON")
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.set_defaults(run=_open)


def _open(arguments: argparse.Namespace) -> int:
    work = read_work(arguments.file)
    found = described(work)
    found["answer"] = _answer(work, arguments)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for name, value in found.items():
        for line in value if isinstance(value, list) else [value]:
            print(f"{name}: {_line(line)}")
    return 0


def described(work: Work) -> dict[str, Any]:
    """What a document file holds, as JSON has it; answers are those that were recorded."""
    verdicts = recorded_verdicts(work.history)
    return {
        "model": work.document.model,
        "picture": _picture(work.document),
        "edits": [edit.words(work.document.base) for edit in work.document.interventions if edit.enabled],
        "made_with": [
            {"asset": list(asset.asset), "sha256": asset.hash, "embedded": asset.file in work.files}
            for asset in work.learned
        ],
        "weights": [
            {"model": note.reference, "sha256": note.weights_hash, "from": note.origin} for note in work.models
        ],
        "history": [
            {"step": m.name or m.text, "starred": m.starred, "recorded": _said(m.verdict)} for m in work.history
        ],
        "recorded": _said(verdicts.get(work.document)),
    }


def _answer(work: Work, arguments: argparse.Namespace) -> dict[str, Any]:
    """What the model answers now; where it is not there, why."""
    from core.questions import Question
    from core.session import Session

    try:
        answer = Session(str(device_of(arguments))).answer(Question(work.document))
    except UserError as error:
        return {"refused": error.message, "hint": error.hint}
    said = _said(answer.found[Decision()])
    return {**(said or {}), "weights_sha256": answer.model.weights_hash, "lost": list(answer.lost.values())}


def _said(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {"answer": verdict.answer, "margin": verdict.margin, "flipped": verdict.flipped}


def _picture(document: Document) -> str:
    base = document.base
    return base.photo.name if base.photo is not None else f"{len(base.items)} items"


def _line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_line(part)}" for name, part in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)

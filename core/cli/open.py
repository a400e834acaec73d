"""The verb `relata open`: what a document file holds, and what its model answers."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.analyses.decision import Decision, Verdict
from core.document import Document
from core.documents.figures import work_in
from core.documents.work import Work, recorded_verdicts
from core.errors import UserError
from core.script import script_of
from core.stimuli.stimulus import Stimulus
from core.streams import print_json, print_source
from core.terminal import DEVICE_HELP, device_of

if TYPE_CHECKING:
    from core.session import Session


def add_open_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser("open", help="what a document file holds, and what its model answers")
    verb.add_argument("file", type=Path, help="a .relata file, or a figure that carries its document")
    way = verb.add_mutually_exclusive_group()
    way.add_argument("--json", action="store_true", help="print it as JSON")
    way.add_argument("--python", action="store_true", help="print a Python script that asks the same of the same model")
    verb.add_argument(
        "--all", action="store_true", help="ask the model about every state of the history and every scene"
    )
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.set_defaults(run=_open)


def _open(arguments: argparse.Namespace) -> int:
    work = work_in(arguments.file)
    if arguments.python:
        print_source(script_of(work.document, recorded_verdicts(work.history).get(work.document)))
        return 0
    found = described(work)
    _add_answers(found, work, arguments)
    if arguments.json:
        print_json(found)
        return 0
    for name, value in found.items():
        for line in value if isinstance(value, list) else [value]:
            print(f"{name}: {_line(line)}")
    return 0


def described(work: Work) -> dict[str, Any]:
    """What a document file holds, as JSON has it; answers are those that were recorded."""
    verdicts, document = recorded_verdicts(work.history), work.document
    return {
        "model": document.model,
        "compared": document.compared,
        "picture": _picture(document.base),
        "source": None if document.source is None else _picture(document.source),
        "edits": [edit.words(document.base) for edit in document.interventions if edit.enabled],
        "edits_off": [edit.words(document.base) for edit in document.interventions if not edit.enabled],
        "view": dataclasses.asdict(work.view),
        "made_with": [
            {"asset": list(asset.asset), "sha256": asset.hash, "embedded": asset.file in work.files}
            for asset in work.learned
        ],
        "weights": [
            {
                "model": note.reference,
                "sha256": note.weights_hash,
                "from": note.origin,
                "assumed": list(note.assumed),
            }
            for note in work.models
        ],
        "history": [
            {"step": m.name or m.text, "starred": m.starred, "recorded": _said(m.verdict)} for m in work.history
        ],
        "scenes": [{"scene": s.name, "note": s.note, "recorded": _said(verdicts.get(s.document))} for s in work.scenes],
        "recorded": _said(verdicts.get(document)),
    }


def _add_answers(found: dict[str, Any], work: Work, arguments: argparse.Namespace) -> None:
    """Beside what was recorded, what the model answers now."""
    from core.session import Session

    try:
        session = Session(str(device_of(arguments)))
    except UserError as error:
        found["answer"] = _refused(error)
        return
    if arguments.all:
        states = [*(moment.document for moment in work.history), *(scene.document for scene in work.scenes)]
        for entry, state in zip((*found["history"], *found["scenes"]), states, strict=True):
            entry["answer"] = _answer(session, state)
    found["answer"] = _answer(session, work.document)


def _answer(session: Session, document: Document) -> dict[str, Any]:
    """What the model answers now; where it is not there, why."""
    from core.questions import Question

    try:
        answer = session.answer(Question(document))
    except UserError as error:
        return _refused(error)
    said = _said(answer.found[Decision()])
    return {**(said or {}), "weights_sha256": answer.model.weights_hash, "lost": list(answer.lost.values())}


def _refused(error: UserError) -> dict[str, Any]:
    return {"refused": error.message, "hint": error.hint}


def _said(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    low, high = (verdict.labels[side] for side in verdict.sides)
    return {
        "answer": verdict.answer,
        "margin": verdict.margin,
        "margin_of": f"{high} − {low}",
        "margin_without_edits": verdict.baseline_margin,
        "flipped": verdict.flipped,
    }


def _picture(stimulus: Stimulus) -> str:
    shown = stimulus.photo.name if stimulus.photo is not None else f"{len(stimulus.items)} items"
    return shown if stimulus.paint is None else f"{shown}, painted over"


def _line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_line(part)}" for name, part in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)

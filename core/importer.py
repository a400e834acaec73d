"""Importing a checkpoint in steps, for whoever decides between them: what it seems to be, then what it says of the demo
with other things assumed.

Importing this loads no torch, so that the window can name it and read what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cards import card_geometry, card_task, read_card
from core.demo import demo_document
from core.errors import UserError
from core.library import Assumption, remove, rename, shape_words
from core.locations import library_folder, tensor_files
from core.progress import Job, Progress

LOOK_JOB, TRY_JOB = "core.importer:look_into", "core.importer:try_out"
N_ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """What a checkpoint seems to be."""

    layout: str
    shape: str
    n_bytes: int
    unsaid: tuple[Assumption, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A checkpoint in the library, under `reference`, as it is with what was `stated`; `is_new` unless it was there.

    `answers` are the likeliest answers to the demo stimulus with their probabilities.
    """

    stated: Mapping[str, Any]
    reference: str
    answers: tuple[tuple[str, float], ...]
    is_new: bool


def look_into(source: str) -> Job[Found]:
    """What a checkpoint seems to be; no tensor of it is read.

    Raises UserError where it is of no kind that is known.
    """
    from core.families.importing import propose

    yield Progress(0, 1, f"looking into {Path(source).name}")
    proposal = propose(Path(source))
    return Found(proposal.layout, shape_words(proposal.card), proposal.n_bytes, proposal.assumptions)


def try_out(source: str, stated: Mapping[str, Any], *, instead_of: str = "", device: str = "auto") -> Job[Tried]:
    """Import a checkpoint and ask it about the demo stimulus; what was tried before is removed.

    Raises UserError where it cannot be imported or run; then it is not in the library.
    """
    from core.families.importing import import_model

    before = set(tensor_files(library_folder()))
    path = yield from import_model(Path(source), stated)
    reference, is_new = path.stem, path not in before
    if instead_of and instead_of != reference:
        remove(instead_of)
        reference = rename(reference, instead_of) if is_new else reference
    try:
        yield Progress(1, 1, "asking about the demo")
        answers = _answers(reference, device)
    except (UserError, GeneratorExit):
        if is_new:
            remove(reference)
        raise
    return Tried(stated, reference, answers, is_new)


def _answers(reference: str, device: str) -> tuple[tuple[str, float], ...]:
    """What a model of the library answers to the demo stimulus on its canvas."""
    from core.analyses.decision import Decision
    from core.questions import Question
    from core.session import Session

    card = read_card(library_folder() / f"{reference}.safetensors")
    document = demo_document(reference, card_task(card), card_geometry(card))
    verdict = Session(device).answer(Question(document)).found[Decision()]
    return tuple((each.label, each.share) for each in verdict.largest(N_ANSWERS))

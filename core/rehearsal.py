"""Runs every scene before a talk: what each one answers, and what is missing for it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.analyses import Analysis
from core.analyses.decision import Decision
from core.analyses.pad import Pad
from core.analyses.pair_judgements import PairJudgements
from core.documents.work import ModelNote, Scene
from core.errors import UserError
from core.interventions.probe import AddProbeDirection
from core.progress import Progress
from core.questions import Answer, Question
from core.stimuli.stimulus import PROPERTIES

if TYPE_CHECKING:
    from core.session import Session

REHEARSAL_JOB = "core.rehearsal:rehearse_anew"


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsed:
    """One scene: the model's whole answer, None where there is none, and in sentences what is missing."""

    index: int
    name: str
    answer: Answer | None
    missing: tuple[str, ...] = ()


def rehearse_anew(
    scenes: Sequence[Scene], notes: Sequence[ModelNote], device: str
) -> Generator[Progress | Rehearsed, None, None]:
    """`rehearse` with an engine of its own: a job."""
    from core.session import Session

    yield from rehearse(scenes, notes, Session(device))


def rehearse(
    scenes: Sequence[Scene], notes: Sequence[ModelNote], session: Session
) -> Generator[Progress | Rehearsed, None, None]:
    """Every scene in order; `notes` say with which weights they were made."""
    for index, scene in enumerate(scenes):
        yield Progress(index, len(scenes), f"Scene {index + 1} of {len(scenes)}: {scene.name}")
        yield _rehearsed(index, scene, notes, session)
    yield Progress(len(scenes), len(scenes), "Every scene was run")


def _rehearsed(index: int, scene: Scene, notes: Sequence[ModelNote], session: Session) -> Rehearsed:
    try:
        answer = session.answer(Question(scene.document, wanted_of(scene)))
    except UserError as error:
        return Rehearsed(index, scene.name, None, (f"{error.message} {error.hint}",))
    words = {edit: edit.words(scene.document.base) for edit in answer.lost}
    lost = [f"“{words[edit]}” is not in force: {reason}" for edit, reason in answer.lost.items()]
    note = next((note for note in notes if note.reference == scene.document.model), None)
    if note is not None and note.weights_hash != answer.model.weights_hash:
        lost.append(f"{scene.document.model} has other weights than those that the scene was made with.")
    return Rehearsed(index, scene.name, answer, tuple(lost))


def wanted_of(scene: Scene) -> tuple[Analysis[Any], ...]:
    """What the audience's window shows of a scene, as far as it is quickly found."""
    block = scene.view.write
    pushed = any(isinstance(edit, AddProbeDirection) for edit in scene.document.interventions)
    judged = (PairJudgements(block),) if pushed else ()
    return (Decision(), *(Pad(property, block) for property in PROPERTIES), *judged)

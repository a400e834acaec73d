"""`Work`, everything that a document file holds: what is edited, how it is looked at, every state that was shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.analyses.decision import Decision, Verdict
from core.document import AssetKey, Document, View
from core.questions import Answer, ModelInfo, Question

LEARNED = "learned/"
"""What the names of members begin with that hold what was learned."""

RECORDED = "recorded"
"""In place of a device: the answer comes from a file, and not from the model."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A state that was shown: what led to it, how it was looked at, and what was answered, None where nothing was.

    `name` is what the user calls it, and `starred` whether it stands out.
    """

    text: str
    document: Document
    view: View
    verdict: Verdict | None = None
    name: str = ""
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A state to be shown to others, with a name and a note for whoever shows it."""

    name: str
    note: str
    document: Document
    view: View


@dataclass(frozen=True, slots=True)
class ModelNote:
    """What is known of a model where its file is not: which weights it had, where they came from, and what shows its
    answers."""

    reference: str
    weights_hash: str
    origin: str
    n_blocks: int
    n_heads: int
    n_prefix: int
    labels: tuple[str, ...]
    task: str = ""
    learned_hash: str = ""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Learned:
    """A subspace or probe that edits were made with, by its content hash; `file` is the member of the document file
    that holds it, beside its card, and "" where it was not there to go along."""

    model: str
    asset: AssetKey
    hash: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What a document file holds. `panels` is how each panel stands, by its title, as JSON has it.

    `files` are the tensors and cards of what was learned, by the names of their members. `journal_of` is the file whose
    unsaved changes these are: "" in a saved document, and for one that has no file yet.
    """

    document: Document
    view: View
    panels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    history: tuple[Moment, ...] = ()
    scenes: tuple[Scene, ...] = ()
    models: tuple[ModelNote, ...] = ()
    learned: tuple[Learned, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    journal_of: str = ""


def note_of(reference: str, model: ModelInfo, origin: str) -> ModelNote:
    """What a document file says of a model that has answered."""
    shape = (model.n_blocks, model.n_heads, model.n_prefix, model.labels)
    task = str(model.card.get("task", ""))
    return ModelNote(reference, model.weights_hash, origin, *shape, task, model.learned_hash, model.assumed)


def documents_of(work: Work) -> Iterator[Document]:
    """Every state that a document file holds, the one in force first."""
    yield work.document
    yield from (moment.document for moment in work.history)
    yield from (scene.document for scene in work.scenes)


def assets_of(documents: Iterator[Document]) -> dict[tuple[str, AssetKey], str]:
    """What the edits of some states were made with: content hashes by model and asset."""
    edits = ((document.model, edit) for document in documents for edit in document.interventions)
    return {(model, edit.asset): edit.learned for model, edit in edits if edit.asset is not None and edit.learned}


def recorded_answer(work: Work) -> Answer | None:
    """The answer to the state in force that the file holds, told by its model's `device`; None where it has none."""
    note = next((note for note in work.models if note.reference == work.document.model), None)
    verdict = recorded_verdicts(work.history).get(work.document)
    if note is None or verdict is None:
        return None
    name, geometry, card = work.document.model, work.document.base.geometry, {"task": note.task, "network": {}}
    shape = (note.n_blocks, note.n_heads, note.n_prefix, geometry, note.labels)
    model = ModelInfo(
        name, note.weights_hash, RECORDED, *shape, card, {}, learned_hash=note.learned_hash, assumed=note.assumed
    )
    return Answer(Question(work.document), model, {Decision(): verdict}, (RECORDED, *note.assumed), complete=True)


def recorded_verdicts(history: Sequence[Moment]) -> dict[Document, Verdict]:
    """What was answered, by the state."""
    return {moment.document: moment.verdict for moment in history if moment.verdict is not None}


def with_model(work: Work, before: str, now: str) -> Work:
    """The work with one model called otherwise, wherever it is named: its file lies elsewhere."""

    def renamed(document: Document) -> Document:
        model, compared = (now if name == before else name for name in (document.model, document.compared))
        return replace(document, model=model, compared=compared)

    return replace(
        work,
        document=renamed(work.document),
        history=tuple(replace(moment, document=renamed(moment.document)) for moment in work.history),
        scenes=tuple(replace(scene, document=renamed(scene.document)) for scene in work.scenes),
        models=tuple(replace(note, reference=now) if note.reference == before else note for note in work.models),
        learned=tuple(replace(asset, model=now) if asset.model == before else asset for asset in work.learned),
    )

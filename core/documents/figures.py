"""The state of a document in a figure: written so that the figure opens as that document, and read with its checks.

A figure goes to others: it takes along what it shows and not how one came there. History and scenes stay behind.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.documents.files import KEPT, from_bytes, read_work, to_bytes
from core.documents.json import NewerFormatError
from core.documents.work import Moment, Work, note_of, recorded_verdicts
from core.errors import UserError
from core.figures.state import MAX_FILE_BYTES, SUFFIXES, state_in
from core.questions import Answer

CARRIED_BYTES = 3_000_000
"""Up to how large a document goes along; of a larger one its hash is named."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a figure carries: a document, or of which study it is, None where it is of none."""

    work: Work | None
    study: Mapping[str, Any] | None


def state_of(work: Work, answer: Answer | None = None, pictures: Sequence[str] = ()) -> dict[str, Any]:
    """What a figure of a document says of it: the document, and what made its answer."""
    lean = _lean(work, answer)
    content = to_bytes(lean)
    if len(content) > CARRIED_BYTES:
        content = to_bytes(replace(lean, files={}, learned=tuple(replace(of, file="") for of in lean.learned)))
    base = work.document.base
    state: dict[str, Any] = {
        "model": work.document.model,
        "read_layer": work.view.read,
        "write_layer": work.view.write,
        "head": work.view.head,
        "token": work.view.token,
        "pictures": list(pictures),
        "picture_seeds": [item.seed for item in base.items],
        "edits": [edit.words(base) for edit in work.document.interventions if edit.enabled],
        "subspaces": sorted(_subspaces(lean, answer)),
        "document_sha256": hashlib.sha256(content).hexdigest(),
    }
    if answer is not None:
        state |= {"weights_sha256": answer.model.weights_hash, "device": answer.model.device}
        state |= {"assumed": list(answer.model.assumed)} if answer.model.assumed else {}
    if len(content) <= CARRIED_BYTES:
        state["document"] = base64.b64encode(content).decode("ascii")
    return state


def _subspaces(work: Work, answer: Answer | None) -> set[str]:
    """The hashes of what edits were made with, and of what is looked at where they are made."""
    hashes = {} if answer is None else answer.model.asset_hashes
    return {asset.hash for asset in work.learned} | {of for key, of in hashes.items() if key[1] == work.view.write}


def _lean(work: Work, answer: Answer | None) -> Work:
    """The state in force alone, with its verdict."""
    document = work.document
    verdict = recorded_verdicts(work.history).get(document)
    models = tuple(note for note in work.models if note.reference in (document.model, document.compared))
    if answer is not None and answer.question.document.model == document.model and not models:
        models = (note_of(document.model, answer.model, ""),)
    moment = Moment("Figure", document, work.view, verdict)
    used = {edit.learned for edit in document.interventions if edit.learned}
    learned = tuple(asset for asset in work.learned if asset.hash in used)
    stems = {asset.file.removesuffix(".safetensors") for asset in learned if asset.file}
    files = {name: content for name, content in work.files.items() if name.rpartition(".")[0] in stems}
    return Work(document, work.view, work.panels, (moment,), (), models, learned, files)


def is_figure_name(path: Path) -> bool:
    """Whether a figure may be in a file, by the end of its name."""
    return path.suffix.lower() in SUFFIXES


def read_figure(path: Path) -> Carried | None:
    """What a figure carries; None where it carries nothing.

    Raises UserError where the file cannot be read, or what it carries is damaged, of a later version, or not made to be
    opened.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path.name} could not be read: {error.strerror or error}.", KEPT) from error
    if len(content) > MAX_FILE_BYTES:
        return None  # no figure is so large; a photograph may be
    try:
        state = state_in(content)
        return None if state is None else _carried(state, path.name)
    except NewerFormatError as error:
        message = f"{path.name} was made by a later version of Relata: {error}."
        raise UserError(message, f"Update Relata to open it. {KEPT}") from error
    except ValueError as error:
        raise UserError(f"What {path.name} carries could not be opened: {error}.", KEPT) from error


def work_in(path: Path) -> Work:
    """What a document file holds, or the document that a figure carries.

    Raises UserError where it is neither, or cannot be opened.
    """
    if not is_figure_name(path):
        return read_work(path)
    carried = read_figure(path)
    if carried is None or carried.work is None:
        raise UserError(f"{path.name} carries no document.", "Name a document, or a figure that was made of one.")
    return carried.work


def _carried(state: Mapping[str, Any], name: str) -> Carried:
    study = state.get("study")
    if isinstance(study, dict):
        return Carried(None, study)
    packed = state.get("document")
    if not isinstance(packed, str):
        known = str(state.get("document_sha256", ""))[:12]
        hint = f"The document's own hash begins with {known}." if known else "It names no document."
        raise UserError(f"{name} names the document that it was made of, but does not hold it.", f"{hint} {KEPT}")
    try:
        content = base64.b64decode(packed, validate=True)
    except binascii.Error as error:
        raise ValueError("its document is damaged") from error
    return Carried(from_bytes(content), None)

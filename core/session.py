"""The engine process's memory: the open model, what was learned on it, and the answers to questions about it."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.analyses import Analysis, Refusal
from core.analyses.decision import Decision
from core.assets.probe_files import learned_probes
from core.assets.subspace_files import learned_subspaces
from core.document import Document
from core.engine import verify
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model, choose_device
from core.locations import bundled_models, model_path, probe_files, subspace_folders, tensor_files
from core.log import LOG
from core.questions import Answer, Question, info_of, whole
from core.state import Opened, State
from core.stimuli.stimulus import Geometry
from core.streams import say

Times = dict[Path, int]


@dataclass(slots=True)
class _Kept:
    """An open model, when its files were last changed when it was opened, and when they were last looked at."""

    opened: Opened
    times: Times
    looked_s: float


class Session:
    """One open model at a time, and the one that it is compared with. One thread at a time may use it."""

    def __init__(self, device: str = "auto", *, look_every_s: float = 0.0) -> None:
        self._device = device
        self._look_every_s = look_every_s
        self._kept: dict[str, _Kept] = {}
        self._refused: tuple[str, Times, UserError] | None = None

    def open(self, reference: str, beside: str = "") -> Opened:
        """The model behind a reference, verified; of the others the one `beside` it stays open, if it is.

        Where this raises UserError, all stay as they were. A model is opened again where its files, or those of what
        was learned on it, are no longer what they were; they are looked at every `look_every_s` seconds.
        """
        kept, now_s = self._kept.get(reference), time.monotonic()
        if kept is None or now_s >= kept.looked_s + self._look_every_s:
            times = _times(reference)
            if kept is None or times != kept.times:
                kept = _Kept(self._read(reference), times, now_s)
            kept.looked_s = now_s
        other = self._kept.get(beside)
        self._kept = {reference: kept} if other is None else {reference: kept, beside: other}
        return kept.opened

    def _read(self, reference: str) -> Opened:
        notes: list[str] = []
        model = verify(open_model(reference, choose_device(self._device, notes.append)))
        subspaces, errors = learned_subspaces(subspace_folders(reference), model)
        probes, probe_errors = learned_probes(probe_files(reference), model)
        notes += [str(error) for error in (*errors, *probe_errors)]
        opened = Opened(model, subspaces, probes, tuple(notes), _learned_hash(reference, model))
        before = self._kept.get(reference)
        if before is not None and before.opened.model.run_sha256 == model.run_sha256:
            opened.examples = before.opened.examples  # they take seconds, and no fit changes them
        return opened

    def _open_other(self, reference: str, beside: str) -> Opened:
        """The model that another is compared with; one that could not be opened is not tried again until its files
        are others."""
        if self._refused is not None and self._refused[:2] == (reference, _times(reference)):
            raise self._refused[2]
        try:
            with torch.inference_mode(False):  # its weights are as those of any open model
                return self.open(reference, beside)
        except UserError as error:
            self._refused = (reference, _times(reference), error)
            raise

    def answers(self, question: Question) -> Iterator[Answer]:
        """The decision, then everything that is wanted, what is late last, then better values of some of it, in fp32.

        Whoever asks may stop listening after the part that is `complete`.

        Raises UserError for a model that cannot be opened, a device that is not there, or where there is no decision.
        """
        start = time.perf_counter()
        reference = question.document.model
        opened = self.open(reference, question.document.compared)
        with torch.inference_mode():
            open_other = partial(self._open_other, beside=reference)
            state = State(_fitting(question.document, opened.model), opened, open_other)
        notes = (*opened.notes, *state.lost.values(), *opened.model.assumed)
        empty = Answer(question, info_of(opened), {}, notes, state.lost)

        def part(found: dict[Analysis[Any], Any], *, complete: bool = False) -> Answer:
            ms = 1000 * (time.perf_counter() - start)
            return replace(empty, found=found, complete=complete, engine_ms=ms)

        decision = Decision()
        with torch.inference_mode():
            said = next(decision.run(state))
        yield part({decision: said})
        runs = {analysis: analysis.run(state) for analysis in question.wanted if analysis != decision}
        late = {analysis: run for analysis, run in runs.items() if analysis.late}
        found = {analysis: _next(run) for analysis, run in runs.items() if analysis not in late}
        if late:
            yield part(found)
            found = {analysis: _next(run) for analysis, run in late.items()}
        whole = part(found, complete=True)
        yield whole
        for analysis, run in runs.items():
            while (value := _next(run)) is not None:
                yield replace(whole, found={analysis: value}, complete=False)

    def answer(self, question: Question) -> Answer:
        """All parts of an answer in one, at their best."""
        return whole(list(self.answers(question)))


def _next(run: Iterator[Any]) -> Any | Refusal | None:
    """The next value of an analysis, or why there is none; None at its end."""
    try:
        with torch.inference_mode():
            return next(run, None)
    except UserError as error:
        return Refusal(error.message, error.hint)
    except Exception as error:  # the other panels must not go without theirs
        say(traceback.format_exc())
        LOG.exception("an analysis failed")
        return Refusal(f"This analysis failed: {type(error).__name__}: {error}", "The others are as they should be.")


def _learned_files(reference: str) -> list[Path]:
    """The files of the subspaces and probes of a model, with their cards."""
    weights = [path for folder in subspace_folders(reference) for path in tensor_files(folder)]
    weights += probe_files(reference)
    return [path for tensors in weights for path in (tensors, tensors.with_suffix(".json")) if path.is_file()]


def _times(reference: str) -> Times:
    """When the files of a model, and of what was learned on it, were last changed."""
    weights = model_path(reference)
    paths = [path for path in (weights, weights.with_suffix(".json")) if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in [*paths, *_learned_files(reference)]}


def _learned_hash(reference: str, model: Model) -> str:
    """A hash of the content of what was learned on a model, and of how its card says that it is run, which the cards of
    those that ship say for good."""
    content = hashlib.sha256(b"" if reference in bundled_models() else model.run_sha256.encode())
    for path in _learned_files(reference):
        content.update(path.name.encode())
        content.update(path.read_bytes())
    return content.hexdigest()


def _fitting(document: Document, model: Model) -> Document:
    """The document, if its pictures are of the model's size.

    Raises UserError where the patch grid is another one.
    """
    for stimulus in (document.base, document.source):
        if stimulus is not None and stimulus.geometry != model.geometry:
            raise UserError(
                f"The stimulus is {_size(stimulus.geometry)}, {model.name} takes {_size(model.geometry)}.",
                "Choose the model again (Model ▸ Open model…): that lays its stimulus out anew.",
            )
    return document


def _size(geometry: Geometry) -> str:
    return f"{geometry.image_px} px in patches of {geometry.patch_px} px"

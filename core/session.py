"""The engine process's memory: the open model, what was learned on it, and the answers to questions about it."""

from __future__ import annotations

import hashlib
import math
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core.analyses import Analysis, Refusal
from core.analyses.decision import Decision
from core.assets.probe_files import learned_probes
from core.assets.subspace_files import learned_subspaces
from core.cards import model_path, probe_files, subspace_folders, tensor_files
from core.document import AssetKey, Document
from core.engine import verify
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model, choose_device
from core.questions import Answer, ModelInfo, Question
from core.scene import Geometry
from core.state import Opened, State
from core.streams import say


class Session:
    """One open model at a time. One thread at a time may use it."""

    def __init__(self, device: str = "auto", *, look_every_s: float = 0.0) -> None:
        self._device = device
        self._look_every_s, self._looked_s = look_every_s, -math.inf
        self._reference = ""
        self._times: dict[Path, int] = {}
        self._opened: Opened | None = None

    def open(self, reference: str) -> Opened:
        """The model behind a reference, verified; the one before it is kept where this raises UserError.

        It is opened again where its files, or those of what was learned on it, are no longer what they were; they are
        looked at every `look_every_s` seconds.
        """
        now_s = time.monotonic()
        if self._opened is not None and reference == self._reference and now_s < self._looked_s + self._look_every_s:
            return self._opened
        self._looked_s = now_s
        times = _times(reference)
        if self._opened is None or reference != self._reference or times != self._times:
            notes: list[str] = []
            model = verify(open_model(reference, choose_device(self._device, notes.append)))
            subspaces, errors = learned_subspaces(subspace_folders(reference), model)
            probes, probe_errors = learned_probes(probe_files(reference), model)
            notes += [str(error) for error in (*errors, *probe_errors)]
            opened = Opened(model, subspaces, probes, tuple(notes), _learned_hash(reference))
            if self._opened is not None and self._opened.model.weights_hash == model.weights_hash:
                opened.examples = self._opened.examples  # they take seconds, and no fit changes them
            self._opened = opened
            self._reference, self._times = reference, times
        return self._opened

    def answers(self, question: Question) -> Iterator[Answer]:
        """The decision, then everything that is wanted, then better values of some of it, in fp32.

        Whoever asks may stop listening after the part that is `complete`.

        Raises UserError for a model that cannot be opened, a device that is not there, or where there is no decision.
        """
        start = time.perf_counter()
        opened = self.open(question.document.model)
        with torch.inference_mode():
            state = State(_fitting(question.document, opened.model), opened)
        notes = (*opened.notes, *state.lost.values(), *opened.model.assumed)
        empty = Answer(question, _info(opened), {}, notes, state.lost)

        def part(found: dict[Analysis[Any], Any], *, complete: bool = False) -> Answer:
            ms = 1000 * (time.perf_counter() - start)
            return replace(empty, found=found, complete=complete, engine_ms=ms)

        decision = Decision()
        with torch.inference_mode():
            said = next(decision.run(state))
        yield part({decision: said})
        runs = {analysis: analysis.run(state) for analysis in question.wanted if analysis != decision}
        whole = part({analysis: _next(run) for analysis, run in runs.items()}, complete=True)
        yield whole
        for analysis, run in runs.items():
            while (value := _next(run)) is not None:
                yield replace(whole, found={analysis: value}, complete=False)

    def answer(self, question: Question) -> Answer:
        """All parts of an answer in one, at their best."""
        found: dict[Analysis[Any], Any] = {}
        for part in self.answers(question):
            found |= part.found
        return replace(part, found=found, complete=True)


def _next(run: Iterator[Any]) -> Any | Refusal | None:
    """The next value of an analysis, or why there is none; None at its end."""
    try:
        with torch.inference_mode():
            return next(run, None)
    except UserError as error:
        return Refusal(error.message, error.hint)
    except Exception as error:  # the other panels must not go without theirs
        say(traceback.format_exc())
        return Refusal(f"This analysis failed: {type(error).__name__}: {error}", "The others are as they should be.")


def _info(opened: Opened) -> ModelInfo:
    model = opened.model
    return ModelInfo(
        model.name,
        model.weights_hash,
        str(model.device),
        model.n_blocks,
        model.n_heads,
        model.n_prefix,
        model.geometry,
        model.labels,
        model.card,
        {key: subspace.card for key, subspace in opened.subspaces.items()},
        {block: probe.card for block, probe in opened.probes.items()},
        opened.learned_hash,
        _asset_hashes(opened),
    )


def _asset_hashes(opened: Opened) -> dict[AssetKey, str]:
    hashes: dict[AssetKey, str] = {key: subspace.hash for key, subspace in opened.subspaces.items()}
    return hashes | {("probe", block): probe.hash for block, probe in opened.probes.items()}


def _learned_files(reference: str) -> list[Path]:
    """The files of the subspaces and probes of a model, with their cards."""
    weights = [path for folder in subspace_folders(reference) for path in tensor_files(folder)]
    weights += probe_files(reference)
    return [path for tensors in weights for path in (tensors, tensors.with_suffix(".json")) if path.is_file()]


def _times(reference: str) -> dict[Path, int]:
    """When the files of a model, and of what was learned on it, were last changed."""
    weights = model_path(reference)
    paths = [path for path in (weights, weights.with_suffix(".json")) if path.is_file()]
    return {path: path.stat().st_mtime_ns for path in [*paths, *_learned_files(reference)]}


def _learned_hash(reference: str) -> str:
    """A hash of the content of what was learned on a model."""
    content = hashlib.sha256()
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

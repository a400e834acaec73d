"""The engine's side of the conversation: a model, its subspaces, a prefix cache, and answers.

A question costs only what changed: the stream before each edit is kept, keyed by weights, image and the
edits up to there, so that dragging a thumb at block b runs blocks b + 1 … alone.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeGuard

import numpy as np
import torch
from torch import Tensor

from core.analyses.attention_pattern import attention_pattern, item_masses
from core.cards import SubspaceKey, model_path, probe_files, subspace_folders, tensor_files
from core.document import Document, find_move, is_of_pad, set_point
from core.engine import advance, embed, finite, read_out, resume, to_input, verify
from core.errors import UserError
from core.families.files import open_model
from core.families.model import Model, choose_device
from core.interventions import Context, Intervention, MoveInSubspace, Probe, Subspace
from core.interventions.probe import probe_and_tokens
from core.masses import sound_masses
from core.probes import learned_probes
from core.questions import (
    MAP_SIZE,
    Answer,
    Attention,
    Decision,
    DecisionMap,
    ModelInfo,
    Pad,
    PairJudgement,
    Question,
)
from core.render import render
from core.scene import PROPERTIES, Geometry, Property, Stimulus, item_patches, pairs_of
from core.subspaces import learned_subspaces

CACHE_ENTRIES = 96
PATTERN_ENTRIES_PER_BLOCK = 3

Key = tuple[object, ...]


class Recent(OrderedDict[Key, Tensor]):
    """What was computed lately, by what it was computed from."""

    def recall(self, key: Key, compute: Callable[[], Tensor], n_kept: int) -> Tensor:
        """The value of `key`, computed where it is not known; the `n_kept` used last are kept."""
        value = self.get(key)
        if value is None:
            value = self[key] = compute()
        self.move_to_end(key)
        while len(self) > n_kept:
            self.popitem(last=False)
        return value


class Laboratory:
    """One open model and what is remembered about it. One thread at a time may use it."""

    def __init__(self, device: str = "auto") -> None:
        self._device = device
        self._reference = ""
        self._model: Model | None = None
        self.subspaces: dict[SubspaceKey, Subspace] = {}
        self.probes: dict[int, Probe] = {}
        self._notes: tuple[str, ...] = ()
        self._learned_hash = ""
        self._times: dict[Path, int] = {}
        self._streams, self._patterns = Recent(), Recent()

    def open(self, reference: str) -> Model:
        """The model behind a reference, verified; the one before it is kept where this raises UserError.

        It is opened again where its files, or those of what was learned on it, are no longer what they were.
        """
        times = _times(reference)
        if self._model is None or reference != self._reference or times != self._times:
            notes: list[str] = []
            model = verify(open_model(reference, choose_device(self._device, notes.append)))
            subspaces, errors = learned_subspaces(subspace_folders(reference), model)
            probes, probe_errors = learned_probes(probe_files(reference), model)
            self._model, self._reference, self.subspaces, self.probes = model, reference, subspaces, probes
            self._notes, self._times = (*notes, *(str(error) for error in (*errors, *probe_errors))), times
            self._learned_hash = _learned_hash(reference)
            self._streams.clear()
            self._patterns.clear()
        return self.model

    @property
    def model(self) -> Model:
        """The open model."""
        assert self._model is not None, "no model is open"
        return self._model

    def answer(self, question: Question) -> Answer:
        """Everything that the question asks for, in fp32.

        Raises UserError for a model that cannot be opened, or a device that is not there.
        """
        start = time.perf_counter()
        model = self.open(question.document.model)
        document = _fitting(question.document, model)
        with torch.inference_mode():
            edits, notes = self._usable(document)
            answer = Answer(
                question,
                self._info(),
                self._decision(document, edits),
                {p: pad for p in PROPERTIES if (pad := self._pad(document, edits, p, question.write))},
                self._attention(document, edits, question.token) if question.attention else None,
                self._map(document, question),
                self._notes + notes + model.assumed,
                judgements=self._judgements(document, edits, question.write),
            )
        return replace(answer, engine_ms=1000 * (time.perf_counter() - start))

    def _info(self) -> ModelInfo:
        model = self.model
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
            {key: subspace.card for key, subspace in self.subspaces.items()},
            {block: probe.card for block, probe in self.probes.items()},
            self._learned_hash,
        )

    def _usable(self, document: Document) -> tuple[list[Intervention], tuple[str, ...]]:
        """The enabled edits that can be applied, in order, and why the others cannot."""
        usable: list[Intervention] = []
        notes: list[str] = []
        for edit in document.interventions:
            if not edit.enabled:
                continue
            try:
                if not -1 <= edit.block < self.model.n_blocks:
                    raise UserError(f"{self.model.name} has no block {edit.block}.", "Move the edit to another block.")
                self._stream(document, [*usable, edit], edit.block)
            except UserError as error:
                notes.append(str(error))
            else:
                usable.append(edit)
        return usable, tuple(notes)

    def _key(self, document: Document, edits: Sequence[Intervention], block: int) -> Key:
        """All that the base's stream after `block` depends on: edits apply block by block, then as listed."""
        before = tuple(e for e in edits if e.block < block)
        here = tuple(e for e in edits if e.block == block)
        return (document.base, before, here, document.source if before or here else None, block)

    def _stream(self, document: Document, edits: Sequence[Intervention], block: int) -> Tensor:
        """The base's stream [1, T, D] after `block` under the edits up to there, remembered at every block."""

        def compute() -> Tensor:
            here = [e for e in edits if e.block == block]
            before = [e for e in edits if e.block < block]
            if here:
                x = self._stream(document, before, block)
                for edit in here:
                    x = edit.apply(x, self._context(document, block))
                return finite(x, self.model, f"The edited stream after block {block}")
            if block < 0:
                return embed(self.model, to_input(self.model, render(document.base)[None]))
            return advance(self.model, self._stream(document, before, block - 1), block)

        return self._streams.recall(self._key(document, edits, block), compute, CACHE_ENTRIES)

    def _pattern(self, document: Document, edits: Sequence[Intervention], block: int) -> Tensor:
        """The attention pattern [H, T, T] of `block`; a block that no edit reaches shares the baseline's."""

        def compute() -> Tensor:
            return attention_pattern(self.model, self._stream(document, edits, block - 1), block)

        n_kept = PATTERN_ENTRIES_PER_BLOCK * self.model.n_blocks
        return self._patterns.recall(self._key(document, edits, block - 1), compute, n_kept)

    def _context(self, document: Document, block: int) -> Context:
        tokens = _item_tokens(document.base, self.model)
        source = document.source
        if source is None or not source.items:
            return Context(tokens, self.subspaces, probes=self.probes)
        stream = self._stream(Document(document.model, source), (), block)
        return Context(tokens, self.subspaces, _item_tokens(source, self.model), stream, self.probes)

    def _decision(self, document: Document, edits: Sequence[Intervention]) -> Decision:
        return Decision(
            self.model.labels, tuple(self._logits(document, edits).tolist()), tuple(self._logits(document, ()).tolist())
        )

    def _logits(self, document: Document, edits: Sequence[Intervention]) -> Tensor:
        """Logits [C] of the base; the last block runs for the CLS row alone where no edit follows it."""
        last = self.model.n_blocks - 1

        def compute() -> Tensor:
            if any(edit.block == last for edit in edits):
                return read_out(self.model, self._stream(document, edits, last))
            return resume(self.model, self._stream(document, edits, last - 1), last)

        key = ("logits", *self._key(document, edits, last))
        return self._streams.recall(key, compute, CACHE_ENTRIES)[0]

    def _pad(self, document: Document, edits: Sequence[Intervention], property: Property, block: int) -> Pad | None:
        subspace = self.subspaces.get((property, block))
        if not _has_pad(subspace) or not document.base.items:
            return None
        others = [e for e in edits if not is_of_pad(e, property, block)]
        own = self._item_coordinates(document, others, subspace)
        now = self._item_coordinates(document, edits, subspace)
        return Pad(
            property,
            block,
            _numpy(subspace.on_pad(subspace.centroids)),
            _numpy(subspace.ellipses),
            subspace.axis_share,
            _numpy(subspace.on_pad(own)),
            _numpy(subspace.on_pad(now)),
            _numpy(subspace.distance(now)),
            _extent(subspace, own),
        )

    def _item_coordinates(self, document: Document, edits: Sequence[Intervention], subspace: Subspace) -> Tensor:
        """Mean coordinates [N, S] of the base's items."""
        x = self._stream(document, edits, subspace.block)[0]  # [T, D]
        tokens = _item_tokens(document.base, self.model)
        return torch.stack([subspace.coordinates(x[list(t)]).mean(0) for t in tokens])

    def _judgements(self, document: Document, edits: Sequence[Intervention], block: int) -> dict[int, PairJudgement]:
        """What the probe after `block` says of each pair that it can read."""
        judged: dict[int, PairJudgement] = {}
        if block not in self.probes:
            return judged
        now, before = self._stream(document, edits, block), self._stream(document, (), block)
        context = Context(_item_tokens(document.base, self.model), {}, probes=self.probes)
        for pair, _ in enumerate(pairs_of(len(document.base.items))):
            try:
                probe, tokens = probe_and_tokens(now, context, block, pair)
            except UserError:
                continue
            judged[pair] = PairJudgement(float(probe.margin(now, tokens)), float(probe.margin(before, tokens)))
        return judged

    def _attention(self, document: Document, edits: Sequence[Intervention], token: int) -> Attention:
        token = min(token, self.model.n_prefix + self.model.geometry.grid**2 - 1)
        items = _item_tokens(document.base, self.model)
        blocks = range(self.model.n_blocks)
        plain = [self._pattern(document, (), block) for block in blocks]  # L × [H, T, T]
        now = [self._pattern(document, edits, block) for block in blocks]
        rows, received = (torch.stack([p[:, token] for p in now]), torch.stack([p[:, :, token] for p in now]))
        masses = [item_masses(p, items, self.model.n_prefix) for p in now] if items else []
        kinds = sound_masses(_numpy(torch.stack(masses)), pairs_of(len(items))) if masses else {}
        if not self.model.n_prefix:
            kinds.pop("CLS", None)
        return Attention(
            token,
            _numpy(rows),
            _numpy(torch.stack([p[:, token] for p in plain])),
            _numpy(received),
            _numpy(torch.stack([p[:, :, token] for p in plain])),
            kinds,
            _numpy(rows.amax((1, 2))),
            _numpy(received.amax((1, 2))),
        )

    def _map(self, document: Document, question: Question) -> DecisionMap | None:
        """P(`Decision.mapped`) with one item's thumb on some cells of the grid, the other edits as they are."""
        item, property = question.map_item, question.map_property
        subspace = self.subspaces.get((property, question.write))
        if question.map_cells is None or not _has_pad(subspace) or item >= len(document.base.items):
            return None
        block, mapped = question.write, self._decision(document, ()).mapped
        at = find_move(document, item, property, block)
        strength = 1.0 if at is None else document.interventions[at].strength
        placed = set_point(document, item, property, block, (0.0, 0.0), strength)
        thumb = placed.interventions[find_move(placed, item, property, block) or 0]
        assert isinstance(thumb, MoveInSubspace)
        edits, _ = self._usable(placed)
        own = self._item_coordinates(placed, [e for e in edits if not is_of_pad(e, property, block)], subspace)
        first, points = question.map_cells[0], _grid_points(_extent(subspace, own))[slice(*question.map_cells)]
        if thumb not in edits:  # it is about a wrong object that is not there
            return DecisionMap(first, _numpy(self._logits(document, edits).softmax(-1)[mapped].expand(len(points))))
        at = edits.index(thumb)
        before = self._stream(document, [e for i, e in enumerate(edits) if i < at or e.block < block], block)
        context = self._context(document, block)
        x = torch.cat([replace(thumb, point=point).apply(before, context) for point in points])  # [N, T, D]
        after = [e for i, e in enumerate(edits) if e.block > block or (e.block == block and i > at)]
        later = [(e.block, partial(_apply_to_rows, e, self._context(document, e.block))) for e in after]
        probability = resume(self.model, x, block + 1, later).softmax(-1)[:, mapped]
        return DecisionMap(first, _numpy(probability))


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


def _has_pad(subspace: Subspace | None) -> TypeGuard[Subspace]:
    return subspace is not None and subspace.basis.shape[1] > 0


def _grid_points(extent: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    """Centres of the cells of a decision map, row by row from the lowest."""
    x0, x1, y0, y1 = extent
    centers = (np.arange(MAP_SIZE) + 0.5) / MAP_SIZE
    return [(float(x), float(y)) for y in y0 + (y1 - y0) * centers for x in x0 + (x1 - x0) * centers]


def _apply_to_rows(edit: Intervention, context: Context, x: Tensor) -> Tensor:
    return torch.cat([edit.apply(row[None], context) for row in x])  # [B, T, D]


def _fitting(document: Document, model: Model) -> Document:
    """The document, if its pictures are of the model's size.

    Raises UserError where the patch grid is another one.
    """
    for stimulus in (document.base, document.source):
        if stimulus is not None and stimulus.geometry != model.geometry:
            raise UserError(
                f"The stimulus is {_size(stimulus.geometry)}, {model.name} takes {_size(model.geometry)}.",
                "Make a new stimulus for this model.",
            )
    return document


def _size(geometry: Geometry) -> str:
    return f"{geometry.image_px} px in patches of {geometry.patch_px} px"


def _item_tokens(stimulus: Stimulus, model: Model) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(patch + model.n_prefix for patch in item_patches(item, stimulus.geometry)) for item in stimulus.items
    )


def _extent(subspace: Subspace, own: Tensor) -> tuple[float, float, float, float]:
    """The pad's square (x0, x1, y0, y1): every landmark with a margin, and the items' own coordinates [N, S].

    An item far off makes the pad no more than twice as wide, so that landmarks can still be told from each other.
    """
    places = subspace.on_pad(subspace.centroids)
    low, high = places.amin(0), places.amax(0)
    middle, of_landmarks = (low + high) / 2, float((high - low).amax()) * 0.62 + 1e-6
    reach = float((subspace.on_pad(own) - middle).abs().amax()) * 1.1
    half = min(max(of_landmarks, reach), 2 * of_landmarks)
    x, y = (float(v) for v in middle)
    return (x - half, x + half, y - half, y + half)


def _numpy(x: Tensor) -> np.ndarray:
    return x.detach().to("cpu", torch.float32).numpy()

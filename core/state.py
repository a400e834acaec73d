"""What there is to know of one document on one model: streams, patterns and logits, computed once and remembered.

What changed is all that is computed: the stream after each block is kept, keyed by the image and the edits up to
there, so that dragging a thumb at block b runs blocks b + 1 … alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from core.assets.probe import Probe
from core.assets.subspace import Subspace
from core.cards import SubspaceKey
from core.document import Document, Intervention, Lens
from core.engine import Edit, advance, edited, embed, finite, read, read_out, resume, to_input
from core.errors import UserError
from core.families.model import Model
from core.interventions.context import Context
from core.readings.judges import N_EXAMPLES, TITLES, Examples, Scale, cosine, examples_of, nearness
from core.readings.modes import BlockModes, Convention, block_modes
from core.readings.projection import parts_of, project
from core.site import PARTS, ProjectedPart, Site, block_words
from core.stimuli.datasets import split_examples
from core.stimuli.render import render, render_many
from core.stimuli.stimulus import RELATIONS, Stimulus, task_of
from core.stimuli.tokens import tokens_of_items

CACHE_ENTRIES = 96
PATTERN_ENTRIES_PER_BLOCK = 3
LENS_ENTRIES_PER_BLOCK = 24
CACHE_BYTES = 384 * 2**20
"""What each kind of remembered values may take, however few they are then."""
N_REFERENCE = 64
"""Images of the reference set that means are taken over."""
TOKENS_AT_ONCE = 16_384
"""Tokens of such images that are run together."""

_INNER: tuple[ProjectedPart, ...] = ("attn_out", "resid_mid", "mlp_out")

Key = tuple[object, ...]
Value = TypeVar("Value")
Interventions = Sequence[Intervention]


class Recent(OrderedDict[Key, Any]):
    """What was computed lately, by what it was computed from: no more of it than fits in `n_bytes`, and the latest."""

    n_bytes = CACHE_BYTES

    def recall(self, key: Key, compute: Callable[[], Value], n_kept: int) -> Value:
        """The value of `key`, computed where it is not known; the `n_kept` used last are kept, if they are small."""
        if key in self:
            self.move_to_end(key)
        else:
            self[key] = compute()
            held = sum(_n_bytes(value) for value in self.values())
            while len(self) > n_kept or (held > self.n_bytes and len(self) > 1):
                held -= _n_bytes(self.popitem(last=False)[1])
        value: Value = self[key]
        return value


def _n_bytes(value: object) -> int:
    return int(getattr(value, "nbytes", 0))


@dataclass(slots=True)
class Opened:
    """A model with what was learned on it, and what is remembered of its passes. One thread at a time may use it."""

    model: Model
    subspaces: Mapping[SubspaceKey, Subspace] = field(default_factory=dict)
    probes: Mapping[int, Probe] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    learned_hash: str = ""
    streams: Recent = field(default_factory=Recent)
    patterns: Recent = field(default_factory=Recent)
    means: Recent = field(default_factory=Recent)
    found: Recent = field(default_factory=Recent)
    examples: Recent = field(default_factory=Recent)
    lens: Recent = field(default_factory=Recent)


OpenOther = Callable[[str], Opened]
"""Opens the model behind a reference beside the one that a state is of."""


class State:
    """A document on an open model, as analyses see it.

    `edits` are those that are on and can be applied, in the order in which a pass meets them; `lost` are the others
    with the reason. `tokens` are the token indices of the base's items, or of the masks of its photo.
    """

    def __init__(self, document: Document, opened: Opened, open_other: OpenOther | None = None) -> None:
        self.document = document
        self.opened = opened
        self.open_other = open_other
        self.model = opened.model
        self.tokens = tokens_of_items(document.base, self.model.n_prefix)
        self.lost: dict[Intervention, str] = {}
        self.edits = self._usable()

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that logits are of: the network's, or where it has none those of examples."""
        return self.model.labels or RELATIONS

    @property
    def lens(self) -> Lens | None:
        """By what a network without classes is read, None where it has classes; only two items have a cosine."""
        if self.model.labels:
            return None
        return self.document.lens if task_of(self.document.base) == "discrimination" else "class means"

    def lens_words(self) -> str:
        """What is shown of a network without classes, in a sentence; "" where it has some."""
        if self.lens is None:
            return ""
        return f"This network has no classes: shown is {TITLES[self.lens]}, in σ of {N_EXAMPLES} examples."

    @property
    def scale(self) -> Scale | None:
        """How what is shown of a network without classes tells “same” from “different”; None where it has classes."""
        return None if self.lens is None else self.examples.scales[self.lens]

    @property
    def examples(self) -> Examples:
        """Labelled examples of the task that the base poses, as a network without classes sees them."""
        task = task_of(self.document.base) or self.model.task
        return self.opened.examples.recall((task,), lambda: examples_of(self.model, task), CACHE_ENTRIES)

    def of(self, document: Document) -> State:
        """Another document on the same model."""
        return State(document, self.opened, self.open_other)

    @property
    def blocks(self) -> range:
        """Block numbers, −1 for the embeddings first."""
        return range(-1, self.model.n_blocks)

    def stream(self, block: int, edits: Interventions | None = None) -> Tensor:
        """The base's residual stream [1, T, D] after a block, under the edits in force or those given."""
        edits = self.edits if edits is None else edits

        def compute() -> Tensor:
            last = [edit for edit in edits if edit.site == Site(block)]
            if last:
                x = self.stream(block, [edit for edit in edits if edit not in last])
                for edit in last:
                    x = edit.apply(x, self.context())
                return finite(x, self.model, f"The edited stream after {block_words(block)}")
            if block < 0:
                return embed(self.model, to_input(self.model, render(self.document.base)[None]))
            return advance(self.model, self.stream(block - 1, edits), block, self.at_sites(edits))

        return self.opened.streams.recall(self._key(edits, block), compute, CACHE_ENTRIES)

    def pattern(self, block: int, edits: Interventions | None = None) -> Tensor:
        """The attention pattern [H, T, T] of a block; a block that no edit reaches shares the baseline's."""
        edits = self.edits if edits is None else edits
        reach = [edit for edit in edits if edit.site.block <= block and edit.site != Site(block)]

        def compute() -> Tensor:
            entering = self.stream(block - 1, edits)
            return read(self.model, entering, Site(block, "pattern"), self.at_sites(edits))[0]

        n_kept = PATTERN_ENTRIES_PER_BLOCK * self.model.n_blocks
        return self.opened.patterns.recall(self._key(reach, block), compute, n_kept)

    def logits(self, edits: Interventions | None = None) -> Tensor:
        """Logits [C] of the base; the last block runs for the CLS row alone where no edit is in it."""
        edits = self.edits if edits is None else edits
        last = self.model.n_blocks - 1

        def compute() -> Tensor:
            if self.lens == "cosine" or any(site.block == last for site, _ in self.at_sites(edits)):
                return self.read_out(self.stream(last, edits))
            return self.named(resume(self.model, self.stream(last - 1, edits), last))

        key = ("logits", self.lens, *self._key(edits, last))
        return self.opened.streams.recall(key, compute, CACHE_ENTRIES)[0]

    def read_out(self, x: Tensor) -> Tensor:
        """Logits [B, C] of the stream [B, T, D] after the last block, or of one before it as if it were that."""
        if self.lens != "cosine":
            return self.named(read_out(self.model, x))
        first, second = (x[:, list(tokens)] for tokens in self.tokens)  # [B, n, D]
        return self._over_nothing(cosine(first, second))

    def named(self, out: Tensor) -> Tensor:
        """Logits [B, C] from what the network puts out [B, F]: these, or without classes what examples make of it."""
        return out if self.lens is None else self._over_nothing(nearness(out, self.examples.means))

    def _over_nothing(self, values: Tensor) -> Tensor:
        """Logits [B, 2] whose margin is that of values [B] on the scale of the lens."""
        assert self.scale is not None
        margin = self.scale.margin(values)
        return torch.stack([torch.zeros_like(margin), margin], -1)

    def part(self, block: int, part: ProjectedPart, edits: Interventions | None = None) -> Tensor:
        """What a block adds to the base's stream, or the stream in it or after it, [1, T, D]."""
        if part == "resid_post":
            return self.stream(block, edits)
        edits = self.edits if edits is None else edits

        def compute() -> Tensor:
            found = parts_of(self.model, self.stream(block - 1, edits), block, self.at_sites(edits))
            return torch.stack([found[name] for name in _INNER])  # [3, 1, T, D]

        key = ("parts", *self._key(edits, block))
        return self.opened.lens.recall(key, compute, self._n_lens)[_INNER.index(part)]

    def read_tokens(self, block: int, part: ProjectedPart = "resid_post", edits: Interventions | None = None) -> Tensor:
        """Logits [T, C] that the read-out gives each token of the base by itself, at a depth.

        Of a network without classes they are those of the nearer class mean, whose margin is in σ of what the network
        puts out for the examples. Raises UserError where the read-out mixes tokens.
        """
        edits = self.edits if edits is None else edits

        def compute() -> Tensor:
            out = project(self.model, self.part(block, part, edits))[0]  # [T, C]
            if self.model.labels:
                return out
            margin = self.examples.scales["class means"].margin(nearness(out, self.examples.means))  # [T]
            return torch.stack([torch.zeros_like(margin), margin], -1)

        key = (part, *self._key(edits, block))
        return self.opened.lens.recall(key, compute, self._n_lens)

    @property
    def _n_lens(self) -> int:
        return LENS_ENTRIES_PER_BLOCK * (self.model.n_blocks + 1)

    def resume(self, x: Tensor, start_block: int, edits: Interventions) -> Tensor:
        """Logits [B, C] of streams [B, T, D] that enter `start_block`, each row with these edits on the way."""
        rows = [(site, partial(_apply_to_rows, apply)) for site, apply in self.at_sites(edits)]
        if self.lens != "cosine":
            return self.named(resume(self.model, x, start_block, rows))
        x = edited(x, Site(start_block - 1), rows)
        for block in range(start_block, self.model.n_blocks):
            x = advance(self.model, x, block, rows)
        return self.read_out(x)

    def context(self) -> Context:
        """What an edit may look at."""
        source = self.document.source
        return Context(
            self.tokens,
            self.opened.subspaces,
            tokens_of_items(source, self.model.n_prefix) if source is not None else (),
            self._source_at if source is not None else None,
            self.opened.probes,
            self._mean_at,
            self.model.n_prefix,
            self.modes,
        )

    def modes(self, block: int, convention: Convention = "exact") -> BlockModes:
        """The query-key modes of a block.

        Raises UserError where it has none in this convention.
        """
        return self.remember(("modes", block, convention), lambda: block_modes(self.model, block, convention))

    def remember(self, key: Key, compute: Callable[[], Value]) -> Value:
        """A value that an analysis keeps from one question to the next, while the model is open."""
        return self.opened.found.recall(key, compute, CACHE_ENTRIES)

    @staticmethod
    def numpy(x: Tensor) -> np.ndarray:
        """An array for the window."""
        return x.detach().to("cpu", torch.float32).numpy()

    def _usable(self) -> list[Intervention]:
        """The edits that are on and can be applied."""
        usable: list[Intervention] = []
        enabled = [edit for edit in self.document.interventions if edit.enabled]
        for edit in sorted(enabled, key=lambda edit: (edit.site.block, PARTS.index(edit.site.part))):
            try:
                self._check(edit, usable)
            except UserError as error:
                self.lost[edit] = str(error)
            else:
                usable.append(edit)
        return usable

    def _check(self, edit: Intervention, before: Interventions) -> None:
        """Raises UserError where an edit cannot be applied after others."""
        site = edit.site
        first = -1 if site.part == "resid_post" else 0
        if not first <= site.block < self.model.n_blocks:
            raise UserError(f"{self.model.name} has no block {site.block}.", "Move the edit to another block.")
        self.stream(site.block, [*before, edit])

    def at_sites(self, edits: Interventions) -> list[Edit]:
        """The edits as the executor takes them, site by site."""
        context = self.context()
        return [
            (site, partial(edit.apply, context=context)) for edit in edits for site in edit.sites(self.model.n_blocks)
        ]

    def _key(self, edits: Interventions, block: int) -> Key:
        """All that the base's stream after a block depends on: edits apply block by block, then as listed."""
        before = tuple(edit for edit in edits if edit.site.block < block)
        here = tuple(edit for edit in edits if edit.site.block == block)
        return (self.document.base, before, here, self.document.source if before or here else None, block)

    def _source_at(self, site: Site) -> Tensor:
        assert self.document.source is not None
        plain = self.of(Document(self.document.model, self.document.source))
        if site.part == "resid_post":
            return plain.stream(site.block)
        key = ("source", self.document.source, site)
        entering = plain.stream(site.block - 1)
        return self.opened.streams.recall(key, lambda: read(self.model, entering, site), CACHE_ENTRIES)

    def _mean_at(self, site: Site) -> Tensor:
        """The mean [1, …] at a site over N_REFERENCE training images of the model's own task, one for each token."""

        def compute() -> Tensor:
            chunks = in_chunks(self.model, reference_images(self.model))
            means = [self._at(site, chunk).mean(0, keepdim=True) for chunk in chunks]
            shares = [len(chunk) / N_REFERENCE for chunk in chunks]
            return torch.stack([mean * share for mean, share in zip(means, shares, strict=True)]).sum(0)

        return self.opened.means.recall((site,), compute, CACHE_ENTRIES)

    def _at(self, site: Site, stimuli: Sequence[Stimulus]) -> Tensor:
        """The value [N, …] at a site of N images, without edits."""
        x = embed(self.model, to_input(self.model, render_many(stimuli)))
        for block in range(site.block):
            x = advance(self.model, x, block)
        return read(self.model, x, site)


def reference_images(model: Model) -> list[Stimulus]:
    """N_REFERENCE training images of the model's own task."""
    examples = split_examples("train", N_REFERENCE, task=model.task, geometry=model.geometry)
    return [example.stimulus for example in examples]


def in_chunks(model: Model, stimuli: Sequence[Stimulus]) -> list[Sequence[Stimulus]]:
    """The images in parts that are run together."""
    n = max(1, TOKENS_AT_ONCE // model.wiring.n_tokens)
    return [stimuli[start : start + n] for start in range(0, len(stimuli), n)]


def streams_of(model: Model, stimuli: Sequence[Stimulus], token: int) -> Tensor:
    """One token of N images as it enters each block, [L, N, D]."""
    parts = []
    for chunk in in_chunks(model, stimuli):
        x, found = embed(model, to_input(model, render_many(chunk))), []
        for block in range(model.n_blocks):
            found.append(x[:, token])
            x = advance(model, x, block) if block + 1 < model.n_blocks else x
        parts.append(torch.stack(found))
    return torch.cat(parts, 1)


def _apply_to_rows(apply: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.cat([apply(row[None]) for row in x])  # [B, …]

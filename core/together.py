"""The logits of many documents on one model in one batch that grows from block to block.

A picture runs once, whatever is done to it: each list of edits takes a row of its own from the block on where it first
acts, and pictures that are taken from run along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from core.document import Document, Intervention
from core.engine import Edit, advance, edited, embed, finite, read_out, resume, to_input
from core.errors import UserError
from core.families.model import Model
from core.interventions.context import Context
from core.site import PARTS, Site, block_words
from core.state import State
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus
from core.stimuli.tokens import tokens_of_items


def logits_together(state: State, documents: Sequence[Document]) -> tuple[Tensor, dict[int, str]]:
    """Logits [N, C] of documents on the model of `state`, and by index why an edit of one could not be applied: the
    row of such a document means nothing.

    Each is what `State.logits` gives of it alone, but for rounding.
    """
    batch = _Batch(state, documents)
    return batch.run(), batch.failed


def n_together(model: Model, work: int) -> int:
    """How many rows that pass through the whole model are so much work, in blocks · tokens · width²."""
    return max(1, work // (model.n_blocks * model.wiring.n_tokens * model.width**2))


class _Batch:
    """Which row each document has, and what is done to it."""

    def __init__(self, state: State, documents: Sequence[Document]) -> None:
        self._state, self._model, self._documents = state, state.model, documents
        shown = (s for d in documents for s in (d.base, d.source) if s is not None)
        self._pictures: dict[Stimulus, int] = {}
        for stimulus in shown:
            self._pictures.setdefault(stimulus, len(self._pictures))
        self._rows = [self._pictures[document.base] for document in documents]
        self._edits = [_in_order(document.interventions) for document in documents]
        self._contexts = [self._context(document) for document in documents]
        self._apart: set[int] = set()
        self.failed: dict[int, str] = {}
        for index, edits in enumerate(self._edits):
            for edit in edits:
                self._check_block(index, edit)

    def _context(self, document: Document) -> Context:
        """What edits may look at, but for the source: that is in the batch, where they act."""
        n_prefix, source = self._model.n_prefix, document.source
        tokens = tokens_of_items(source, n_prefix) if source is not None else ()
        own = tokens_of_items(document.base, n_prefix)
        return replace(self._state.context(), tokens=own, source_tokens=tokens, source_at=None)

    def _check_block(self, index: int, edit: Intervention) -> None:
        first = -1 if edit.site.part == "resid_post" else 0
        if not first <= edit.site.block < self._model.n_blocks:
            self.failed[index] = f"{self._model.name} has no block {edit.site.block}. Move the edit to another block."

    def run(self) -> Tensor:
        model, last = self._model, self._model.n_blocks - 1
        x = embed(model, to_input(model, render_many(list(self._pictures))))
        x = self._after(self._grow(x, -1), -1)
        for block in range(last):
            x = self._advance(x, block)
        sites = (site for edits in self._edits for edit in edits for site in edit.sites(model.n_blocks))
        if self._state.lens == "cosine" or any(site.block == last for site in sites):
            return self._answers(self._advance(x, last))
        return self._state.named(resume(model, x[self._rows], last))

    def _advance(self, x: Tensor, block: int) -> Tensor:
        x = self._grow(x, block, inside=True)
        inside = [self._edit(site) for site in self._sites(block) if site.part != "resid_post"]
        return self._after(self._grow(advance(self._model, x, block, inside), block), block)

    def _grow(self, x: Tensor, block: int, *, inside: bool = False) -> Tensor:
        """Rows of their own for those whose first edit is here; one `inside` the block is before it has run."""
        joining = self._begins(block, inside=inside)
        if not joining:
            return x
        grown = torch.cat([x, x[[self._rows[index] for index in joining]]])
        for row, index in enumerate(joining, start=len(x)):
            self._rows[index] = row
        self._apart.update(joining)
        return grown

    def _begins(self, block: int, *, inside: bool) -> list[int]:
        """Whose first edit is in a block, or after it."""
        found = []
        for index, edits in enumerate(self._edits):
            at = None if index in self._apart or index in self.failed or not edits else edits[0].site
            if at is not None and at.block == block and (at.part != "resid_post") == inside:
                found.append(index)
        return found

    def _sites(self, block: int) -> list[Site]:
        """Where something is edited in a block, by those that have rows of their own."""
        n_blocks = self._model.n_blocks
        of = (s for i in sorted(self._apart) for edit in self._edits[i] for s in edit.sites(n_blocks))
        return list(dict.fromkeys(site for site in of if site.block == block))

    def _after(self, x: Tensor, block: int) -> Tensor:
        """The stream after a block with the edits there."""
        site = Site(block)
        if site not in self._sites(block):
            return x
        return finite(edited(x, site, [self._edit(site)]), self._model, f"The edited stream after {block_words(block)}")

    def _edit(self, site: Site) -> Edit:
        return site, partial(self._apply, site)

    def _apply(self, site: Site, x: Tensor) -> Tensor:
        """The value at a site [B, …], each row with its own edits."""
        out = x.clone()
        for index in sorted(self._apart - self.failed.keys()):
            here = [edit for edit in self._edits[index] if site in edit.sites(self._model.n_blocks)]
            row, context = x[self._rows[index]][None], self._in_pass(index, x)
            try:
                for edit in here:
                    row = edit.apply(row, context)
            except UserError as error:
                self.failed[index] = str(error)
            else:
                out[self._rows[index]] = row[0]
        return out

    def _in_pass(self, index: int, x: Tensor) -> Context:
        """What an edit may look at, at the site whose value is x [B, …]; rows of pictures are never edited."""
        source = self._documents[index].source
        if source is None:
            return self._contexts[index]
        row = x[self._pictures[source]][None]
        return replace(self._contexts[index], source_at=lambda _: row)

    def _answers(self, x: Tensor) -> Tensor:
        """Logits [N, C] of the stream [B, T, D] after the last block."""
        x = x[self._rows]
        if self._state.lens != "cosine":
            return self._state.named(read_out(self._model, x))
        plain = (replace(document, interventions=()) for document in self._documents)
        return torch.cat([self._state.of(d).read_out(row[None]) for d, row in zip(plain, x, strict=True)])


def _in_order(edits: Sequence[Intervention]) -> list[Intervention]:
    """Those that are on, in the order in which a pass meets them."""
    enabled = [edit for edit in edits if edit.enabled]
    return sorted(enabled, key=lambda edit: (edit.site.block, PARTS.index(edit.site.part)))

"""The subspaces that a study measures: those on disk for these weights, and searches for the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from core.assets.subspace import Subspace
from core.assets.subspace_files import learned_subspaces, load_subspace, save_subspace, subspace_file
from core.errors import UserError
from core.families.model import Model
from core.jobs.fit_subspace import FittedSubspace, SearchOptions, fit_subspaces
from core.progress import Job, part
from core.stimuli.stimulus import PROPERTIES, Property
from core.studies.result import block_name, n_kinds_of

Bases = dict[tuple[Property, int], Tensor]
"""An orthonormal basis [D, S] for a property after a block."""


@dataclass(frozen=True, slots=True)
class Search:
    """How to come by subspaces: where shipped ones lie, where new ones are kept, and how to search for them.

    Of several folders in `shipped` the earlier comes first.
    `blocks` empty means the embeddings and every block.
    """

    kept: Path
    shipped: tuple[Path, ...] = ()
    options: SearchOptions = field(default_factory=SearchOptions)
    blocks: tuple[int, ...] = ()


def searched_blocks(model: Model, search: Search) -> list[int]:
    """The blocks that have something to find: the last one has not where the read-out sees CLS alone."""
    blocks = search.blocks or tuple(range(-1, model.n_blocks))
    return [b for b in blocks if b < model.n_blocks - 1 or not model.reads_cls_only]


def search_settings(model: Model, search: Search) -> dict[str, Any]:
    """What decides which subspaces are measured: the shipped ones by content, and the options where one is missing."""
    shipped, blocks = _shipped(model, search), searched_blocks(model, search)
    digests = {f"{p} {block_name(b)}": _digest(s.basis) for (p, b), s in sorted(shipped.items())}
    complete = all((p, b) in shipped for b in blocks for p in PROPERTIES)
    options = None if complete else asdict(search.options)
    return {"search": options, "blocks": blocks, "shipped_subspaces": digests}


def _shipped(model: Model, search: Search) -> Mapping[tuple[Property, int], Subspace]:
    return learned_subspaces(search.shipped, model)[0]


def _digest(basis: Tensor) -> str:
    return hashlib.sha256(basis.detach().cpu().float().contiguous().numpy().tobytes()).hexdigest()[:16]


def find_bases(model: Model, search: Search) -> Job[tuple[Bases, dict[tuple[Property, int], dict[str, Any]]]]:
    """A basis for both properties after every block that has something to find, and the options each was found with.

    A shipped subspace comes first, then one kept by an earlier call with the same options; the others are searched
    for, and kept as soon as each is found.
    """
    shipped = _shipped(model, search)
    wanted = [(p, b) for b in searched_blocks(model, search) for p in PROPERTIES]
    found = {key: shipped.get(key) or _kept(model, search, *key) for key in wanted}
    missing = [key for key in wanted if found[key] is None]
    for done, (property, block) in enumerate(missing):
        job = fit_subspaces(model, property, [block], search.options, n_kinds=n_kinds_of(model))
        fitted = yield from part(job, 1000 * done, 1000, 1000 * len(missing))
        found[property, block] = _keep(model, search, fitted[0])
    bases = {key: s.basis for key, s in found.items() if s is not None}
    return bases, {key: dict(s.card.get("options", {})) for key, s in found.items() if s is not None}


def _kept(model: Model, search: Search, property: Property, block: int) -> Subspace | None:
    """A subspace that an earlier call kept, if its options were the same and its file is whole."""
    try:
        subspace = load_subspace(subspace_file(search.kept, property, block), model)
    except UserError:
        return None
    options = {**asdict(SearchOptions()), **subspace.card.get("options", {})}
    return subspace if options == asdict(search.options) else None


def _keep(model: Model, search: Search, fitted: FittedSubspace) -> Subspace:
    path = subspace_file(search.kept, fitted.card["property"], fitted.card["block"])
    save_subspace(path, fitted.tensors, fitted.card)
    return load_subspace(path, model)

"""Distributed alignment search after every block, with its controls.

Source: Geiger et al. 2023; Lepori et al. 2024, distributed alignment search; docs/methods.md, "DAS".
What we changed: each number comes with its size, interval and base accuracy, and two controls are added: a random
rotation of equal rank, and the embeddings as a site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from core.assets.subspace import random_basis
from core.engine import advance, embed, read_out, resume, to_input
from core.families.model import Model, require_relation
from core.jobs.fit_subspace import interchange
from core.plots import Curves, Plot, Reference, Series
from core.progress import Job, Progress, part
from core.statistics import wilson
from core.stimuli.counterfactuals import InterchangePair, interchange_pairs
from core.stimuli.datasets import Kind, all_kinds, compositional_kinds
from core.stimuli.render import render_many
from core.stimuli.stimulus import PROPERTIES, Property
from core.stimuli.tokens import gather_tokens, item_tokens
from core.studies.das import Alignment
from core.studies.measures.fitted import Search, find_bases
from core.studies.published import das_curve
from core.studies.result import Row, block_name, n_kinds_of
from core.studies.study import Found

CONDITIONS = ("right object", "wrong object", "random tokens", "random rotation")
BASE = "no edit"

Hits = dict[tuple[int, str], list[bool]]
"""After a block, under a condition: for each pair, whether the answer was the counterfactual label."""


def measure_das(model: Model, search: Search, study: Alignment) -> Job[Found]:
    """Interchange accuracy of shape and colour on unseen pairs, after the embeddings and every block."""
    require_relation(model)
    bases, options = yield from part(find_bases(model, search), 0, 800, 1000)
    rows: list[Row] = []
    for index, property in enumerate(PROPERTIES):
        of = {block: basis for (p, block), basis in bases.items() if p == property}
        pairs = unseen_pairs(model, property, study.n, study.seed)
        hits = yield from part(measure_pairs(model, pairs, of, seed=study.seed), 800 + 100 * index, 100, 1000)
        rows += _rows(model, property, pairs, of, hits)
    return Found(rows, _plots(model, rows), _notes(model, study.n, options))


def unseen_pairs(model: Model, property: Property, n: int, seed: int) -> list[InterchangePair]:
    """`n` pairs of the model's task and setting that no search has seen."""
    return interchange_pairs(n, property, kinds_of(model), 1_000_003 + seed, model.geometry, task=model.task)


def kinds_of(model: Model) -> list[Kind]:
    """The combinations that the model was trained on."""
    return all_kinds() if n_kinds_of(model) == 256 else compositional_kinds()[0]


def measure_pairs(
    model: Model, pairs: Sequence[InterchangePair], bases: Mapping[int, Tensor], *, seed: int = 0, batch: int = 50
) -> Job[Hits]:
    """Interchange along each basis [D, S], by block, and along all dimensions after the last block.

    With a read-out of CLS alone, an edit of item tokens after the last block must change no answer; that is asserted.
    """
    hits: Hits = defaultdict(list)
    generator = torch.Generator().manual_seed(seed)
    bases = {block: basis for block, basis in bases.items() if block < model.n_blocks - 1 or not model.reads_cls_only}
    if model.reads_cls_only:
        bases[model.n_blocks - 1] = torch.eye(model.width, device=model.device)
    random = {block: random_basis(basis, generator) for block, basis in sorted(bases.items())}
    for start in range(0, len(pairs), batch):
        chunk = pairs[start : start + batch]
        with torch.inference_mode():
            for (block, condition), answers in _chunk_hits(model, chunk, bases, random, generator).items():
                hits[block, condition] += answers.tolist()
        yield Progress(min(start + batch, len(pairs)), len(pairs), f"{chunk[0].property}: interchange")
    last = model.n_blocks - 1
    if model.reads_cls_only:
        for condition in CONDITIONS:
            assert hits[last, condition] == hits[last, BASE], "an edit after the last block changed an answer"
    return dict(hits)


def _chunk_hits(
    model: Model,
    pairs: Sequence[InterchangePair],
    bases: Mapping[int, Tensor],
    random: Mapping[int, Tensor],
    generator: torch.Generator,
) -> dict[tuple[int, str], Tensor]:
    """For each block and condition: whether the counterfactual label was answered [B]."""
    bases_and_sources = ([p.base for p in pairs], [p.source for p in pairs])
    x, s = (embed(model, to_input(model, render_many(images))) for images in bases_and_sources)
    rows = torch.arange(len(pairs), device=model.device)
    base, source = (item_tokens(model, images) for images in bases_and_sources)
    edited, donor, wrong = (torch.tensor([getattr(p, r) for p in pairs]) for r in ("edited", "donor", "wrong"))
    tokens = base[rows, edited]  # [B, n]
    elsewhere = background_tokens(source, x.shape[1], model.n_prefix, generator)
    labels = torch.tensor([p.label for p in pairs], device=model.device)
    hits: dict[tuple[int, str], Tensor] = {}
    for block in range(-1, model.n_blocks):
        if block >= 0:
            x, s = advance(model, x, block), advance(model, s, block)
        if block not in bases:
            continue
        donors = [gather_tokens(s, at) for at in (source[rows, donor], source[rows, wrong], elsewhere)]  # [B, n, D]
        edits = [(d, bases[block]) for d in donors] + [(donors[0], random[block])]
        for condition, (vectors, basis) in zip(CONDITIONS, edits, strict=True):
            changed = interchange(x, tokens, vectors, basis, basis.new_ones(basis.shape[1]))
            hits[block, condition] = resume(model, changed, block + 1).argmax(1) == labels
    hits[model.n_blocks - 1, BASE] = read_out(model, x).argmax(1) == labels
    return hits


def background_tokens(items: Tensor, n_tokens: int, n_prefix: int, generator: torch.Generator) -> Tensor:
    """For each image, as many random patch tokens [B, n] as an item has, none of them in an item [B, I, n]."""
    order = torch.rand(len(items), n_tokens, generator=generator).to(items.device)
    order[:, :n_prefix] = 2.0
    order.scatter_(1, items.flatten(1), 2.0)
    return order.argsort(1)[:, : items.shape[2]]


def _rows(
    model: Model, property: Property, pairs: Sequence[InterchangePair], bases: Mapping[int, Tensor], hits: Hits
) -> list[Row]:
    wrong_bases = hits[model.n_blocks - 1, BASE]
    rows: list[Row] = []
    for (block, condition), answers in sorted(hits.items(), key=lambda item: item[0][0]):
        if condition == BASE:
            continue
        size = bases[block].shape[1] if block in bases else model.width
        head = {"property": property, "block": block, "condition": condition}
        rows.append({**head, **accuracy_fields(pairs, answers), **_base_fields(wrong_bases), "subspace_size": size})
    return rows


def accuracy_fields(pairs: Sequence[InterchangePair], answers: Sequence[bool]) -> Row:
    """Interchange accuracy with its interval, and that by the direction of the label."""
    low, high = wilson(sum(answers), len(answers))
    fields: Row = {"success": sum(answers) / len(answers), "low": low, "high": high, "n": len(answers)}
    for label, name in ((1, "success, to same"), (0, "success, to different")):
        of = [a for a, p in zip(answers, pairs, strict=True) if p.label == label]
        fields[name] = sum(of) / len(of) if of else None
    return fields


def _base_fields(wrong_bases: Sequence[bool]) -> Row:
    n = len(wrong_bases)
    low, high = wilson(n - sum(wrong_bases), n)
    return {"base_accuracy": 1 - sum(wrong_bases) / n, "base_low": low, "base_high": high}


def _plots(model: Model, rows: Sequence[Row]) -> dict[str, Plot]:
    return {f"das-{property}": _plot(model, property, rows) for property in PROPERTIES}


def _plot(model: Model, property: Property, rows: Sequence[Row]) -> Curves:
    of = [row for row in rows if row["property"] == property]
    blocks = sorted({row["block"] for row in of})
    series = []
    for hue, condition in enumerate(CONDITIONS):
        curve = [next(r for r in of if (r["block"], r["condition"]) == (b, condition)) for b in blocks]
        y, low, high = (tuple(float(r[name]) for r in curve) for name in ("success", "low", "high"))
        star = y.index(max(y)) if hue == 0 else None
        series.append(Series(condition, y, low, high, "measured" if hue == 0 else "control", hue, star))
    series += das_curve(model.task, property, blocks)
    return Curves(
        title=f"Interchange accuracy, {'colour' if property == 'color' else property}",
        x_label="after block",
        y_label="counterfactual answers",
        x=tuple(float(b) for b in blocks),
        ticks=tuple(block_name(b) for b in blocks),
        series=tuple(series),
        references=(Reference(0.5, "one class always"), Reference(1 - of[0]["base_accuracy"], "no effect")),
    )


def _notes(model: Model, n: int, options: Mapping[tuple[Property, int], Mapping[str, Any]]) -> tuple[str, ...]:
    ways = sorted({f"{o.get('n_pairs')} pairs, {o.get('epochs')} epochs" for o in options.values()})
    notes = [
        f"Interchange accuracy on {n} unseen pairs; bands are 95 % Wilson intervals. An edit without effect "
        "scores the base error, an edit that makes the model answer one class always scores one half.",
        f"Subspaces were found with {' or '.join(ways)}." if ways else "No subspace was looked for.",
        f"The published curve is of another model, which has 12 blocks: {model.n_blocks} of them are drawn, and the "
        "report's table has all.",
    ]
    if model.reads_cls_only:
        notes.append("After the last block every dimension was swapped, and no answer changed, as it must be.")
    return tuple(notes)

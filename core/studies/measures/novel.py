"""Does the model compare values that it has never seen? Both items of a pair get a vector that no image gave.

Source: Lepori et al. 2024, novel representations; docs/methods.md, "Novel representations".
What we changed: each image gets vectors of its own. `paper_convention` draws them once for 64 images, so that an
accuracy on 2,000 images rests on 32 draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from core.engine import advance, embed, read_out, resume, to_input
from core.families.model import Model, require_relation
from core.interventions.novel import METHODS, Pool, novel_vectors, pool_of
from core.plots import Curves, Plot, Reference, Series
from core.progress import Job, Progress, part
from core.stimuli.counterfactuals import InterchangePair, interchange_pairs
from core.stimuli.render import render_many
from core.stimuli.stimulus import PROPERTIES, Property
from core.stimuli.tokens import gather_tokens, item_tokens, write_coordinates
from core.studies.measures.das import accuracy_fields, kinds_of, unseen_pairs
from core.studies.measures.fitted import Search, find_bases
from core.studies.novel import NovelVectors
from core.studies.published import NEAREST, NOVEL, published_series
from core.studies.result import Row, block_name
from core.studies.study import Found

BATCH = 64


def measure_methods(model: Model, search: Search, study: NovelVectors) -> Job[Found]:
    """Counterfactual answers by four kinds of novel vectors, after the embeddings and every block but a blind last."""
    require_relation(model)
    bases, _ = yield from part(find_bases(model, search), 0, 700, 1000)
    n, seed = study.n, study.seed
    rows: list[Row] = []
    for index, property in enumerate(PROPERTIES):
        of = {block: basis for (p, block), basis in bases.items() if p == property}
        others = interchange_pairs(n, property, kinds_of(model), 2_000_003 + seed, model.geometry, task=model.task)
        pools = yield from part(donor_pools(model, others, of), 700 + 150 * index, 30, 1000)
        pairs = unseen_pairs(model, property, n, seed)
        job = measure_novel(model, pairs, of, pools, seed=seed, per_image=not study.paper_convention)
        hits = yield from part(job, 730 + 150 * index, 120, 1000)
        rows += [
            {
                "property": property,
                "block": block,
                "method": method,
                **accuracy_fields(pairs, came_true),
                "subspace_size": of[block].shape[1],
            }
            for (block, method), came_true in sorted(hits.items(), key=lambda item: item[0][0])
        ]
    plots = {f"novel-{p}": _plot(model, p, rows) for p in PROPERTIES}
    return Found(rows, plots, _notes(n, paper_convention=study.paper_convention))


def donor_pools(
    model: Model, pairs: Sequence[InterchangePair], bases: Mapping[int, Tensor], *, batch: int = BATCH
) -> Job[dict[int, Pool]]:
    """What the donors of these pairs have in each subspace, by block."""
    parts: dict[int, list[Tensor]] = {block: [] for block in bases}
    for start in range(0, len(pairs), batch):
        chunk = pairs[start : start + batch]
        sources = [p.source for p in chunk]
        with torch.inference_mode():
            tokens = item_tokens(model, sources)[range(len(chunk)), [p.donor for p in chunk]]  # [B, n]
            s = embed(model, to_input(model, render_many(sources)))
            for block in range(-1, max(bases) + 1):
                s = advance(model, s, block) if block >= 0 else s
                if block in bases:
                    parts[block].append(gather_tokens(s, tokens) @ bases[block])  # [B, n, S]
        yield Progress(min(start + batch, len(pairs)), len(pairs), f"{chunk[0].property}: a pool of vectors")
    vectors = {block: torch.cat(chunks) for block, chunks in parts.items()}
    return {block: pool_of(v) for block, v in vectors.items()}


def measure_novel(
    model: Model,
    pairs: Sequence[InterchangePair],
    bases: Mapping[int, Tensor],
    pools: Mapping[int, Pool],
    *,
    seed: int = 0,
    per_image: bool = True,
) -> Job[dict[tuple[int, str], list[bool]]]:
    """For each block and method: whether each pair gets the counterfactual answer.

    Where the pair is to become same both items get the first vector, else the edited item the first and its partner
    the second. With a read-out of CLS alone, what is written after the last block must change no answer; that is
    asserted.
    """
    generator = torch.Generator().manual_seed(seed)
    hits: dict[tuple[int, str], list[bool]] = {(b, m): [] for b in sorted(bases) for m in METHODS}
    for start in range(0, len(pairs), BATCH):
        chunk = pairs[start : start + BATCH]
        with torch.inference_mode():
            x = embed(model, to_input(model, render_many([p.base for p in chunk])))
            tokens = item_tokens(model, [p.base for p in chunk])  # [B, I, n]
            rows = torch.arange(len(chunk), device=model.device)
            own, other = (tokens[rows, [getattr(p, role) for p in chunk]] for role in ("edited", "partner"))
            same = torch.tensor([becomes_same(p) for p in chunk], device=model.device)[:, None, None]
            labels = torch.tensor([p.label for p in chunk], device=model.device)
            for block in range(-1, max(bases) + 1):
                x = advance(model, x, block) if block >= 0 else x
                for method in METHODS if block in bases else ():
                    v = novel_vectors(method, pools[block], len(chunk) if per_image else 1, generator)
                    first, second = v.expand(len(chunk), -1, -1, -1).unbind(1)  # [B, n, S]
                    edited = write_coordinates(x, own, first, bases[block])
                    edited = write_coordinates(edited, other, torch.where(same, first, second), bases[block])
                    hits[block, method] += (resume(model, edited, block + 1).argmax(1) == labels).tolist()
            if model.reads_cls_only:
                _assert_blind_end(model, x, max(bases), own)
        yield Progress(min(start + BATCH, len(pairs)), len(pairs), f"{chunk[0].property}: novel vectors")
    return hits


def _assert_blind_end(model: Model, x: Tensor, block: int, tokens: Tensor) -> None:
    """Overwriting every dimension of tokens [B, n] after the last block, from the stream after `block`."""
    for later in range(block + 1, model.n_blocks):
        x = advance(model, x, later)
    every = torch.eye(model.width, device=model.device)
    blank = write_coordinates(x, tokens, x.new_zeros(*tokens.shape, model.width), every)
    assert torch.equal(read_out(model, blank), read_out(model, x)), "an edit after the last block changed an answer"


def becomes_same(pair: InterchangePair) -> bool:
    """Whether the edit makes the edited pair same: it is different now."""
    a, b = (pair.base.items[index] for index in (pair.edited, pair.partner))
    return (a.shape, a.color) != (b.shape, b.color)


def _plot(model: Model, property: Property, rows: Sequence[Row]) -> Plot:
    of = [row for row in rows if row["property"] == property]
    blocks = sorted({row["block"] for row in of})
    series = []
    for hue, method in enumerate(METHODS):
        curve = [row for row in of if row["method"] == method]
        y, low, high = (tuple(float(r[name]) for r in curve) for name in ("success", "low", "high"))
        series.append(Series(method, y, low, high, hue=hue, star=y.index(max(y))))
    published = NOVEL.get(model.task, {}).get(property, {})
    for hue, method in enumerate(METHODS[:1]):
        if method in published:
            series.append(published_series(f"{NEAREST}, published, {method}", published[method], blocks, hue))
    return Curves(
        title=f"Novel {'colour' if property == 'color' else property} vectors in both items",
        x_label="after block",
        y_label="counterfactual answers",
        x=tuple(float(b) for b in blocks),
        ticks=tuple(block_name(b) for b in blocks),
        series=tuple(series),
        references=(Reference(0.5, "chance"),),
    )


def _notes(n: int, *, paper_convention: bool) -> tuple[str, ...]:
    if paper_convention:
        n_draws = -(-n // BATCH)
        draws = f"Vectors were drawn once for {BATCH} images, as in the paper: each number rests on {n_draws} draws, "
        draws += "and its true uncertainty is larger than the interval shown."
    else:
        draws = "Every image got vectors of its own; the paper drew them once for 64 images."
    return (
        draws,
        f"Bands are 95 % Wilson intervals over {n} pairs.",
        "“Random” draws from a normal of mean 0 and spread 1 in units of the stream, whatever the scale of the model.",
        f"The published curve is {NEAREST}, another model; the report has its other methods in a table.",
    )

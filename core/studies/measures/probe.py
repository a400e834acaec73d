"""Linear probes for the relation of a pair, and edits along what they learned.

Source: Lepori et al. 2024, linear probes and interventions; docs/methods.md, "Probes".
What we changed: a probe reads and its direction is added at the same place. `paper_convention` reads before a block
and adds after it. Discrimination pairs are probed like the pairs of match-to-sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.assets.probe import Probe, side_by_side
from core.engine import advance, embed, read_out, resume, to_input
from core.families.model import Model, require_relation
from core.plots import Curves, Plot, Reference, Series
from core.progress import Job, Progress, part
from core.site import block_words
from core.statistics import wilson
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus
from core.stimuli.tokens import add_at_tokens, item_tokens
from core.studies.probe import ALPHAS, ProbeOptions, Probes
from core.studies.published import NEAREST, PROBE, published_series
from core.studies.result import Row, block_name, item_pairs, n_kinds_of
from core.studies.study import Found

Pairs = Sequence[tuple[int, int]]
Sites = Sequence[tuple[int, int]]
"""After which block a probe reads, and after which its direction is added."""


def measure_relation(model: Model, study: Probes) -> Job[Found]:
    """Probes at every site, tested on images that they were not trained on, and edits along them."""
    require_relation(model)
    sites = probe_sites(model, paper_convention=study.paper_convention)
    probes, hits = yield from fit_and_measure(model, study.probe, sites, n=study.n, seed=study.seed)
    rows = probe_rows(model, hits, sites, probes)
    notes = _notes(model, study.n, paper_convention=study.paper_convention)
    return Found(rows, _plots(model, rows, hits, sites), notes)


def fit_and_measure(
    model: Model,
    options: ProbeOptions,
    sites: Sites,
    *,
    n: int,
    seed: int,
    keep: Callable[[Probe], Probe] = lambda probe: probe,
) -> Job[tuple[dict[int, Probe], Hits]]:
    """A probe for each site, as `keep` leaves it, and what was measured of it on `n` images."""
    pairs = item_pairs(model)
    train, test = (_stimuli(model, split, m, seed) for split, m in (("train", options.n_images), ("test_iid", n)))
    features = yield from part(pair_features(model, train, pairs, [s for s, _ in sites]), 0, 300, 1000)
    fitted = yield from part(fit_probes(features, relations(train, pairs), options, seed), 300, 100, 1000)
    probes = {block: keep(probe) for block, probe in fitted.items()}
    hits = yield from part(measure_probes(model, test, pairs, probes, sites), 400, 600, 1000)
    return probes, hits


def probe_sites(model: Model, *, paper_convention: bool) -> list[tuple[int, int]]:
    """Read and edit after the same block; in the paper's convention read before a block and edit after it."""
    if paper_convention:
        return [(block - 1, block) for block in range(model.n_blocks)]
    return [(block, block) for block in range(-1, model.n_blocks)]


def _stimuli(model: Model, split: Any, n: int, seed: int) -> list[Stimulus]:
    kinds = n_kinds_of(model)
    examples = split_examples(split, n, task=model.task, n_kinds=kinds, seed=seed, geometry=model.geometry)
    return [e.stimulus for e in examples]


def relations(stimuli: Sequence[Stimulus], pairs: Pairs) -> Tensor:
    """Whether each pair is same [N, P]."""
    kinds = [[(i.shape, i.color) for i in s.items] for s in stimuli]
    return torch.tensor([[int(k[a] == k[b]) for a, b in pairs] for k in kinds])


def pair_tokens(model: Model, stimuli: Sequence[Stimulus], pairs: Pairs) -> Tensor:
    """The tokens of both items of each pair [N, P, 2 n]."""
    tokens = item_tokens(model, stimuli)  # [N, I, n]
    return torch.stack([tokens[:, list(pair)].flatten(1) for pair in pairs], 1)


def pair_features(
    model: Model, stimuli: Sequence[Stimulus], pairs: Pairs, blocks: Sequence[int], *, batch: int = 50
) -> Job[dict[int, Tensor]]:
    """The concatenated tokens of each pair [N, P, 2 n D] after each of `blocks`."""
    width = 2 * model.geometry.cell_patches**2 * model.width
    # In place: small tensors that outlive the large ones of each batch would leave holes all over the memory.
    found = {b: torch.empty(len(stimuli), len(pairs), width, device=model.device) for b in blocks}
    for start in range(0, len(stimuli), batch):
        chunk = stimuli[start : start + batch]
        with torch.inference_mode():
            x = embed(model, to_input(model, render_many(chunk)))
            tokens = pair_tokens(model, chunk, pairs)
            for block in range(-1, max(blocks) + 1):
                x = advance(model, x, block) if block >= 0 else x
                if block in found:
                    found[block][start : start + len(chunk)] = _features(x, tokens)
        yield Progress(min(start + batch, len(stimuli)), len(stimuli), "tokens to train probes on")
    return found


def _features(x: Tensor, tokens: Tensor) -> Tensor:
    return torch.stack([side_by_side(x, t) for t in tokens.unbind(1)], 1)  # [B, P, 2 n D]


def fit_probes(
    features: Mapping[int, Tensor], labels: Tensor, options: ProbeOptions, seed: int
) -> Job[dict[int, Probe]]:
    """One probe for each block, trained on features [N, P, F] and labels [N, P], each pair an example."""
    probes = {}
    for done, (block, x) in enumerate(features.items()):
        probes[block] = fit_probe(x.flatten(0, 1), labels.flatten().to(x.device), options, seed)
        yield Progress(done + 1, len(features), f"probe after {block_words(block)}")
    return probes


def fit_probe(x: Tensor, labels: Tensor, options: ProbeOptions, seed: int) -> Probe:
    """A linear probe for features [N, F] with labels [N], by cross-entropy and AdamW."""
    generator = torch.Generator().manual_seed(seed)
    bound = x.shape[1] ** -0.5
    weight = nn.Parameter(((torch.rand(2, x.shape[1], generator=generator) * 2 - 1) * bound).to(x.device))
    bias = nn.Parameter(torch.zeros(2, device=x.device))
    optimizer = torch.optim.AdamW([weight, bias], lr=options.lr)
    for _ in range(options.epochs):
        order = torch.randperm(len(x), generator=generator).to(x.device)
        for rows in order.split(options.batch):
            loss = F.cross_entropy(x[rows] @ weight.T + bias, labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    return Probe(weight.detach(), bias.detach())


Hits = dict[tuple[int, str, float, int], list[bool]]
"""At a site, by name of the measure, α and pair: for each image, whether it came true."""


def measure_probes(
    model: Model, stimuli: Sequence[Stimulus], pairs: Pairs, probes: Mapping[int, Probe], sites: Sites, batch: int = 50
) -> Job[Hits]:
    """At each site: is the probe right, and does adding α times its other row turn the model's answer?

    The control adds the row of the relation that the pair has. Success is the flipped label in both.
    """
    hits: Hits = defaultdict(list)
    for start in range(0, len(stimuli), batch):
        chunk = stimuli[start : start + batch]
        found = yield from part(_chunk_hits(model, chunk, pairs, probes, sites), start, len(chunk), len(stimuli))
        for key, came_true in found.items():
            hits[key] += came_true.tolist()
    return dict(hits)


def _chunk_hits(
    model: Model, stimuli: Sequence[Stimulus], pairs: Pairs, probes: Mapping[int, Probe], sites: Sites
) -> Job[dict[tuple[int, str, float, int], Tensor]]:
    with torch.inference_mode():
        x = embed(model, to_input(model, render_many(stimuli)))
    tokens = pair_tokens(model, stimuli, pairs)
    same = relations(stimuli, pairs).to(model.device)  # [B, P]
    flipped = (1 - same[:, 0]) if len(pairs) == 1 else (same[:, 0] != same[:, 1]).long()  # 1 − the true label
    hits: dict[tuple[int, str, float, int], Tensor] = {}
    for block in range(-1, model.n_blocks):
        with torch.inference_mode():
            x = advance(model, x, block) if block >= 0 else x
            for read, edit in sites:
                if read == block:
                    for index, values in enumerate(_features(x, tokens).unbind(1)):
                        hits[edit, "probe", 0.0, index] = probes[read].answers(values) == same[:, index]
                if edit == block:
                    for key, answer in _edited_answers(model, x, tokens, same, probes[read], block):
                        hits[edit, *key] = answer == flipped
        yield Progress(block + 2, model.n_blocks + 1, f"edits along probes after {block_words(block)}")
    with torch.inference_mode():
        hits[model.n_blocks - 1, "no edit", 0.0, 0] = read_out(model, x).argmax(1) == flipped
    if model.reads_cls_only:
        last = [v for (block, name, *_), v in hits.items() if block == model.n_blocks - 1 and name in _EDITS]
        unchanged = hits[model.n_blocks - 1, "no edit", 0.0, 0]
        assert all(torch.equal(v, unchanged) for v in last), "an edit after the last block changed an answer"
    return hits


def _edited_answers(
    model: Model, x: Tensor, tokens: Tensor, same: Tensor, probe: Probe, block: int
) -> Iterator[tuple[tuple[str, float, int], Tensor]]:
    """By name of the edit, α and pair: the answers [B] with α times a row of the probe added to the pair's tokens."""
    for index in range(tokens.shape[1]):
        for name, rows in (("intervention", 1 - same[:, index]), ("control", same[:, index])):
            for alpha in ALPHAS:
                change = alpha * probe.weight[rows]  # [B, 2 n D]
                moved = add_at_tokens(x, tokens[:, index], change.unflatten(1, (tokens.shape[2], -1)))
                yield (name, alpha, index), resume(model, moved, block + 1).argmax(1)


_EDITS = ("intervention", "control")


def probe_rows(model: Model, hits: Hits, sites: Sites, probes: Mapping[int, Probe]) -> list[Row]:
    """One row for each site, measure and α: over all pairs, then for each where there are several."""
    reads = {edit: read for read, edit in sites}
    n_pairs = len(item_pairs(model))
    names = [("probe", 0.0), *((name, alpha) for name in _EDITS for alpha in ALPHAS)]
    which: list[tuple[str, list[int]]] = [("mean", list(range(n_pairs)))]
    if n_pairs > 1:
        which += [("display", [0]), ("sample", [1])]
    base = hits[max(reads), "no edit", 0.0, 0]
    rows: list[Row] = []
    for _, edit in sites:
        for name, alpha in names:
            for pair, indices in which:
                came_true = [v for i in indices for v in hits[edit, name, alpha, i]]
                low, high = wilson(sum(came_true), len(came_true))
                row: Row = {"block": edit, "probe_reads_after": reads[edit], "measure": name, "alpha": alpha or None}
                row |= {"pair": pair, "success": sum(came_true) / len(came_true), "low": low, "high": high}
                row |= {"n": len(came_true), "base_accuracy": 1 - sum(base) / len(base)}
                rows.append({**row, "direction_norm": float(probes[reads[edit]].weight.norm(dim=1).mean())})
    return rows


def _plots(model: Model, rows: Sequence[Row], hits: Hits, sites: Sites) -> dict[str, Plot]:
    blocks = [edit for _, edit in sites]
    wanted = [("probe", None), *(("intervention", a) for a in ALPHAS[1:]), ("control", ALPHAS[-1])]
    series = [_curve(rows, name, alpha, hue) for hue, (name, alpha) in enumerate(wanted)]
    if model.task == "rmts":
        for hue, name in enumerate(("probe", "intervention")):
            series.append(published_series(f"{NEAREST}, published, {name}", PROBE[name], blocks, hue))
    unedited = hits[model.n_blocks - 1, "no edit", 0.0, 0]
    curves = Curves(
        title="Probes for same and different, and edits along them",
        x_label="after block",
        y_label="share of pairs",
        x=tuple(float(b) for b in blocks),
        ticks=tuple(block_name(b) for b in blocks),
        series=tuple(series),
        references=(Reference(0.5, "chance"), Reference(sum(unedited) / len(unedited), "no edit")),
    )
    return {"probe": curves}


def _curve(rows: Sequence[Row], name: str, alpha: float | None, hue: int) -> Series:
    of = [r for r in rows if (r["measure"], r["alpha"], r["pair"]) == (name, alpha, "mean")]
    y, low, high = (tuple(float(r[field]) for r in of) for field in ("success", "low", "high"))
    label = "probe accuracy" if alpha is None else f"{name}, α = {alpha:g}"
    star = y.index(max(y)) if name == "intervention" and alpha == ALPHAS[-1] else None
    return Series(label, y, low, high, "control" if name == "control" else "measured", hue, star)


def _notes(model: Model, n: int, *, paper_convention: bool) -> tuple[str, ...]:
    notes = [
        "The paper's convention: the probe reads before a block, its direction is added after it."
        if paper_convention
        else "The probe reads and its direction is added after the same block; the paper reads one block earlier.",
        f"Bands are 95 % Wilson intervals over the pairs of {n} images. An edit without effect scores the base error.",
        "α multiplies the raw row of the probe, whose length differs between blocks and models (direction_norm).",
    ]
    if model.task != "rmts":
        notes.append("Published probes are of match-to-sample, so none is drawn beside these.")
    return tuple(notes)

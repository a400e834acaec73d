"""The class lens on many pictures: rates, curves over blocks, memories, limited attention, removed tokens, probes.

Source: Vilas et al. 2023; docs/methods.md, "Many pictures". Each part says in its own file what we changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from core.analyses.class_values import agreement_curves, control_of
from core.emoji import labelled_pictures
from core.errors import UserError
from core.families.model import Model
from core.plots import Bars, Curves, Plot, Reference, Series
from core.progress import Job, part
from core.readings.memories import SUBLAYERS, class_value_agreement, random_values, values_of
from core.readings.projection import check_token_wise
from core.readings.relevance import ClassHead, Loss, class_head
from core.statistics import wilson
from core.stimuli.datasets import Example
from core.studies.lens import Lens
from core.studies.measures import lens_found as found
from core.studies.measures.deletion import FIRST, ORDERS, SHARES, Values, area, check_removable, measure_deletion
from core.studies.measures.lens_random import with_random_weights
from core.studies.measures.lens_walk import Walked, walk
from core.studies.measures.linear_probes import Probed, measure_probes
from core.studies.measures.perturbed import measure_perturbed
from core.studies.published_lens import PAPER, known_bars, known_curve, published
from core.studies.result import Row, block_name
from core.studies.study import Bench, Found


@dataclass(slots=True)
class Parts:
    """Rows, plots and notes, as they come together."""

    rows: list[Row] = field(default_factory=list)
    plots: dict[str, Plot] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def pictures(bench: Bench, n: int, seed: int) -> Sequence[Example]:
    """`n` unseen pictures of the model's classes, each with the right one, or those that are given.

    Raises UserError where nobody knows pictures of its classes.
    """
    if bench.model.judges_relation or bench.given is not None:
        return bench.examples(n, seed)
    return list(labelled_pictures(bench.model, n, seed))


def measure_lens(bench: Bench, study: Lens) -> Job[Found]:
    """All parts; one that this network cannot have is left out, and a note says so."""
    model = bench.model
    check_token_wise(model)
    head = class_head(model)
    examples = pictures(bench, study.n, study.seed)
    values = [values_of(model, block) for block in range(model.n_blocks)]
    scores = [{name: head.weight @ v.T for name, v in of.items()} for of in values]
    parts = Parts(notes=[f"{study.n} pictures; bands are 95 % intervals over pictures. Published: {PAPER}."])
    walked = yield from part(walk(model, examples, scores, study.direction, study.seed), 0, 400, 1000)
    random = None
    if study.n_random:
        other = with_random_weights(model, study.seed)
        few = examples[: study.n_random]
        random = yield from part(walk(other, few, scores, study.direction, study.seed), 400, 80, 1000)
    n_prefix, paper = model.n_prefix, study.paper_convention
    _rates(parts, model, walked, random)
    _depths(parts, model, walked, random, paper_convention=paper)
    _objects(parts, walked, n_prefix, study.seed)
    _memories(parts, walked, study)
    _class_values(parts, head.weight, values)
    limited = yield from part(measure_perturbed(model, examples, paper_convention=paper), 480, 220, 1000)
    _limited(parts, model, limited)
    removed = examples[: study.n_removed]
    yield from part(_remove(parts, model, removed, head, values, study), 700, 200, 1000)
    if study.n_probed:
        train = pictures(bench, study.n_probed, study.seed + 1)
        probed = yield from part(measure_probes(model, train, examples[: study.n_probed]), 900, 100, 1000)
        _probes(parts, probed, study)
    if bench.given is not None:
        parts.notes.append("Linear probes are left out: they would need other pictures to learn from.")
    parts.notes.append("A projection says what the read-out would make of a token, not what the network uses.")
    return Found(parts.rows, parts.plots, parts.notes)


def _rates(parts: Parts, model: Model, walked: Walked, random: Walked | None) -> None:
    """Class identifiability rate, image coverage, accuracy."""
    groups, n_prefix = ("rate", "coverage", "accuracy"), model.n_prefix
    series = []
    for name, of, role in ((model.name, walked, "measured"), ("random weights", random, "control")):
        if of is None:
            continue
        first = of.found[:, -1, n_prefix:] == 1.0  # [N, P]
        right = of.answers == of.labels[: len(of.answers)]
        rows = [found.interval(first.mean(1)), *(_share(hits) for hits in (first.any(1), right))]
        measure = "rate" if role == "measured" else "rate, random weights"
        parts.rows += [
            {"measure": measure, "part": g, "tokens": "image", **row} for g, row in zip(groups, rows, strict=True)
        ]
        y, low, high = (tuple(float(row[k]) for row in rows) for k in ("value", "low", "high"))
        series.append(Series(name, y, low, high, role=role))  # type: ignore[arg-type]
    title = "Patches that name the right class in the last block"
    named = ("share of patches", "pictures with one", "accuracy")
    chance = Reference(1 / len(model.labels), "chance of a patch")
    parts.plots["lens-rate"] = Bars(title, "share", named, (*series, *known_bars("rate", groups, 1)), (chance,))


def _share(hits: np.ndarray) -> Row:
    low, high = wilson(int(hits.sum()), len(hits))
    return {"value": float(hits.mean()), "low": low, "high": high, "n": len(hits)}


def _depths(parts: Parts, model: Model, walked: Walked, random: Walked | None, *, paper_convention: bool) -> None:
    """Identifiability, change rates and composition over blocks."""
    n_prefix, series = model.n_prefix, []
    hues = {"CLS": 0, "image": 1}
    for of, is_control in ((walked, False), (random, True)):
        for curve in found.evolution(of, n_prefix) if of else ():
            words = "random weights, " if is_control else ""
            series.append(curve.series(f"{words}{curve.tokens}", hues[curve.tokens], control=is_control))
            parts.rows += [{**row, "part": "random weights"} if is_control else row for row in curve.rows()]
    blocks = range(-1, model.n_blocks)
    series += [s for name, hue in hues.items() for s in known_curve("evolution", name, blocks, hue)]
    chance = Reference(0.5 + 0.5 / len(model.labels), "chance")
    title = "How well tokens name the right class"
    parts.plots["lens-evolution"] = found.curves(title, "identifiability 1 − k/C", blocks, series, (chance,))
    rates = found.change_rates(walked, n_prefix, paper_convention=paper_convention)
    parts.rows += [row for curve in rates for row in curve.rows()]
    for tokens in found.groups_of(n_prefix):
        parts.plots[f"lens-change-{tokens}"] = _changes([c for c in rates if c.tokens == tokens], tokens)
    shares = found.composition(walked, paper_convention=paper_convention)
    parts.rows += [row for curve in shares for row in curve.rows()]
    series = [
        c.series("MLP" if c.part == "MLP" else c.part, hue, control=c.part == "none") for hue, c in enumerate(shares)
    ]
    parts.plots["lens-composition"] = found.curves(
        "Where a token’s class after a block is from", "share of tokens", shares[0].blocks, series
    )
    if paper_convention:
        parts.notes.append("As published: MLPs are compared with the input of the block; “none” ignores the MLP.")


def _changes(rates: Sequence[found.Measured], tokens: str) -> Curves:
    series = [curve.series(curve.part, hue) for hue, curve in enumerate(rates)]
    names = {"attention": f"attention, {tokens}", "MLP": f"MLP, {tokens}"} | (
        {"block": "block"} if tokens == "image" else {}
    )
    blocks = rates[0].blocks
    series += [
        s for h, c in enumerate(rates) if c.part in names for s in known_curve("change", names[c.part], blocks, h)
    ]
    who = "CLS" if tokens == "CLS" else "patches"
    title = f"What comes out is more like the class than what went in: {who}"
    return found.curves(title, "share of tokens", blocks, series, (Reference(0.5, "half"),))


def _objects(parts: Parts, walked: Walked, n_prefix: int, seed: int) -> None:
    """Patches of objects against the others."""
    measured, rows = found.objects_and_context(walked, n_prefix, seed)
    parts.rows += [*(row for curve in measured for row in curve.rows()), *rows]
    if not measured:
        parts.notes.append("No picture has masks: objects are not told from context.")
        return
    series = [curve.series(curve.part, hue) for hue, curve in enumerate(measured)]
    title = "Do patches of objects name the class before the context does?"
    parts.plots["lens-objects"] = found.curves(title, "identifiability", measured[0].blocks, series)
    tests = [row for row in rows if row["measure"] == "objects − context"]
    above = [block_name(row["block"]) for row in tests if row["p"] <= 0.05]
    said = "everywhere" if len(above) == len(tests) else f"after {', '.join(above)}" if above else "nowhere"
    parts.notes.append(
        f"Objects are above context by more than chance (p ≤ .05 of {found.N_SHUFFLES} shuffles) {said}."
    )


def _memories(parts: Parts, walked: Walked, study: Lens) -> None:
    """Key-value agreement with its control, and compositionality."""
    measured = found.agreement(walked)
    parts.rows += [row for curve in measured for row in curve.rows()]
    parts.rows += found.agreement_of_right_answers(walked, study.seed)
    hues = {name: hue for hue, name in enumerate(SUBLAYERS.values())}
    blocks = measured[0].blocks
    series = [
        curve.series(
            f"{curve.part}, random class" if "random" in curve.measure else curve.part,
            hues[curve.part],
            control="random" in curve.measure,
        )
        for curve in measured
        if curve.measure != "compositionality"
    ]
    title = f"Does what fires hold the class? ({study.direction})"
    parts.plots["lens-agreement"] = found.curves(title, "share of tokens", blocks, series)
    series = [c.series(c.part, hues[c.part]) for c in measured if c.measure == "compositionality"]
    title = "Is a sub-layer’s class that of a memory that fires?"
    parts.plots["lens-composed"] = found.curves(title, "share of tokens", blocks, series)
    for section, what in (("key_value", "key-value agreement"), ("composed", "memory’s class is the sub-layer’s")):
        for model, peaks in published(section).items():
            said = ", ".join(f"{name} {value:.2f}" for name, value in peaks.items())
            parts.notes.append(f"{model}, another model, peak of {what}: {said} (published, read off a figure).")


def _class_values(parts: Parts, weight: torch.Tensor, values: Values) -> None:
    """The weights alone."""
    best: dict[str, list[np.ndarray]] = {name: [] for name in SUBLAYERS.values()}
    best |= {control_of(name): [] for name in SUBLAYERS.values()}
    for block, of in enumerate(values):
        for name, words in SUBLAYERS.items():
            for label, v in ((words, of[name]), (control_of(words), random_values(of[name]))):
                cosines = class_value_agreement(weight, v).amax(1).double().cpu().numpy()
                best[label].append(cosines)
                row = {"measure": "class-value agreement", "part": label, "tokens": "none", "block": block}
                parts.rows.append({**row, **found.interval(cosines)})
    parts.plots["lens-class-values"] = agreement_curves(best)
    for model, peaks in published("class_value").items():
        said = ", ".join(f"{name} {value:.2f}" for name, value in peaks.items())
        parts.notes.append(f"{model}, another model, peak of classes in the weights: {said} (published, off a figure).")


def _limited(parts: Parts, model: Model, limited: Mapping[str, Sequence[float]]) -> None:
    """Bars of the rate with attention limited."""
    rows = {way: found.interval(np.array(shares)) for way, shares in limited.items()}
    parts.rows += [{"measure": "attention limited", "part": way, "tokens": "image", **row} for way, row in rows.items()]
    y, low, high = (tuple(float(row[k]) for row in rows.values()) for k in ("value", "low", "high"))
    series = (Series(model.name, y, low, high), *known_bars("perturbed", tuple(rows), 1, "ViT-B/32"))
    title = "Patches that name the right class with attention limited"
    parts.plots["lens-limited"] = Bars(title, "share of patches", tuple(rows), series)


def _remove(
    parts: Parts, model: Model, examples: Sequence[Example], head: ClassHead, values: Values, study: Lens
) -> Job[None]:
    """The deletion test, where tokens can be taken out."""
    if not examples:
        return
    try:
        check_removable(model)
    except UserError as error:
        parts.notes.append(f"No tokens were removed: {error}")
        return
    loss: Loss = "paper" if study.paper_convention else "cross-entropy"
    _removed(parts, (yield from measure_deletion(model, examples, head, values, loss=loss, seed=study.seed)), study)


def _removed(parts: Parts, curves: Mapping[tuple[str, str], list[float]], study: Lens) -> None:
    """Accuracy as patches are removed, by order."""
    for first in FIRST:
        series = []
        for hue, order in enumerate(ORDERS):
            y = curves[order, first]
            auc = area(y, paper_convention=study.paper_convention)
            series.append(
                Series(
                    f"{order}, area {auc:.2f}", tuple(y), role="control" if order == "random" else "measured", hue=hue
                )
            )
            parts.rows += [
                {
                    "measure": f"removed, {first}",
                    "part": order,
                    "tokens": "image",
                    "share": s,
                    "value": v,
                    "n": study.n_removed,
                }
                for s, v in zip(SHARES, y, strict=True)
            ]
            parts.rows.append({"measure": f"area, {first}", "part": order, "tokens": "image", "value": auc})
        ticks = tuple(f"{share:.0%}" for share in SHARES)
        name = first.replace(" ", "-")
        title = f"Accuracy as patches are removed, {first}"
        parts.plots[f"lens-removed-{name}"] = Curves(title, "patches removed", "accuracy", SHARES, ticks, tuple(series))
    for model, by_first in published("deletion").items():
        said = "; ".join(f"{f}: " + ", ".join(f"{k} {v:.3f}" for k, v in of.items()) for f, of in by_first.items())
        parts.notes.append(f"{model}, another model, area by the authors’ sum (published output): {said}.")


def _probes(parts: Parts, probed: Mapping[tuple[str, Probed, int], tuple[float, float]], study: Lens) -> None:
    """Linear probes beside the projection."""
    for (tokens, of, block), accuracies in probed.items():
        for name, value in zip(("probe", "projection"), accuracies, strict=True):
            row = {"measure": f"linear probes, {name}", "part": of, "tokens": tokens, "block": block}
            parts.rows.append({**row, "value": value, "n": study.n_probed})
    blocks = sorted({block for _, _, block in probed})
    series = []
    for hue, tokens in enumerate(dict.fromkeys(tokens for tokens, _, _ in probed)):
        for index, name in enumerate(("probe", "projection")):
            y = tuple(probed[tokens, "resid_post", block][index] for block in blocks)
            series.append(Series(f"{tokens}, {name}", y, role="measured", hue=2 * hue + index))
    series += known_curve("probes", "probe", blocks, 2, "ViT-B/32") + known_curve(
        "probes", "projection", blocks, 3, "ViT-B/32"
    )
    title = "What a probe reads, and what the network’s own read-out does"
    parts.plots["lens-probes"] = found.curves(title, "accuracy", blocks, series)
    parts.notes.append("A probe finds what is there, which is more than what the network uses.")

"""What tokens of odd ones out, and of the others, look at in every block and head.

Source: Pan et al. 2024; docs/methods.md, "Attention preference".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from core.engine import advance, attention_rows, embed, to_input
from core.errors import UserError
from core.families.model import Model
from core.figures.looks import signed
from core.plots import Heatmap, Plot, Series
from core.preference import (
    MEASURES,
    PREFERENCES,
    REGIONS,
    Floats,
    Measure,
    Regions,
    depth_curves,
    dissimilarity,
    preferences,
    regions_of,
    same_and_different,
)
from core.progress import Job, Progress
from core.statistics import mean_interval
from core.stimuli.datasets import Condition, random_odd_one_out
from core.stimuli.masked_folder import masked_pictures
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus
from core.studies.preference import Preference
from core.studies.result import Row
from core.studies.study import Bench, Found

BATCH = 50
CONDITIONS: tuple[Condition, ...] = ("both", "shape", "color")
Curve = tuple[float, ...]
HEADLINE: Measure = "non-self enrichment"
"""The measure that sums up a network: neither a large background nor a token's own key tips it."""


def measure_preference(bench: Bench, study: Preference) -> Job[tuple[int, Found]]:
    """How many pictures were measured, and what was found in them.

    Raises UserError where the folder's pictures cannot be read, or none of them shows both masks.
    """
    model, given = bench.model, list[dict[Measure, Floats]]()
    stimuli, left_out = _stimuli(bench, study), 0
    while chunk := list(islice(stimuli, BATCH)):
        placed = [(stimulus, regions) for stimulus in chunk if (regions := regions_of(stimulus)) is not None]
        left_out += len(chunk) - len(placed)
        if placed:
            rows = query_rows(model, *zip(*placed, strict=True))
            given += [
                {measure: preferences(row, regions, measure) for measure in MEASURES}
                for row, (_, regions) in zip(rows, placed, strict=True)
            ]
        yield Progress(len(given) + left_out, study.n, "attention of odd ones out")
    if not given:
        raise UserError("No picture shows both its target and its distractors.", "Use pictures that are about square.")
    found = {measure: np.stack([each[measure] for each in given]) for measure in MEASURES}  # [N, L, H, 2, 3]
    return len(given), Found(_rows(found), _plots(found), _notes(found, _words(bench, study), len(given), left_out))


def _stimuli(bench: Bench, study: Preference) -> Iterator[Stimulus]:
    """The pictures of the set, of the folder in an order from the seed, or drawn ones."""
    geometry = bench.model.geometry
    if bench.given is not None:
        yield from bench.given.laid_out(bench.model)
        return
    rng = np.random.default_rng(study.seed)
    if study.folder:
        pictures = masked_pictures(Path(study.folder))
        for index in rng.permutation(len(pictures))[: study.n]:
            yield pictures[index].stimulus(geometry)
        return
    conditions = CONDITIONS if study.differs == "all" else (study.differs,)
    for index in range(study.n):
        yield random_odd_one_out(geometry, int(rng.integers(2**62)), conditions[index % len(conditions)])


def query_rows(model: Model, stimuli: Sequence[Stimulus], regions: Sequence[Regions]) -> Floats:
    """Attention [N, L, H, 2, P] of the token that shows most of the target, and of that of the distractors."""
    with torch.inference_mode():
        x = embed(model, to_input(model, render_many(stimuli)))  # [B, T, D]
        queries = torch.tensor([each.queries for each in regions], device=x.device) + model.n_prefix  # [B, 2]
        layers = []
        for block in range(model.n_blocks):
            rows = attention_rows(model, x, block, queries)[..., model.n_prefix :]  # [B, H, 2, P]
            layers.append(rows.double().cpu().numpy())
            if block + 1 < model.n_blocks:
                x = advance(model, x, block)
    return np.stack(layers, 1)


def _bands(values: Floats) -> tuple[Curve, Curve, Curve]:
    """Means over pictures and the bounds of their 95 % intervals [L], each, of values [N, L]; NaN is left out."""
    bands = []
    for of_block in values.T:
        known = of_block[~np.isnan(of_block)]
        bands.append(mean_interval(known) if len(known) else (np.nan,) * 3)
    mean, low, high = zip(*bands, strict=True)
    return mean, low, high


def _known_mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _series(names: Sequence[str], values: Floats) -> tuple[Series, ...]:
    """One curve with its band for each of the last axis of values [N, L, 3]."""
    return tuple(Series(name, *_bands(values[..., i]), hue=i) for i, name in enumerate(names))


def _rows(found: dict[Measure, Floats]) -> list[Row]:
    """A row for each block and measure: the three preferences, the two queries' shares that they are made of."""
    rows: list[Row] = []
    for measure, given in found.items():
        of_queries = given.mean(2)  # [N, L, 2, 3]
        curves = {name: _bands(same_and_different(of_queries)[..., i]) for i, name in enumerate(PREFERENCES)}
        for block in range(given.shape[1]):
            row: Row = {"measure": measure, "block": block}
            for name, (mean, low, high) in curves.items():
                row |= {name: mean[block], f"{name}, low": low[block], f"{name}, high": high[block]}
            for q, query in enumerate(REGIONS[:2]):
                for r, region in enumerate(REGIONS):
                    row[f"{query} → {region}"] = _known_mean(of_queries[:, block, q, r])
            rows.append({name: round(v, 6) if isinstance(v, float) else v for name, v in row.items()})
    return rows


def _plots(found: dict[Measure, Floats]) -> dict[str, Plot]:
    plots: dict[str, Plot] = {}
    for measure, given in found.items():
        mean = same_and_different(given.mean(2))  # [N, L, 3]
        name = f"preference-{measure.replace(' ', '-')}"
        plots[name] = depth_curves(f"What attention prefers: {measure}", measure, _series(PREFERENCES, mean))
    raw = found["raw"].mean(2)  # [N, L, 2, 3]
    for q, query in enumerate(("target", "distractor")):
        title = f"What the {query}’s token looks at"
        plots[f"preference-of-{query}"] = depth_curves(title, "raw", _series(REGIONS, raw[:, :, q]))
    heads = dissimilarity(same_and_different(found[HEADLINE].mean(0)))  # [L, H]
    plots["preference-heads"] = Heatmap(
        title="Heads that prefer the same or the different",
        x_label="head",
        y_label="block",
        values=tuple(tuple(float(v) for v in row) for row in heads),
        columns=tuple(str(head) for head in range(heads.shape[1])),
        rows=tuple(str(block) for block in range(heads.shape[0])),
        low_label="same",
        high_label="different",
    )
    return plots


def change_with_depth(given: Floats) -> tuple[float, float, tuple[float, float, float]]:
    """The share of the different in the first third of the blocks, in the last, and their difference with its 95 %
    interval over pictures, of what is given [N, L, H, 2, 3]."""
    shares = dissimilarity(same_and_different(given.mean(2)))  # [N, L]
    third = max(1, shares.shape[1] // 3)
    early, late = shares[:, :third].mean(1), shares[:, -third:].mean(1)
    known = ~np.isnan(late - early)
    return float(early[known].mean()), float(late[known].mean()), mean_interval((late - early)[known])


def _words(bench: Bench, study: Preference) -> str:
    return "pictures of the set" if bench.given else "pictures of the folder" if study.folder else "drawn pictures"


def _notes(found: dict[Measure, Floats], what: str, n: int, left_out: int) -> tuple[str, ...]:
    early, late, (change, low, high) = change_with_depth(found[HEADLINE])
    way = "toward the different" if low > 0 else "toward the same" if high < 0 else "neither way clearly"
    notes = [
        f"From the first third of the blocks to the last attention goes {way}: of what goes to same and different, per "
        f"area and without the token itself, {early:.2f} and then {late:.2f} goes to the different "
        f"({signed(change, 3)}, 95 % interval {signed(low, 3)} to {signed(high, 3)}).",
        f"Means over {n} {what} and all heads; bands are 95 % intervals over pictures.",
        "One query token for the target and one for the distractors: the patch that shows most of each. Rows are "
        "rescaled to add up to 1 over patches, so that CLS and registers do not count.",
        "Other distractors count as the same for a distractor’s token; a target has its like in itself alone.",
    ]
    if left_out:
        notes.append(f"{left_out} pictures were left out: the target or the distractors lie outside the square shown.")
    return tuple(notes)

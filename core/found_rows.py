"""The numbers behind what panels show, as rows: of every kind of finding, with the words that the window uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from core.analyses import Analysis, Refusal
from core.analyses.attention import AttentionOfToken
from core.analyses.class_lens import Lens
from core.analyses.decision import Verdict
from core.analyses.decision_map import DecisionMap, grid_points
from core.analyses.head_modes import ModesOfHead
from core.analyses.item_shares import ItemShares
from core.analyses.pad import PadPlaces
from core.analyses.pair_judgements import PairJudgements
from core.beside import Beside, OnCompared
from core.cards import Card, SubspaceKey
from core.document import Document, View
from core.figures.tables import Row, plot_rows
from core.options import option_name
from core.plots import Bars, Curves, Gallery, Heatmap, Maps, Scatter
from core.questions import ModelInfo
from core.site import Site
from core.stimuli.render import shape_name
from core.stimuli.stimulus import COLOR_NAMES, PROPERTIES, Stimulus, item_name, pair_name
from core.stimuli.tokens import patches_of_items

WITHOUT = "without edits"


def found_rows(found: Mapping[Analysis[Any], Any], model: ModelInfo, document: Document, view: View) -> list[Row]:
    """The numbers of findings about a state as it is looked at, one after another, each row told by `of`.

    Of attention it is the head that is looked at; what was refused has no rows.
    """
    rows: list[Row] = []
    for analysis, value in found.items():
        inner, of = (analysis.analysis, value) if isinstance(analysis, Beside) else (analysis, None)
        there, held = (value.model, value.value) if isinstance(value, OnCompared) else (model, value)
        name: Row = {"of": option_name(type(inner))}
        if of is not None:
            name["model"] = there.name
        rows += [{**name, **row} for row in _rows(inner, held, there, found, document, view)]
    return rows


def _rows(
    analysis: Analysis[Any],
    value: Any,
    model: ModelInfo,
    found: Mapping[Analysis[Any], Any],
    document: Document,
    view: View,
) -> Iterable[Row]:
    base = document.base
    match value:
        case None | Refusal():
            return ()
        case Verdict():
            return verdict_rows(value)
        case PadPlaces():
            return pad_rows(value)
        case AttentionOfToken():
            return attention_rows(value, model, base, (max(view.read, 0), view.head))
        case Lens():
            return lens_rows(value, model, base)
        case ModesOfHead():
            return mode_rows(value)
    if isinstance(analysis, DecisionMap):
        pads = [pad for pad in found.values() if isinstance(pad, PadPlaces)]
        mine = [pad for pad in pads if (pad.property, pad.block) == (analysis.property, analysis.block)]
        return map_rows(analysis, value, mine[0]) if mine else ()
    if isinstance(analysis, ItemShares):
        return share_rows(value)
    if isinstance(analysis, PairJudgements):
        judged = value.items()
        return [{"pair": pair_name(base, p), "margin": j.margin, f"margin {WITHOUT}": j.baseline} for p, j in judged]
    plots = value if isinstance(value, tuple) else ()
    known = (plot for plot in plots if isinstance(plot, Bars | Curves | Gallery | Heatmap | Maps | Scatter))
    return [row for plot in known for row in plot_rows(plot)]


def verdict_rows(verdict: Verdict) -> list[Row]:
    """The margin, and every class that is held, the likeliest first; probabilities are of all classes."""
    low, high = (verdict.labels[side] for side in verdict.sides)
    logit = "σ of examples" if verdict.lens else "logit"
    rows: list[Row] = [
        {"class": f"{high} − {low}", logit: verdict.margin, f"{logit} {WITHOUT}": verdict.baseline_margin}
    ]
    for each in verdict.largest(len(verdict.labels)):
        row = {"class": each.label, logit: each.logit, f"{logit} {WITHOUT}": each.baseline_logit}
        rows.append({**row, "probability": each.share, f"probability {WITHOUT}": each.baseline})
    return rows


def pad_rows(pad: PadPlaces) -> list[Row]:
    """Places of landmarks, with the covariance of their ellipses, and of items, by themselves and after the edits."""
    where = {"property": pad.property, "write": Site(pad.block).words()}
    rows: list[Row] = []
    for index, ((x, y), ellipse) in enumerate(zip(pad.landmarks.tolist(), pad.ellipses.tolist(), strict=True)):
        name = COLOR_NAMES[index] if pad.property == "color" else shape_name(index)
        spread = {"var x": ellipse[0][0], "cov xy": ellipse[0][1], "var y": ellipse[1][1]}
        rows.append({**where, "what": "landmark", "name": name, "x": x, "y": y, **spread})
    for index, ((x, y), (own_x, own_y)) in enumerate(zip(pad.now.tolist(), pad.own.tolist(), strict=True)):
        item = {**where, "name": item_name(index)}
        rows.append({**item, "what": "own place", "x": own_x, "y": own_y})
        rows.append({**item, "what": "place", "x": x, "y": y, "far from anything seen, σ": float(pad.distance[index])})
    return rows


def map_rows(analysis: DecisionMap, grid: np.ndarray, pad: PadPlaces) -> list[Row]:
    """What the model would say with the item's thumb at the centre of each cell; cells not known yet are left out."""
    where = {"property": analysis.property, "write": Site(analysis.block).words(), "what": "map"}
    cells = zip(grid_points(pad.extent), grid.ravel().tolist(), strict=True)
    known = ((x, y, value) for (x, y), value in cells if not np.isnan(value))
    return [{**where, "name": item_name(analysis.item), "x": x, "y": y, "probability": p} for x, y, p in known]


def attention_rows(found: AttentionOfToken, model: ModelInfo, base: Stimulus, head: tuple[int, int]) -> list[Row]:
    """What a token gives to each token in one head (block, head), and what it receives from it."""
    at = (min(head[0], model.n_blocks - 1), min(head[1], model.n_heads - 1))
    values = (found.rows[at], found.baseline_rows[at], found.received[at], found.baseline_received[at])
    (asking,) = (token for token in _tokens(model, base) if token["token"] == found.token)
    said = {"block": at[0], "head": at[1], "looks from": asking["name"]}
    rows = zip(_tokens(model, base), *(of.tolist() for of in values), strict=True)
    names = ("gives", f"gives {WITHOUT}", "receives", f"receives {WITHOUT}")
    return [{**said, **token, **dict(zip(names, of, strict=True))} for token, *of in rows]


def share_rows(shares: Mapping[str, np.ndarray]) -> list[Row]:
    """For every head, the shares of the items' attention by kind, and how global it is: 0 is local, 1 global."""
    n_blocks, n_heads = next(iter(shares.values())).shape
    return [
        {"block": block, "head": head, **{kind: float(of[block, head]) for kind, of in shares.items()}}
        for block in range(n_blocks)
        for head in range(n_heads)
    ]


def lens_rows(lens: Lens, model: ModelInfo, base: Stimulus) -> list[Row]:
    """Logit and rank of the class, 0 the first, at every token after every block; where there is none, none."""
    said = {"class": lens.labels[lens.label], "of classes": len(lens.labels)}
    parts = (lens.now.logits, lens.now.ranks, lens.baseline.logits, lens.baseline.ranks)
    names = ("logit", "rank", f"logit {WITHOUT}", f"rank {WITHOUT}")
    tokens = list(_tokens(model, base))
    return [
        {**said, "after": "embed" if row == 0 else row - 1, **token, **dict(zip(names, values, strict=True))}
        for row in range(len(lens.now.logits))
        for token, *values in zip(tokens, *(part[row].tolist() for part in parts), strict=True)
        if not np.isnan(values[0])
    ]


def mode_rows(modes: ModesOfHead) -> list[Row]:
    """Every mode of the head: its strength, how alike its sides are, and how much of the scores it makes."""
    return [
        {
            "block": modes.block,
            "head": modes.head,
            "mode": index,
            "σ": float(modes.sigma[index]),
            "cosine of sides": float(modes.cosines[index]),
            "share of scores": float(modes.shares[index]),
            "peak": float(modes.peaks[index]),
        }
        for index in range(len(modes.sigma))
    ]


def layer_rows(model: ModelInfo) -> list[Row]:
    """What was measured of the subspaces and probes after every block."""
    return [
        {"after": Site(block).words(), **_measured(model.subspace_cards, model.probe_cards.get(block), block)}
        for block in range(-1, model.n_blocks)
    ]


def _measured(subspaces: Mapping[SubspaceKey, Card], probe: Card | None, block: int) -> Row:
    row: Row = {}
    for property in PROPERTIES:
        card, word = subspaces.get((property, block), {}), "colour" if property == "color" else property
        measured = {"interchange accuracy": "iia", "wrong object": "wrong_object_iia", "n": "n_test"}
        row |= {f"{word}: {name}": card.get(key) for name, key in measured.items()}
    return {**row, "probe's accuracy": (probe or {}).get("accuracy"), "probe: n": (probe or {}).get("n")}


def stimulus_rows(stimulus: Stimulus) -> list[Row]:
    """Every item: what it is, and where; of a photo, every mask with how many patches it covers."""
    if stimulus.photo is not None:
        masks = zip(stimulus.photo.masks, patches_of_items(stimulus), strict=True)
        return [{"item": item_name(i), "name": mask.label, "patches": len(on)} for i, (mask, on) in enumerate(masks)]
    return [
        {
            "item": item_name(index),
            "shape": shape_name(item.shape),
            "colour": COLOR_NAMES[item.color],
            "x px": item.x_px,
            "y px": item.y_px,
            "jitter x px": item.jitter_px[0],
            "jitter y px": item.jitter_px[1],
            "scale": item.scale,
            "angle deg": item.angle_deg,
            "seed": item.seed,
        }
        for index, item in enumerate(stimulus.items)
    ]


def _tokens(model: ModelInfo, base: Stimulus) -> Iterator[Row]:
    """Every token: its number, its name, and of a patch its place and the items that it is on."""
    for index, name in enumerate(model.prefix_names):
        yield {"token": index, "name": name, "column": None, "row": None, "on": None}
    patches, grid = patches_of_items(base), model.geometry.grid
    for patch in range(grid**2):
        row, column = divmod(patch, grid)
        on = " ".join(item_name(index) for index, of in enumerate(patches) if patch in of)
        place = {"column": column, "row": row, "on": on}
        yield {"token": model.n_prefix + patch, "name": f"patch ({column}, {row})", **place}

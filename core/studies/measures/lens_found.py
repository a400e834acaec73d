"""Numbers and curves of the class lens from what a walk kept.

Source: Vilas et al. 2023; docs/methods.md, "Many pictures" and "Memories". What we changed: MLPs are compared with what
enters them, and the answer of a block is from nowhere where none of the stream, attention and MLP has it.
`paper_convention` compares MLPs with the input of the block, and looks at attention twice and never at the MLP.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.plots import Curves, Reference, Series
from core.readings.memories import SUBLAYERS, Sublayer
from core.statistics import mean_interval
from core.studies.measures.lens_walk import Array, Walked
from core.studies.result import Row, block_name

N_SHUFFLES = 300


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One curve over blocks: values of N pictures [N, B] at the blocks, whose rows say measure, part and tokens."""

    measure: str
    part: str
    tokens: str
    blocks: tuple[int, ...]
    values: Array

    def rows(self) -> list[Row]:
        """Means and 95 % intervals over pictures, block by block."""
        return [
            {"measure": self.measure, "part": self.part, "tokens": self.tokens, "block": block, **interval(column)}
            for block, column in zip(self.blocks, self.values.T, strict=True)
        ]

    def series(self, label: str, hue: int, *, control: bool = False) -> Series:
        """The curve."""
        y, low, high = zip(*(mean_interval(column) for column in self.values.T), strict=True)
        return Series(
            label, y, *(((), ()) if control else (low, high)), role="control" if control else "measured", hue=hue
        )


def interval(values: Array) -> Row:
    """Mean and 95 % interval as columns."""
    mean, low, high = mean_interval(values)
    return {"value": mean, "low": low, "high": high, "n": len(values)}


def groups_of(n_prefix: int) -> dict[str, slice]:
    """CLS, where there is one, and patches."""
    groups = {"CLS": slice(0, 1)} if n_prefix else {}
    return {**groups, "image": slice(n_prefix, None)}


def evolution(walked: Walked, n_prefix: int) -> list[Measured]:
    """Identifiability after each block, the embeddings first."""
    blocks = tuple(range(-1, walked.found.shape[1] - 1))
    return [
        Measured("identifiability", "block", name, blocks, walked.found[:, :, of].mean(-1))
        for name, of in groups_of(n_prefix).items()
    ]


def change_rates(walked: Walked, n_prefix: int, *, paper_convention: bool) -> list[Measured]:
    """How often a block, its attention and its MLP put out something more like the class than what came in."""
    post, before = walked.logits["resid_post"][:, 1:], walked.logits["resid_post"][:, :-1]  # [N, L, T]
    pairs = {
        "block": (post, before),
        "attention": (walked.logits["attn_out"], before),
        "MLP": (walked.logits["mlp_out"], before if paper_convention else walked.logits["resid_mid"]),
    }
    blocks = tuple(range(post.shape[1]))
    return [
        Measured("change rate", part, name, blocks, (after > entering)[..., of].mean(-1))
        for part, (after, entering) in pairs.items()
        for name, of in groups_of(n_prefix).items()
    ]


def composition(walked: Walked, *, paper_convention: bool) -> list[Measured]:
    """Of all tokens, whose answer after a block is that before it, that of its attention, of its MLP, of none."""
    after, before = walked.top["resid_post"][:, 1:], walked.top["resid_post"][:, :-1]  # [N, L, T]
    same = {name: after == walked.top[part] for part, name in SUBLAYERS.items()}
    same = {"previous": after == before, **same}
    looked_at = ("previous", "attention") if paper_convention else tuple(same)
    same["none"] = ~np.any([same[name] for name in looked_at], 0)
    blocks = tuple(range(after.shape[1]))
    return [Measured("composition", name, "all", blocks, of.mean(-1)) for name, of in same.items()]


def agreement(walked: Walked) -> list[Measured]:
    """How often what fires holds the class, a random class, and how often a sub-layer's answer is that of a memory."""
    kinds: dict[str, Mapping[Sublayer, Array]] = {
        "key-value agreement": walked.agrees,
        "key-value agreement, random class": walked.by_chance,
        "compositionality": walked.composed,
    }
    return [
        Measured(kind, name, "all", tuple(range(of[part].shape[1])), of[part].mean(-1))
        for kind, of in kinds.items()
        for part, name in SUBLAYERS.items()
    ]


def agreement_of_right_answers(walked: Walked, seed: int) -> list[Row]:
    """Agreement at CLS on pictures that are answered right minus on those answered wrong, with a shuffle test."""
    right = walked.answers == walked.labels
    if right.all() or not right.any():
        return []
    rows: list[Row] = []
    for part, name in SUBLAYERS.items():
        values = walked.agrees[part][:, :, 0].astype(float)  # [N, L]
        differences, p = shuffle_test(values, right, seed)
        rows += [
            {"measure": "agreement, right − wrong", "part": name, "tokens": "CLS", "block": b, "value": d, "p": q}
            for b, (d, q) in enumerate(zip(differences, p, strict=True))
        ]
    return rows


def objects_and_context(walked: Walked, n_prefix: int, seed: int) -> tuple[list[Measured], list[Row]]:
    """Identifiability of patches of items and of the others, and the difference with a shuffle test over all."""
    on = walked.on_items[:, n_prefix:]
    both = on.any(1) & ~on.all(1)
    if not both.any():
        return [], []
    found, on = walked.found[both][:, :, n_prefix:], on[both]  # [N, L + 1, P]
    blocks = tuple(range(-1, found.shape[1] - 1))
    curves = [
        Measured("objects and context", name, "image", blocks, (found * of[:, None]).sum(-1) / of.sum(1)[:, None])
        for name, of in (("objects", on), ("context", ~on))
    ]
    pooled = found.transpose(0, 2, 1).reshape(-1, found.shape[1])  # [N P, L + 1]
    differences, p = shuffle_test(pooled, on.reshape(-1), seed)
    rows: list[Row] = [
        {"measure": "objects − context", "part": "block", "tokens": "image", "block": b, "value": d, "p": q}
        for b, d, q in zip(blocks, differences, p, strict=True)
    ]
    before = walked.logits["resid_post"][both][:, :-1, n_prefix:]
    for part, name in SUBLAYERS.items():
        change = (walked.logits[part][both][..., n_prefix:] - before).transpose(0, 2, 1)  # [N, P, L]
        differences, p = shuffle_test(change.reshape(-1, change.shape[-1]), on.reshape(-1), seed)
        rows += [
            {
                "measure": "logit change, objects − context",
                "part": name,
                "tokens": "image",
                "block": b,
                "value": d,
                "p": q,
            }
            for b, (d, q) in enumerate(zip(differences, p, strict=True))
        ]
    return curves, rows


def shuffle_test(values: Array, of: Array, seed: int) -> tuple[list[float], list[float]]:
    """The difference of means of values [N, B] between those marked [N] and the others, and the share of N_SHUFFLES
    shuffles of the marks in which it is larger."""
    rng = np.random.default_rng(seed)
    total, n, n_of = values.sum(0), len(values), int(of.sum())

    def difference(chosen: Array) -> Array:
        inside = values[chosen].sum(0)
        return np.asarray(inside / n_of - (total - inside) / (n - n_of))

    observed = difference(np.flatnonzero(of))
    larger = np.mean([difference(rng.permutation(n)[:n_of]) > observed for _ in range(N_SHUFFLES)], 0)
    return observed.tolist(), larger.tolist()


def curves(
    title: str,
    y_label: str,
    blocks: Sequence[int],
    series: Sequence[Series],
    references: Sequence[Reference] = (),
    y_range: tuple[float, float] = (0.0, 1.0),
) -> Curves:
    """Curves over blocks."""
    known = [value for s in series for value in s.y if not math.isnan(value)]
    top = max([y_range[1], *known])
    return Curves(
        title,
        "after block" if blocks[0] < 0 else "block",
        y_label,
        tuple(map(float, blocks)),
        tuple(map(block_name, blocks)),
        tuple(series),
        tuple(references),
        (min([y_range[0], *known]), top),
    )

"""Whether what the edits do holds for other pairs of the kind that is drawn: numbers, intervals, words, plots.

Importing this loads no torch, so that the window can read what the job in `core.holds_job` found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.analyses.layer_sweep import turned
from core.cards import judges_relation
from core.document import Document, Intervention
from core.documents.checks import check_document
from core.documents.json import converter
from core.errors import UserError
from core.figures.looks import signed
from core.figures.tables import Row
from core.other_pairs import other_pair
from core.plots import Bars, Reference, Series
from core.statistics import mean_interval, wilson
from core.stimuli.stimulus import truth
from core.stimuli.variants import EVERYTHING, Varied

N_MOST = 200


@dataclass(frozen=True, slots=True)
class PairAnswer:
    """One other pair, by its seed: its edits, and the margin without them and under each condition."""

    seed: int
    edits: tuple[Intervention, ...]
    before: float
    after: tuple[float, ...]

    def turned(self, condition: int = 0) -> bool:
        """Whether the answer is another than the model's own."""
        return turned(self.before, self.after[condition])

    def change(self, condition: int = 0) -> float:
        """By how much the margin is changed."""
        return self.after[condition] - self.before


@dataclass(frozen=True, slots=True)
class Holding:
    """The same edits on other pairs of the kind that `document` shows. Margins are `high` − `low`.

    `conditions` are the edits themselves and then their controls, `n` pairs were asked for. `fit` says on which
    weights, and with which fit of what was learned on them, it was found. `posed` is whether the pairs pose the task
    that the model was trained on, `varied` what of the drawn pair is another in them.
    """

    document: Document
    conditions: tuple[str, ...]
    low: str
    high: str
    n: int
    pairs: tuple[PairAnswer, ...] = ()
    notes: tuple[str, ...] = ()
    unit: str = ""
    fit: tuple[str, str] = ("", "")
    posed: bool = True
    varied: Varied = EVERYTHING

    def with_pairs(self, more: Sequence[PairAnswer]) -> Holding:
        """With some more of them."""
        return replace(self, pairs=(*self.pairs, *more))

    def flips(self, condition: int = 0) -> tuple[int, float, float]:
        """How many answers are turned, and the 95 % interval of their share (Wilson 1927)."""
        hits = sum(pair.turned(condition) for pair in self.pairs)
        return hits, *wilson(hits, len(self.pairs))

    def change(self, condition: int = 0) -> tuple[float, float, float]:
        """The mean change of the margin, and its 95 % interval; there must be pairs."""
        return mean_interval(np.array([pair.change(condition) for pair in self.pairs], np.float64))

    @property
    def n_right(self) -> int | None:
        """How many the model itself is right about; None where it gives no answers of its own, or to another task."""
        if not self.posed or self.unit or not judges_relation((self.low, self.high)):
            return None
        same = truth(self.document.base)
        return sum((pair.before > 0) == (same is not None and same.same) for pair in self.pairs)

    def opened(self, pair: PairAnswer) -> Document:
        """A pair as the document: its pictures, and the edits as they were made on it."""
        plain, _ = other_pair(self.document, pair.seed, self.varied)
        return replace(plain, interventions=pair.edits)

    def words(self) -> tuple[str, ...]:
        """One sentence for each condition, and one on the brackets in them."""
        if not self.pairs:
            return ()
        return (*(self._words(index) for index in range(len(self.conditions))), "95 % intervals in brackets.")

    def _words(self, condition: int) -> str:
        n, (hits, low, high), (mean, least, most) = len(self.pairs), self.flips(condition), self.change(condition)
        name = self.conditions[condition] if not condition else f"control, {self.conditions[condition]}"
        digits = 0 if n < 100 else 1
        share = f"{100 * hits / n:.{digits}f} % ({100 * low:.{digits}f}–{100 * high:.{digits}f} %)"
        change = f"{signed(mean, 1)} ({signed(least, 1)} to {signed(most, 1)})"
        return f"{name[0].upper()}{name[1:]}: {hits} of {n} answers turned, {share}; margin {change}"

    def plots(self) -> tuple[Bars, ...]:
        """Shares of turned answers, and changes of the margin, beside those of the controls."""
        if not self.pairs:
            return ()
        indexes, n = range(len(self.conditions)), len(self.pairs)
        shares = [(hits / n, low, high) for hits, low, high in map(self.flips, indexes)]
        changes = [self.change(index) for index in indexes]
        bounds = [0.0, *(value for each in changes for value in each)]
        groups = (self.conditions[0], *(f"control: {name}" for name in self.conditions[1:]))
        of = f"{n} pairs" if self.varied == EVERYTHING else f"{n} pairs, other {self.varied.chosen}"
        return (
            Bars(f"Answers turned, {of}", "share of pairs", groups, (_bars("share of pairs", shares),)),
            Bars(
                f"Change of the margin, {of}",
                f"change of {self.high} − {self.low}{self.unit}",
                groups,
                (_bars("mean change", changes),),
                (Reference(0.0, "no change"),),
                (min(bounds) * 1.1 - 0.1, max(bounds) * 1.1 + 0.1),
            ),
        )

    def rows(self) -> list[Row]:
        """One for each pair, as a table has them."""
        found = []
        for pair in self.pairs:
            margins = dict(zip(self.conditions, pair.after, strict=True))
            flips = {f"turned, {name}": int(pair.turned(index)) for index, name in enumerate(self.conditions)}
            found.append({"seed": pair.seed, "without edits": pair.before, **margins, **flips})
        return found

    def to_json(self) -> dict[str, Any]:
        """The numbers, as JSON has them."""
        found = []
        for index, name in enumerate(self.conditions if self.pairs else ()):
            hits, low, high = self.flips(index)
            mean, least, most = self.change(index)
            turned_answers = {"hits": hits, "share": hits / len(self.pairs), "low": low, "high": high}
            found.append({"condition": name, "turned": turned_answers, "change": [mean, least, most]})
        pairs = [{"seed": p.seed, "without_edits": p.before, "with": list(p.after)} for p in self.pairs]
        head = {"n": len(self.pairs), "margin": f"{self.high} - {self.low}", "weights_sha256": self.fit[0]}
        head |= {"varied": asdict(self.varied)}
        return {**head, "right_without_edits": self.n_right, "found": found, "notes": list(self.notes), "pairs": pairs}


def _bars(label: str, values: Sequence[tuple[float, float, float]]) -> Series:
    """A bar with its interval for each value."""
    y, low, high = zip(*values, strict=True)
    return Series(label, y, low, high)


def kept_of(holding: Holding) -> dict[str, Any]:
    """As JSON has it, for a document file: numbers, seeds and edits, no pictures."""
    kept: dict[str, Any] = converter().unstructure(holding)
    return kept


def holding_of(kept: Mapping[str, Any]) -> Holding:
    """What `kept_of` gave.

    Raises ValueError where it is damaged.
    """
    from cattrs.errors import CattrsError, ForbiddenExtraKeysError

    try:
        holding: Holding = converter().structure(kept, Holding)
        check_document(holding.document)
        for pair in holding.pairs:
            check_document(holding.opened(pair))
    except (LookupError, TypeError, AttributeError, UserError, CattrsError, ForbiddenExtraKeysError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if any(len(pair.after) != len(holding.conditions) for pair in holding.pairs) or not holding.conditions:
        raise ValueError("a condition is missing")
    return holding

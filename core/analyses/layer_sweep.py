"""What the edits would do at every layer, beside their controls, on the picture and on other pairs of its kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from core.analyses import Analysis
from core.analyses.decision import verdict
from core.document import Document
from core.errors import UserError
from core.other_pairs import conditions, moved_to, other_pair, stays, why_no_others
from core.plots import Curves, Floats, Reference, Series, converter
from core.statistics import mean_interval, wilson

if TYPE_CHECKING:
    from core.document import Intervention
    from core.state import State

Shown = Literal["margin", "flips"]

WORK_AT_ONCE = 3 * 10**8
"""Blocks · tokens · width² that are run between two looks at whether something newer is asked."""
LEAST_AT_ONCE = 3
"""Rows of a large model that are run together at the least: the picture runs along each time."""
TOO_LATE_BELOW = 0.25
"""Of the largest change: from where on all blocks do less, it comes too late."""
LEAST_CHANGE = 0.5
"""Logits below which no layer is said to be too late: there is nothing to compare with."""
TOO_LATE = "too late: already compared"
MAX_PAIRS = 64


@dataclass(frozen=True, slots=True)
class Swept:
    """Margins of one pair: without edits, and with them at each layer, by condition [C][L + 1]; NaN where not known."""

    baseline: float
    margins: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Margins, `high` − `low`, of the picture and of other pairs, at the layers `blocks`, −1 for the embeddings.

    `conditions` are the edits themselves and then their controls. `n` pairs were asked for, and `others` holds those
    that are known. `gaps` says why there is nothing at a layer, `notes` what else must be known. `unit` goes on from
    the words for a margin.
    """

    blocks: tuple[int, ...]
    conditions: tuple[str, ...]
    low: str
    high: str
    own: Swept
    others: tuple[Swept, ...] = ()
    n: int = 0
    gaps: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unit: str = ""
    fit: tuple[str, str] = ("", "")

    @property
    def known(self) -> bool:
        """Whether anything is known of the edits on the picture."""
        return not all(math.isnan(margin) for margin in self.own.margins[0])

    @property
    def pairs(self) -> tuple[Swept, ...]:
        """What means are taken over: the other pairs, or without any the picture itself."""
        return self.others or (self.own,)

    def changes(self, condition: int = 0) -> Floats:
        """The mean change of the margin at each layer; NaN where it is not known."""
        made = np.array([np.array(pair.margins[condition]) - pair.baseline for pair in self.pairs])  # [N, L + 1]
        return tuple(made.mean(0).tolist())

    @property
    def too_late(self) -> tuple[int, ...]:
        """The last blocks, after all of those where the edits do something; of one that is not known yet nothing is
        said."""
        known = zip(self.blocks, self.changes(), strict=True)
        sizes = {at: abs(change) for at, change in known if at not in self.gaps and not math.isnan(change)}
        most = max(sizes.values(), default=0.0)
        if most < LEAST_CHANGE:
            return ()
        last = max(at for at, size in sizes.items() if size >= TOO_LATE_BELOW * most)
        return tuple(at for at in sizes if at > last)

    def flips(self, condition: int = 0) -> tuple[Floats, Floats, Floats]:
        """The share of pairs whose answer is turned at each layer, and the bounds of its 95 % interval [L + 1]."""
        found = []
        for at in range(len(self.blocks)):
            margins = [(pair.baseline, pair.margins[condition][at]) for pair in self.pairs]
            known = [turned(*each) for each in margins if not math.isnan(each[1])]
            share = sum(known) / len(known) if known else math.nan
            found.append((share, *(wilson(sum(known), len(known)) if self.others else (share, share))))
        y, low, high = zip(*found, strict=True)
        return y, low, high

    def means(self, condition: int = 0) -> tuple[Floats, Floats, Floats]:
        """The mean margin at each layer, and the bounds of its 95 % interval [L + 1]."""
        made = np.array([pair.margins[condition] for pair in self.pairs], np.float64)  # [N, L + 1]
        y, low, high = zip(*(mean_interval(column) for column in made.T), strict=True)
        return y, low, high

    def plot(self, shown: Shown = "margin") -> Curves:
        """The curve of the edits with those of their controls."""
        n = len(self.others)
        of = f"mean of {n} pairs" if n else "this picture"
        series = []
        for index, name in enumerate(self.conditions):
            y, low, high = self.flips(index) if shown == "flips" else self.means(index)
            role: Literal["measured", "control"] = "control" if index else "measured"
            label = name if shown == "flips" or index else f"{name}, {of}"
            series.append(Series(label, y, low if n else (), high if n else (), role, index))
        if n and shown == "margin":
            series.append(Series("this picture", self.own.margins[0], hue=len(series)))
        turned_of = f"answers turned, of {n} pairs" if n else "answer turned"
        return Curves(
            title=f"The edits at every layer{self._late_words()}",
            x_label="written at block",
            y_label=turned_of if shown == "flips" else f"{self.high} − {self.low}{self.unit}",
            x=tuple(float(block) for block in self.blocks),
            ticks=tuple("embed" if block < 0 else str(block) for block in self.blocks),
            series=tuple(series),
            references=() if shown == "flips" else self._references(),
            y_range=(0.0, 1.0) if shown == "flips" else self._range(series),
        )

    def _late_words(self) -> str:
        """From which block on it is too late, where all from there on are known."""
        late = self.too_late
        rest = tuple(block for block in self.blocks if late and block >= late[0] and block not in self.gaps)
        return f"; from block {late[0]} on {TOO_LATE}" if late and rest == late else ""

    def _references(self) -> tuple[Reference, ...]:
        baseline = float(np.mean([pair.baseline for pair in self.pairs]))
        return Reference(baseline, "no edit"), Reference(0.0, "undecided")

    def _range(self, series: Sequence[Series]) -> tuple[float, float]:
        values = [v for each in series for v in (*each.y, *each.low, *each.high) if not math.isnan(v)]
        values += [0.0, *(line.value for line in self._references())]
        return min(values) - 0.5, max(values) + 0.5


def turned(before: float, after: float) -> bool:
    """Whether the answer is another: the high side is answered where its margin is above 0."""
    return (before > 0) != (after > 0)


@dataclass(frozen=True, slots=True)
class LayerSweep(Analysis[Sweep]):
    """The answer with the edits in force made at every layer in turn, and that of each of their controls.

    All edits are made at the same layer, those that name heads stay where they are. On the picture first, then on `n`
    other pairs of its kind. A move on a pad goes to where the landmarks of the other layer's pad have the same place
    about them (docs/methods.md, "Layer sweep").
    """

    late: ClassVar[bool] = True

    n: int = field(
        default=16,
        metadata={"label": "Pairs", "tip": "Other pairs of the same kind that the mean is of", "most": MAX_PAIRS},
    )

    def run(self, state: State) -> Iterator[Sweep]:
        if not state.edits:
            raise UserError("No edit is on.", "Move a thumb, swap, or switch something off; then it is swept.")
        running = state.remember((LayerSweep, state.document), lambda: _Running(state))
        yield running.found(self.n)
        while running.step(state, self.n):
            yield running.found(self.n)


class _Running:
    """What is known so far of one state; it goes on where it was left."""

    def __init__(self, state: State) -> None:
        said = verdict(state)
        self._low, self._high = (state.labels.index(said.labels[side]) for side in said.sides)
        why = why_no_others(state.document, state.labels)
        self._names = tuple(conditions(state.edits, state.document.base))
        self._gaps: dict[int, str] = {}
        self._swept: list[_Pair] = []
        fit = (state.model.weights_hash, state.opened.learned_hash)
        labels, notes = (state.labels[self._low], state.labels[self._high]), tuple(_notes(state, why))
        unknown = _Pair(0, self._names, tuple(state.blocks)).swept
        self._empty = Sweep(tuple(state.blocks), self._names, *labels, unknown, notes=notes, unit=said.unit, fit=fit)
        self._alone = bool(why)

    def found(self, n: int) -> Sweep:
        """What is known, of so many other pairs at the most."""
        wanted = 0 if self._alone else n
        own = self._swept[0].swept if self._swept else self._empty.own
        others = tuple(pair.swept for pair in self._swept[1 : wanted + 1] if pair.done)
        return replace(self._empty, own=own, others=others, n=wanted, gaps=dict(self._gaps))

    def step(self, state: State, n: int) -> bool:
        """Find out a little more, if something is wanted that is not known yet."""
        if not self._swept or self._swept[-1].done:
            if len(self._swept) > (0 if self._alone else n):
                return False
            pair = _Pair(len(self._swept), self._names, self._empty.blocks)
            pair.plan(state, self._gaps)
            self._swept.append(pair)
        why = self._swept[-1].go_on(state, self._low, self._high)
        if len(self._swept) == 1:
            self._gaps |= why
        return True


class _Pair:
    """The picture, 0, or another pair of its kind, as far as it is swept."""

    def __init__(self, number: int, names: tuple[str, ...], blocks: tuple[int, ...]) -> None:
        self._number, self._names, self._blocks = number, names, blocks
        self._margins = np.full((len(names), len(blocks)), math.nan)
        self._baseline = math.nan
        self._to_do: list[tuple[Document, tuple[int, int] | None]] = []

    @property
    def done(self) -> bool:
        """Whether all of it is known."""
        return not self._to_do

    @property
    def swept(self) -> Swept:
        """What is known."""
        return Swept(self._baseline, tuple(tuple(row) for row in self._margins.tolist()))

    def plan(self, state: State, gaps: dict[int, str]) -> None:
        """What is to be asked: the pair without edits, then with them at every layer under every condition.

        `gaps` are the layers at which there is nothing; those that are found are added.
        """
        plain, renaming = replace(state.document, interventions=()), None
        if self._number:
            plain, renaming = other_pair(state.document, self._number)
        self._to_do = [(plain, None)]
        for column, block in enumerate(self._blocks):
            if block in gaps:
                continue
            try:
                edits = moved_to(state, block, renaming, self._number)
            except UserError as error:
                gaps[block] = error.message
                continue
            of = conditions(edits, plain.base, self._number or None)
            at_layer = ((name, row) for row, name in enumerate(self._names) if name in of)
            self._to_do += [(replace(plain, interventions=of[name]), (row, column)) for name, row in at_layer]

    def go_on(self, state: State, low: int, high: int) -> dict[int, str]:
        """Ask as much as may be asked at once; returns at which layers the edits themselves are refused, and why."""
        from core.together import logits_together, n_together

        n = max(LEAST_AT_ONCE, n_together(state.model, WORK_AT_ONCE))
        few, self._to_do = self._to_do[:n], self._to_do[n:]
        logits, failed = logits_together(state, [document for document, _ in few])
        why = {}
        for index, ((_, place), margin) in enumerate(
            zip(few, (logits[:, high] - logits[:, low]).tolist(), strict=True)
        ):
            if place is None:
                self._baseline = margin
            elif index not in failed:
                self._margins[place] = margin
            elif place[0] == 0:
                why[self._blocks[place[1]]] = failed[index]
        return why


def _notes(state: State, why: str) -> Iterator[str]:
    base = state.document.base

    def listed(edits: Sequence[Intervention]) -> str:
        return ", ".join(dict.fromkeys(edit.words(base) for edit in edits))

    if heads := [edit for edit in state.edits if stays(edit)]:
        yield f"Heads of another block are other heads, so this stays where it is: {listed(heads)}."
    moving = [edit for edit in state.edits if not stays(edit)]
    if len({edit.site.block for edit in moving}) > 1:
        yield "The edits are made at different layers; here all are made at the same one."
    if bare := [edit for edit in state.edits if not edit.as_controls(base)]:
        yield f"Without a control: {listed(bare)}."
    if why:
        yield f"{why} The curves are of this picture alone."


def kept_of(sweep: Sweep) -> dict[str, Any]:
    """As JSON has it, for a document file."""
    kept: dict[str, Any] = converter().unstructure(sweep)
    return kept


def sweep_of(kept: Mapping[str, Any]) -> Sweep:
    """What `kept_of` gave.

    Raises ValueError where it is damaged.
    """
    from cattrs.errors import ForbiddenExtraKeysError

    try:
        found: Sweep = converter().structure(kept, Sweep)
    except (LookupError, TypeError, AttributeError, ForbiddenExtraKeysError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    shape = [len(found.blocks)] * len(found.conditions)
    if not found.blocks or not shape or any([len(of) for of in p.margins] != shape for p in (found.own, *found.others)):
        raise ValueError("a layer or a condition is missing")
    if found.blocks != tuple(range(-1, len(found.blocks) - 1)):
        raise ValueError("its layers do not follow each other")
    return found

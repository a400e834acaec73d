"""Base and source stimuli that differ so that swapping one value of one item turns the answer.

Source: Lepori et al. 2024, distributed alignment search; docs/methods.md, "Counterfactual pairs".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from core.stimuli.datasets import Example, Kind, condition_of, draw_cells, match_to_sample, place_items, redraw
from core.stimuli.stimulus import N_SHAPES, Geometry, Property, Stimulus, Task, task_of, truth, with_item


@dataclass(frozen=True, slots=True)
class InterchangePair:
    """A base and a source: item `donor` of the source, giving its value of `property` to item `edited` of the
    base, turns the label to `label`.

    `partner` is the other item of the edited pair, `wrong` the source's item that is a control donor.
    """

    base: Stimulus
    source: Stimulus
    property: Property
    label: int
    edited: int = 0
    partner: int = 1
    donor: int = 0
    wrong: int = 1


def interchange_pairs(
    n: int,
    property: Property,
    kinds: Sequence[Kind],
    seed: int,
    geometry: Geometry = Geometry(),
    *,
    task: Task = "discrimination",
) -> list[InterchangePair]:
    """`n` base–source pairs of a task, half turning different to same and half same to different."""
    draw = _match_to_sample_interchanges if task == "rmts" else _discrimination_interchanges
    return draw(n, property, kinds, seed, geometry)


def _discrimination_interchanges(
    n: int, property: Property, kinds: Sequence[Kind], seed: int, geometry: Geometry
) -> list[InterchangePair]:
    """Bases of the first half differ in `property` alone. Item 0 is edited and item 0 of the source donates.
    Donors are drawn over all 256 combinations.
    """
    rng = np.random.default_rng(seed)
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    corners = geometry.corners()
    pairs: list[InterchangePair] = []
    for index in range(n):
        first = order[index // 2 % len(order)]
        partners = [k for k in kinds if condition_of(first, k) == property]
        second = first if index % 2 or not partners else partners[int(rng.integers(len(partners)))]
        cells = draw_cells(rng, corners, geometry, 2)
        base = place_items((first, second), cells, rng, geometry)
        source = counterfactual_source(base, property, rng)
        pairs.append(InterchangePair(base, source, property, int(second != first)))
    return pairs


def _match_to_sample_interchanges(
    n: int, property: Property, kinds: Sequence[Kind], seed: int, geometry: Geometry
) -> list[InterchangePair]:
    """A quarter for each label and relation of the edited pair, which is same or differs in `property` alone.

    A random member of a random such pair is edited.
    """
    rng = np.random.default_rng(seed)
    quarters: dict[tuple[int, bool], list[InterchangePair]] = {
        (label, same): [] for label in (0, 1) for same in (False, True)
    }
    while any(len(quarter) < -(-n // 4) for quarter in quarters.values()):
        for example in match_to_sample(512, kinds, int(rng.integers(2**62)), geometry):
            pairs = _eligible_pairs(example.stimulus, property)
            if pairs:
                at, same = pairs[int(rng.integers(len(pairs)))]
                edited = 2 * at + int(rng.integers(2))
                pair = _edit_of(example, property, edited, rng)
                quarters[example.label, same].append(pair)
    return [pair for four in zip(*quarters.values(), strict=False) for pair in four][:n]


def _eligible_pairs(stimulus: Stimulus, property: Property) -> list[tuple[int, bool]]:
    """Which pairs can be turned by one value of `property`, and whether each is same."""
    known = truth(stimulus)
    pairs = known.pairs if known else ()
    return [(at, pair.same) for at, pair in enumerate(pairs) if pair.differs_in in ("", property)]


def _edit_of(example: Example, property: Property, edited: int, rng: np.random.Generator) -> InterchangePair:
    base = example.stimulus
    source = counterfactual_source(base, property, rng, edited=edited)
    donor = edited ^ 2
    return InterchangePair(base, source, property, 1 - example.label, edited, edited ^ 1, donor, donor ^ 1)


def counterfactual_source(base: Stimulus, property: Property, rng: np.random.Generator, *, edited: int = 0) -> Stimulus:
    """The matched donor image of a stimulus: its donor carries the value that turns the edited pair's relation.

    Of two items, item 0 is edited and item 0 donates. Of four, the item at `edited` is, and the item with the same
    place in the other pair donates.
    """
    draw = partial(_match_to_sample_source, edited=edited) if task_of(base) == "rmts" else _pair_source
    return draw(base, property, rng)


def _pair_source(base: Stimulus, property: Property, rng: np.random.Generator) -> Stimulus:
    """Where the base's items differ in `property`, the donor has item 1's value and the source is a different pair;
    else the donor has another value and the source is a same pair.
    """
    geometry = base.geometry
    edited, fixed = base.items[0], base.items[1]
    at, other = ("shape", "color") if property == "shape" else ("color", "shape")
    if getattr(edited, at) != getattr(fixed, at):
        donor = {at: getattr(fixed, at), other: _other_than(rng, getattr(fixed, other))}
        second = {
            at: _other_than(rng, donor[at]),
            other: _other_than(rng, getattr(edited, other), donor[other]),
        }
    else:
        donor = {at: _other_than(rng, getattr(edited, at)), other: _other_than(rng, getattr(edited, other))}
        second = donor
    cells = draw_cells(rng, geometry.corners(), geometry, 2)
    return place_items([(kind["shape"], kind["color"]) for kind in (donor, second)], cells, rng, geometry)


def _match_to_sample_source(base: Stimulus, property: Property, rng: np.random.Generator, edited: int) -> Stimulus:
    """The base drawn again, where the donor has the value of the edited item's partner, or another one where the two
    have the same.
    """
    own, partners = (getattr(base.items[index], property) for index in (edited, edited ^ 1))
    value: int = partners if partners != own else _other_than(rng, own)
    donor = base.items[edited ^ 2]
    changed = replace(donor, shape=value) if property == "shape" else replace(donor, color=value)
    return redraw(with_item(base, edited ^ 2, changed), rng)


def _other_than(rng: np.random.Generator, *values: int) -> int:
    """One of the 16 values that is none of `values`."""
    left = [v for v in range(N_SHAPES) if v not in values]
    return left[int(rng.integers(len(left)))]

"""`Document`, what is edited and undone; `View`, what is looked at; and pure edits on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypeGuard

import numpy as np

from core.counterfactuals import counterfactual_source
from core.datasets import all_kinds, different_pairs, draw_cells, match_to_sample, place_items, redraw
from core.errors import UserError
from core.interventions import (
    AddProbeDirection,
    Control,
    InSubspace,
    Intervention,
    MoveInSubspace,
    SwapFromSource,
    WriteNovelVectors,
)
from core.scene import (
    Geometry,
    Item,
    Photo,
    Property,
    Relation,
    Stimulus,
    Task,
    pair_items,
    pair_relation,
    task_of,
    with_item,
)

Side = Literal["base", "source"]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole state that an edit changes: a model by name or path, two stimuli and ordered interventions."""

    model: str
    base: Stimulus
    source: Stimulus | None = None
    interventions: tuple[Intervention, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: saved with a document, never undone. `token` counts prefix tokens; `item` is the one
    that is selected, -1 where none is."""

    read: int = 2
    write: int = 1
    head: int = 0
    token: int = 0
    item: int = 0
    side: Side = "base"


def stimulus_of(document: Document, side: Side) -> Stimulus:
    """The base, or the source; an absent source is an empty picture."""
    if side == "base":
        return document.base
    return document.source or Stimulus(geometry=document.base.geometry)


def with_stimulus(document: Document, side: Side, stimulus: Stimulus) -> Document:
    """The document with one of its stimuli replaced."""
    return replace(document, base=stimulus) if side == "base" else replace(document, source=stimulus)


def move_item(stimulus: Stimulus, index: int, x_px: int, y_px: int) -> Stimulus:
    """The stimulus with an item's cell moved, held on the canvas."""
    last = stimulus.geometry.image_px - stimulus.geometry.cell_px
    item = stimulus.items[index]
    moved = replace(item, x_px=min(max(x_px, 0), last), y_px=min(max(y_px, 0), last))
    return with_item(stimulus, index, moved)


def set_property(stimulus: Stimulus, index: int, property: Property, value: int) -> Stimulus:
    """The stimulus with one item's shape or colour replaced."""
    item = stimulus.items[index]
    changed = replace(item, shape=value) if property == "shape" else replace(item, color=value)
    return with_item(stimulus, index, changed)


def swap_items(stimulus: Stimulus) -> Stimulus:
    """The first two items change places."""
    a, b, *rest = stimulus.items
    a_there = replace(a, x_px=b.x_px, y_px=b.y_px)
    b_there = replace(b, x_px=a.x_px, y_px=a.y_px)
    return replace(stimulus, items=(a_there, b_there, *rest))


def match_property(stimulus: Stimulus, property: Property) -> Stimulus:
    """The second item takes the first one's shape or colour."""
    return set_property(stimulus, 1, property, getattr(stimulus.items[0], property))


def reroll_noise(stimulus: Stimulus, seed: int) -> Stimulus:
    """New noise and jitter for every item, from `seed`."""
    return redraw(stimulus, np.random.default_rng(seed))


def random_stimulus(task: Task, geometry: Geometry, seed: int) -> Stimulus:
    """A random stimulus of a task."""
    return random_match_to_sample(geometry, seed) if task == "rmts" else random_pair(geometry, seed)


def random_pair(geometry: Geometry, seed: int) -> Stimulus:
    """A pair that is same in one case out of two, else differs in shape, in colour or in both, from `seed`."""
    rng = np.random.default_rng(seed)
    kinds = all_kinds()
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    first, second, _ = next(islice(different_pairs(order, rng), int(rng.integers(3)), None))
    pair = (first, first if rng.integers(2) else second)
    return place_items(pair, draw_cells(rng, geometry.corners(), geometry, 2), rng, geometry)


def random_match_to_sample(geometry: Geometry, seed: int) -> Stimulus:
    """A display pair and a sample pair, each same in one case out of two, from `seed`."""
    rng = np.random.default_rng(seed)
    examples = match_to_sample(12, all_kinds(), int(rng.integers(2**62)), geometry)
    return examples[int(rng.integers(len(examples)))].stimulus


def make_counterfactual(document: Document, property: Property, seed: int, item: int = 0) -> Document:
    """The document with a matched donor image as its source, for an edit of `item` (of a pair: of item 0)."""
    source = counterfactual_source(document.base, property, np.random.default_rng(seed), edited=item)
    return replace(document, source=source)


def open_photo_in(document: Document, side: Side, photo: Photo) -> Document:
    """The document with a photo as one of its stimuli; the items go."""
    stimulus = stimulus_of(document, side)
    return with_stimulus(document, side, Stimulus((), stimulus.geometry, photo))


def delete_item(document: Document, side: Side, index: int) -> Document:
    """The document without an item, and without the edits of it or from it; the others keep their items."""
    stimulus = stimulus_of(document, side)
    items = stimulus.items[:index] + stimulus.items[index + 1 :]
    edits = (_without_item(edit, side, index) for edit in document.interventions)
    kept = tuple(edit for edit in edits if edit is not None)
    return replace(with_stimulus(document, side, replace(stimulus, items=items)), interventions=kept)


def _without_item(edit: Intervention, side: Side, index: int) -> Intervention | None:
    """The edit, counting the items of one side as if `index` were not there; None where it was about that item.

    Pairs are counted from the first item, so that those after `index` are no longer the pairs that they were.
    """
    if isinstance(edit, AddProbeDirection):
        return None if side == "base" and index <= pair_items(edit.pair)[1] else edit
    if side == "base" and isinstance(edit, WriteNovelVectors):
        item, partner = (i - (i > index) for i in (edit.item, edit.partner))
        return None if index in (edit.item, edit.partner) else replace(edit, item=item, partner=partner)
    if side == "base":
        return None if edit.item == index else replace(edit, item=edit.item - (edit.item > index))
    if not isinstance(edit, SwapFromSource):
        return edit
    donor = edit.source_item
    return None if donor == index else replace(edit, source_item=donor - (donor > index))


def add_item(stimulus: Stimulus, shape: int, color: int, seed: int) -> Stimulus:
    """The stimulus with one more item in a free cell.

    Raises UserError where no cell is free.
    """
    rng = np.random.default_rng(seed)
    size = stimulus.geometry.cell_px
    free = [
        (x, y)
        for x, y in stimulus.geometry.corners()
        if all(abs(x - i.x_px) >= size or abs(y - i.y_px) >= size for i in stimulus.items)
    ]
    if not free:
        raise UserError("There is no room for another item.", "Move or delete one first.")
    x, y = free[int(rng.integers(len(free)))]
    return replace(stimulus, items=(*stimulus.items, Item(shape, color, x, y, seed=int(rng.integers(2**62)))))


def find_move(document: Document, item: int, property: Property, block: int) -> int | None:
    """Index of the pad edit of an item's property after a block, if there is one."""
    for index, edit in enumerate(document.interventions):
        if isinstance(edit, MoveInSubspace) and (edit.item, edit.property, edit.block) == (item, property, block):
            return index
    return None


def is_of_pad(edit: Intervention, property: Property, block: int) -> TypeGuard[InSubspace]:
    """Whether the pad of a property after a block shows what an edit does."""
    return isinstance(edit, InSubspace) and edit.block == block and edit.property in (property, "all")


def items_of(edit: InSubspace) -> tuple[int, ...]:
    """The items that an edit is about; a move of the wrong object is about that one too."""
    if isinstance(edit, WriteNovelVectors):
        return (edit.item, edit.partner)
    wrong = isinstance(edit, MoveInSubspace) and edit.control == "wrong object"
    return (edit.item, edit.item ^ 1) if wrong else (edit.item,)


def governing_edit(document: Document, item: int, property: Property, block: int) -> int | None:
    """Index of the edit that decides an item's place on a pad: the last one of the pad about it that is on."""
    of_item = [
        index
        for index, edit in enumerate(document.interventions)
        if is_of_pad(edit, property, block) and edit.enabled and item in items_of(edit)
    ]
    return of_item[-1] if of_item else None


def set_point(
    document: Document,
    item: int,
    property: Property,
    block: int,
    point: tuple[float, float],
    strength: float = 1.0,
) -> Document:
    """The document with an item's thumb at a place on a pad; the thumb's edit stays the control that it is.

    A new edit goes to the end of the list, and so does one that another edit of the pad overwrites.
    """
    at = find_move(document, item, property, block)
    if at is None:
        return add_intervention(document, MoveInSubspace(block, item, property, point, strength))
    edit = document.interventions[at]
    assert isinstance(edit, MoveInSubspace)
    return _renew(document, at, replace(edit, point=point, strength=strength, enabled=True))


def _renew(document: Document, at: int, edit: InSubspace) -> Document:
    """The document with the edit at `at` renewed: where it stands, or at the end if another overwrites it there."""
    items, about = set(items_of(edit)), {edit.property, "all"}
    for later in document.interventions[at + 1 :]:
        if isinstance(later, InSubspace) and later.enabled and later.block == edit.block:
            same_pad = edit.property == "all" or later.property in about
            if same_pad and items & set(items_of(later)):
                return add_intervention(remove_intervention(document, at), edit)
    return replace_intervention(document, at, edit)


def find_push(document: Document, pair: int, block: int) -> int | None:
    """Index of the edit along the probe's direction of a pair after a block, if there is one."""
    for index, edit in enumerate(document.interventions):
        if isinstance(edit, AddProbeDirection) and (edit.pair, edit.block) == (pair, block):
            return index
    return None


def push_pair(document: Document, pair: int, block: int, toward: Relation, strength: float = 1.0) -> Document:
    """The document with a pair pushed along the probe's direction; a new edit goes to the end of the list."""
    edit = AddProbeDirection(block, pair, toward, strength)
    index = find_push(document, pair, block)
    return add_intervention(document, edit) if index is None else replace_intervention(document, index, edit)


def add_intervention(document: Document, edit: Intervention) -> Document:
    """The document with one more edit at the end of the list."""
    return replace(document, interventions=(*document.interventions, edit))


def replace_intervention(document: Document, index: int, edit: Intervention) -> Document:
    """The document with an edit of the list replaced."""
    edits = document.interventions
    return replace(document, interventions=(*edits[:index], edit, *edits[index + 1 :]))


def remove_intervention(document: Document, index: int) -> Document:
    """The document without an edit of the list."""
    edits = document.interventions
    return replace(document, interventions=edits[:index] + edits[index + 1 :])


def reorder_intervention(document: Document, start: int, end: int) -> Document:
    """The document with the edit at `start` moved to `end`."""
    edits = list(document.interventions)
    edits.insert(end, edits.pop(start))
    return replace(document, interventions=tuple(edits))


def swap_from_source(
    document: Document, property: Literal["shape", "color", "all"], block: int, item: int = 0
) -> Document:
    """The document with an interchange after `block`, in place of an earlier one like it.

    Of a pair, item A is edited and the source's A donates; in match-to-sample, `item` is edited and the item with the
    same place in the other pair donates.
    """
    edit = SwapFromSource(block, 0, 0, property)
    if task_of(document.base) == "rmts":
        edit = SwapFromSource(block, item, item ^ 2, property)
    for index, old in enumerate(document.interventions):
        if isinstance(old, SwapFromSource) and (old.block, old.item, old.property) == (block, edit.item, property):
            return _renew(document, index, edit)
    return add_intervention(document, edit)


def write_novel_vectors(document: Document, edit: WriteNovelVectors) -> Document:
    """The document with novel vectors on top of the list, in place of those that their pair had on the pad."""
    place = (edit.block, edit.property, edit.item)
    kept = tuple(
        old
        for old in document.interventions
        if not isinstance(old, WriteNovelVectors) or (old.block, old.property, old.item) != place
    )
    return add_intervention(replace(document, interventions=kept), edit)


def move_by_hand(document: Document, item: int, property: Property, block: int) -> Document:
    """The document without what swaps or novel vectors write into an item on a pad: its thumb decides again."""
    kept = tuple(
        edit
        for edit in document.interventions
        if isinstance(edit, MoveInSubspace) or not is_of_pad(edit, property, block) or item not in items_of(edit)
    )
    return replace(document, interventions=kept)


def set_control(document: Document, index: int, control: Control) -> Document:
    """The document with an edit of the list made a control of itself, or with "" the effect again."""
    edit = document.interventions[index]
    assert isinstance(edit, InSubspace)
    return replace_intervention(document, index, replace(edit, control=control))


def controls_in_force(document: Document) -> tuple[str, ...]:
    """What the edits that are on are controls of, in order and each once; empty where all are effects."""
    found = [_control_of(document, edit) for edit in document.interventions if edit.enabled]
    return tuple(dict.fromkeys(control for control in found if control))


def _control_of(document: Document, edit: Intervention) -> str | None:
    if isinstance(edit, AddProbeDirection):
        return "probe, own relation" if pair_relation(document.base, edit.pair) == edit.toward else None
    return edit.control

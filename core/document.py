"""`Document`, what is edited and undone; `View`, what is looked at; and pure edits on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast, get_args

import numpy as np

from core.errors import UserError
from core.site import Site
from core.stimuli.counterfactuals import counterfactual_source
from core.stimuli.datasets import all_kinds, different_pairs, draw_cells, match_to_sample, place_items, redraw
from core.stimuli.stimulus import (
    Geometry,
    Item,
    Photo,
    Property,
    Stimulus,
    Task,
    cell_side_px,
    n_items,
    overlaps,
    task_of,
    with_item,
)

if TYPE_CHECKING:
    from torch import Tensor

    from core.interventions.context import Context

Side = Literal["base", "source"]

Lens = Literal["class means", "cosine"]
"""What is shown of a network without classes: which class mean of examples its output is nearer to, or the cosine
between the tokens of two items."""
LENSES: tuple[Lens, ...] = get_args(Lens)

AssetKey = tuple[str, int]
"""A property's subspace after a block, or ("probe", block)."""

Near = Callable[[Property, int, tuple[float, float]], str]
"""Words for a place on the pad of a property after a block: the landmark nearest to it, or "by hand"."""


def by_hand(_property: Property, _block: int, _point: tuple[float, float]) -> str:
    """What is said of a place where no landmark is known."""
    return "by hand"


@dataclass(frozen=True, slots=True)
class Offer:
    """A command that makes an edit where the view is: the words of its menu entry, and the document with the edit.

    `make` raises UserError where that cannot be done.
    """

    words: str
    make: Callable[[Document, View], Document]
    tip: str = ""
    keys: tuple[str, ...] = ()


class Intervention(Protocol):
    """An edit to activations, as a value. Everything that the window, the engine and a document need of it is here.

    A kind of edit is a frozen dataclass that inherits from this, in a file of its own in `core/interventions/`; its
    `offers` stand in the window's menu.
    """

    @classmethod
    def offers(cls) -> tuple[Offer, ...]:
        """The commands by which it comes into a document, beside those of a panel."""
        return ()

    @property
    def site(self) -> Site:
        """Where it acts, or where it first acts."""

    @property
    def strength(self) -> float:
        """α: 0 changes nothing, 1 is the whole effect."""

    @property
    def enabled(self) -> bool:
        """Whether it is in force."""

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited value at the site.

        Raises UserError, with a sentence for the list of edits, where it cannot be applied to this picture or model.
        """

    def subject(self, stimulus: Stimulus) -> str:
        """What it is about: “colour of A”, “display pair”, “head 3”."""

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        """What it does, as its row in the list of edits says it."""

    def sites(self, n_blocks: int) -> tuple[Site, ...]:
        """Every site where it acts, the first one first."""
        return (self.site,)

    def detail(self, stimulus: Stimulus) -> str:
        """More about it, in a few words: where it acts, and how."""
        return self.site.words()

    def items(self) -> tuple[int, ...]:
        """The items of the base that it is about."""
        return ()

    def without_item(self, side: Side, index: int) -> Intervention | None:
        """What is left of it when an item is deleted, items counted as if that one had never been; or None."""
        return self

    @property
    def pads(self) -> tuple[Property, ...]:
        """The properties on whose pads, after the block where it acts, it is seen."""
        return ()

    @property
    def mode(self) -> str:
        """The mode of the pad that it is, as `Command.short` names it."""
        return ""

    @property
    def asset(self) -> AssetKey | None:
        """What was learned on the model that it needs."""
        return None

    @property
    def learned(self) -> str:
        """The content hash of the asset that it was made with: with another it is not the same edit. "" takes any."""
        return ""

    @property
    def named_heads(self) -> tuple[int, ...]:
        """The heads that it names: only in a network of the same shape have they counterparts."""
        return ()

    def carried(self, site: Site, here: Context, there: Context) -> Intervention:
        """The same edit in another model, at `site`, made with what was learned on that one.

        Raises UserError where it has no counterpart there.
        """
        learned = {} if self.asset is None else {"learned": ""}
        return changed(self, block=site.block, **learned)

    def controls(self) -> tuple[str, ...]:
        """The controls that it has."""
        return ()

    @property
    def control(self) -> str:
        """The control of itself that it is, or "" for the effect."""
        return ""

    def control_in(self, stimulus: Stimulus) -> str:
        """What it is a control of for a picture, or ""."""
        return self.control

    def as_controls(self, stimulus: Stimulus) -> Mapping[str, Intervention]:
        """The controls of it that it is not, by name, as edits of a picture."""
        return {name: changed(self, control=name) for name in self.controls() if name != self.control}

    def drawn_again(self, seed: int) -> Intervention | None:
        """The edit with another draw, or None where nothing in it is drawn."""
        return None


Edit = TypeVar("Edit", bound=Intervention)


def changed(edit: Edit, **fields: Any) -> Edit:
    """The edit with some of its fields replaced."""
    return cast(Edit, replace(cast(Any, edit), **fields))


@dataclass(frozen=True, slots=True)
class Document:
    """The whole state that an edit changes: a model by name or path, two stimuli and ordered interventions; by what
    `lens` a network without classes is read; and the model that it is compared with, "" where there is none."""

    model: str
    base: Stimulus
    source: Stimulus | None = None
    interventions: tuple[Intervention, ...] = ()
    lens: Lens = "class means"
    compared: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: saved with a document, never undone. `token` counts prefix tokens; `item` is the one
    that is selected, -1 where none is, and `also` are others that are selected with it."""

    read: int = 2
    write: int = 1
    head: int = 0
    token: int = 0
    item: int = 0
    side: Side = "base"
    also: tuple[int, ...] = ()


def stimulus_of(document: Document, side: Side) -> Stimulus:
    """The base, or the source; an absent source is an empty picture."""
    if side == "base":
        return document.base
    return document.source or Stimulus(geometry=document.base.geometry)


def item_of_base(document: Document, view: View) -> int:
    """The base's item that is selected; the first one while the source is shown, or none is selected."""
    return view.item if view.side == "base" and 0 <= view.item < n_items(document.base) else 0


def with_stimulus(document: Document, side: Side, stimulus: Stimulus) -> Document:
    """The document with one of its stimuli replaced."""
    return replace(document, base=stimulus) if side == "base" else replace(document, source=stimulus)


def move_item(stimulus: Stimulus, index: int, x_px: int, y_px: int) -> Stimulus:
    """The stimulus with an item's cell moved, held on the canvas."""
    item = stimulus.items[index]
    last = stimulus.geometry.image_px - cell_side_px(item, stimulus.geometry)
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
    """The document with a matched donor image as its source, for an edit of `item` (of a pair: of item 0);
    what is painted over the base is painted over both.

    Raises UserError where the base poses no task.
    """
    if task_of(document.base) is None:
        raise UserError("A counterfactual needs a base of two or four items.", "Use Stimulus ▸ Random pair.")
    source = counterfactual_source(document.base, property, np.random.default_rng(seed), edited=item)
    return replace(document, source=replace(source, paint=document.base.paint))


def open_photo_in(document: Document, side: Side, photo: Photo) -> Document:
    """The document with a photo as one of its stimuli; the items go."""
    stimulus = stimulus_of(document, side)
    return with_stimulus(document, side, Stimulus((), stimulus.geometry, photo))


def delete_item(document: Document, side: Side, index: int) -> Document:
    """The document without an item, or mask of a photo, and without the edits of it or from it; the others keep their
    items."""
    stimulus = stimulus_of(document, side)
    if stimulus.photo is not None:
        masks = stimulus.photo.masks[:index] + stimulus.photo.masks[index + 1 :]
        left = replace(stimulus, photo=replace(stimulus.photo, masks=masks))
    else:
        left = replace(stimulus, items=stimulus.items[:index] + stimulus.items[index + 1 :])
    edits = (edit.without_item(side, index) for edit in document.interventions)
    kept = tuple(edit for edit in edits if edit is not None)
    return replace(with_stimulus(document, side, left), interventions=kept)


def add_item(stimulus: Stimulus, shape: int, color: int, seed: int) -> Stimulus:
    """The stimulus with one more item in a free cell.

    Raises UserError where no cell is free.
    """
    rng = np.random.default_rng(seed)
    geometry = stimulus.geometry
    free = [
        (x, y)
        for x, y in geometry.corners()
        if not any(overlaps(Item(shape, color, x, y), other, geometry) for other in stimulus.items)
    ]
    if not free:
        raise UserError("There is no room for another item.", "Move or delete one first.")
    x, y = free[int(rng.integers(len(free)))]
    return replace(stimulus, items=(*stimulus.items, Item(shape, color, x, y, seed=int(rng.integers(2**62)))))


def is_of_pad(edit: Intervention, property: Property, block: int) -> bool:
    """Whether the pad of a property after a block shows what an edit does."""
    return edit.site == Site(block) and property in edit.pads


def governing_edit(document: Document, item: int, property: Property, block: int) -> int | None:
    """Index of the edit that decides an item's place on a pad: the last one of the pad about it that is on."""
    of_item = [
        index
        for index, edit in enumerate(document.interventions)
        if is_of_pad(edit, property, block) and edit.enabled and item in edit.items()
    ]
    return of_item[-1] if of_item else None


def renew_intervention(document: Document, at: int, edit: Intervention) -> Document:
    """The document with the edit at `at` renewed: where it stands, or at the end if another overwrites it there."""
    for later in document.interventions[at + 1 :]:
        same_pad = later.enabled and later.site == edit.site and set(later.pads) & set(edit.pads)
        if same_pad and set(later.items()) & set(edit.items()):
            return add_intervention(remove_intervention(document, at), edit)
    return replace_intervention(document, at, edit)


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


def with_learned(document: Document, hashes: Mapping[AssetKey, str], *, anew: bool = False) -> Document:
    """The document whose edits say which asset they were made with, where they do not yet; or, `anew`, all of them."""
    edits = []
    for edit in document.interventions:
        known = hashes.get(edit.asset) if edit.asset is not None else None
        edits.append(changed(edit, learned=known) if known and (anew or not edit.learned) else edit)
    return replace(document, interventions=tuple(edits))


def controls_in_force(document: Document) -> tuple[str, ...]:
    """What the edits that are on are controls of, in order and each once; empty where all are effects."""
    found = [edit.control_in(document.base) for edit in document.interventions if edit.enabled]
    return tuple(dict.fromkeys(control for control in found if control))

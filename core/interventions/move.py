"""Move one item's value inside a learned shape or colour subspace."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.assets.subspace import same_place
from core.document import (
    Document,
    Intervention,
    Near,
    Side,
    add_intervention,
    by_hand,
    is_of_pad,
    renew_intervention,
)
from core.interventions.context import Context, as_index
from core.interventions.controls import Control, InSubspace, of_item, without_one
from core.site import Site
from core.stimuli.stimulus import Property, Stimulus
from core.stimuli.tokens import gather_tokens, write_coordinates

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class MoveInSubspace(InSubspace, Intervention):
    """Put an item's tokens where a place on the pad says.

        x'_t = x_t + α B (c_t − Bᵀx_t),   B orthonormal [D, S], c_t = `Subspace.from_pad`

    so that nothing outside span(B) changes, and nothing at all at the item's own place.

    Controls: for "wrong object" the item's partner is put there; for "random subspace" the same change of
    coordinates, and so the same length, is made along as many random directions Q: x'_t = x_t + α Q (c_t − Bᵀx_t).

    Source: distributed interchange intervention, Geiger et al. 2023, with c chosen by hand. The controls are ours,
    after those of a swap.
    """

    block: int
    item: int
    property: Property
    point: tuple[float, float]
    strength: float = 1.0
    enabled: bool = True
    control: Control = ""
    seed: int = 0
    learned: str = ""

    def apply(self, x: Tensor, context: Context) -> Tensor:
        """The edited stream [1, T, D]."""
        wrong = self.control == "wrong object"
        tokens = as_index(context.wrong_tokens(self.item) if wrong else context.item_tokens(self.item), x)
        subspace = context.subspace(self.property, self.block, self.learned)
        own = subspace.coordinates(gather_tokens(x, tokens))[0]  # [n, S]
        wanted = subspace.from_pad(x.new_tensor([self.point]), own)  # [1, n, S]
        directions = subspace.directions(self.seed_of_directions())
        return write_coordinates(x, tokens, wanted, subspace.basis, self.strength, along=directions)

    def subject(self, stimulus: Stimulus) -> str:
        return of_item(self.property, self.item)

    def words(self, stimulus: Stimulus, near: Near = by_hand) -> str:
        return f"{self.subject(stimulus)} → {near(self.property, self.block, self.point)}"

    def detail(self, stimulus: Stimulus) -> str:
        return f"{self.site.words()} · pad ({self.point[0]:.1f}, {self.point[1]:.1f})"

    def items(self) -> tuple[int, ...]:
        """The item; a move of the wrong object is about that one too."""
        return (self.item, self.item ^ 1) if self.control == "wrong object" else (self.item,)

    def without_item(self, side: Side, index: int) -> MoveInSubspace | None:
        if side == "source":
            return self
        item = without_one(self.item, index)
        return None if item is None else replace(self, item=item)

    @builtins.property
    def mode(self) -> str:
        return "Move"

    def carried(self, site: Site, here: Context, there: Context) -> MoveInSubspace:
        """The move to where the landmarks of the other pad have the same place about them; on the same pad, itself."""
        own, subspace = (
            here.subspace(self.property, self.block, self.learned),
            there.subspace(self.property, site.block),
        )
        point = self.point if subspace is own else same_place(self.point, own, subspace)
        return replace(self, block=site.block, point=point, learned="")


def find_move(document: Document, item: int, property: Property, block: int) -> int | None:
    """Index of the pad edit of an item's property after a block, if there is one."""
    for index, edit in enumerate(document.interventions):
        if isinstance(edit, MoveInSubspace) and (edit.item, edit.property, edit.block) == (item, property, block):
            return index
    return None


def with_thumb(document: Document, item: int, property: Property, block: int) -> tuple[Document, MoveInSubspace]:
    """The document with an item's thumb at the origin of a pad, whatever it was, and the thumb's edit in it."""
    at = find_move(document, item, property, block)
    strength = 1.0 if at is None else document.interventions[at].strength
    placed = set_point(document, item, property, block, (0.0, 0.0), strength)
    thumb = placed.interventions[find_move(placed, item, property, block) or 0]
    assert isinstance(thumb, MoveInSubspace)
    return placed, thumb


def moved_to(document: Document, index: int | None, item: int) -> tuple[float, float] | None:
    """Where the edit at `index` puts an item on its pad by hand; None where another kind of edit decides."""
    edit = None if index is None else document.interventions[index]
    return edit.point if isinstance(edit, MoveInSubspace) and edit.item == item else None


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
    return renew_intervention(document, at, replace(edit, point=point, strength=strength, enabled=True, learned=""))


def move_by_hand(document: Document, item: int, property: Property, block: int) -> Document:
    """The document without what swaps or novel vectors write into an item on a pad: its thumb decides again, from
    where it was left.
    """
    kept: list[Intervention] = []
    for edit in document.interventions:
        mine = is_of_pad(edit, property, block) and item in edit.items()
        if isinstance(edit, MoveInSubspace):
            kept.append(replace(edit, enabled=True) if mine and edit.item == item else edit)
        elif not mine:
            kept.append(edit)
    return replace(document, interventions=tuple(kept))


def in_one_mode(document: Document, edit: Intervention) -> Document:
    """The document in which, of all that is about its items on its pads, an edit of the list alone is in force.

    Other swaps and novel vectors go; what the hand moved is switched off, and is there again once the hand decides.
    """
    kept: list[Intervention] = []
    for other in document.interventions:
        overlaps = (
            other.site == edit.site and set(other.pads) & set(edit.pads) and set(other.items()) & set(edit.items())
        )
        if other == edit or not overlaps:
            kept.append(other)
        elif isinstance(other, MoveInSubspace):
            kept.append(replace(other, enabled=False))
    return replace(document, interventions=tuple(kept))

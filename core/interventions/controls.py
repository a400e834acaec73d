"""The controls of edits inside a subspace, and how such edits name and count items."""

from __future__ import annotations

import builtins
from typing import Any, Literal, Self, cast

from core.document import AssetKey, changed
from core.site import Site
from core.stimuli.stimulus import Property, item_name

Control = Literal["", "wrong object", "random subspace"]
"""What an edit is a control of, in place of the effect itself ("")."""

CONTROLS: tuple[Control, ...] = ("wrong object", "random subspace")


class InSubspace:
    """What all edits have alike that write into a property's subspace after a block."""

    block: int
    property: Any
    control: Control
    seed: int

    @builtins.property
    def site(self) -> Site:
        return Site(self.block)

    @builtins.property
    def asset(self) -> AssetKey | None:
        return (self.property, self.block)

    @builtins.property
    def pads(self) -> tuple[Property, ...]:
        return (self.property,)

    def controls(self) -> tuple[str, ...]:
        return CONTROLS

    def drawn_again(self, seed: int) -> Self | None:
        return changed(cast(Any, self), seed=seed) if self.control == "random subspace" else None

    def seed_of_directions(self) -> int | None:
        """The seed of the random directions of a "random subspace", None for the learned ones."""
        return self.seed if self.control == "random subspace" else None


def of_item(property: Property | Literal["all"], *items: int) -> str:
    """“colour of A”, “shape of A+B”, “all of C”."""
    word = {"color": "colour", "shape": "shape", "all": "all"}[property]
    return f"{word} of {'+'.join(item_name(item) for item in items)}"


def without_one(item: int, deleted: int) -> int | None:
    """The number of an item once another is deleted; None for the deleted one."""
    return None if item == deleted else item - (item > deleted)

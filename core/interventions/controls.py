"""The controls of edits inside a subspace, and how such edits name and count items."""

from __future__ import annotations

from typing import Literal, Protocol

from core.scene import Property, item_name

Control = Literal["", "wrong object", "random subspace"]
"""What an edit is a control of, in place of the effect itself ("")."""

CONTROLS: tuple[Control, ...] = ("wrong object", "random subspace")


class _Drawn(Protocol):
    @property
    def control(self) -> str: ...
    @property
    def seed(self) -> int: ...


def seed_of(edit: _Drawn) -> int | None:
    """The seed of the random directions of a "random subspace", None for the learned ones."""
    return edit.seed if edit.control == "random subspace" else None


def of_item(property: Property | Literal["all"], *items: int) -> str:
    """“colour of A”, “shape of A+B”, “all of C”."""
    word = {"color": "colour", "shape": "shape", "all": "all"}[property]
    return f"{word} of {'+'.join(item_name(item) for item in items)}"


def without_one(item: int, deleted: int) -> int | None:
    """The number of an item once another is deleted; None for the deleted one."""
    return None if item == deleted else item - (item > deleted)

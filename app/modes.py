"""What the commands of modes and controls do: values by hand, swapped or novel, and the controls of each."""

from __future__ import annotations

import secrets
from dataclasses import replace

from app.desk import Desk
from app.edits import item_of_base
from core.document import governing_edit, items_of, replace_intervention, set_control
from core.errors import UserError
from core.interventions import InSubspace
from core.interventions.controls import Control
from core.interventions.move import MoveInSubspace, move_by_hand
from core.interventions.novel import Method, WriteNovelVectors, write_novel_vectors
from core.scene import ITEM_LETTERS

VERBS: dict[Method, str] = {
    "added": "Add",
    "interpolated": "Interpolate",
    "sampled": "Sample",
    "random": "Draw random",
}


def subject(edit: InSubspace) -> str:
    """What an edit is about: “colour of A”, “shape of A+B”, “all of C”."""
    word = {"color": "colour", "shape": "shape", "all": "all"}[edit.property]
    novel = isinstance(edit, WriteNovelVectors)
    letters = [ITEM_LETTERS[item] for item in (items_of(edit) if novel else (edit.item,))]
    return f"{word} of {'+'.join(letters)}"


def edit_in_force(desk: Desk) -> int | None:
    """Index of the edit that mode and control chips are about: what decides the selected item's place on the pad
    that is shown, else what decides another item's."""
    selected = item_of_base(desk)
    others = [item for item in range(len(desk.document.base.items)) if item != selected]
    found = (governing_edit(desk.document, i, desk.pad_shown, desk.view.write) for i in (selected, *others))
    return next((index for index in found if index is not None), None)


def write_novel(desk: Desk, method: Method) -> None:
    """Novel vectors in both items of the selected pair, so that it turns same where its items differ, and different
    where they do not. Another method takes the same draw.
    """
    items, first = desk.document.base.items, item_of_base(desk) & ~1
    if first + 1 >= len(items):
        raise UserError("Novel vectors go into both items of a pair.", "Add an item, or use Stimulus ▸ Random pair.")
    property, block = desk.pad_shown, desk.view.write
    alike = getattr(items[first], property) == getattr(items[first + 1], property)
    edit = WriteNovelVectors(
        *(block, first, first + 1, property, method), "different" if alike else "same", secrets.randbits(32)
    )
    for old in desk.document.interventions:
        if isinstance(old, WriteNovelVectors) and (old.block, old.item, old.property) == (block, first, property):
            edit = replace(edit, seed=old.seed, strength=old.strength)
    desk.edit(f"{VERBS[method]} {subject(edit)}", write_novel_vectors(desk.document, edit))


def is_drawn(edit: InSubspace) -> bool:
    """Whether a seed decides what an edit does."""
    return isinstance(edit, WriteNovelVectors) or edit.control == "random subspace"


def draw_again(desk: Desk, index: int | None = None) -> None:
    """Another seed for an edit of the list; without `index`, for the one in force."""
    at, edit = _chosen(desk, index)
    if not is_drawn(edit):
        raise UserError("Nothing in this edit was drawn.", "Write novel vectors, or choose the random subspace.")
    drawn = replace(edit, seed=secrets.randbits(32))
    desk.edit(f"Draw {subject(edit)} again", replace_intervention(desk.document, at, drawn))


def by_hand(desk: Desk) -> None:
    """Take the swaps and novel vectors of the selected item off the pad that is shown."""
    document = move_by_hand(desk.document, item_of_base(desk), desk.pad_shown, desk.view.write)
    word = "colour" if desk.pad_shown == "color" else "shape"
    desk.edit(f"Move {word} by hand", document)


def controls_for(edit: InSubspace) -> tuple[Control, ...]:
    """The controls that an edit has: a swap of everything goes through no subspace."""
    return ("wrong object",) if edit.property == "all" else ("wrong object", "random subspace")


def choose_control(desk: Desk, control: Control, index: int | None = None) -> None:
    """Make an edit of the list a control of itself; the control that it is already takes it back to the effect."""
    at, edit = _chosen(desk, index)
    if control and control not in controls_for(edit):
        raise UserError("A swap of everything has no subspace.", "Swap the colour or the shape for this control.")
    wanted: Control = "" if control == edit.control else control
    text = f"Control, {wanted}: {subject(edit)}" if wanted else f"Back to the effect: {subject(edit)}"
    desk.edit(text, set_control(desk.document, at, wanted))


def mode_of(edit: InSubspace | None) -> str:
    """The mode that an edit is, as `Command.short` names it; no edit leaves the thumb to the hand."""
    if edit is None or isinstance(edit, MoveInSubspace):
        return "Move"
    if isinstance(edit, WriteNovelVectors):
        return {"added": "Add", "interpolated": "Interpolate", "sampled": "Sampled", "random": "Random"}[edit.method]
    return "Swap all" if edit.property == "all" else "Swap"


def _chosen(desk: Desk, index: int | None) -> tuple[int, InSubspace]:
    at = edit_in_force(desk) if index is None else index
    edit = None if at is None else desk.document.interventions[at]
    if at is None or not isinstance(edit, InSubspace):
        raise UserError("No edit of this pad is on.", "Move a thumb, swap, or write novel vectors first.")
    return at, edit

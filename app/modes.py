"""What the commands of modes and controls do: values by hand, swapped or novel, and the controls of each."""

from __future__ import annotations

import secrets

from app.desk import Desk
from app.edits import item_of_base
from core.document import Intervention, changed, governing_edit, replace_intervention
from core.errors import UserError
from core.interventions.move import in_one_mode, move_by_hand
from core.interventions.novel import Method, WriteNovelVectors, write_novel_vectors

VERBS: dict[Method, str] = {
    "added": "Add",
    "interpolated": "Interpolate",
    "sampled": "Sample",
    "random": "Draw random",
}


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
    words = f"{VERBS[method]} {edit.subject(desk.document.base)}"
    written = write_novel_vectors(desk.document, edit)
    desk.edit(words, in_one_mode(written, written.interventions[-1]))


def draw_again(desk: Desk, index: int | None = None) -> None:
    """Another seed for an edit of the list; without `index`, for the one in force."""
    at, edit = _chosen(desk, index)
    drawn = edit.drawn_again(secrets.randbits(32))
    if drawn is None:
        raise UserError("Nothing in this edit was drawn.", "Write novel vectors, or choose the random subspace.")
    words = f"Draw {edit.subject(desk.document.base)} again"
    desk.edit(words, replace_intervention(desk.document, at, drawn))


def by_hand(desk: Desk) -> None:
    """Take the swaps and novel vectors of the selected item off the pad that is shown."""
    document = move_by_hand(desk.document, item_of_base(desk), desk.pad_shown, desk.view.write)
    word = "colour" if desk.pad_shown == "color" else "shape"
    desk.edit(f"Move {word} by hand", document)


def choose_control(desk: Desk, control: str, index: int | None = None) -> None:
    """Make an edit of the list a control of itself; the control that it is already takes it back to the effect."""
    at, edit = _chosen(desk, index)
    if control and control not in edit.controls():
        raise UserError(
            f"“{edit.words(desk.document.base)}” has no control “{control}”.",
            f"It has: {', '.join(edit.controls()) or 'none'}.",
        )
    wanted, about = "" if control == edit.control else control, edit.subject(desk.document.base)
    text = f"Control, {wanted}: {about}" if wanted else f"Back to the effect: {about}"
    desk.edit(text, replace_intervention(desk.document, at, changed(edit, control=wanted)))


def _chosen(desk: Desk, index: int | None) -> tuple[int, Intervention]:
    at = edit_in_force(desk) if index is None else index
    if at is None:
        raise UserError("No edit of this pad is on.", "Move a thumb, swap, or write novel vectors first.")
    return at, desk.document.interventions[at]

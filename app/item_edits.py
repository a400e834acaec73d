"""What commands and gestures do to the items that are selected; each is one undo step with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Literal

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage

from app.desk import Desk
from app.edits import edit_stimulus, fresh_seed, item_names, selected_items
from app.widgets.dropped import read_drop
from app.widgets.painted import rgb_image
from core.arrange import (
    Edge,
    Way,
    aligned_to,
    check_room,
    delete_items,
    distributed,
    loose,
    reordered,
    resized,
    turned,
    upright,
    with_copies,
    with_item_at,
    with_lock,
    with_places,
)
from core.copied import copied_text, read_copied
from core.document import add_item, stimulus_of
from core.errors import UserError
from core.stimuli.drawn import stamp
from core.stimuli.relayout import laid_out
from core.stimuli.render import render, shape_name
from core.stimuli.stimulus import COLOR_NAMES, N_COLORS, Item, Stimulus, item_box, item_name, n_items

ITEMS_MIME = "application/x-relata-items+json"
NEW_SHAPE = 4
"""A circle."""

ORDER_WORDS: dict[Way, tuple[str, str]] = {
    "forward": ("Bring", "forward"),
    "backward": ("Send", "backward"),
    "front": ("Bring", "to the front"),
    "back": ("Send", "to the back"),
}

Change = Callable[[Stimulus, Sequence[int]], Stimulus]


def shown_stimulus(desk: Desk) -> Stimulus:
    """The stimulus of the tab that is shown."""
    return stimulus_of(desk.document, desk.view.side)


def edit_loose(desk: Desk, word: str, change: Change) -> None:
    """Change the selected items that are not locked.

    Raises UserError where there are none.
    """
    items = loose(shown_stimulus(desk), selected_items(desk))
    edit_stimulus(desk, f"{word} {item_names(items)}", lambda s: change(s, items))


def _select(desk: Desk, items: Sequence[int]) -> None:
    first, *also = items or (-1,)
    desk.look(item=first, also=tuple(also))


# More and fewer


def add_new_item(desk: Desk) -> None:
    """One more item in a free place, of the next colour."""
    stimulus = shown_stimulus(desk)
    check_room(stimulus)
    n = len(stimulus.items)
    edit_stimulus(desk, "Add item", lambda s: add_item(s, NEW_SHAPE, n % N_COLORS, fresh_seed()))
    desk.look(item=n)


def place_chip(desk: Desk, kind: str, value: int, middle: tuple[int, int], *, free: bool) -> None:
    """A chip that was let go beside the items becomes one with its middle there, snapped to the grid unless `free`; its
    other property is that of the selected item, or what is in the hand.
    """
    stimulus, hand, index = shown_stimulus(desk), desk.hand, desk.view.item
    shape, color = hand.shape, hand.color
    if 0 <= index < len(stimulus.items):
        shape, color = stimulus.items[index].shape, stimulus.items[index].color
    shape, color = (value, color) if kind == "shape" else (shape, value)
    geometry = stimulus.geometry
    step = 1 if free else geometry.patch_px
    x, y = (step * round((at - geometry.cell_px / 2) / step) for at in middle)
    _place(desk, Item(shape, color, x, y, seed=fresh_seed()))


def place_item(desk: Desk, x_px: int, y_px: int) -> None:
    """One more item, of the shape and colour in the hand, in a cell."""
    _place(desk, Item(desk.hand.shape, desk.hand.color, x_px, y_px, seed=fresh_seed()))


def _place(desk: Desk, item: Item) -> None:
    """One more item where it says; on a photo it is painted, and is an object."""
    stimulus = shown_stimulus(desk)
    n, place = n_items(stimulus), with_item_at if stimulus.photo is None else stamp
    edit_stimulus(desk, f"Place {shape_name(item.shape)}", lambda s: place(s, item))
    desk.look(item=n)


def delete_selected(desk: Desk) -> None:
    """Delete the selected items, or masks of a photo, and their edits."""
    items, stimulus = selected_items(desk, drawn=False), shown_stimulus(desk)
    if stimulus.photo is None:
        items = loose(stimulus, items)
    desk.edit(f"Delete {item_names(items)}", delete_items(desk.document, desk.view.side, items))
    desk.look(item=max(0, min(items) - 1))


def duplicate(desk: Desk) -> None:
    """The selected items again, a patch further."""
    stimulus, items = shown_stimulus(desk), selected_items(desk)
    _add(desk, f"Duplicate {item_names(items)}", [stimulus.items[index] for index in items])


def select_all(desk: Desk) -> None:
    """Every item, or mask of a photo."""
    _select(desk, range(n_items(shown_stimulus(desk))))


def deselect(desk: Desk) -> None:
    """None of them."""
    desk.look(item=-1)


def _add(desk: Desk, text: str, items: Sequence[Item]) -> None:
    """More items, selected; on a photo they are painted, and are objects."""
    stimulus = shown_stimulus(desk)

    def added(stimulus: Stimulus) -> Stimulus:
        return with_copies(stimulus, items, fresh_seed()) if stimulus.photo is None else reduce(stamp, items, stimulus)

    n = n_items(stimulus)
    edit_stimulus(desk, text, added)
    _select(desk, range(n, n + len(items)))


# To and from other places


def copy(desk: Desk) -> tuple[int, ...]:
    """The selected items to the clipboard, as items, as a picture and in words; which these were.

    Without any, the whole picture.
    """
    stimulus = shown_stimulus(desk)
    drawn = stimulus.photo is None and 0 <= desk.view.item < len(stimulus.items)
    items = selected_items(desk) if drawn else ()
    QGuiApplication.clipboard().setMimeData(mime_of(stimulus, items))
    return items


def mime_of(stimulus: Stimulus, items: Sequence[int]) -> QMimeData:
    """What the clipboard holds of some items, or of the picture."""
    mime = QMimeData()
    mime.setImageData(_picture(stimulus, items))
    if items:
        copied = [stimulus.items[index] for index in items]
        mime.setData(ITEMS_MIME, copied_text(copied, stimulus.geometry).encode())
        words = (_words(stimulus.items[index], index) for index in items)
        mime.setText("\n".join(words))
    return mime


def _words(item: Item, index: int) -> str:
    kind = f"{shape_name(item.shape)}, {COLOR_NAMES[item.color]}"
    return f"{item_name(index)}: {kind}, at x {item.x_px}, y {item.y_px} px"


def _picture(stimulus: Stimulus, items: Sequence[int]) -> QImage:
    """The part of the picture that items take, or all of it."""
    pixels = render(stimulus)
    if items:
        boxes = [item_box(stimulus.items[index], stimulus.geometry) for index in items]
        left, top = (max(0, min(box[axis] for box in boxes)) for axis in (0, 1))
        right, bottom = (max(box[axis] for box in boxes) for axis in (2, 3))
        pixels = pixels[top:bottom, left:right].copy()
    return rgb_image(pixels).copy()


def cut(desk: Desk) -> None:
    """The selected items to the clipboard, and away from here."""
    loose(shown_stimulus(desk), selected_items(desk))
    copy(desk)
    delete_selected(desk)


def paste(desk: Desk) -> None:
    """What the clipboard holds: items beside those that are here, or else whatever can be opened.

    Raises UserError where it holds neither, or the items are too many.
    """
    mime = QGuiApplication.clipboard().mimeData()
    if mime is not None and mime.hasFormat(ITEMS_MIME):
        copied = read_copied(bytes(mime.data(ITEMS_MIME).data()).decode("utf-8", errors="replace"))
        items = laid_out(copied, shown_stimulus(desk).geometry).items
        _add(desk, "Paste" if len(items) > 1 else f"Paste {shape_name(items[0].shape)}", items)
        return
    dropped = read_drop(mime) if mime is not None else None
    if not dropped:
        raise UserError("There is nothing to paste.", "Copy items, a picture or a file first.")
    desk.open(dropped)


# Where they lie and how they are drawn


def align(desk: Desk, edge: Edge) -> None:
    """The selected items on a line, one alone on the canvas."""
    edit_loose(desk, "Align", lambda s, items: aligned_to(s, items, edge))


def distribute(desk: Desk, axis: Literal[0, 1]) -> None:
    """Equal gaps between the selected items."""
    edit_loose(desk, "Distribute", lambda s, items: distributed(s, items, axis))


def reorder(desk: Desk, way: Way) -> None:
    """What is drawn over what."""
    items = selected_items(desk)
    verb, to = ORDER_WORDS[way]
    edit_stimulus(desk, f"{verb} {item_names(items)} {to}", lambda s: reordered(s, items, way))


def lock(desk: Desk) -> None:
    """Lock the selected items, or unlock them where all are locked."""
    stimulus, items = shown_stimulus(desk), selected_items(desk)
    locked = not all(stimulus.items[index].locked for index in items)
    text = f"{'Lock' if locked else 'Unlock'} {item_names(items)}"
    edit_stimulus(desk, text, lambda s: with_lock(s, items, locked=locked))


def turn(desk: Desk, by_deg: float) -> None:
    """Each selected item about its own middle."""
    edit_loose(desk, "Turn", lambda s, items: turned(s, items, by_deg))


def enlarge(desk: Desk, by: float) -> None:
    """Each selected item larger, or smaller, about its own middle."""
    edit_loose(desk, "Resize", lambda s, items: resized(s, items, by=by))


def straighten(desk: Desk) -> None:
    """The selected items as in training: of the study's size, not turned, on the patch grid."""

    def change(stimulus: Stimulus, items: Sequence[int]) -> Stimulus:
        stimulus, patch = upright(stimulus, items), stimulus.geometry.patch_px
        of = {index: stimulus.items[index] for index in items}
        return with_places(
            stimulus, {i: (patch * round(at.x_px / patch), patch * round(at.y_px / patch)) for i, at in of.items()}
        )

    edit_loose(desk, "Straighten", change)


def toggle_free(desk: Desk) -> None:
    """Let items lie anywhere, or on the patch grid again."""
    desk.free = not desk.free
    desk.redraw()

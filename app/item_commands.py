"""The commands about the items that are selected, as rows of data, in *Edit* and *Stimulus*."""

from __future__ import annotations

from functools import partial

from app import item_edits as items
from app.actions import WITHIN, Command, Do
from app.desk import Desk
from core.arrange import EDGES, Edge, Way

ARRANGE = f"Stimulus{WITHIN}Arrange"
TURN_DEG, LARGER = 15, 1.25
EDGE_KEYS: dict[Edge, str] = {"left": "L", "centre": "C", "right": "R", "top": "T", "middle": "M", "bottom": "B"}
ORDER: tuple[tuple[Way, str, str], ...] = (
    ("forward", "Bring forward", "Ctrl+]"),
    ("backward", "Send backward", "Ctrl+["),
    ("front", "Bring to the front", "Ctrl+Shift+]"),
    ("back", "Send to the back", "Ctrl+Shift+["),
)
_ALIGN_TIP = "Of several items what they take together has the edges; one alone goes to that of the canvas."
_OUTSIDE = "A size or an angle of its own is outside the training distribution."


def _edit(text: str, do: Do, key: str, tip: str = "") -> Command:
    return Command("Edit", text, do, (key,), "item", tip=tip)


def _arrange(text: str, do: Do, keys: tuple[str, ...], tip: str = "") -> Command:
    return Command(ARRANGE, text, do, keys, "arrange", tip=tip)


def _copy(desk: Desk) -> None:
    items.copy(desk)


ITEM_COMMANDS: tuple[Command, ...] = (
    _edit("Cut", items.cut, "Ctrl+X"),
    _edit(
        "Copy", _copy, "Ctrl+C", "The selected items, for other programs as a picture; without any, the whole picture."
    ),
    _edit("Paste", items.paste, "Ctrl+V", "Items, a picture or a file from this window or another."),
    _edit("Duplicate items", items.duplicate, "Ctrl+D"),
    Command("Edit", "Delete item", items.delete_selected, ("Delete", "Backspace"), "item"),
    Command("Edit", "Select all", items.select_all, ("Ctrl+A",)),
    Command("Edit", "Select none", items.deselect, ("Ctrl+Shift+A",)),
    _edit("Lock or unlock", items.lock, "Ctrl+Shift+L", "A locked item is not changed by hand, and stays in variants."),
    Command("Stimulus", "Add item", items.add_new_item, ("Ctrl+Shift+N",), "item"),
    Command(
        "Stimulus",
        "Free placement",
        items.toggle_free,
        ("G",),
        "free",
        "Free",
        tip="Items lie anywhere and not on the patch grid alone, as with Alt or Shift held; outside the training.",
        alias="snap to grid unaligned",
    ),
    *(
        _arrange(f"Align {edge}", partial(items.align, edge=edge), (f"Alt+Shift+{EDGE_KEYS[edge]}",), _ALIGN_TIP)
        for edge in EDGES
    ),
    _arrange("Distribute across", lambda desk: items.distribute(desk, 0), ("Alt+Shift+H",)),
    _arrange("Distribute down", lambda desk: items.distribute(desk, 1), ("Alt+Shift+V",)),
    *(_arrange(text, partial(items.reorder, way=way), (key,)) for way, text, key in ORDER),
    _arrange("Turn right by 15°", lambda desk: items.turn(desk, TURN_DEG), ("Alt+Shift+Right",), _OUTSIDE),
    _arrange("Turn left by 15°", lambda desk: items.turn(desk, -TURN_DEG), ("Alt+Shift+Left",), _OUTSIDE),
    _arrange("Larger", lambda desk: items.enlarge(desk, LARGER), ("Alt+Shift+Up",), _OUTSIDE),
    _arrange("Smaller", lambda desk: items.enlarge(desk, 1 / LARGER), ("Alt+Shift+Down",), _OUTSIDE),
    _arrange(
        "As in training",
        items.straighten,
        ("Alt+Shift+0",),
        "The selected items of the study's size, not turned, on the patch grid.",
    ),
)

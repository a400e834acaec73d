"""What the stimulus canvas says of its items, to the pointer and to a screen reader."""

from __future__ import annotations

from collections.abc import Sequence

from app.widgets.canvas_picture import CanvasItem


def told(item: CanvasItem) -> str:
    """Where one item is, and what is unusual about it."""
    if item.fixed:
        return f"{item.label} ({item.name}) · {len(item.patches)} tokens"
    name = f"{item.label} ({item.pair})" if item.pair else item.label
    text = f"{name} at x {item.x_px}, y {item.y_px} px · {len(item.patches)} tokens"
    text += " · overlaps another item" if item.overlaps else ""
    text += " · locked" if item.locked else ""
    return text + f" · {item.unusual} — outside the training distribution" if item.unusual else text


def words(items: Sequence[CanvasItem], chosen: Sequence[int]) -> str:
    """All of them, which are selected, and what keys do."""
    text = "; ".join(told(item) for item in items) or "no items"
    names = " and ".join(items[index].label for index in chosen)
    selected = f". {names} {'is' if len(chosen) == 1 else 'are'} selected" if names else ""
    return f"{text}{selected}. Tab selects an item, arrow keys move it by one patch, with Alt by one pixel"

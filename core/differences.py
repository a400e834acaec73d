"""In what two states differ, in words."""

from __future__ import annotations

from collections.abc import Iterator

from core.document import Document, Intervention
from core.library import name_of
from core.stimuli.render import shape_name
from core.stimuli.stimulus import COLOR_NAMES, Item, Photo, Stimulus, item_name


def differences(one: Document, other: Document) -> tuple[str, ...]:
    """What is different in the second state; nothing where both are the same."""
    return tuple(_differences(one, other))


def _differences(one: Document, other: Document) -> Iterator[str]:
    if one.model != other.model:
        yield f"model: {name_of(one.model)} → {name_of(other.model)}"
    if one.compared != other.compared:
        yield f"compared with: {name_of(one.compared) or 'none'} → {name_of(other.compared) or 'none'}"
    if one.lens != other.lens:
        yield f"shown is: {one.lens} → {other.lens}"
    yield from _of_stimuli("", one.base, other.base)
    if one.source is not None and other.source is not None:
        yield from _of_stimuli("source: ", one.source, other.source)
    elif one.source != other.source:
        yield "source: none → an image" if one.source is None else "source: an image → none"
    yield from _of_edits(one, other)


def _of_stimuli(where: str, one: Stimulus, other: Stimulus) -> Iterator[str]:
    if one.geometry != other.geometry:
        yield f"{where}canvas: {_size(one)} → {_size(other)}"
    if one.photo != other.photo:
        yield where + _of_photos(one.photo, other.photo)
    if one.paint != other.paint:
        yield where + (
            "painted over" if one.paint is None else "paint: none left" if other.paint is None else "painted on"
        )
    if len(one.items) != len(other.items):
        yield f"{where}items: {len(one.items)} → {len(other.items)}"
    for index, (a, b) in enumerate(zip(one.items, other.items, strict=False)):
        parts = []
        if a.color != b.color:
            parts.append(f"{COLOR_NAMES[a.color]} → {COLOR_NAMES[b.color]}")
        if a.shape != b.shape:
            parts.append(f"{shape_name(a.shape)} → {shape_name(b.shape)}")
        if (a.x_px, a.y_px) != (b.x_px, b.y_px):
            parts.append(f"({a.x_px}, {a.y_px}) → ({b.x_px}, {b.y_px}) px")
        parts += _of_forms(a, b)
        if not parts and a != b:
            parts.append("another noise or jitter")
        if parts:
            yield f"{where}{item_name(index)}: {', '.join(parts)}"


def _of_forms(a: Item, b: Item) -> Iterator[str]:
    if a.scale != b.scale:
        yield f"{a.scale:.3g} → {b.scale:.3g} times the usual size"
    if a.angle_deg != b.angle_deg:
        yield f"turned {a.angle_deg:g}° → {b.angle_deg:g}°"
    if a.level != b.level:
        yield "drawn over others" if b.level > a.level else "drawn under others"
    if a.locked != b.locked:
        yield "locked" if b.locked else "unlocked"


def _of_photos(one: Photo | None, other: Photo | None) -> str:
    if one is None or other is None or one.name != other.name:
        names = [photo.name if photo else "items" for photo in (one, other)]
        return f"photo: {names[0]} → {names[1]}"
    if one.masks != other.masks:
        masks = ["; ".join(mask.label for mask in photo.masks) or "none" for photo in (one, other)]
        return f"objects: {masks[0]} → {masks[1]}" if masks[0] != masks[1] else "objects: marked otherwise"
    return "photo: another part of it" if one.crop != other.crop else f"photo: another {other.name}"


def _of_edits(one: Document, other: Document) -> Iterator[str]:
    """Edits are matched by what they are; those that stand in both, in whatever order, are left out."""
    before, after = list(one.interventions), list(other.interventions)
    for edit in one.interventions:
        if edit in after:
            before.remove(edit)
            after.remove(edit)
    yield from (f"without: {_edit(edit, one)}" for edit in before)
    yield from (f"with: {_edit(edit, other)}" for edit in after)
    if not before and not after and one.interventions != other.interventions:
        yield "edits in another order"


def _edit(edit: Intervention, of: Document) -> str:
    off = "" if edit.enabled else ", off"
    return f"{edit.words(of.base)} · {edit.detail(of.base)}, α {edit.strength:g}{off}"


def _size(stimulus: Stimulus) -> str:
    return f"{stimulus.geometry.image_px} px in patches of {stimulus.geometry.patch_px} px"

"""What lies between two states: the way from one scene to the next, each step of which is a state of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from core.document import Document, Intervention, changed, move_item
from core.stimuli.stimulus import Item, Stimulus, n_items

Value = TypeVar("Value")

UNITS = ("_px", "_deg")
"""What the names of whole numbers end with that may be halved."""
NAMED = ("strength", "enabled", "learned", "seed")
"""Fields that do not say which edit it is: with another one it is the same edit otherwise."""


def between(a: Document, b: Document, share: float) -> Document:
    """The state at `share` 0–1 of the way from `a` to `b`: `a` itself at 0, `b` at 1.

    Places, points on pads, strengths and gains are interpolated; an edit that only one of the two has grows from
    strength 0, or fades to it. What cannot be halved changes at one half: model, shape, colour, photo, the number of
    items, and with the model or the number of items the list of edits.
    """
    if share <= 0 or a == b:
        return a
    if share >= 1:
        return b
    near = a if share < 0.5 else b
    base = _between_stimuli(a.base, b.base, share)
    source = near.source
    if a.source is not None and b.source is not None:
        source = _between_stimuli(a.source, b.source, share)
    edits = near.interventions
    if a.model == b.model and _are_alike(a.base, b.base):
        edits = tuple(_between_edits(a.interventions, b.interventions, share))
    return replace(near, base=base, source=source, interventions=edits)


def _are_alike(a: Stimulus, b: Stimulus) -> bool:
    """Whether each item of one has its counterpart in the other."""
    return (a.geometry, a.photo is None, n_items(a)) == (b.geometry, b.photo is None, n_items(b))


def _between_stimuli(a: Stimulus, b: Stimulus, share: float) -> Stimulus:
    near = a if share < 0.5 else b
    if a.photo is not None or not _are_alike(a, b):
        return near
    mixed = replace(near, items=tuple(_between_items(*pair, share) for pair in zip(a.items, b.items, strict=True)))
    for index, item in enumerate(mixed.items):
        mixed = move_item(mixed, index, item.x_px, item.y_px)  # places and sizes are rounded each for itself
    return mixed


def _between_items(a: Item, b: Item, share: float) -> Item:
    """An item turns the short way round."""
    way = (b.angle_deg - a.angle_deg + 180) % 360 - 180
    angle = (a.angle_deg + way * share) % 360 if a.angle_deg != b.angle_deg else a.angle_deg
    return replace(_mixed(a, b, share), angle_deg=angle)


def _between_edits(a: Sequence[Intervention], b: Sequence[Intervention], share: float) -> Iterator[Intervention]:
    """Every edit of either list once, in the order of both, where they have one order."""
    partners, left = _partners(a, b), list(range(len(b)))
    for index, edit in enumerate(a):
        if partners[index] is None:
            yield _faded(edit, 1 - share)
        while partners[index] in left:
            at = left.pop(0)
            one = partners.index(at) if at in partners else None
            yield _faded(b[at], share) if one is None else _between_pair(a[one], b[at], share)
    yield from (_faded(b[at], share) for at in left)


def _partners(a: Sequence[Intervention], b: Sequence[Intervention]) -> list[int | None]:
    """For each edit of `a` the index of the same one in `b`."""
    free = dict(enumerate(map(_identity, b)))
    partners: list[int | None] = []
    for edit in a:
        found = next((index for index, identity in free.items() if identity == _identity(edit)), None)
        free.pop(-1 if found is None else found, None)
        partners.append(found)
    return partners


def _identity(edit: Intervention) -> tuple[object, ...]:
    known = ((field.name, getattr(edit, field.name)) for field in fields(cast(Any, edit)))
    kept = (part for part in known if part[0] not in NAMED and not _is_halved(*part))
    return (type(edit), *kept)


def _between_pair(a: Intervention, b: Intervention, share: float) -> Intervention:
    """One that is off in one of the two grows or fades where it is on."""
    if a.enabled != b.enabled:
        return _faded(a, 1 - share) if a.enabled else _faded(b, share)
    return _mixed(a, b, share)


def _faded(edit: Intervention, share: float) -> Intervention:
    return changed(edit, strength=edit.strength * share)


def _mixed(a: Value, b: Value, share: float) -> Value:
    """A value of the same kind, each field interpolated where it can be halved."""
    mixed: dict[str, Any] = {}
    for field in fields(cast(Any, a)):
        one, other = getattr(a, field.name), getattr(b, field.name)
        halved = _is_halved(field.name, one) and _is_halved(field.name, other)
        if halved and isinstance(one, tuple) and len(one) == len(other):
            mixed[field.name] = tuple(_number(*pair, share) for pair in zip(one, other, strict=True))
        elif halved and not isinstance(one, tuple):
            mixed[field.name] = _number(one, other, share)
        else:
            mixed[field.name] = one if share < 0.5 else other
    return cast(Value, replace(cast(Any, a), **mixed))


def _is_halved(name: str, value: object) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    whole = name.endswith(UNITS) and all(type(part) is int for part in parts)
    return bool(parts) and (whole or all(isinstance(part, float) for part in parts))


def _number(one: float, other: float, share: float) -> float:
    """A whole number between whole numbers."""
    if one == other:
        return one
    value = one + (other - one) * share
    return round(value) if isinstance(one, int) and isinstance(other, int) else value

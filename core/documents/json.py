"""`Work` as JSON text and pictures, and back; edits are told apart by their kind, found by the registry.

Whatever frozen dataclasses hold is written, so that a new field or a new kind of edit needs nothing here. Bytes that
are a square picture stand beside the text as PNG, and PNG files as they are.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from PIL import Image

from core.analyses.decision import Verdict
from core.cards import is_number, is_whole
from core.document import Intervention, View
from core.documents.work import Work
from core.interventions import intervention_kinds
from core.options import option_name
from core.stimuli.pictures import UNREADABLE
from core.stimuli.stimulus import Item
from core.texts import require_finite

if TYPE_CHECKING:
    from cattrs import Converter

FORMAT = 2
"""The version of what is written. An older one is brought up by `MIGRATIONS`, step by step."""

Json = dict[str, Any]
MIGRATIONS: Mapping[int, Callable[[Json], Json]] = {
    1: lambda value: value,  # what came with 2, what is painted by hand, is not there
}
"""From each version to the one after it."""

PICTURES, AS_THEY_ARE = "pictures/", "kept/"
_PNG = b"\x89PNG\r\n\x1a\n"
MAX_SIDE_PX = 4096
MAX_PICTURE_PIXELS = 64_000_000


class NewerFormatError(ValueError):
    """A text of a later version."""


def to_json(work: Work) -> tuple[str, dict[str, bytes]]:
    """The text, and the PNG pictures that it names."""
    pictures: dict[str, bytes] = {}
    pixels: dict[int, Json] = {}

    def beside(value: object) -> Json:
        if not isinstance(value, bytes):
            raise TypeError(f"{type(value).__name__} cannot be written")
        # By identity: the same photo stands in every state of a history, and hashing it takes its time.
        if id(value) not in pixels:
            pixels[id(value)] = _picture(value, pictures)
        return pixels[id(value)]

    value = {"format": FORMAT, **converter().unstructure(work)}
    return json.dumps(value, default=beside, ensure_ascii=False, allow_nan=False), pictures


def from_json(text: str, pictures: Mapping[str, bytes]) -> Work:
    """What `to_json` wrote.

    Raises ValueError, in words, where it is damaged or of a later version.
    """
    read = cache(lambda name: _pixels(pictures, name))

    def inside(value: Json) -> Any:
        if value.keys() == {"png"}:
            return read(str(value["png"]))
        if value.keys() == {"file"}:
            return pictures[str(value["file"])]
        return base64.b64decode(value["base64"], validate=True) if value.keys() == {"base64"} else value

    from cattrs.errors import CattrsError, ForbiddenExtraKeysError

    try:
        _check_total(pictures)
        value = json.loads(text, object_hook=inside)
        require_finite(value)
        return converter().structure(_migrated(value), Work)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (LookupError, TypeError, AttributeError, CattrsError, ForbiddenExtraKeysError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _migrated(value: Any) -> Any:
    if not isinstance(value, dict) or not is_whole(value.get("format")):
        raise ValueError("it names no version")
    version = value.pop("format")
    if version > FORMAT:
        raise NewerFormatError(f"it is of version {version}")
    while version < FORMAT:
        value, version = MIGRATIONS[version](value), version + 1
    return value


def _picture(value: bytes, pictures: dict[str, bytes]) -> Json:
    if value.startswith(_PNG):
        name = f"{AS_THEY_ARE}{hashlib.sha256(value).hexdigest()}.png"
        pictures[name] = value
        return {"file": name}
    for mode, channels in (("RGB", 3), ("L", 1)):
        side = math.isqrt(len(value) // channels)
        if 0 < side <= MAX_SIDE_PX and side * side * channels == len(value):
            name = f"{PICTURES}{hashlib.sha256(value).hexdigest()}.png"
            out = BytesIO()
            Image.frombytes(mode, (side, side), value).save(out, "PNG", compress_level=3)
            pictures[name] = out.getvalue()
            return {"png": name}
    return {"base64": base64.b64encode(value).decode("ascii")}


def _opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content), formats=["PNG"])


def _check_total(pictures: Mapping[str, bytes]) -> None:
    """Before any is unpacked: a small PNG may stand for a huge picture."""
    total = 0
    for name, content in pictures.items():
        if not name.startswith(PICTURES):
            continue  # it stays packed
        try:
            with _opened(content) as image:
                if image.width != image.height or image.mode not in ("RGB", "L"):
                    raise ValueError(f"{name} is no square picture in RGB or grey")
                total += image.width * image.height
        except UNREADABLE as error:
            raise ValueError(f"{name} is no picture that can be read") from error
        if total > MAX_PICTURE_PIXELS:
            raise ValueError("its pictures are too large")


def _pixels(pictures: Mapping[str, bytes], name: str) -> bytes:
    if name not in pictures:
        raise ValueError(f"{name} is missing")
    try:
        with _opened(pictures[name]) as image:
            pixels: bytes = image.tobytes()
    except UNREADABLE as error:
        raise ValueError(f"{name} is damaged") from error
    return pixels


@cache
def converter() -> Converter:
    """Between values and what JSON holds: numbers are numbers, and nothing is taken that has no place."""
    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

    plain = Converter(detailed_validation=False, forbid_extra_keys=True)
    for kind, fits in _STRICT.items():
        plain.register_structure_hook(kind, _strictly(kind, fits))
    plain.register_unstructure_hook(bytes, lambda value: value)

    # What is as in the study is not written: it stands in every state of a history.
    as_drawn: Any = {name: override(omit_if_default=True) for name in ("scale", "angle_deg", "level", "locked")}
    plain.register_unstructure_hook(Item, make_dict_unstructure_fn(Item, plain, **as_drawn))
    plain.register_unstructure_hook(View, make_dict_unstructure_fn(View, plain, also=override(omit_if_default=True)))
    rest = override(unstruct_hook=lambda rest: [x if math.isfinite(x) else None for x in rest], struct_hook=_others)
    plain.register_unstructure_hook(Verdict, make_dict_unstructure_fn(Verdict, plain, others=rest))
    plain.register_structure_hook(Verdict, make_dict_structure_fn(Verdict, plain, others=rest))

    # The tensors of what was learned are members of their own.
    write_work = make_dict_unstructure_fn(Work, plain, files=override(omit=True))
    plain.register_unstructure_hook(Work, write_work)
    plain.register_structure_hook(Work, make_dict_structure_fn(Work, plain, files=override(omit=True)))
    _register_edits(plain)
    return plain


def _register_edits(plain: Converter) -> None:
    """An edit is a table with its fields and, first, its `kind`."""
    from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

    kinds = {option_name(kind): kind for kind in intervention_kinds()}
    write = {kind: make_dict_unstructure_fn(cast(Any, kind), plain) for kind in kinds.values()}
    read = {name: make_dict_structure_fn(cast(Any, kind), plain) for name, kind in kinds.items()}

    def structure(value: Any, _: object) -> Intervention:
        name = value.get("kind")
        if name not in read:
            raise ValueError(f"there is no edit of the kind “{str(name)[:40]}” in this version")
        return cast(Intervention, read[name]({k: v for k, v in value.items() if k != "kind"}, kinds[name]))

    def unstructure(edit: Intervention) -> Json:
        return {"kind": option_name(type(edit)), **write[type(edit)](edit)}

    plain.register_structure_hook_func(lambda kind: kind is Intervention, structure)
    plain.register_unstructure_hook_func(lambda kind: Intervention in getattr(kind, "__mro__", ()), unstructure)


def _strictly(kind: type[Any], fits: Callable[[object], bool]) -> Callable[[Any, Any], Any]:
    """Takes a value of a kind and no other: what Python would make of one is not what somebody wrote."""

    def take(value: Any, _: object) -> Any:
        if not fits(value):
            raise ValueError(f"{repr(value)[:40]} is no {kind.__name__}")
        try:
            return kind(value)
        except OverflowError as error:
            raise ValueError("a number is too large") from error

    return take


_STRICT: Mapping[type[Any], Callable[[object], bool]] = {
    int: is_whole,
    float: is_number,
    bool: lambda value: isinstance(value, bool),
    str: lambda value: isinstance(value, str),
    bytes: lambda value: isinstance(value, bytes),
}


def _others(rest: Any, _: object) -> tuple[float, float]:
    """JSON has no infinity: of the logarithm of nothing there is none."""
    number = _strictly(float, is_number)
    low, high = (-math.inf if value is None else number(value, float) for value in rest)
    return low, high

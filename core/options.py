"""Values by name and words: `layer-margins with_baseline=no` is a frozen dataclass of a kind that a registry finds."""

from __future__ import annotations

import math
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from core.errors import UserError
from core.stimuli.datasets import SEED_MAX

Kind = TypeVar("Kind")
LARGEST = {int: SEED_MAX, float: 1e38}
WRITTEN = {int: r"[+-]?[0-9]+", float: r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?"}
"""How a number is typed; Python alone would take 1_000 and digits of other scripts as well."""
YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")


def option_name(kind: type[Any]) -> str:
    """What a kind is called where words are typed: `LayerMargins` is layer-margins."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", kind.__name__).lower()


def options_of(kind: type[Any]) -> str:
    """The fields of a kind with their defaults, in words."""
    words = [f"{f.name}={'…' if f.default is MISSING else _said(f.default)}" for f in fields(kind)]
    return " ".join(words)


def made(kinds: Sequence[type[Kind]], words: Sequence[str]) -> Kind:
    """The value that `words` describe: the name of its kind, then `field=value` for each field that is not the default.

    Raises UserError for a kind or a field that does not exist, a value of another type, or a field that is missing.
    """
    known = {option_name(kind): kind for kind in kinds}
    if not words or words[0] not in known:
        raise UserError(f"There is no “{words[0] if words else ''}”.", f"Name one of: {', '.join(known)}.")
    kind = known[words[0]]
    given = _given(kind, words[0], words[1:])
    missing = [f.name for f in fields(kind) if f.name not in given and f.default is MISSING]  # type: ignore[arg-type]
    if missing:
        raise UserError(f"{words[0]} needs {missing[0]}=….", f"It has: {options_of(kind)}.")
    return kind(**given)


def with_options(value: Kind, words: Sequence[str], name: str) -> Kind:
    """A value of a kind called `name` with the fields that `words` set, each as `field=value`.

    Raises UserError for a field that it does not have, or a value of another type.
    """
    return replace(value, **_given(type(value), name, words))  # type: ignore[type-var]


def _given(kind: type[Any], name: str, words: Sequence[str]) -> dict[str, Any]:
    """The values of the fields that `words` set."""
    hints = field_types(kind)
    known = {f.name: f for f in fields(kind)}
    given: dict[str, Any] = {}
    for word in words:
        option, equals, value = word.partition("=")
        if option not in known or not equals:
            raise UserError(f"{name} has no option “{word}”.", f"It has: {options_of(kind) or 'none'}.")
        of, (least, most) = hints.get(option), bounds(known[option].metadata)
        try:
            found = value_of(of, value)
            given[option] = found if of not in (int, float) or least <= found <= most else _fail(value)
        except (ValueError, OverflowError) as error:
            choices = " or ".join(map(str, get_args(of))) if get_origin(of) is Literal else ""
            hint = f"Choose {choices}." if choices else f"It has: {options_of(kind)}."
            if of in (int, float) and math.isfinite(most):
                hint = f"Use a number from {least:g} to {most:g}."
            raise UserError(f"“{value}” is nothing for {option} of {name}.", hint) from error
    return given


def bounds(metadata: Mapping[str, Any]) -> tuple[float, float]:
    """The least and the largest number that a field says it takes: from 0 on where it says one of both."""
    if not {"least", "most"} & set(metadata):
        return -math.inf, math.inf
    return metadata.get("least", 0), metadata.get("most", math.inf)


def field_types(kind: type[Any]) -> dict[str, Any]:
    """The type of each field of a dataclass, without those whose type only a type checker can see."""
    found = {}
    for owner in reversed(kind.__mro__):
        for name, written in vars(owner).get("__annotations__", {}).items():
            alone = type(owner.__name__, (), {"__annotations__": {name: written}, "__module__": owner.__module__})
            try:
                found[name] = get_type_hints(alone)[name]
            except NameError:
                continue
    return {f.name: found[f.name] for f in fields(kind) if f.name in found}


def value_of(hint: Any, word: str) -> Any:
    """A word as a value of a type.

    Raises ValueError or OverflowError where it is none, and where a type has no words.
    """
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Literal:
        return word if word in inside else _fail(word)
    if origin in (Union, types.UnionType):
        return None if word == "none" else value_of(next(arg for arg in inside if arg is not type(None)), word)
    if origin is tuple:
        parts = word.split(",")
        if Ellipsis not in inside and len(parts) != len(inside):
            _fail(word)
        return tuple(value_of(inside[0], part) for part in parts)
    if hint is bool:
        return True if word in YES else False if word in NO else _fail(word)
    if hint not in (int, float, str):
        _fail(word)
    if hint is str:
        return word
    number = hint(word) if re.fullmatch(WRITTEN[hint], word, re.IGNORECASE) else _fail(word)
    return number if abs(number) <= LARGEST[hint] else _fail(word)


def _fail(word: str) -> Any:
    raise ValueError(word)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)

"""Text files that a user may have written or saved again with another program."""

from __future__ import annotations

import codecs
import json
import math
from pathlib import Path
from typing import Any


def read_text(path: Path) -> str:
    """The text of a file, without the byte-order mark that some programs put before it.

    Raises UnicodeDecodeError where it is none.
    """
    return text_of(path.read_bytes())


def text_of(content: bytes) -> str:
    """Bytes as text: UTF-8, or UTF-16 where its mark says so, as in what PowerShell writes."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8-sig")


def parse_json(text: str) -> Any:
    """The value of a JSON text in which every number is finite.

    Raises ValueError where it is none: Python reads NaN, Infinity and 1e999 without a word.
    """
    try:
        value = json.loads(text.removeprefix("\ufeff"))
        require_finite(value)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def require_finite(value: Any, place: str = "") -> None:
    """Raises ValueError that names the place of a number which is not finite, in values of lists and tables."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place or 'it'} is {value}, not a finite number")
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        require_finite(part, f"{place}.{name}" if place else str(name))

"""Published numbers of the class-embedding projection, read from `resources/published/`; each is of another model."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from core.locations import resource_folder
from core.plots import Series
from core.texts import read_text

_READ: Mapping[str, Any] = tomllib.loads(read_text(resource_folder("published") / "class_embedding.toml"))

PAPER: str = _READ["paper"]
NEAREST: str = _READ["nearest"]
"""The published model that is drawn beside ours where it has numbers."""

EVIDENCE: Mapping[str, str] = {name: source["evidence"] for name, source in _READ["sources"].items()}
"""Whether the numbers of a section are printed output of the authors or read off their figures."""

NOTES: Mapping[str, str] = {name: source["note"] for name, source in _READ["sources"].items()}


def published(section: str) -> Mapping[str, Mapping[str, Any]]:
    """The numbers of a section, by model."""
    found: Mapping[str, Mapping[str, Any]] = _READ[section]
    return found


def known_curve(section: str, name: str, blocks: Sequence[int], hue: int, model: str = NEAREST) -> list[Series]:
    """A published curve over blocks, NaN where there is no number; nothing where no such curve was published."""
    values = _READ[section].get(model, {}).get(name)
    if values is None:
        return []
    y = tuple(float(values[b]) if 0 <= b < len(values) else math.nan for b in blocks)
    return [Series(f"{model}, {name}, published (another model)", y, role="published", hue=hue)]


def known_bars(section: str, names: Sequence[str], hue: int, model: str = NEAREST) -> list[Series]:
    """Published numbers by their names, NaN where there is none; nothing where the model has none at all."""
    values = _READ[section].get(model)
    if values is None:
        return []
    y = tuple(float(values.get(name, math.nan)) for name in names)
    return [Series(f"{model}, published (another model)", y, role="published", hue=hue)]

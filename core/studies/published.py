"""Published numbers, each of another model than the one that is studied, read from `resources/published/`.

The file says where each is from. None stands for a number that was not published.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.locations import resource_folder
from core.plots import Series
from core.stimuli.stimulus import Property, Task
from core.texts import read_text

Values = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the numbers of a section are from; `evidence` is log or caption, `shown` names the paper's own figures."""

    evidence: str
    shown: str
    taken_from: str
    note: str


@dataclass(frozen=True, slots=True)
class Caption:
    """What a caption says of a model's attention, in which figure, and the block of each peak where it names one."""

    model: str
    said: str
    source: str
    peaks: Mapping[str, int] = field(default_factory=dict)


def _frozen(value: Any) -> Any:
    """Lists as tuples, at any depth of tables, with None for NaN."""
    if isinstance(value, dict):
        return {name: _frozen(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return None if isinstance(value, float) and math.isnan(value) else value


_READ = _frozen(tomllib.loads(read_text(resource_folder("published") / "relational.toml")))

PAPER: str = _READ["paper"]
SOURCES: Mapping[str, Source] = {name: Source(**source) for name, source in _READ["sources"].items()}

ATTENTION: tuple[Caption, ...] = tuple(Caption(**caption) for caption in _READ["attention"])

DAS: Mapping[str, Mapping[Task, Mapping[Property, Values]]] = _READ["das"]
"""Interchange accuracy after each of the 12 blocks, by model."""

MODELS = tuple(DAS)
"""The published models whose curves can be drawn beside ours."""

NEAREST: str = _READ["nearest"]
"""The published model that is drawn beside ours by default, the first of MODELS."""

WRONG_OBJECT: Mapping[Task, Mapping[Property, Values]] = _READ["wrong_object"]
"""The wrong-object control of NEAREST, after each block."""

NOVEL: Mapping[Task, Mapping[Property, Mapping[str, Values]]] = _READ["novel"]
"""Share of counterfactual answers by novel vectors in NEAREST after each block, by method."""

PROBE: Mapping[str, Values] = _READ["probe"]
"""Pair probes of NEAREST on match-to-sample, α = 1: the probe reads before a block, the edit comes after it."""

SPLIT_NAMES: tuple[str, ...] = _READ["splits"]

BEHAVIOUR: Mapping[tuple[str, Task, int], tuple[float | None, ...]] = {
    (model, task, int(n_kinds)): values
    for model, tasks in _READ["behaviour"].items()
    for task, by_kinds in tasks.items()
    for n_kinds, values in by_kinds.items()
}
"""Accuracy on each of SPLIT_NAMES, by model, task and number of combinations."""

DISENTANGLEMENT: Mapping[Task, Mapping[str, float]] = _READ["disentanglement"]
"""Best interchange accuracy, mean of shape and colour, of the models trained on 32 combinations."""


def das_curve(task: Task, property: Property, blocks: Sequence[int], model: str = NEAREST) -> list[Series]:
    """The published interchange accuracy at these blocks, or nothing where none was published."""
    values = DAS.get(model, {}).get(task, {}).get(property)
    return [published_series(f"{model}, published", values, blocks)] if values else []


def accuracy_series(task: Task, n_kinds: int, model: str = NEAREST) -> list[Series]:
    """The published accuracy on each of SPLIT_NAMES, or nothing where none was published."""
    values = BEHAVIOUR.get((model, task, n_kinds))
    if values is None:
        return []
    y = tuple(math.nan if v is None else float(v) for v in values)
    return [Series(f"{model}, published (another model)", y, role="published", hue=1)]


def published_series(label: str, values: Values, blocks: Sequence[int], hue: int = 0) -> Series:
    """A published curve over blocks, NaN where the other model has none; labelled as another model."""
    y = tuple(values[b] if 0 <= b < len(values) else math.nan for b in blocks)
    return Series(f"{label} (another model)", y, role="published", hue=hue)

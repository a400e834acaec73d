"""What the rows of a head are called, where a checkpoint says it, and where it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from core.families.class_names import imagenet_names
from core.families.layout import Facts
from core.stimuli.stimulus import RELATIONS

_NAMELESS = ("LABEL_", "class ")


def labels_for(n_classes: int, config: Mapping[str, Any], facts: Facts) -> list[str]:
    """The names of the classes, no two alike: as stated, by the configuration, ImageNet's, the study's, or numbers."""
    if n_classes == 0:
        return []
    said = _said(n_classes, config)
    if said and "labels" not in facts.stated_names:
        return distinct(said)
    guess, why = tuple(f"class {index}" for index in range(n_classes)), "nothing says what the classes are called"
    choices: tuple[tuple[str, ...], ...] = ()
    if n_classes == len(RELATIONS):
        guess = RELATIONS
        choices = (RELATIONS, RELATIONS[::-1])
        why = f"it has two classes, and class 0 of the published study's models is “{RELATIONS[0]}”"
    elif names := imagenet_names(n_classes):
        guess, why = names, f"it has {n_classes:,} classes, as ImageNet has"
    return list(facts.value("labels", guess, why, choices))


def _said(n_classes: int, config: Mapping[str, Any]) -> list[str]:
    """The names in a configuration of transformers or of timm; none where these are only numbers."""
    by_id, by_name = config.get("id2label"), config.get("label2id")
    if by_id is None and isinstance(by_name, Mapping):
        by_id = {str(index): name for name, index in by_name.items()}
    names: Any = config.get("label_names")
    if isinstance(by_id, Mapping) and len(by_id) == n_classes:
        names = [by_id.get(str(index)) for index in range(n_classes)]
    if not isinstance(names, list) or len(names) != n_classes:
        return []
    if not all(isinstance(name, str) and name.strip() for name in names):
        return []
    return [] if all(name.startswith(_NAMELESS) for name in names) else names


def distinct(names: Sequence[str]) -> list[str]:
    """Names of which no two are alike: those that are get their number in brackets."""
    count = Counter(name.strip().casefold() for name in names)
    return [name if count[name.strip().casefold()] == 1 else f"{name} ({index})" for index, name in enumerate(names)]

"""Files and folders of Relata's own that are not opened by themselves: what each is, and where it is used."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.jobs.recipe import Recipe
from core.locations import is_model_file
from core.sets import MANIFEST
from core.texts import parse_json, read_text


def why_not_opened(path: Path) -> UserError | None:
    """What it is and where it is used, of what was learned, results, recipes and sets; None of anything else."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return _of_folder(path)
    if is_model_file(path):
        return _of_card(path, _read(path.with_suffix(".json")))
    if suffix == ".json":
        return _of_folder(path.parent) if path.name.lower() == MANIFEST else _of_card(path, _read(path))
    return _of_recipe(path) if suffix == ".toml" else None


def _of_folder(path: Path) -> UserError | None:
    if (path / MANIFEST).is_file():
        hint = "Choose it in the panel Study, Pictures; one of its pictures can be opened by itself."
        return UserError(f"{path.name} is a set of pictures.", hint)
    weights = [file for file in path.glob("*.*") if is_model_file(file)]
    learned = [_of_card(file, _read(file.with_suffix(".json"))) for file in weights]
    if not weights or None in learned:
        return None
    hint = "They lie where the model looks for them: open that."
    return UserError(f"{path.name} is a folder of what was learned on a model.", hint)


def _of_card(path: Path, card: Mapping[str, Any]) -> UserError | None:
    """By what a card holds, as the names of files are free."""
    model = card.get("model")
    if {"network", "task"} & card.keys() or not isinstance(model, str):
        return None
    if "study" in card:
        hint = "Open the model and choose the folder of the results in the panel Study."
        return UserError(f"{path.name} holds results of a study of {model}.", hint)
    what = "a subspace" if "property" in card else "probes" if "blocks" in card else ""
    hint = "It is used when that model is open, from the folder of what was learned on it."
    return UserError(f"{path.name} is {what}, learned on {model}, and no model itself.", hint) if what else None


def _of_recipe(path: Path) -> UserError | None:
    try:
        content = tomllib.loads(read_text(path))
    except (OSError, ValueError):
        return None
    if not content or not content.keys() <= {field.name for field in fields(Recipe)}:
        return None
    return UserError(f"{path.name} is a recipe for training.", f"Use it on the command line: relata train {path.name}.")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = parse_json(read_text(path))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, Mapping) else {}

"""`StudyResult`: what a study found, with everything needed to tell how it was found.

Importing this loads no torch, so that the window can read results.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.figures.tables import Row as Row
from core.figures.tables import to_csv
from core.plots import Plot, converter
from core.stimuli.stimulus import pairs_of
from core.texts import parse_json, read_text

if TYPE_CHECKING:
    from core.families.model import Model

CHANCE = 0.5
"""A model counts as at chance if the interval of its accuracy on unseen images reaches down to it."""


@dataclass(frozen=True, slots=True)
class StudyResult:
    """One study, on one model or on several.

    `settings` decide the numbers together with the weights; `n` is how many examples stand behind each number;
    `rows` are the numbers in long form; `plots` show them; `notes` say what a reader must know. `run_sha256` is that
    of the model, "" where there is none.
    """

    study: str
    title: str
    model: str
    weights_sha256: str
    settings: Mapping[str, Any]
    n: int
    rows: tuple[Row, ...]
    plots: Mapping[str, Plot]
    notes: tuple[str, ...] = ()
    run_sha256: str = ""


def result_to_json(result: StudyResult) -> str:
    """The result as JSON text; NaN is written as null."""
    value = converter().unstructure(result)
    if not result.run_sha256:
        del value["run_sha256"]
    value["plots"] = value.pop("plots")  # last in a file, for whoever reads the rest of it
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def result_from_json(text: str) -> StudyResult:
    """The result that `result_to_json` wrote.

    Raises UserError where the text is damaged.
    """
    from cattrs.errors import ForbiddenExtraKeysError

    try:
        return converter().structure(parse_json(text), StudyResult)
    except (ValueError, LookupError, TypeError, AttributeError, ForbiddenExtraKeysError) as error:
        raise UserError(f"A result could not be read: {error}.", "Remove the file and run its study again.") from error


def read_result(path: Path) -> StudyResult | None:
    """The result in a file, or None where there is none or it is damaged."""
    try:
        return result_from_json(read_text(path))
    except (OSError, UnicodeDecodeError, UserError):
        return None


def result_to_csv(result: StudyResult) -> str:
    """The rows as CSV; each carries study, model, weights and n as well."""
    fixed = {"study": result.study, "model": result.model, "weights_sha256": result.weights_sha256}
    return to_csv([{**fixed, **row} for row in result.rows], tuple(fixed))


def n_kinds_of(model: Model) -> int:
    """How many shape–colour combinations the model was trained on, by its card; 256 where it says nothing."""
    recipe = model.card.get("recipe")
    return int(recipe.get("n_kinds", 256)) if isinstance(recipe, Mapping) else 256


def item_pairs(model: Model) -> tuple[tuple[int, int], ...]:
    """Index pairs of the items that the model judges; the last pair is the sample in match-to-sample."""
    return pairs_of(4 if model.task == "rmts" else 2)


def block_name(block: int) -> str:
    """A site after a block in words."""
    return "embed" if block < 0 else str(block)

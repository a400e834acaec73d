"""The shipped results are of the shipped weights, and docs/results.md holds their tables.

`python -m tests.test_results` prints the tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cards import read_card
from core.families.files import open_model
from core.families.model import Model, choose_device
from core.locations import bundled_models, model_path, resource_folder
from core.studies.comparison import Table
from core.studies.published import DAS
from core.studies.result import StudyResult, result_from_json, result_to_json
from core.studies.study import Bench, study_named, tables

DOCUMENT = Path(__file__).parents[1] / "docs" / "results.md"
FILES = sorted(resource_folder("results").rglob("*.json"))


def read(path: Path) -> StudyResult:
    return result_from_json(path.read_text(encoding="utf-8"))


def markdown(table: Table) -> str:
    """A table as the document must hold it."""
    columns = list(dict.fromkeys(name for row in table.rows for name in row))
    names = [name.replace("\n", ", ") for name in columns]
    lines = [names, ["---"] * len(columns), *([_cell(row.get(name)) for name in columns] for row in table.rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def measured() -> Iterator[tuple[str, str]]:
    """Every table by the name of its file and figure."""
    for path in FILES:
        for name, table in tables(read(path)).items():
            yield f"{path.relative_to(resource_folder('results')).with_suffix('')}: {name}", markdown(table)


def published(model: str) -> str:
    """The published interchange accuracies of a model, as the document must hold them."""
    words = {"discrimination": "discrimination", "rmts": "match-to-sample"}
    rows = [
        [f"{words[task]}, {'colour' if name == 'color' else name}", *(f"{value:.3f}" for value in curve)]
        for task, of in DAS[model].items()
        for name, curve in of.items()
    ]
    head = [f"{model} †, after block", *map(str, range(len(rows[0]) - 1))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_result_is_of_shipped_weights_and_says_how_it_was_made(path: Path) -> None:
    result = read(path)

    weights = {str(read_card(model_path(name))["weights_sha256"]) for name in bundled_models()}
    assert result.weights_sha256 in weights or result.study in ("losses", "correlation")
    assert result.rows
    assert "seed" in result.settings or "seeds" in result.settings
    assert path.stem.startswith(result.study)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_result_has_the_settings_that_its_study_has_today(path: Path) -> None:
    """Otherwise it would be measured again, and left out of the report."""
    result = read(path)
    study = study_named(result.study)
    assert study is not None

    name = path.parent.name if path.parent.name in bundled_models() else result.settings.get("task", "discrimination")
    model = open_model(name, choose_device("cpu"))
    settings = replace(study, **_chosen(result, model)).settings(Bench((model,)))

    assert list(settings) == list(result.settings)
    if study.scope != "all models":  # a correlation names the settings of what it is made of
        assert settings == result.settings


def _chosen(result: StudyResult, model: Model) -> dict[str, Any]:
    """What was chosen for a large model beside the defaults: fewer examples, and some of the blocks."""
    if model.name == model.task:
        return {}
    chosen = {"n": result.settings["n"]} if "n" in result.settings else {}
    blocks = result.settings.get("blocks", [])
    return chosen | ({"blocks": tuple(blocks)} if 0 < len(blocks) < model.n_blocks else {})


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_result_that_is_read_and_written_is_the_same_to_the_byte(path: Path) -> None:
    assert result_to_json(read(path)).encode() == path.read_bytes()


@pytest.mark.parametrize(("name", "table"), list(measured()), ids=lambda value: value if ":" in value[:60] else "")
def test_the_document_shows_what_was_measured(name: str, table: str) -> None:
    assert table in DOCUMENT.read_text(encoding="utf-8"), name


def test_the_document_shows_the_published_curve_of_the_pretrained_network() -> None:
    assert published("DINOv2 B/14") in DOCUMENT.read_text(encoding="utf-8")


if __name__ == "__main__":
    for said in measured():
        print(*said, sep="\n\n", end="\n\n")

from __future__ import annotations

import ast
import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cards import read_card
from core.jobs.recipe import read_recipe
from core.locations import resource_folder
from core.studies.result import read_result, result_from_json
from core.texts import parse_json, read_text

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path.relative_to(ROOT) for folder in ("core", "app") for path in (ROOT / folder).rglob("*.py"))
OWN = {"core/texts.py", "core/stimuli/render.py", "core/cores.py"}
READERS: dict[str, tuple[Path, Callable[[Path], Any]]] = {
    "card": (resource_folder("models") / "discrimination.json", read_card),
    "recipe": (resource_folder("recipes") / "discrimination.toml", read_recipe),
    "result": (resource_folder("results") / "correlation.json", read_result),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_file_saved_with_a_byte_order_mark_reads_as_it_did_without(tmp_path: Path, kind: str) -> None:
    source, read = READERS[kind]
    marked = tmp_path / source.name
    marked.write_bytes(codecs.BOM_UTF8 + source.read_bytes())

    assert read(marked) is not None
    assert read(marked) == read(source)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("kind", READERS)
def test_a_file_written_by_powershell_reads_as_in_utf_8(tmp_path: Path, kind: str, encoding: str) -> None:
    source, read = READERS[kind]
    written = tmp_path / source.name
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    text = source.read_text(encoding="utf-8").replace("\n", "\r\n")
    written.write_bytes(mark + text.encode(encoding))

    assert read(written) == read(source)


def test_a_byte_order_mark_in_the_text_of_a_result_is_no_damage() -> None:
    text = (resource_folder("results") / "correlation.json").read_text(encoding="utf-8")

    assert result_from_json("\ufeff" + text) == result_from_json(text)


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_nothing_reads_text_but_through_core_texts(path: Path) -> None:
    """So that no reader of a user's file forgets the byte-order mark; shapes and quotas are no files of a user's."""
    calls = [n.func for n in ast.walk(ast.parse(read_text(ROOT / path))) if isinstance(n, ast.Call)]
    called = {call.attr for call in calls if isinstance(call, ast.Attribute)}

    assert path.as_posix() in OWN or "read_text" not in called
    assert "open" not in {call.id for call in calls if isinstance(call, ast.Name)}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"std": [0.5, NaN, 0.5]}', r"std\.1 is nan"),
        ('{"a": {"b": 1e999}}', r"a\.b is inf"),
        ("[-Infinity]", "0 is -inf"),
        ("NaN", "it is nan"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "Expecting"),
    ],
    ids=["nan", "too large", "infinite", "alone", "deep", "damaged"],
)
def test_json_that_is_none_or_not_finite_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        parse_json(text)


def test_a_result_whose_numbers_are_not_finite_counts_as_damaged(tmp_path: Path) -> None:
    value = json.loads(read_text(resource_folder("results") / "correlation.json"))
    value["rows"][0]["accuracy"] = float("nan")
    (tmp_path / "result.json").write_text(json.dumps(value), encoding="utf-8")

    assert read_result(tmp_path / "result.json") is None

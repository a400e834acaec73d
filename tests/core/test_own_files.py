"""What Relata made and does not open by itself is called what it is; anything else is not spoken of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.own_files import why_not_opened

RESOURCES = Path(__file__).parents[2] / "resources"


@pytest.mark.parametrize("name", [".", "manifest.json", "MANIFEST.JSON"])
def test_the_folder_of_a_set_and_its_manifest_are_a_set(tmp_path: Path, name: str) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 1, "pictures": []}', encoding="utf-8")
    (tmp_path / name).touch()

    why = why_not_opened(tmp_path / name)

    assert why is not None
    assert f"{tmp_path.name} is a set of pictures." in why.message


@pytest.mark.parametrize("model", ["discrimination", "rmts", "dinov2-small"])
def test_of_a_model_and_its_card_nothing_is_said(model: str) -> None:
    for suffix in (".safetensors", ".json"):
        assert why_not_opened(RESOURCES / "models" / f"{model}{suffix}") is None


@pytest.mark.parametrize(
    "card", ["", "[]", "{", "NaN", json.dumps({"model": 3, "property": "color"}), json.dumps({"model": "x"})]
)
def test_of_a_card_of_which_nothing_can_be_told_nothing_is_said(tmp_path: Path, card: str) -> None:
    (tmp_path / "x.json").write_text(card, encoding="utf-8")

    assert why_not_opened(tmp_path / "x.json") is None
    assert why_not_opened(tmp_path / "x.safetensors") is None
    assert why_not_opened(tmp_path) is None


@pytest.mark.parametrize("path", sorted((RESOURCES / "recipes").glob("*.toml")), ids=lambda path: path.name)
def test_every_recipe_that_ships_is_called_one(path: Path) -> None:
    why = why_not_opened(path)

    assert why is not None
    assert f"{path.name} is a recipe for training." in why.message


@pytest.mark.parametrize("content", [b"", b"task = ", b"\xff\xfe", b'paper = "x"'])
def test_of_another_toml_file_nothing_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.toml").write_bytes(content)

    assert why_not_opened(tmp_path / "x.toml") is None
    assert why_not_opened(tmp_path / "gone.toml") is None

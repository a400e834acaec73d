from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core import cards
from core.cards import bundled_models, card_geometry, model_path, probe_file, read_card, subspace_cards, subspace_folder
from core.errors import UserError
from core.scene import Geometry


@pytest.fixture
def resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "subspaces/one"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(cards, "resource_folder", lambda name: tmp_path / name)
    return tmp_path


def test_a_bundled_model_is_found_by_its_name_and_another_by_its_path(resources: Path, tmp_path: Path) -> None:
    bundled = resources / "models" / "one.safetensors"
    mine = tmp_path / "mine.safetensors"
    for path in (bundled, mine):
        path.touch()

    assert bundled_models() == ["one"]
    assert model_path("one") == bundled
    assert model_path(str(mine)) == mine


def test_an_unknown_model_is_refused_with_the_names_that_there_are(resources: Path) -> None:
    with pytest.raises(UserError, match="no model “two”") as refusal:
        model_path("two")
    assert "none is bundled" in refusal.value.hint

    (resources / "models" / "one.safetensors").touch()
    with pytest.raises(UserError) as refusal:
        model_path("two")
    assert "one" in refusal.value.hint


def test_a_card_gives_the_canvas_of_its_model() -> None:
    assert card_geometry({"network": {"img_size": 64, "patch_size": 32}}) == Geometry(64, 32)


@pytest.mark.parametrize(
    "card", [{}, {"network": 3}, {"network": {"img_size": 224}}, {"network": {"img_size": "a", "patch_size": 2}}]
)
def test_a_card_without_a_canvas_is_refused(card: dict[str, object]) -> None:
    with pytest.raises(UserError, match="image and patch size"):
        card_geometry(card)


def test_the_cards_of_damaged_subspaces_are_left_out(resources: Path) -> None:
    folder = resources / "subspaces" / "one"
    texts = {
        "color-block1": json.dumps({"property": "color", "block": 1, "iia": 0.9}),
        "color-block2": "{",
        "color-block3": json.dumps({"property": "size", "block": 3, "iia": 0.9}),
        "color-block4": json.dumps({"property": "color", "block": "four", "iia": 0.9}),
        "color-block5": json.dumps([1]),
        "color-block6": json.dumps({"property": "color", "block": 6}),
        "color-block7": json.dumps({"property": "color", "block": 7, "iia": "high"}),
    }
    for name, text in texts.items():
        (folder / f"{name}.safetensors").touch()
        (folder / f"{name}.json").write_text(text)
    (folder / "shape-embed.safetensors").touch()

    assert set(subspace_cards("one")) == {("color", 1)}
    assert subspace_cards("none") == {}


def test_what_was_learned_on_a_model_lies_with_the_shipped_data_or_beside_its_weights(resources: Path) -> None:
    assert subspace_folder("one") == resources / "subspaces" / "one"
    assert probe_file("one") == resources / "probes" / "one.safetensors"
    assert subspace_folder("/far/mine.v2.safetensors") == Path("/far/mine.v2-subspaces")
    assert probe_file("/far/mine.v2.safetensors") == Path("/far/mine.v2-probes.safetensors")


def test_a_card_lies_beside_its_tensor_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "a"}')

    assert read_card(tmp_path / "a.safetensors") == {"name": "a"}


def test_reading_cards_loads_no_torch() -> None:
    program = "import sys, core.cards, core.runner; sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_checkpoint_of_another_kind_is_refused_by_its_kind_and_not_for_its_card(tmp_path: Path) -> None:
    (tmp_path / "vit.PTH").write_bytes(b"\x80\x02")

    with pytest.raises(UserError, match=r"checkpoints of this kind \(\.pth\) cannot be opened yet"):
        model_path(str(tmp_path / "vit.PTH"))


def test_what_was_learned_lies_beside_weights_whose_name_is_written_large(tmp_path: Path) -> None:
    weights = str(tmp_path / "MINE.SAFETENSORS")

    assert subspace_folder(weights) == tmp_path / "MINE-subspaces"
    assert probe_file(weights) == tmp_path / "MINE-probes.safetensors"

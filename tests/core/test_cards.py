from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core import locations
from core.cards import (
    card_geometry,
    card_labels,
    card_n_prefix,
    card_pixels,
    judges_relation,
    judging_models,
    read_card,
    relations_first,
    subspace_cards,
)
from core.errors import UserError
from core.families.model import geometry_of
from core.families.network import build_network
from core.locations import bundled_models, model_path, probe_file, probe_files, subspace_folder, subspace_folders
from core.stimuli.stimulus import Geometry


@pytest.fixture
def resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "subspaces/one"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(locations, "resource_folder", lambda name: tmp_path / name)
    return tmp_path


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(locations, "data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


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


@pytest.mark.parametrize(
    ("network", "geometry"),
    [
        ({"img_size": 64, "patch_size": 32}, Geometry(64, 32)),
        ({"img_size": [64, 64], "patch_size": [32, 32]}, Geometry(64, 32)),
        ({"img_size": 96}, Geometry(96, 16)),
        ({}, Geometry(224, 16)),
    ],
)
def test_a_card_gives_the_canvas_that_the_engine_opens(network: dict[str, Any], geometry: Geometry) -> None:
    assert card_geometry({"network": network}) == geometry
    assert geometry_of(build_network(network)) == geometry


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"network": 3},
        *(
            {"network": {"img_size": size}}
            for size in ("a", None, True, 64.5, 0, -16, 8, 10**9, [64], [64, 32], [64, "a"], [[64, 64], 64])
        ),
        {"network": {"img_size": 64, "patch_size": [16, 8]}},
        {"network": {"img_size": 70, "patch_size": 16}},
    ],
    ids=str,
)
def test_a_card_without_a_canvas_is_refused(card: dict[str, object]) -> None:
    with pytest.raises(UserError, match="image and patch size"):
        card_geometry(card)


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["different", "same"], (0, 1)),
        (["same", "different"], (1, 0)),
        (["Same", " DIFFERENT "], (1, 0)),
        (["unsure", "same", "different"], (2, 1, 0)),
        (["cat", "same"], (0, 1)),
        (["cat", "dog", "cow"], (0, 1, 2)),
    ],
)
def test_different_and_same_come_first_wherever_they_stand(labels: list[str], order: tuple[int, ...]) -> None:
    assert relations_first(labels) == order
    ordered = [labels[index] for index in order]
    assert judges_relation(ordered) == ({"same", "different"} <= {label.strip().casefold() for label in labels})


@pytest.mark.parametrize("labels", [None, "same", 2, [0, 1], ["same", None], ["", "same"], ["same", "Same "]], ids=str)
def test_labels_that_are_no_different_names_are_refused(labels: object) -> None:
    with pytest.raises(ValueError, match="label"):
        card_labels({"labels": labels})


@pytest.mark.parametrize("name", ["mean", "std"])
@pytest.mark.parametrize(
    "values", [None, 0.5, [0.5, 0.5], ["a", "b", "c"], [True, True, True], [127.5] * 3, [-0.5] * 3, [None] * 3], ids=str
)
def test_pixel_statistics_that_are_not_of_rgb_from_0_to_1_are_refused(name: str, values: object) -> None:
    with pytest.raises(ValueError, match=name):
        card_pixels({"mean": [0.5] * 3, "std": [0.5] * 3, name: values})


def test_a_standard_deviation_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match="std"):
        card_pixels({"mean": [0.5] * 3, "std": [0.5, 0, 0.5]})


def test_pixel_statistics_on_the_scale_to_255_are_told_apart() -> None:
    with pytest.raises(ValueError, match="divide by 255"):
        card_pixels({"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]})


@pytest.mark.parametrize(
    ("network", "n_prefix"),
    [
        ({}, 1),
        ({"class_token": False}, 0),
        ({"class_token": False, "reg_tokens": 4}, 4),
        ({"reg_tokens": 4}, 5),
        ({"reg_tokens": "four"}, 1),
        (None, 1),
    ],
)
def test_a_card_says_how_many_tokens_come_before_the_patches(network: object, n_prefix: int) -> None:
    assert card_n_prefix({"network": network}) == n_prefix


def test_the_cards_of_damaged_subspaces_are_left_out(resources: Path) -> None:
    (resources / "models" / "one.safetensors").touch()
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


def test_what_is_learned_on_a_bundled_model_goes_to_the_users_data_and_not_into_the_installation(
    resources: Path, data: Path
) -> None:
    (resources / "models" / "one.safetensors").touch()

    assert subspace_folder("one") == data / "subspaces" / "one"
    assert probe_file("one") == data / "probes" / "one.safetensors"
    assert subspace_folders("one") == (data / "subspaces" / "one", resources / "subspaces" / "one")
    assert probe_files("one") == (data / "probes" / "one.safetensors", resources / "probes" / "one.safetensors")


@pytest.mark.parametrize("name", ["mine.v2.safetensors", "mine.v2"])
def test_what_is_learned_on_weights_of_ones_own_lies_beside_them(data: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine.v2.safetensors").touch()

    assert subspace_folder(str(tmp_path / name)) == tmp_path / "mine.v2-subspaces"
    assert probe_file(str(tmp_path / name)) == tmp_path / "mine.v2-probes.safetensors"


def test_beside_weights_that_nothing_can_be_written_to_the_users_data_is_taken(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(folder: Path) -> None:
        raise UserError(f"Nothing can be written to {folder}.")

    a, b = (tmp_path / folder / "mine.safetensors" for folder in "ab")
    monkeypatch.setattr(locations, "check_folder", read_only)

    for kept, places in ((subspace_folder, subspace_folders), (probe_file, probe_files)):
        own = kept(str(a))
        assert data in own.parents
        assert own != kept(str(b)), "two models of one name share nothing"
        assert places(str(a))[0] == own
        assert places(str(a))[1].parent == a.parent


def test_what_was_once_kept_in_the_users_data_is_replaced_there(data: Path, tmp_path: Path) -> None:
    model = str(tmp_path / "mine.safetensors")
    own, _ = subspace_folders(model)
    own.mkdir(parents=True)

    assert subspace_folder(model) == own


def test_the_users_own_subspace_takes_the_place_of_the_shipped_one(resources: Path, data: Path) -> None:
    (resources / "models" / "one.safetensors").touch()
    for folder, block, iia in (("r", 1, 0.5), ("r", 2, 0.6), ("d", 1, 0.9)):
        path = subspace_folders("one")[folder == "r"] / f"color-block{block}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.with_suffix(".json").write_text(json.dumps({"property": "color", "block": block, "iia": iia}))

    assert {block: card["iia"] for (_, block), card in subspace_cards("one").items()} == {1: 0.9, 2: 0.6}


def test_the_suffix_of_a_model_may_be_left_out(resources: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.v2.safetensors"
    mine.touch()

    assert model_path(str(tmp_path / "mine.v2")) == mine


@pytest.mark.parametrize("suffix", [".json", ".checkpoint"])
def test_what_lies_beside_the_weights_is_not_taken_for_them(resources: Path, tmp_path: Path, suffix: str) -> None:
    for name in (".safetensors", suffix):
        (tmp_path / f"mine{name}").touch()

    with pytest.raises(UserError, match="holds no weights") as refusal:
        model_path(str(tmp_path / f"mine{suffix}"))
    assert "mine.safetensors" in refusal.value.hint


@pytest.mark.parametrize("reference", ["", ".", "..", "x" * 300, "a\0b", "folder/"])
def test_a_reference_that_can_be_no_file_is_refused(resources: Path, reference: str) -> None:
    with pytest.raises(UserError, match="There is no model"):
        model_path(reference)


def test_a_card_lies_beside_its_tensor_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "a"}')

    assert read_card(tmp_path / "a.safetensors") == {"name": "a"}


def test_reading_cards_loads_no_torch() -> None:
    program = "import sys, core.cards, core.runner; sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_checkpoint_of_another_kind_is_refused_by_its_kind_and_not_for_its_card(tmp_path: Path) -> None:
    (tmp_path / "vit.PTH").write_bytes(b"\x80\x02")

    with pytest.raises(UserError, match=r"checkpoint of this kind \(\.pth\) is not opened as it is"):
        model_path(str(tmp_path / "vit.PTH"))


def test_what_was_learned_lies_beside_weights_whose_name_is_written_large(tmp_path: Path) -> None:
    weights = str(tmp_path / "MINE.SAFETENSORS")

    assert subspace_folder(weights) == tmp_path / "MINE-subspaces"
    assert probe_file(weights) == tmp_path / "MINE-probes.safetensors"


def test_the_study_is_offered_for_models_that_judge_and_not_for_a_backbone() -> None:
    assert "dinov2-small" in bundled_models()
    assert set(bundled_models()) - set(judging_models()) == {"dinov2-small", "emoji"}

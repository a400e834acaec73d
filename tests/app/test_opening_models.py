"""The window reads a card as the engine does, and looks at the same patch of every model."""

from __future__ import annotations

import codecs
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from app import edits
from app.actions import COMMANDS
from app.desk import Desk
from app.live import Live
from app.store import Store
from core.demo import demo_document, demo_stimulus
from core.document import View
from core.errors import UserError
from core.examples import example_names, example_path
from core.questions import Failure
from core.stimuli.masks import mask_patches
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry, item_patches
from tests.app.answers import TINY, answer, question


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    """The demo, answered by a model with CLS alone before its patches; item A's last patch is looked at."""
    desk = Desk(Store(demo_document(), View(write=1, token=60)), create_autospec(Live, instance=True))
    desk.take(answer(desk, model=replace(TINY, name="discrimination")))
    return desk


def model(folder: Path, mark: bytes = b"", **network: Any) -> str:
    (folder / "mine.safetensors").touch()
    (folder / "mine.json").write_bytes(mark + json.dumps({"network": network}).encode())
    return str(folder / "mine.safetensors")


@pytest.mark.parametrize(
    ("network", "geometry"),
    [
        ({"img_size": [112, 112], "patch_size": [16, 16]}, Geometry(112, 16)),
        ({"img_size": 96, "patch_size": [32, 32]}, Geometry(96, 32)),
        ({"patch_size": 32}, Geometry(224, 32)),
        ({}, Geometry(224, 16)),
    ],
)
def test_sizes_in_pairs_or_left_to_timm_give_a_stimulus_of_the_models_size(
    desk: Desk, tmp_path: Path, network: dict[str, Any], geometry: Geometry
) -> None:
    edits.choose_model(desk, model(tmp_path, **network))

    assert desk.document.base.geometry == geometry


def test_a_card_with_a_byte_order_mark_opens(desk: Desk, tmp_path: Path) -> None:
    edits.choose_model(desk, model(tmp_path, codecs.BOM_UTF8, img_size=112))

    assert desk.document.base.geometry == Geometry(112, 16)


def test_a_card_of_a_huge_image_is_refused_before_a_picture_is_drawn(desk: Desk, tmp_path: Path) -> None:
    before = desk.document

    with pytest.raises(UserError, match="img_size is 1000000000"):
        edits.choose_model(desk, model(tmp_path, img_size=10**9))
    assert desk.document is before


@pytest.mark.parametrize(
    ("network", "shift"),
    [({}, 0), ({"class_token": False}, -1), ({"class_token": False, "reg_tokens": 4}, 3), ({"reg_tokens": 4}, 4)],
)
def test_the_patch_of_item_a_is_looked_at_whatever_comes_before_the_patches(
    desk: Desk, tmp_path: Path, network: dict[str, Any], shift: int
) -> None:
    edits.choose_model(desk, model(tmp_path, **network))

    assert desk.view.token == 60 + shift


def test_a_model_that_cannot_be_opened_leaves_the_token_that_was_looked_at(desk: Desk, tmp_path: Path) -> None:
    edits.choose_model(desk, model(tmp_path, class_token=False))
    failure = Failure(question(desk), "It does not fit.", "", "")

    edits.keep_model(desk, failure)

    assert (desk.document.model, desk.view.token) == ("discrimination", 60)


@pytest.mark.parametrize(
    "network", [{"patch_size": 14}, {"img_size": 384}, {"img_size": 448, "patch_size": 14}, {"patch_size": 8}], ids=str
)
def test_the_stimulus_is_laid_out_anew_for_another_grid_and_undo_brings_all_of_it_back(
    desk: Desk, tmp_path: Path, network: dict[str, Any]
) -> None:
    edits.swap_in_source(desk, "color")
    before = desk.document

    edits.choose_model(desk, model(tmp_path, **network))

    base, source = desk.document.base, desk.document.source
    assert base.geometry == source.geometry == Geometry(network.get("img_size", 224), network.get("patch_size", 16))
    for now, then in ((base, before.base), (source, before.source)):
        assert [(item.shape, item.color, item.seed) for item in now.items] == [
            (item.shape, item.color, item.seed) for item in then.items
        ]
    assert desk.view.token - 1 in item_patches(base.items[0], base.geometry), "item A is still looked at"
    desk.store.undo.undo()
    assert desk.document == before


def test_a_photo_goes_with_the_person_to_another_model(desk: Desk, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "teal").save(tmp_path / "sea.png")
    edits.show_photo(desk, tmp_path / "sea.png")
    desk.look(token=1 + 13 * 14 + 13)

    edits.choose_model(desk, model(tmp_path, img_size=448, patch_size=14))

    assert desk.document.base.photo.name == "sea.png"
    assert render(desk.document.base).shape == (448, 448, 3)
    assert desk.view.token == 1 + 29 * 32 + 29, "the same place of the picture"


def test_a_model_that_poses_no_task_leaves_the_items_as_many_as_they_are(desk: Desk, tmp_path: Path) -> None:
    edits.draw_match_to_sample(desk)

    edits.choose_model(desk, model(tmp_path, patch_size=32))

    assert len(desk.document.base.items) == 4
    file = Path(model(tmp_path, patch_size=32))
    card = json.loads(file.with_suffix(".json").read_text())
    file.with_suffix(".json").write_text(json.dumps({**card, "labels": ["Same", "different"]}))
    edits.choose_model(desk, str(file))
    assert desk.document.base == demo_stimulus("discrimination", Geometry(224, 32))


def test_items_that_have_no_room_leave_the_model_as_it_was(desk: Desk, tmp_path: Path) -> None:
    edits.draw_match_to_sample(desk)
    before = desk.document

    with pytest.raises(UserError, match="4 items do not fit"):
        edits.choose_model(desk, model(tmp_path, img_size=48))
    assert desk.document is before


def test_a_model_of_emoji_opens_on_its_example_with_a_token_of_it_looked_at_and_undo_brings_the_items_back(
    desk: Desk,
) -> None:
    before = desk.document

    edits.choose_model(desk, "emoji")

    photo = desk.document.base.photo
    assert [mask.label for mask in photo.masks] == ["cat"]
    assert desk.view.token - 1 in mask_patches(photo.masks[0], desk.document.base.geometry)
    desk.store.undo.undo()
    assert desk.document == before


def test_a_photo_stays_when_the_model_of_emoji_is_opened_and_when_it_is_left(desk: Desk, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300), "teal").save(tmp_path / "sea.png")
    edits.show_photo(desk, tmp_path / "sea.png")

    edits.choose_model(desk, "emoji")
    assert desk.document.base.photo.name == "sea.png"
    edits.choose_model(desk, "discrimination")

    assert desk.document.base.photo.name == "sea.png"


def test_the_example_of_a_model_gives_way_to_the_demo_of_the_next_and_any_other_example_stays(desk: Desk) -> None:
    edits.choose_model(desk, "emoji")
    edits.choose_model(desk, "rmts")
    assert desk.document.base == demo_stimulus("rmts")

    edits.choose_model(desk, "emoji")
    edits.show_photo(desk, example_path("dog"))
    edits.choose_model(desk, "rmts")

    assert desk.document.base.photo.name == "dog.png"


def test_every_example_picture_is_a_command_in_the_menu_of_stimuli(desk: Desk) -> None:
    commands = {command.text: command for command in COMMANDS if command.menu == "Stimulus ▸ Example pictures"}

    commands["Cat and pizza"].do(desk)

    assert len(commands) == len(example_names())
    assert [mask.label for mask in desk.document.base.photo.masks] == ["cat", "pizza"]

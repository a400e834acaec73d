from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.emoji import (
    COLUMNS,
    SIZES_PX,
    Placed,
    characters,
    clutter,
    cut_out,
    draw,
    emoji_pictures,
    labelled_pictures,
    place,
)
from core.errors import UserError
from core.jobs import emoji_pictures as maker
from core.locations import resource_folder
from core.stimuli.masks import mask_pixels
from core.stimuli.stimulus import Geometry
from tests.core.networks import tiny_model

SMALL = Geometry(64, 16)


def test_a_hundred_kinds_have_one_character_and_one_picture_each() -> None:
    kinds = characters()

    pictures = {cut_out(kind).tobytes() for kind in kinds}

    assert len(kinds) == len(set(kinds.values())) == len(pictures) == COLUMNS**2
    assert all(len(character) == 1 for character in kinds.values())
    assert all(max(cut_out(kind).size) >= 120 for kind in kinds), "an emoji fills its cell of the sheet"


def test_pictures_are_the_same_from_a_seed_and_share_no_ground_with_the_other_split() -> None:
    first, again, other_seed = ([*emoji_pictures("train", 4, seed, SMALL)] for seed in (3, 3, 4))
    test = [*emoji_pictures("test", 4, 3, SMALL)]

    assert first == again
    pixels = [example.stimulus.photo.pixels for example in (*first, *other_seed, *test)]
    assert len(set(pixels)) == len(pixels)


def test_every_hundred_pictures_hold_every_kind_once() -> None:
    labels = [example.label for example in emoji_pictures("train", 200, 0, Geometry(32, 16))]

    assert sorted(labels[:100]) == sorted(labels[100:]) == list(range(100))
    assert labels[:100] != labels[100:]


@pytest.mark.parametrize("kind", ["cat", "key", "rainbow"])
def test_the_mask_is_where_the_emoji_is(kind: str) -> None:
    rng = np.random.default_rng(5)
    ground, placed = clutter(rng, 224), place(kind, rng, 224)

    pixels, (mask,) = draw(ground, [placed])

    changed = (pixels != np.asarray(ground)).any(-1)
    assert (changed & mask).sum() > 0.98 * mask.sum(), "what is inside was drawn over"
    assert (changed & ~mask).sum() < 0.15 * mask.sum(), "outside there are at most half-covered edges"
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert placed.x_px <= columns[0] < columns[-1] < 224
    assert placed.y_px <= rows[0] < rows[-1] < 224
    assert SIZES_PX[0] * 0.7 < max(np.ptp(rows), np.ptp(columns)) < SIZES_PX[1] * 1.4


def test_what_stands_in_front_hides_what_is_behind() -> None:
    ground = Image.new("RGB", (224, 224), "white")
    _, (alone,) = draw(ground, [Placed("cat", 100, 40, 40)])

    _, (cat, pizza) = draw(ground, [Placed("cat", 100, 40, 40), Placed("pizza", 100, 80, 80)])

    assert not (cat & pizza).any()
    assert 0 < cat.sum() < alone.sum()


def test_labels_are_found_by_name_whatever_their_order_in_the_head() -> None:
    backward = tuple(reversed(characters()))
    model = replace(tiny_model(num_classes=100), labels=backward)

    examples = list(islice(labelled_pictures(model, 50, seed=1), 3))

    for example in examples:
        photo = example.stimulus.photo
        (mask,) = photo.masks
        assert backward[example.label] == example.condition == mask.label
        assert mask_pixels(mask, 64).any()
        assert example.stimulus.geometry == model.geometry


def test_there_are_no_labelled_pictures_for_other_classes() -> None:
    with pytest.raises(UserError, match="no labelled pictures"):
        labelled_pictures(tiny_model(), 10)


def test_an_example_picture_ships_for_every_one_that_is_made() -> None:
    folder = resource_folder("examples")

    made = {file for name in maker.EXAMPLES for file in maker.example_files(name)}

    assert made == {path.name for path in folder.glob("*.png")}


def test_without_the_font_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(UserError, match="not installed") as caught:
        maker.find_font()
    assert "fonts-noto-color-emoji" in caught.value.hint


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_text("no font")

    with pytest.raises(UserError, match="could not be read as a font"):
        maker.make_sheet(tmp_path / "font.ttf")

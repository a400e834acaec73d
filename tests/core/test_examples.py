from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.emoji import characters
from core.errors import UserError
from core.examples import example_names, example_path, example_stimulus, example_words
from core.stimuli.masks import LABELS
from core.stimuli.render import open_photo
from core.stimuli.stimulus import Geometry
from core.stimuli.tokens import patches_of_items

CANVAS = Geometry(224, 14)


@pytest.mark.parametrize("name", example_names())
def test_an_example_opens_with_masks_that_are_named_by_their_kinds(name: str) -> None:
    stimulus = example_stimulus(name, CANVAS)

    labels = [mask.label for mask in stimulus.photo.masks]
    assert labels
    assert set(labels) <= set(characters())
    assert labels[0].split()[0] in name
    assert all(patches_of_items(stimulus))
    assert example_path(name).stat().st_size <= 40_000


def test_there_are_examples_of_two_kinds_in_one_picture() -> None:
    stimulus = example_stimulus("cat-and-pizza", CANVAS)

    assert [mask.label for mask in stimulus.photo.masks] == ["cat", "pizza"]
    assert len(example_names()) == 24
    assert example_words("cat-and-pizza") == "Cat and pizza"


def test_an_example_that_is_dropped_from_elsewhere_keeps_its_names(tmp_path: Path) -> None:
    for path in example_path("cat-and-pizza").parent.glob("cat-and-pizza*"):
        shutil.copy(path, tmp_path)

    photo = open_photo(tmp_path / "cat-and-pizza.png", CANVAS)

    assert [mask.label for mask in photo.masks] == ["cat", "pizza"]


def test_names_for_other_numbers_of_objects_are_left_aside(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "two.png")
    levels = np.zeros((32, 32), np.uint8)
    levels[:8], levels[-8:] = 1, 2
    names = PngInfo()
    names.add_text(LABELS, "cat")
    Image.fromarray(levels).save(tmp_path / "two.mask.png", pnginfo=names)

    photo = open_photo(tmp_path / "two.png", Geometry(32, 16))

    assert [mask.label for mask in photo.masks] == ["object 1", "object 2"]


def test_an_example_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError):
        example_stimulus("a-yeti", CANVAS)

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.document import Document, delete_item
from core.errors import UserError
from core.interventions.drop_tokens import DropTokens
from core.stimuli.masked_folder import masked_pictures
from core.stimuli.masks import mask_cover, mask_of, mask_patches, mask_pixels
from core.stimuli.relayout import laid_out
from core.stimuli.render import open_photo, render
from core.stimuli.stimulus import Geometry, Photo, Stimulus
from core.stimuli.tokens import patches_of_items, tokens_of_items

SMALL = Geometry(64, 16)


def inside(*boxes: tuple[int, int, int, int], side: int = 64) -> np.ndarray:
    """Pixels [S, S], True in boxes (left, top, right, bottom)."""
    pixels = np.zeros((side, side), np.bool_)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = True
    return pixels


def masked(*boxes: tuple[int, int, int, int]) -> Stimulus:
    """A grey photo with one mask for each box."""
    masks = tuple(mask_of(f"thing {n}", inside(box)) for n, box in enumerate(boxes))
    return Stimulus((), SMALL, Photo(bytes([128]) * (64 * 64 * 3), "grey.png", masks=masks))


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@given(st.integers(0, 2**32), st.sampled_from([1, 7, 16, 64]))
def test_a_mask_gives_back_its_pixels_and_is_equal_to_one_made_alike(seed: int, side: int) -> None:
    pixels = np.random.default_rng(seed).random((side, side)) < 0.5

    mask = mask_of("dog", pixels)

    assert (mask_pixels(mask, side) == pixels).all()
    assert mask == mask_of("dog", pixels.copy())
    assert hash(mask) == hash(mask_of("dog", pixels.copy()))
    assert mask != mask_of("dog", ~pixels)


def test_tokens_of_a_mask_are_the_patches_that_it_covers_by_half() -> None:
    stimulus = masked((0, 0, 16, 24), (16, 16, 39, 32))  # patch 0 and half of 4; patch 5 and less than half of 6

    assert patches_of_items(stimulus) == ((0, 4), (5,))
    assert tokens_of_items(stimulus, 5) == ((5, 9), (10,))


def test_a_mask_smaller_than_half_a_patch_has_the_token_that_it_covers_most() -> None:
    assert patches_of_items(masked((31, 30, 34, 37))) == ((10,),)
    assert mask_patches(mask_of("nothing", inside()), SMALL) == ()


def test_shares_of_patches_add_up_to_the_area_of_a_mask() -> None:
    mask = mask_of("thing", inside((3, 5, 40, 50)))

    assert mask_cover(mask, SMALL).sum() * 16**2 == 37 * 45


@pytest.mark.parametrize(("width", "height"), [(320, 200), (200, 320), (64, 64), (31, 47)])
def test_picture_and_mask_are_cropped_and_resized_alike(tmp_path: Path, width: int, height: int) -> None:
    levels = np.zeros((height, width))
    levels[height // 3 : height // 2, width // 4 : width // 2] = 3
    save(tmp_path / "dog.png", np.where(levels[..., None] > 0, 255, 0) * np.ones(3))
    save(tmp_path / "dog.mask.png", levels)

    photo = open_photo(tmp_path / "dog.png", SMALL)

    (mask,) = photo.masks
    assert mask.label == "object 3"
    bright = render(Stimulus((), SMALL, photo)).mean(-1) > 127
    assert (mask_pixels(mask, 64) != bright).mean() < 0.02, "they differ at edges alone"
    assert mask_pixels(mask, 64).any()


def test_every_grey_level_above_zero_is_an_object(tmp_path: Path) -> None:
    levels = np.zeros((64, 64))
    levels[:16, :16], levels[32:48, 16:32] = 1, 200
    save(tmp_path / "two.mask.png", levels)
    save(tmp_path / "two.jpg", np.full((64, 64, 3), 90))

    photo = open_photo(tmp_path / "two.jpg", SMALL)

    assert [mask.label for mask in photo.masks] == ["object 1", "object 200"]
    assert patches_of_items(Stimulus((), SMALL, photo)) == ((0,), (9,))


def test_a_palette_of_colours_numbers_objects_by_its_entries(tmp_path: Path) -> None:
    indexed = Image.fromarray(np.pad(np.full((16, 16), 7, np.uint8), (0, 48)))
    indexed.putpalette([channel for entry in range(256) for channel in (entry, 255 - entry, 0)])
    indexed.save(tmp_path / "a.mask.png")
    save(tmp_path / "a.png", np.full((64, 64, 3), 90))

    (mask,) = open_photo(tmp_path / "a.png", SMALL).masks

    assert (mask.label, mask_patches(mask, SMALL)) == ("object 7", (0,))


OBJECT = inside((0, 0, 16, 16)).astype(np.uint8)
CLEAR = {
    "LA": (Image.merge("LA", (Image.new("L", (64, 64), 5), Image.fromarray(OBJECT * 255))), {}),
    "RGBA": (Image.merge("RGBA", (*[Image.new("L", (64, 64), 5)] * 3, Image.fromarray(OBJECT * 255))), {}),
    "P, one entry": (Image.fromarray(np.where(OBJECT, 5, 9).astype(np.uint8)), {"transparency": 9}),
    "P, each entry": (Image.fromarray(np.where(OBJECT, 5, 1).astype(np.uint8)), {"transparency": b"\xff\x00\xff"}),
    "L": (Image.fromarray(np.where(OBJECT, 5, 200).astype(np.uint8)), {"transparency": 200}),
    "RGB": (Image.fromarray(np.where(OBJECT, 5, 200).astype(np.uint8)).convert("RGB"), {"transparency": (200,) * 3}),
    "I;16": (Image.fromarray(np.where(OBJECT, 5, 2000).astype(np.uint16)), {"transparency": 2000}),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_nothing_is_where_a_mask_is_see_through(tmp_path: Path, kind: str) -> None:
    image, options = CLEAR[kind]
    if kind.startswith("P"):
        image = image.copy()
        image.putpalette([level for entry in range(16) for level in (entry, 0, 0)])
    image.save(tmp_path / "a.mask.png", **options)
    save(tmp_path / "a.png", np.full((64, 64, 3), 90))

    (mask,) = open_photo(tmp_path / "a.png", SMALL).masks

    assert (mask.label, mask_patches(mask, SMALL)) == ("object 5", (0,))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_mask_in_a_tiff_in_which_white_is_zero_is_not_turned_inside_out(tmp_path: Path, dtype: type) -> None:
    white_is_zero, most = {262: 0}, np.iinfo(dtype).max
    drawn = OBJECT.astype(dtype) * most
    stored = drawn if dtype is np.uint8 else most - drawn  # pillow itself turns those of 8 bits round
    Image.fromarray(stored).save(tmp_path / "target.tif", tiffinfo=white_is_zero)
    save(tmp_path / "a.png", np.full((64, 64, 3), 90))

    (mask,) = open_photo(tmp_path / "a.png", SMALL, {"target": tmp_path / "target.tif"}).masks

    assert mask_patches(mask, SMALL) == (0,)


def test_what_lies_outside_the_shown_square_is_left_out(tmp_path: Path) -> None:
    levels = np.zeros((64, 192))
    levels[:, :32], levels[:, 96:] = 1, 2
    save(tmp_path / "wide.mask.png", levels)
    save(tmp_path / "wide.png", np.full((64, 192, 3), 90))

    assert [mask.label for mask in open_photo(tmp_path / "wide.png", SMALL).masks] == ["object 2"]


def test_a_thin_object_does_not_vanish(tmp_path: Path) -> None:
    levels = np.zeros((640, 640))
    levels[:, 321] = 1
    save(tmp_path / "hair.mask.png", levels)
    save(tmp_path / "hair.png", np.full((640, 640, 3), 90))

    (mask,) = open_photo(tmp_path / "hair.png", SMALL).masks

    assert mask_patches(mask, SMALL)


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (np.ones((64, 63)), r"The mask dog.mask.png in .* has 63×64 px, and its picture 64×64"),
        (np.arange(4096).reshape(64, 64) % 200, "numbers 199 objects"),
        (np.dstack([np.full((64, 64), level) for level in (1, 2, 3)]), "in colour, and a mask is grey"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused_in_words(tmp_path: Path, levels: np.ndarray, words: str) -> None:
    save(tmp_path / "dog.png", np.full((64, 64, 3), 90))
    save(tmp_path / "dog.mask.png", levels)

    with pytest.raises(UserError, match=words):
        open_photo(tmp_path / "dog.png", SMALL)


def test_masks_go_with_their_photo_to_another_canvas() -> None:
    anew = laid_out(masked((0, 0, 32, 32), (48, 48, 64, 64)), Geometry(128, 32))

    assert anew.photo is not None
    assert patches_of_items(anew) == ((0, 1, 4, 5), (15,))
    assert (mask_pixels(anew.photo.masks[0], 128) == inside((0, 0, 64, 64), side=128)).all()


def test_deleting_a_mask_leaves_the_others_and_takes_its_edits_alone() -> None:
    base = masked((0, 0, 16, 16), (16, 16, 32, 32), (32, 32, 48, 48))
    edits = tuple(DropTokens(0, "item", item) for item in range(3))

    left = delete_item(Document("m", base, None, edits), "base", 1)

    assert patches_of_items(left.base) == ((0,), (10,))
    assert left.interventions == (edits[0], replace(edits[2], item=1))
    assert left.base.photo is not None
    assert left.base.photo.pixels == base.photo.pixels


def test_a_folder_gives_pictures_with_target_and_distractors(tmp_path: Path) -> None:
    for name in ("b", "a"):
        save(tmp_path / "images" / f"{name}.png", np.full((64, 64, 3), 90))
        save(tmp_path / "targ_labels" / f"{name}.png", inside((0, 0, 16, 16)) * 255)
        save(tmp_path / "dist_labels" / f"{name}.png", inside((32, 0, 64, 16)))
    save(tmp_path / "images" / "alone.png", np.full((64, 64, 3), 90))

    found = masked_pictures(tmp_path)

    assert [entry.picture.name for entry in found] == ["a.png", "b.png"]
    stimulus = found[0].stimulus(SMALL)
    assert stimulus.photo is not None
    assert [mask.label for mask in stimulus.photo.masks] == ["target", "distractors"]
    assert patches_of_items(stimulus) == ((0,), (2, 3))


def test_a_folder_with_a_mask_of_another_size_says_so(tmp_path: Path) -> None:
    save(tmp_path / "images" / "a.png", np.full((64, 64, 3), 90))
    save(tmp_path / "targ_labels" / "a.png", np.ones((32, 32)))
    save(tmp_path / "dist_labels" / "a.png", np.ones((64, 64)))

    with pytest.raises(UserError, match=r"The mask a\.png in targ_labels has 32×32 px, and its picture 64×64"):
        masked_pictures(tmp_path)[0].stimulus(SMALL)


def test_a_folder_without_masks_says_what_belongs_in_it(tmp_path: Path) -> None:
    save(tmp_path / "images" / "a.png", np.full((64, 64, 3), 90))

    with pytest.raises(UserError, match="targ_labels could not be listed"):
        masked_pictures(tmp_path)

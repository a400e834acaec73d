"""A picture that is not square is kept, and which square of it is shown can be chosen at any time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.stimuli.crops import KEPT_PX, check_crop, cropped, middle, whole_picture, within
from core.stimuli.masks import mask_of, mask_pixels
from core.stimuli.paint import layer_of, layer_pixels
from core.stimuli.render import open_photo, render
from core.stimuli.stimulus import Crop, Geometry, Photo, Stimulus

GEOMETRY = Geometry(64, 16)


def wide(folder: Path, size: tuple[int, int] = (192, 64)) -> Path:
    """Red, green and blue, side by side."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    third = size[0] // 3
    for channel in range(3):
        pixels[:, channel * third : (channel + 1) * third, channel] = 255
    Image.fromarray(pixels).save(folder / "wide.png")
    return folder / "wide.png"


@pytest.fixture
def shown(tmp_path: Path) -> Stimulus:
    return Stimulus((), GEOMETRY, open_photo(wide(tmp_path), GEOMETRY, whole=True))


def photo_of(stimulus: Stimulus) -> Photo:
    assert stimulus.photo is not None
    return stimulus.photo


def test_a_wide_picture_opens_on_its_middle_and_is_kept_whole(shown: Stimulus) -> None:
    assert photo_of(shown).crop == Crop(64, 0, 64)
    assert whole_picture(photo_of(shown).whole).size == (192, 64)
    assert (render(shown) == (0, 255, 0)).all()


def test_another_square_of_it_is_shown(shown: Stimulus) -> None:
    left = cropped(shown, Crop(0, 0, 64))

    assert (render(left) == (255, 0, 0)).all()
    assert cropped(left, Crop(64, 0, 64)) == shown, "and back"


def test_a_square_that_reaches_beyond_is_moved_in(shown: Stimulus) -> None:
    assert photo_of(cropped(shown, Crop(500, -9, 900))).crop == Crop(128, 0, 64)
    assert within(Crop(5, 5, 1), (192, 64)) == Crop(5, 5, 16)


def test_a_smaller_square_shows_it_larger(shown: Stimulus) -> None:
    close = render(cropped(shown, Crop(48, 0, 32)))

    assert (close[:, :30] == (255, 0, 0)).all()
    assert (close[:, 34:] == (0, 255, 0)).all()


def test_masks_and_paint_stay_on_what_they_are_on(shown: Stimulus) -> None:
    inside = np.zeros((64, 64), np.bool_)
    inside[:, :32] = True
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:, :32] = (1, 2, 3, 255)
    photo = replace(photo_of(shown), masks=(mask_of("left half", inside),))
    marked = replace(shown, photo=photo, paint=layer_of(rgba))

    moved = cropped(marked, Crop(48, 0, 64))

    expected = np.zeros((64, 64), np.bool_)
    expected[:, 16:48] = True
    assert (mask_pixels(photo_of(moved).masks[0], 64) == expected).all()
    assert ((layer_pixels(moved.paint, 64)[..., 3] > 0) == expected).all()


def test_a_mask_beyond_the_square_goes(shown: Stimulus) -> None:
    inside = np.zeros((64, 64), np.bool_)
    inside[5, :3] = True
    marked = replace(shown, photo=replace(photo_of(shown), masks=(mask_of("left edge", inside),)))

    assert photo_of(cropped(marked, Crop(128, 0, 64))).masks == ()


def test_a_square_picture_is_not_kept_twice(tmp_path: Path) -> None:
    photo = open_photo(wide(tmp_path, (90, 90)), GEOMETRY, whole=True)

    assert (photo.whole, photo.crop) == (b"", None)
    assert cropped(Stimulus((), GEOMETRY, photo), Crop(0, 0, 20)).photo is photo


def test_of_many_pictures_none_is_kept_whole(tmp_path: Path) -> None:
    photo = open_photo(wide(tmp_path), GEOMETRY)

    assert (photo.whole, photo.crop) == (b"", None)


def test_a_large_picture_is_kept_smaller(tmp_path: Path) -> None:
    photo = open_photo(wide(tmp_path, (1536, 900)), GEOMETRY, whole=True)

    assert whole_picture(photo.whole).size == (KEPT_PX, 450)
    assert photo.crop == middle((KEPT_PX, 450)) == Crop(159, 0, 450)


def test_a_crop_beside_its_picture_is_refused(shown: Stimulus) -> None:
    with pytest.raises(ValueError, match="cropped where it has nothing"):
        check_crop(replace(photo_of(shown), crop=Crop(190, 0, 64)))
    with pytest.raises(ValueError, match="no picture that can be read"):
        check_crop(replace(photo_of(shown), whole=b"\x89PNG\r\n\x1a\n"))

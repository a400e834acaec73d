"""What is painted by hand lies over the picture, and the network receives both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.demo import demo_document
from core.differences import differences
from core.document import make_counterfactual, move_item, reroll_noise, with_stimulus
from core.stimuli.counterfactuals import counterfactual_source
from core.stimuli.paint import layer_of, layer_pixels, on_canvas, over
from core.stimuli.relayout import laid_out
from core.stimuli.render import render
from core.stimuli.stimulus import Geometry, Layer, Photo, Stimulus, truth
from core.stimuli.strokes import Ink, inked, rectangle

SIDE = 224
RED = Ink((200, 10, 10))


def a_layer() -> Layer:
    layer = inked(None, rectangle((10, 20), (30, 60), SIDE), RED)
    assert layer is not None
    return layer


def painted() -> Stimulus:
    return replace(demo_document().base, paint=a_layer())


def test_paint_changes_its_own_pixels_and_no_others() -> None:
    before, after = render(demo_document().base), render(painted())

    assert (after[20:60, 10:30] == (200, 10, 10)).all()
    after[20:60, 10:30] = before[20:60, 10:30]
    assert (after == before).all()


def test_paint_lies_over_a_photo_too() -> None:
    photo = Photo(bytes(3 * SIDE**2), "black.png")

    shown = render(Stimulus((), Geometry(), photo, a_layer()))

    assert (shown[20:60, 10:30] == (200, 10, 10)).all()
    assert shown.sum() == 40 * 20 * 220


def test_half_see_through_paint_is_mixed_to_the_nearest_level() -> None:
    picture, rgba = np.full((4, 4, 3), 255, np.uint8), np.zeros((4, 4, 4), np.uint8)
    rgba[1, 2] = (0, 100, 255, 128)

    mixed = over(picture, rgba)

    assert mixed[1, 2].tolist() == [127, 177, 255]
    assert (np.delete(mixed.reshape(16, 3), 6, axis=0) == 255).all()


def test_what_is_wholly_see_through_is_no_layer() -> None:
    rgba = np.full((8, 8, 4), 7, np.uint8)
    rgba[..., 3] = 0

    assert layer_of(rgba) is None


def test_equal_pixels_are_equal_layers_whatever_lies_where_nothing_is_seen() -> None:
    one, other = np.zeros((8, 8, 4), np.uint8), np.full((8, 8, 4), 9, np.uint8)
    other[..., 3] = 0
    one[3, 3] = other[3, 3] = (1, 2, 3, 4)

    assert layer_of(one) == layer_of(other)
    assert hash(layer_of(one)) == hash(layer_of(other))


def test_a_layer_of_another_size_or_that_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="as large as its canvas"):
        layer_pixels(a_layer(), 112)
    with pytest.raises(ValueError, match="no picture"):
        layer_pixels(Layer(b"\x89PNG\r\n\x1a\n and then nothing"), SIDE)


def test_a_larger_canvas_has_the_paint_in_the_same_place() -> None:
    larger = on_canvas(a_layer(), SIDE, 2 * SIDE)

    alpha = layer_pixels(larger, 2 * SIDE)[..., 3]
    assert (alpha[40:120, 20:60] == 255).all()
    assert (alpha > 0).sum() == 80 * 40


def test_a_model_with_another_canvas_gets_the_paint_as_well() -> None:
    there = laid_out(painted(), Geometry(112, 16))

    assert (render(there)[10:30, 5:15] == (200, 10, 10)).all()
    assert len(there.items) == 2


def test_paint_leaves_what_is_true_of_the_items() -> None:
    assert truth(painted()) == truth(demo_document().base)


def test_paint_stays_as_items_move_and_get_new_noise() -> None:
    moved = move_item(painted(), 0, 96, 96)

    assert moved.paint == reroll_noise(painted(), 3).paint == a_layer()


def test_a_counterfactual_is_painted_over_as_its_base_is() -> None:
    document = with_stimulus(demo_document(), "base", painted())

    source = make_counterfactual(document, "color", 1).source

    plain = counterfactual_source(demo_document().base, "color", np.random.default_rng(1))
    assert source == replace(plain, paint=a_layer())


def test_the_difference_between_two_states_says_that_one_is_painted_over() -> None:
    plain = demo_document()
    over_it = with_stimulus(plain, "base", painted())
    more = with_stimulus(
        plain, "base", replace(painted(), paint=inked(a_layer(), rectangle((0, 0), (5, 5), SIDE), RED))
    )

    assert differences(plain, over_it) == ("painted over",)
    assert differences(over_it, more) == ("painted on",)
    assert differences(over_it, plain) == ("paint: none left",)

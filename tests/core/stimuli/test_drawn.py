"""Paint, and objects of a photo that a hand marks: they are its items, A, B, …, as far as tokens go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.document import Document, View
from core.documents.files import from_bytes, to_bytes
from core.documents.work import Work
from core.errors import UserError
from core.stimuli.drawn import erase_paint, mark_object, paint_with, rename_object, stamp
from core.stimuli.masks import mask_pixels
from core.stimuli.render import item_insides, render
from core.stimuli.stimulus import ITEM_LETTERS, Geometry, Item, Photo, Stimulus, n_items
from core.stimuli.strokes import Cover, Ink, no_cover, rectangle
from core.stimuli.tokens import patches_of_items

SIDE = 64
GEOMETRY = Geometry(SIDE, 16)
GREY = Stimulus((), GEOMETRY, Photo(bytes([90]) * 3 * SIDE**2, "grey.png"))


def marked(stimulus: Stimulus, cover: Cover, index: int = -1, *, take: bool = False) -> Stimulus:
    found = mark_object(stimulus, cover, index, take=take)
    assert found is not None
    return found


def labels(stimulus: Stimulus) -> list[str]:
    assert stimulus.photo is not None
    return [mask.label for mask in stimulus.photo.masks]


def test_what_is_marked_is_an_item_with_the_tokens_under_it() -> None:
    one = marked(GREY, rectangle((0, 0), (32, 16), SIDE))
    two = marked(one, rectangle((32, 32), (64, 64), SIDE))

    assert labels(two) == ["object 1", "object 2"]
    assert n_items(two) == 2
    assert patches_of_items(two) == ((0, 1), (10, 11, 14, 15))
    assert (render(two) == 90).all(), "marking changes no pixel"


def test_more_and_less_of_an_object_can_be_marked() -> None:
    one = marked(GREY, rectangle((0, 0), (32, 16), SIDE))

    more = marked(one, rectangle((32, 0), (48, 16), SIDE), 0)
    less = marked(more, rectangle((0, 0), (16, 16), SIDE), 0, take=True)

    assert patches_of_items(more) == ((0, 1, 2),)
    assert patches_of_items(less) == ((1, 2),)


def test_nothing_covered_or_nothing_left_marks_nothing() -> None:
    one = marked(GREY, rectangle((0, 0), (32, 16), SIDE))

    assert mark_object(one, no_cover(SIDE)) is None
    assert mark_object(one, np.full((SIDE, SIDE), 255, np.uint8), 0, take=True) is None
    assert mark_object(Stimulus((), GEOMETRY), rectangle((0, 0), (9, 9), SIDE)) is None


def test_there_are_as_many_objects_as_letters() -> None:
    full = GREY
    for _ in ITEM_LETTERS:
        full = marked(full, rectangle((0, 0), (9, 9), SIDE))

    with pytest.raises(UserError, match="already 26 objects"):
        mark_object(full, rectangle((0, 0), (9, 9), SIDE))


def test_an_object_gets_another_name_and_keeps_its_pixels() -> None:
    one = marked(GREY, rectangle((0, 0), (32, 16), SIDE))

    renamed = rename_object(one, 0, "a dog")

    assert labels(renamed) == ["a dog"]
    assert patches_of_items(renamed) == patches_of_items(one)


def test_an_item_placed_on_a_photo_is_painted_and_is_an_object() -> None:
    item = Item(6, 3, 16, 16, seed=4)

    stamped = stamp(GREY, item)

    alone = Stimulus((item,), GEOMETRY)
    inside = item_insides(alone)[0]
    assert (render(stamped)[inside] == render(alone)[inside]).all()
    assert (render(stamped)[~inside] == 90).all()
    assert labels(stamped) == ["indigo star"]
    assert stamped.photo is not None
    assert (mask_pixels(stamped.photo.masks[0], SIDE) == inside).all()


def test_paint_and_eraser_leave_the_photo() -> None:
    cover = rectangle((0, 0), (9, 9), SIDE)

    painted = paint_with(GREY, cover, Ink((1, 2, 3)))

    assert painted.photo == GREY.photo
    assert erase_paint(painted, cover) == GREY


def test_a_document_keeps_objects_and_paint_through_a_file() -> None:
    base = stamp(rename_object(marked(GREY, rectangle((0, 0), (32, 16), SIDE)), 0, "a dog"), Item(6, 3, 16, 16))
    document = Document("discrimination", base, replace(base, paint=None))
    work = Work(document, View())

    assert from_bytes(to_bytes(work)).document == document

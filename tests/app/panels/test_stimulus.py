"""What stands under the canvas."""

from __future__ import annotations

from app.panels.stimulus import _note
from core.stimuli.stimulus import Photo, Stimulus


def test_what_must_be_known_of_a_photo_stands_under_it() -> None:
    assert _note(Stimulus(photo=Photo(b"", "a.tiff", "It uses 12 of its 16 bits."))) == "It uses 12 of its 16 bits."
    assert _note(Stimulus(photo=Photo(b"", "a.png"))) == "M, N or K marks objects, I paints an item."

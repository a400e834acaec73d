"""The example pictures that ship, with masks: what a model of many classes opens on."""

from __future__ import annotations

from pathlib import Path

from core.locations import resource_folder
from core.stimuli.masks import MASK_SUFFIX
from core.stimuli.render import open_photo
from core.stimuli.stimulus import Geometry, Stimulus


def example_names() -> list[str]:
    """The names of the example pictures, in the order of the alphabet."""
    pictures = resource_folder("examples").glob("*.png")
    return sorted(path.stem for path in pictures if not path.name.endswith(MASK_SUFFIX))


def example_words(name: str) -> str:
    """The name of an example picture as a menu has it."""
    return name.replace("-", " ").capitalize()


def example_path(name: str) -> Path:
    """The file of an example picture, whether it is there or not."""
    return resource_folder("examples") / f"{name}.png"


def example_stimulus(name: str, geometry: Geometry) -> Stimulus:
    """An example picture as a stimulus, with its masks.

    Raises UserError where it is not there.
    """
    return Stimulus((), geometry, open_photo(example_path(name), geometry))

"""A folder of pictures, each with the mask of its target and that of its distractors, as the O3 data set is laid out:
`images/`, `targ_labels/` and `dist_labels/`, with files of equal names.

Source of the layout: Kotseruba et al. 2019, the data set of odd-one-out pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.stimuli.render import open_photo
from core.stimuli.stimulus import DISTRACTORS, TARGET, Geometry, Stimulus

IMAGES = "images"
LABELS = {TARGET: "targ_labels", DISTRACTORS: "dist_labels"}


@dataclass(frozen=True, slots=True)
class MaskedPicture:
    """A picture file and the mask files of its target and its distractors."""

    picture: Path
    masks: tuple[tuple[str, Path], ...]

    def stimulus(self, geometry: Geometry) -> Stimulus:
        """The picture as a stimulus; a mask that lies outside the square that is shown is left out.

        Raises UserError where a file cannot be read, or a mask is not as large as the picture.
        """
        return Stimulus((), geometry, open_photo(self.picture, geometry, dict(self.masks)))


def masked_pictures(folder: Path) -> list[MaskedPicture]:
    """The pictures of a folder that have both masks, by name; the ends of names may differ.

    Raises UserError where it is not laid out so, or has no such picture.
    """
    pictures = _files(folder / IMAGES)
    labels = {label: _files(folder / name) for label, name in LABELS.items()}
    found = [
        MaskedPicture(path, tuple((label, files[stem]) for label, files in labels.items()))
        for stem, path in pictures.items()
        if all(stem in files for files in labels.values())
    ]
    if not found:
        raise UserError(
            f"No picture in {folder} has a mask of its target and one of its distractors.",
            "Give files of equal names to " + ", ".join([IMAGES, *LABELS.values()]) + ".",
        )
    return found


def _files(folder: Path) -> dict[str, Path]:
    """The files of a folder by their names without ends."""
    try:
        return {path.stem: path for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
    except OSError as error:
        wanted = ", ".join([IMAGES, *LABELS.values()])
        raise UserError(f"{folder} could not be listed.", f"A folder of pictures with masks has {wanted}.") from error

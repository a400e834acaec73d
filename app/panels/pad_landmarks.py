"""The landmarks of a pad: the means of all colours or shapes, as the pad draws and names them."""

from __future__ import annotations

import numpy as np

from app.panels.palette import color_chips, shape_chips
from app.widgets.pad import Landmark
from app.widgets.painted import same_values
from core.analyses.pad import PadPlaces
from core.stimuli.render import shape_name
from core.stimuli.stimulus import COLOR_NAMES, ITEM_LETTERS, Property

FAR_SIGMA = 3.0


class Landmarks:
    """Those of each property, made again only where they moved: they stand still while answers come and go."""

    def __init__(self) -> None:
        self._made: dict[Property, tuple[PadPlaces, tuple[Landmark, ...]]] = {}

    def of(self, pad: PadPlaces) -> tuple[Landmark, ...]:
        """The landmarks of a pad, each with its 1-σ ellipse."""
        made_of, landmarks = self._made.get(pad.property, (None, ()))
        if made_of is None or not _are_alike(made_of, pad):
            landmarks = _landmarks_of(pad)
            self._made[pad.property] = (pad, landmarks)
        return landmarks


def nearest(pad: PadPlaces, point: np.ndarray) -> str:
    """The name of the landmark nearest to a place [2] on a pad."""
    index = int(((pad.landmarks - point) ** 2).sum(1).argmin())
    return COLOR_NAMES[index] if pad.property == "color" else shape_name(index)


def landed(pad: PadPlaces, item: int) -> str:
    """Where an item is on a pad after its edits, in words."""
    index = max(0, min(item, len(pad.now) - 1))
    far = " · far from anything seen" if pad.distance[index] > FAR_SIGMA else ""
    return f"{ITEM_LETTERS[index]} near “{nearest(pad, pad.now[index])}”{far}"


def _are_alike(one: PadPlaces, other: PadPlaces) -> bool:
    return same_values(one.landmarks, other.landmarks) and same_values(one.ellipses, other.ellipses)


def _landmarks_of(pad: PadPlaces) -> tuple[Landmark, ...]:
    chips = color_chips() if pad.property == "color" else shape_chips()
    values, vectors = np.linalg.eigh(np.asarray(pad.ellipses, dtype=np.float64))  # [16, 2], [16, 2, 2]
    sigmas = np.sqrt(np.maximum(values, 0.0))
    angles_deg = np.degrees(np.arctan2(vectors[:, 1, 1], vectors[:, 0, 1]))
    ellipses = zip(sigmas[:, 1].tolist(), sigmas[:, 0].tolist(), angles_deg.tolist(), strict=True)
    return tuple(
        Landmark(chip.name, x, y, chip.rgb, chip.mask, ellipse)
        for chip, (x, y), ellipse in zip(chips, pad.landmarks.tolist(), ellipses, strict=True)
    )

"""Maps over the picture that a network sees: where what is shown lies, as shares of all of it."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.plots import Map, Ring
from core.stimuli.render import render
from core.stimuli.stimulus import Stimulus, item_name
from core.stimuli.tokens import patches_of_items

HELD = "?"
"""The letter of the patch that is held."""


def png_of(stimulus: Stimulus) -> str:
    """The picture as a PNG in base64."""
    file = io.BytesIO()
    Image.fromarray(render(stimulus)).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def rings_of(stimulus: Stimulus, asks: int = -1) -> tuple[Ring, ...]:
    """An outline round each item, or mask of a photo; that of item `asks` is marked."""
    return tuple(
        Ring(item_name(i), patches, i, i == asks) for i, patches in enumerate(patches_of_items(stimulus)) if patches
    )


def held_ring(token: int, n_prefix: int) -> tuple[Ring, ...]:
    """An outline round the patch of a token, none round CLS and registers."""
    return (Ring(HELD, (token - n_prefix,), 4),) if token >= n_prefix else ()


def aside_label(n_prefix: int) -> str:
    """What tokens that are no patch are called."""
    return "CLS" if n_prefix == 1 else "CLS and registers" if n_prefix else "none"


def share_map(title: str, caption: str, values: npt.ArrayLike, n_prefix: int, head: tuple[int, int]) -> Map:
    """What is above 0 of the values [T] of tokens, as shares of all there is, below 0 as well."""
    signed = np.asarray(values, np.float64)
    shares = signed.clip(min=0) / (np.abs(signed).sum() or 1.0)
    side = round(float(len(shares) - n_prefix) ** 0.5)
    rows = tuple(tuple(map(float, row)) for row in shares[n_prefix:].reshape(side, side))
    return Map(title, caption, rows, float(shares[:n_prefix].sum()), head)

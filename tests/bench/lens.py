"""The class lens of one picture against one forward, in networks of two and of a thousand classes."""

from __future__ import annotations

import timm
import torch
from measure import Row, row_of, take_turns
from network import finished, noise, open_bundled

from core.engine import run
from core.families.model import Model, geometry_of
from core.readings.projection import project

SECONDS = 20.0
AT_MOST = 0.5


def rows() -> list[Row]:
    """Time to read every token after every block, the streams being known / raw forward."""
    with torch.inference_mode():
        return [
            _row(name, model) for name, model in (("bundled", open_bundled()), ("ViT-S/16, 1,000 classes", _many()))
        ]


def _many() -> Model:
    """A network of the usual size with random weights."""
    network = timm.create_model("vit_small_patch16_224").eval().requires_grad_(False)
    return Model(network, geometry_of(network))


def _row(name: str, model: Model) -> Row:
    x = noise(model, 1)
    streams = run(model, x).residuals
    sides = {"raw": lambda: model.network(x), "lens": lambda: [project(model, stream) for stream in streams]}
    times = take_turns({side: finished(model, do) for side, do in sides.items()}, seconds=SECONDS)
    return row_of(
        f"lens of one picture / forward, {name}", times, lambda m: m["lens"] / m["raw"], limit="≤", target=AT_MOST
    )

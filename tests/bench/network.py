"""The bundled model for the rows that run it, with as many threads as the engine has."""

from __future__ import annotations

from collections.abc import Callable

import torch
from measure import Skipped, n_engine_threads
from torch import Tensor

from core.demo import DEFAULT_MODEL
from core.families.files import open_model
from core.families.model import Model, choose_device
from core.locations import bundled_models


def open_bundled() -> Model:
    """The demo's model on the device that the engine would choose."""
    if DEFAULT_MODEL not in bundled_models():
        raise Skipped(f"no model “{DEFAULT_MODEL}” is bundled")
    torch.set_num_threads(n_engine_threads())
    return open_model(DEFAULT_MODEL, choose_device())


def noise(model: Model, n_images: int) -> Tensor:
    """Normalised images [N, 3, S, S] on the model's device."""
    size = model.geometry.image_px
    return torch.randn(n_images, 3, size, size, generator=torch.Generator().manual_seed(0)).to(model.device)


def finished(model: Model, do: Callable[[], object]) -> Callable[[], None]:
    """`do`, and wait until the device has done it."""

    def timed() -> None:
        do()
        if model.device.type == "cuda":
            torch.cuda.synchronize(model.device)
        elif model.device.type == "mps":
            torch.mps.synchronize()

    return timed

"""Tiny random networks, subspaces in them, and what a job returns, for the tests of core."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor

from core.assets.subspace import Subspace
from core.assets.subspace_files import landmarks
from core.engine import to_input
from core.families.files import save_model
from core.families.model import Model, geometry_of, weights_hash
from core.stimuli.datasets import split_examples
from core.stimuli.render import render_many
from core.stimuli.stimulus import Property

Result = TypeVar("Result")

WIDTH = 32
TINY: dict[str, Any] = {
    "img_size": 64,
    "patch_size": 16,
    "embed_dim": WIDTH,
    "depth": 3,
    "num_heads": 2,
    "num_classes": 2,
}
CARD: dict[str, Any] = {
    "network": {**TINY, "norm_eps": 1e-6, "act_layer": "gelu"},
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "labels": ["different", "same"],
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def tiny_network(seed: int = 0, **options: Any) -> VisionTransformer:
    """A network with every weight, bias and scale random, so that no part of it can be left out unnoticed."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = VisionTransformer(**{**TINY, **options})
        for value in network.parameters():
            value.add_(0.15 * torch.randn(value.shape))
    return network.eval().requires_grad_(False)


def as_model(network: VisionTransformer) -> Model:
    return Model(network, geometry_of(network), weights_hash=weights_hash(network.state_dict()))


def tiny_model(seed: int = 0, **options: Any) -> Model:
    return as_model(tiny_network(seed, **options))


def balanced_model(seed: int = 0, **options: Any) -> Model:
    """A tiny model whose bias is such that it says each of two labels about equally often."""
    model = tiny_model(seed, **options)
    stimuli = [example.stimulus for example in split_examples("train", 60, geometry=model.geometry)]
    with torch.no_grad():
        logits = model.network(to_input(model, render_many(stimuli)))
        model.network.head.bias[1] -= (logits[:, 1] - logits[:, 0]).median()
    return as_model(model.network)


def save_tiny(path: Path, seed: int = 0) -> str:
    """A tiny model's file with its card; returns the reference that opens it."""
    save_model(path, tiny_network(seed), CARD)
    return str(path)


def orthogonal(width: int, seed: int = 0) -> Tensor:
    return torch.linalg.qr(noise(width, width, seed=seed)).Q


def random_subspace(property: Property, block: int, *, size: int = 5, seed: int = 0) -> Subspace:
    """A subspace along random directions, its landmarks those of random vectors in 16 classes."""
    basis = orthogonal(WIDTH, seed)[:, :size]
    classes = torch.arange(16).repeat(8)
    values = (noise(16, WIDTH, seed=seed + 1) * 2)[classes] + 0.5 * noise(len(classes), WIDTH, seed=seed + 2)
    fields = landmarks(basis, values, classes, 16)
    share = float(fields.pop("axis_share"))
    return Subspace(property, block, basis, axis_share=share, card={"iia": 0.9}, **fields)


def finish(job: Generator[Any, None, Result]) -> Result:
    """What a job returns, its progress unread."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: Result = stop.value
            return result

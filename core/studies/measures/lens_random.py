"""A network of the same shape with random weights, as a control."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from core.families.model import Model

SPREAD = 0.02
"""The spread of random weights, as vision transformers are begun with."""


def with_random_weights(model: Model, seed: int) -> Model:
    """The model with every matrix drawn anew; gains are 1 and biases 0."""
    network = copy.deepcopy(model.network)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.ndim > 1:
                value.copy_(SPREAD * torch.randn(value.shape, generator=generator))
            else:
                value.fill_(0.0 if name.endswith("bias") else 1.0)
    return replace(model, network=network, name=f"{model.name}, random weights", weights_hash="", shown={})

"""A network with a known answer, fed with stimuli instead of pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from core.families.model import Model
from core.stimuli.stimulus import Geometry, Stimulus, item_patches
from tests.core.networks import WIDTH, noise, orthogonal

FEATURES = orthogonal(WIDTH, seed=3)
KNOWN = {"shape": FEATURES[:, :6], "color": FEATURES[:, 6:12]}
MARKS = FEATURES[:, 12:14]
RELATION = FEATURES[:, 14]
CODES = {"shape": 3 * orthogonal(16, seed=1)[:, :6], "color": 3 * orthogonal(16, seed=2)[:, :6]}


class Comparer(nn.Module):
    """Says "same" where its two items agree in the twelve known dimensions of the stream.

    It knows the tokens of an item by a mark in the stream. It has one block, which passes everything on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Identity()])
        self.norm = nn.Identity()
        self.known = nn.Parameter(torch.cat(list(KNOWN.values()), 1), requires_grad=False)  # [D, 12]
        self.threshold = float(min(torch.pdist(codes).min() for codes in CODES.values())) ** 2 / 2

    def forward(self, images: Tensor) -> Tensor:
        return self.forward_head(self.norm(self.blocks[0](images.new_zeros(len(images), 197, WIDTH))))

    def forward_head(self, x: Tensor) -> Tensor:
        values = x @ self.known  # [B, T, 12]
        weights = (x @ MARKS > 5).float()  # [B, T, 2]
        items = torch.einsum("btk,bti->bik", values, weights) / weights.sum(1)[..., None].clamp_min(1)
        margin = self.threshold - (items[:, 0] - items[:, 1]).square().sum(1)
        return torch.stack([torch.zeros_like(margin), margin], 1)


class Reader(Comparer):
    """Says "same" where the tokens add up to a positive value along one planted direction."""

    def forward_head(self, x: Tensor) -> Tensor:
        margin = (x @ RELATION).sum(1)
        return torch.stack([torch.zeros_like(margin), margin], 1)


def stream_of(stimuli: Sequence[Stimulus]) -> Tensor:
    """The stream [B, T, D] for the comparer: item tokens hold their codes and marks, and all tokens a little noise."""
    x = _noise_in(FEATURES[:, 14:], len(stimuli))
    for row, stimulus in zip(x, stimuli, strict=True):
        for index, item in enumerate(stimulus.items):
            code = KNOWN["shape"] @ CODES["shape"][item.shape] + KNOWN["color"] @ CODES["color"][item.color]
            row[tokens_of(stimulus, index)] += code + 10 * MARKS[:, index]
    return x


def planted_stream(stimuli: Sequence[Stimulus]) -> Tensor:
    """The stream [B, T, D] for the reader: item tokens hold 0.1 of the planted direction, against it where the two
    items differ."""
    x = _noise_in(FEATURES[:, 15:], len(stimuli))
    for row, stimulus in zip(x, stimuli, strict=True):
        first, second = ((item.shape, item.color) for item in stimulus.items)
        for index in range(2):
            row[tokens_of(stimulus, index)] += (0.1 if first == second else -0.1) * RELATION
    return x


def _noise_in(basis: Tensor, n: int) -> Tensor:
    return 0.02 * noise(n, 1 + Geometry().grid ** 2, basis.shape[1], seed=n) @ basis.T


def tokens_of(stimulus: Stimulus, item: int) -> list[int]:
    return [1 + patch for patch in item_patches(stimulus.items[item], stimulus.geometry)]


def model_of(network: nn.Module) -> Model:
    return Model(network, Geometry(), weights_hash="known")


def feed_stimuli(
    monkeypatch: pytest.MonkeyPatch, study: ModuleType, stream: Callable[[Sequence[Stimulus]], Tensor] = stream_of
) -> None:
    """Let the stream of a study's images be made from the stimuli themselves."""
    monkeypatch.setattr(study, "render_many", lambda stimuli: stimuli)
    monkeypatch.setattr(study, "to_input", lambda _, stimuli: stimuli)
    monkeypatch.setattr(study, "embed", lambda _, stimuli: stream(stimuli))

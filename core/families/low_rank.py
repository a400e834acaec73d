"""Low-rank fine-tuning: a model as two small matrices a layer on a parent whose weights stay as they are.

    W' = W + s B A,   A [r, in], B [out, r]

Source: Hu et al. 2022; docs/methods.md, "Low-rank fine-tuning". What we changed: the file holds the matrices and the
head alone, names its parent by the hash of its weights, and is merged when it is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TUNED = ("attn.qkv", "attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.proj", "mlp.fc1", "mlp.fc2")
"""The linear layers of a block that get two matrices, as far as it has them."""
_A, _B = ".low_rank_a", ".low_rank_b"


class LowRankLinear(nn.Module):
    """A linear layer that is kept, and the product of two small matrices that is learned beside it."""

    def __init__(self, linear: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.scale = scale
        self.low_rank_a = nn.Parameter(linear.weight.new_empty(rank, linear.in_features))
        self.low_rank_b = nn.Parameter(linear.weight.new_zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.low_rank_a, a=5**0.5)

    @property
    def weight(self) -> Tensor:
        """[out, in], for blocks that take a layer's weight and bias apart."""
        whole: Tensor = self.linear.weight + self.scale * self.low_rank_b @ self.low_rank_a
        return whole

    @property
    def bias(self) -> Tensor | None:
        """[out], or None."""
        return self.linear.bias

    def forward(self, x: Tensor) -> Tensor:
        """[…, in] → […, out]."""
        learned: Tensor = F.linear(F.linear(x, self.low_rank_a), self.low_rank_b)
        kept: Tensor = self.linear(x)
        return kept + self.scale * learned


def add_low_rank(network: nn.Module, rank: int, scale: float) -> None:
    """Put two matrices beside each linear layer of the blocks, in place; nothing else of them is learned.

    Raises ValueError where there is no such layer.
    """
    found = list(_tuned(network))
    if not found:
        raise ValueError(f"the blocks have no {', '.join(TUNED)}")
    for name, layer in found:
        parent, _, last = name.rpartition(".")
        setattr(network.get_submodule(parent), last, LowRankLinear(layer, rank, scale))


def _tuned(network: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.Linear) and name.endswith(TUNED):
            yield name, module


def low_rank_state(network: Any) -> dict[str, Tensor]:
    """What was learned: the small matrices and the head, by name."""
    head = head_names(network)
    return {name: value for name, value in network.state_dict().items() if name.endswith((_A, _B)) or name in head}


def head_names(network: Any) -> set[str]:
    """The names of the weights of a timm network's classifier, or of its two."""
    found = network.get_classifier()
    heads = list(found) if isinstance(found, tuple | list) else [found]
    names = (name for name, module in network.named_modules() if any(module is head for head in heads))
    return {f"{name}.{part}" for name in names for part, _ in network.get_submodule(name).named_parameters()}


def has_low_rank(learned: Mapping[str, Tensor]) -> bool:
    """Whether more was learned than a head: a matrix pair of any layer."""
    return any(name.endswith((_A, _B)) for name in learned)


def merged(parent: Mapping[str, Tensor], learned: Mapping[str, Tensor], scale: float) -> dict[str, Tensor]:
    """The weights of the whole network, fp32, from those of the parent and what was learned on it: pairs of matrices
    and a head, or a head alone, for which `scale` is of no account.

    Raises ValueError where they do not fit each other.
    """
    state = {name: value.float() for name, value in parent.items()}
    for name, value in learned.items():
        if name.endswith(_B):
            continue
        if not name.endswith(_A):
            state[name] = value.float()
            continue
        layer = name.removesuffix(_A)
        weight, b = state.get(f"{layer}.weight"), learned.get(f"{layer}{_B}")
        if weight is None or b is None or weight.shape != (b.shape[0], value.shape[1]) or b.shape[1] != len(value):
            raise ValueError(f"“{layer}” of it does not fit its parent")
        state[f"{layer}.weight"] = weight + scale * (b.float() @ value.float())
    return state


def delta_hash(parent_hash: str, learned_hash: str) -> str:
    """SHA-256 that stands for the merged weights: these differ in their last bits from one computer to another."""
    return hashlib.sha256(f"{parent_hash} {learned_hash}".encode()).hexdigest()


def take_low_rank(network: nn.Module, learned: Mapping[str, Tensor]) -> None:
    """Go on from matrices and a head that were learned before, in place.

    Raises ValueError where they are of another rank or network.
    """
    with torch.no_grad():
        own = network.state_dict()
        for name, value in learned.items():
            if name not in own or own[name].shape != value.shape:
                raise ValueError(f"“{name}” of the model to start from does not fit")
            own[name].copy_(value)

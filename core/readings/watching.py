"""Linear layers, norms and attention in one call, met as a pass makes them, whatever a network calls them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.attention import MULTI_HEAD

LINEAR = F.linear
NormKind = Literal["layer", "rms", "none"]
NORMS: dict[Any, NormKind] = {F.layer_norm: "layer", F.rms_norm: "rms"}
ARGUMENTS: dict[Any, tuple[str, ...]] = {
    LINEAR: ("input", "weight", "bias"),
    F.layer_norm: ("input", "normalized_shape", "weight", "bias", "eps"),
    F.rms_norm: ("input", "normalized_shape", "weight", "eps"),
    MULTI_HEAD: tuple(signature(MULTI_HEAD).parameters),
}
"""What is watched, and the names of its arguments in their order."""

Meet = Callable[[Any, Mapping[str, Any], Callable[[], Any]], Any]
"""Given a function of ARGUMENTS, its arguments by name, and what makes the call: what comes out in its place."""


class Watched(TorchFunctionMode):
    """While it is on, each call of what is in ARGUMENTS is handed to `meet`."""

    def __init__(self, meet: Meet) -> None:
        super().__init__()
        self._meet = meet

    def __torch_function__(
        self, func: Callable[..., Any], types: Collection[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func not in ARGUMENTS:
            return func(*args, **kwargs)
        given = dict(zip(ARGUMENTS[func], args, strict=False)) | kwargs
        return self._meet(func, given, lambda: func(*args, **kwargs))


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """What streams are normalised by: z = γ x̂ + β; γ and β [D]."""

    kind: NormKind
    weight: Tensor
    bias: Tensor
    eps: float

    def __call__(self, x: Tensor) -> Tensor:
        """x̂ [.., D] of the stream: each token centred, if the norm does that, and of length √D."""
        return self.scaled(x)[0]

    def scaled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x̂ [.., D], and what each token was multiplied by [.., 1]."""
        if self.kind == "none":
            return x, torch.ones_like(x[..., :1])
        x = x - x.mean(-1, keepdim=True) if self.kind == "layer" else x
        rate = (x.square().mean(-1, keepdim=True) + self.eps).rsqrt()
        return x * rate, rate


def no_norm(x: Tensor) -> Norm:
    """What leaves streams [.., D] as they are."""
    return Norm("none", x.new_ones(x.shape[-1]), x.new_zeros(x.shape[-1]), 0.0)


def norm_of(func: Any, given: Mapping[str, Any]) -> Norm:
    """A call of a norm as a value; torch's own numbers for what it was not given."""
    x, kind = given["input"], NORMS[func]
    weight, bias, eps = (given.get(name) for name in ("weight", "bias", "eps"))
    plain = no_norm(x)
    least = torch.finfo(x.dtype).eps if kind == "rms" else 1e-5
    return Norm(
        kind,
        plain.weight if weight is None else weight,
        plain.bias if bias is None else bias,
        least if eps is None else eps,
    )

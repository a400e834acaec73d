"""Layers as a pass calls them, whichever way their arguments are given."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.readings.watching import ARGUMENTS, LINEAR, NORMS, Norm, Watched, norm_of
from tests.core.networks import noise

WIDTH = 16


@pytest.mark.parametrize(
    "norm",
    [
        nn.LayerNorm(WIDTH),
        nn.LayerNorm(WIDTH, eps=0.5),
        nn.LayerNorm(WIDTH, elementwise_affine=False),
        nn.RMSNorm(WIDTH),
        nn.RMSNorm(WIDTH, eps=0.5),
        nn.RMSNorm(WIDTH, elementwise_affine=False),
    ],
    ids=str,
)
def test_a_norm_that_was_called_is_the_same_as_a_value(norm: nn.Module) -> None:
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    met: list[Norm] = []

    def meet(func: Any, given: Any, call: Any) -> Any:
        met.append(norm_of(func, given))
        return call()

    x = 0.01 * noise(2, 3, WIDTH)  # so small that the least it divides by counts
    with Watched(meet):
        out = norm(x)

    (found,) = met
    torch.testing.assert_close(found(x) * found.weight + found.bias, out, atol=1e-5, rtol=1e-5)


def test_arguments_have_their_names_however_they_are_given() -> None:
    x, weight, bias = noise(2, WIDTH), noise(3, WIDTH, seed=1), noise(3, seed=2)
    met: list[dict[str, Tensor]] = []

    def meet(func: Any, given: Any, call: Any) -> Any:
        met.append(dict(given))
        return call()

    with Watched(meet):
        F.linear(x, weight, bias)
        F.linear(x, bias=bias, weight=weight)
        F.linear(input=x, weight=weight)

    assert [set(given) for given in met] == [
        {"input", "weight", "bias"},
        {"input", "weight", "bias"},
        {"input", "weight"},
    ]
    assert all(given["weight"] is weight for given in met)


def test_what_meets_a_call_may_put_something_in_its_place_and_all_else_goes_on() -> None:
    x = noise(2, WIDTH)

    with Watched(lambda func, given, call: given["input"] if func in NORMS else call()):
        normed, mapped, added = F.layer_norm(x, (WIDTH,)), F.linear(x, torch.eye(WIDTH)), x + x

    assert normed is x
    assert torch.equal(mapped, x)
    assert torch.equal(added, 2 * x)
    assert LINEAR in ARGUMENTS

"""A block from inside: its own forward, with every part read and edited where the pass goes through it.

Nothing of a block is written again. Its attention is caught where queries, keys and values meet, and computed by
`attend`, the one spelling of attention in the program; what it adds to the residual stream is caught as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.errors import UserError
from core.site import Part

Visit = Callable[[Part, Tensor], Tensor]
"""Called with every part that the pass goes through; what it returns is what the pass goes on with."""


def keep(_: Part, x: Tensor) -> Tensor:
    """A visit that changes nothing."""
    return x


def attend(q: Tensor, k: Tensor, v: Tensor, scale: float, visit: Visit = keep, mask: Tensor | None = None) -> Tensor:
    """What each head takes from the values, [B, H, Q, K], for queries [B, H, Q, K], keys and values [B, H, T, K].

        scores = scale · q kᵀ + mask,   pattern = softmax over keys,   out = pattern v

    A boolean mask says which keys may be looked at.
    """
    q, k, v = visit("q", q), visit("k", k), visit("v", v)
    scores = q @ k.transpose(-2, -1) * scale  # [B, H, Q, T]
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
    pattern = visit("pattern", visit("scores", scores).softmax(-1))
    return visit("head_out", pattern @ v)


def run_inside(block: Any, residual: Tensor, visit: Visit) -> Tensor:
    """The stream [B, T, D] after a block, from the stream that enters it; `visit` sees and may change every part.

    Raises UserError for a block whose attention cannot be caught.
    """
    x = visit("resid_pre", residual)
    with _visited(block, visit) as caught:
        x = block(x)
    if caught.n_calls != 1:
        raise UserError(
            f"The attention of this {type(block).__name__} cannot be looked into.",
            "Only blocks that hand queries, keys and values to scaled_dot_product_attention can.",
        )
    return visit("resid_post", x)


class _Seen(Exception):
    """Ends a pass once the part that was wanted is there."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value


def read_inside(block: Any, residual: Tensor, part: Part, visit: Visit = keep) -> Tensor:
    """The value of one part of a block for the stream [B, T, D] that enters it; the pass ends there."""

    def until(here: Part, x: Tensor) -> Tensor:
        x = visit(here, x)
        if here == part:
            raise _Seen(x)
        return x

    try:
        run_inside(block, residual, until)
    except _Seen as seen:
        return seen.value
    raise AssertionError(f"the pass did not go through {part}")


@contextmanager
def _visited(block: Any, visit: Visit) -> Iterator[_Caught]:
    caught = _Caught(visit)
    hooks = [
        # They are the last to touch what is added to the stream, and the identity outside training.
        block.drop_path1.register_forward_hook(lambda _module, _given, out: caught.visit("attn_out", out)),
        block.drop_path2.register_forward_hook(lambda _module, _given, out: caught.visit("mlp_out", out)),
    ]
    try:
        with caught:
            yield caught
    finally:
        for hook in hooks:
            hook.remove()


class _Caught(TorchFunctionMode):
    """While it is on, torch's fused attention is computed by `attend`.

    A visit may run other passes, through the same block too: they are none of its own visits.
    """

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self._visit, self._visiting = visit, False
        self.n_calls = 0

    def visit(self, part: Part, x: Tensor) -> Tensor:
        """The visit, unless it is under way."""
        if self._visiting:
            return x
        self._visiting = True
        try:
            return self._visit(part, x)
        finally:
            self._visiting = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Collection[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        if func is not F.scaled_dot_product_attention or self._visiting:
            return func(*args, **(kwargs or {}))
        self.n_calls += 1
        return _fused(self.visit, *args, **(kwargs or {}))


def _fused(
    visit: Visit,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`attend` with the arguments of `scaled_dot_product_attention`."""
    if is_causal or enable_gqa or dropout_p:
        raise UserError(
            "This attention is causal, grouped or random.",
            "Only plain attention in evaluation mode can be looked into.",
        )
    return attend(q, k, v, q.shape[-1] ** -0.5 if scale is None else scale, visit, attn_mask)

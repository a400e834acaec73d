"""A block from inside: its own forward, with every part read and edited where the pass goes through it.

Nothing of a block is written again. Its attention is caught where queries, keys and values meet, whatever was done to
them before; what it adds to the residual stream is caught as it is added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.attention import ADD, MATMUL, MULTI_HEAD, SDPA, SOFTMAX, attend_fused, is_over_keys, multi_head
from core.errors import UserError
from core.site import Part, Site

Forward = Callable[[Tensor], Tensor]
Visit = Callable[[Part, Tensor], Tensor]
"""Called with every part that the pass goes through; what it returns is what the pass goes on with."""

OF_ATTENTION: tuple[Part, ...] = ("q", "k", "v", "scores", "pattern", "head_out")


def keep(_: Part, x: Tensor) -> Tensor:
    """A visit that changes nothing."""
    return x


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What can be looked at inside a block; `n_heads` counts those of all its attentions, which may be several."""

    parts: frozenset[Part]
    n_heads: int = 0
    n_attentions: int = 0


def anatomy_of(block: Forward, residual: Tensor) -> Anatomy:
    """The parts that a pass over the stream [B, T, D] goes through: those of attention where it is over tokens, and
    what attention and MLP add where each adds to the stream once."""
    times: Counter[Part] = Counter()
    heads: list[int] = []

    def count(part: Part, x: Tensor) -> Tensor:
        times[part] += 1
        if part == "pattern":
            heads.append(x.shape[1])
        return x

    caught = _Caught(count, residual)
    with caught:
        out = block(residual)
    n = len(heads)
    parts: set[Part] = {"resid_pre", "resid_post"}
    if n and all(times[part] == n for part in OF_ATTENTION):
        parts |= set(OF_ATTENTION)
    if caught.stream is out and times["attn_out"] == times["mlp_out"] == 1:
        parts |= {"attn_out", "mlp_out"}
    return Anatomy(frozenset(parts), sum(heads), n)


def run_inside(block: Forward, residual: Tensor, visit: Visit, n_attentions: int = 1) -> Tensor:
    """The stream [B, T, D] after a block, from the stream that enters it; `visit` sees and may change every part.

    Where a block has several attentions side by side, a visit sees the heads of all of them in one.
    """
    x = visit("resid_pre", residual)
    if n_attentions > 1:
        visit = _side_by_side(block, x, visit)
    with _Caught(visit, x):
        out = block(x)
    return visit("resid_post", out)


class _Seen(Exception):
    """Ends a pass once the part that was wanted is there."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value


def read_inside(block: Forward, residual: Tensor, part: Part, visit: Visit = keep, n_attentions: int = 1) -> Tensor:
    """The value of one part of a block for the stream [B, T, D] that enters it; the pass ends there.

    Raises UserError where the pass does not go through it.
    """

    def until(here: Part, x: Tensor) -> Tensor:
        x = visit(here, x)
        if here == part:
            raise _Seen(x)
        return x

    try:
        run_inside(block, residual, until, n_attentions)
    except _Seen as seen:
        return seen.value
    raise no_part(type(getattr(block, "__self__", block)).__name__, part)


def no_part(block: str, part: Part) -> UserError:
    """Why a part of a block cannot be looked at."""
    what = Site(0, part).words().partition("· ")[2]
    why = (
        "It does not let every token look at every token by queries, keys and values."
        if part in OF_ATTENTION
        else "It does not add attention and MLP to the stream one after the other."
    )
    return UserError(f"A {block} has no {what} that can be looked into.", why)


def _side_by_side(block: Forward, residual: Tensor, visit: Visit) -> Visit:
    """A visit that puts into each of several attentions its share of what the visit of all of them gave.

    Part by part, a pass of its own finds the values of all, those parts that were visited before put in.
    """
    given: dict[Part, list[Tensor]] = {}

    def put(place: dict[Part, int], found: list[Tensor], wanted: Part) -> Visit:
        def visit_one(part: Part, x: Tensor) -> Tensor:
            if part in given:
                place[part] = place.get(part, -1) + 1
                return given[part][place[part]]
            if part == wanted:
                found.append(x)
            return x

        return visit_one

    for part in OF_ATTENTION:
        found: list[Tensor] = []
        with _Caught(put({}, found, part), residual):
            block(residual)
        joined = visit(part, torch.cat(found, 1))
        given[part] = list(joined.split([x.shape[1] for x in found], 1))
    inside = put({}, [], "resid_post")
    return lambda part, x: inside(part, x) if part in OF_ATTENTION else visit(part, x)


class _Caught(TorchFunctionMode):
    """While it is on, what attention and stream go through in a block is visited.

    It is off during a visit, which may so run other passes, through the same block too. Attention in one call is
    recognised by the function, attention in steps by its shapes: [.., T, K] times [.., K, T], a softmax over keys, the
    result times [.., T, K].
    """

    def __init__(self, visit: Visit, residual: Tensor) -> None:
        super().__init__()
        self._visit = visit
        self.stream = residual
        self._shape, self._n_tokens = residual.shape, residual.shape[1]
        self._n_queries = 0  # of the attention that goes on in steps; 0 where none does
        self._softmaxed, self._attended = False, False

    def visit(self, part: Part, x: Tensor) -> Tensor:
        """The visit; heads that lie in one axis with the batch get one of their own."""
        if x.ndim == 3 and part in OF_ATTENTION:
            return self._visit(part, x.unflatten(0, (self._shape[0], -1))).flatten(0, 1)
        return self._visit(part, x)

    def __torch_function__(
        self, func: Callable[..., Any], types: Collection[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in ADD and len(args) == 2 and (found := self._added(func, *args)) is not None:
            return found
        if func in MATMUL and len(args) == 2:
            return self._multiplied(func, *args)
        if func in SOFTMAX and self._n_queries and is_over_keys(args, kwargs, self._n_queries, self._n_tokens):
            self._softmaxed = True
            return func(self.visit("scores", args[0]), *args[1:], **kwargs)
        if func is SDPA and args[0].shape[-2] == args[1].shape[-2] == self._n_tokens:
            self._attended = True
            return attend_fused(self.visit, *args, **kwargs)
        if func is MULTI_HEAD:
            self._attended = True
            return multi_head(self.visit, *args, **kwargs)
        return func(*args, **kwargs)

    def _added(self, func: Callable[..., Any], a: Any, b: Any) -> Tensor | None:
        """The stream with what is added to it, which is visited; None where something else is added."""
        if not (isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape == self._shape):
            return None
        if a is not self.stream and b is not self.stream:
            return None
        part: Part = "attn_out" if self._attended else "mlp_out"
        self._attended = False
        pair = (a, self.visit(part, b)) if a is self.stream else (self.visit(part, a), b)
        self.stream = func(*pair)
        return self.stream

    def _multiplied(self, func: Callable[..., Any], a: Tensor, b: Tensor) -> Tensor:
        """The product, which is visited where it is a step of attention."""
        n = self._n_tokens
        if self._softmaxed and a.shape[-2:] == (self._n_queries, n) and b.shape[-2] == n:
            pattern, v = self.visit("pattern", a), self.visit("v", b)
            self._n_queries, self._softmaxed, self._attended = 0, False, True
            return self.visit("head_out", func(pattern, v))
        if not self._n_queries and a.ndim >= 3 and a.shape[-2] == b.shape[-1] == n and a.shape[-1] == b.shape[-2]:
            q, k = self.visit("q", a), self.visit("k", b.transpose(-2, -1))
            self._n_queries = q.shape[-2]
            found: Tensor = func(q, k.transpose(-2, -1))
            return found
        product: Tensor = func(a, b)
        return product

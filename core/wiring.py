"""How a network hands its residual stream from block to block, found by watching its own forward.

Nothing of a network is written again: its blocks are called as it calls them itself, and what comes before and after
them is its own forward, with other functions standing in for the blocks for the time of a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import UserError

PREFERRED = ("blocks", "layers", "resblocks", "layer")
"""What lists of transformer blocks are called, in timm, torchvision, open_clip and transformers."""

ONE_STAGE = "A vision transformer of one stage can be opened, whose tokens stay as many and as wide."

Forward = Callable[..., Any]


def find_blocks(network: nn.Module) -> list[Any]:
    """The transformer blocks of a network: its outermost list by one of the usual names, else its longest one.

    Raises UserError where it has no list of modules of one kind, or several side by side.
    """
    lists = [
        (name, list(module.children()))
        for name, module in network.named_modules()
        if isinstance(module, nn.ModuleList | nn.Sequential) and len(module)
    ]
    named = [(name, found) for name, found in lists if name.rpartition(".")[2] in PREFERRED]
    alike = [(name, found) for name, found in lists if len({type(child) for child in found}) == 1]
    if not named and not alike:
        raise UserError(
            f"{type(network).__name__} has no list of blocks.", "Open a vision transformer that has blocks of one kind."
        )
    if named:
        depth = min(name.count(".") for name, _ in named)
        outer = [(name, found) for name, found in named if name.count(".") == depth]
        if depth and len(outer) > 1:
            raise UserError(f"{type(network).__name__} has its blocks in {len(outer)} stages.", ONE_STAGE)
        return min(outer, key=lambda each: PREFERRED.index(each[0].rpartition(".")[2]))[1]
    return max(alike, key=lambda each: (len(each[1]), -each[0].count(".")))[1]


@dataclass(slots=True)
class Call:
    """How the network calls a block: the stream's place among the arguments, and what else there is.

    `at` is a position or a name. `tupled` says that the block answers with a tuple that has the stream in front.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    at: int | str
    tupled: bool = False

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """The call with these arguments; the first tensor among them is the stream."""
        given: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
        at = next(place for place, value in given if isinstance(value, Tensor))
        return cls(args, kwargs, at)

    @property
    def stream(self) -> Tensor:
        """The stream that the block was called with."""
        found: Tensor = self.args[self.at] if isinstance(self.at, int) else self.kwargs[self.at]
        return found

    @property
    def is_plain(self) -> bool:
        """Whether the stream is all that the block was called with."""
        return not self.kwargs and len(self.args) == 1 and not self.tupled

    def on(self, block: Forward, stream: Tensor) -> Tensor:
        """What the block makes of another stream in the same call."""
        if self.is_plain:
            out = block(stream)
        elif isinstance(self.at, int):
            out = block(*self.args[: self.at], stream, *self.args[self.at + 1 :], **self.kwargs)
        else:
            out = block(*self.args, **{**self.kwargs, self.at: stream})
        return stream_in(out)

    def answer(self, stream: Tensor) -> Any:
        """The stream in the shape in which the network expects it of the block."""
        return (stream,) if self.tupled else stream


def stream_in(answer: Any) -> Tensor:
    """The stream in what a block answers with."""
    found: Tensor = answer[0] if isinstance(answer, tuple | list) else answer
    return found


@contextmanager
def standing_in(blocks: Sequence[Any], forwards: Sequence[Forward]) -> Iterator[None]:
    """Let functions run in place of the forwards of blocks."""
    own = [block.__dict__.get("forward") for block in blocks]
    try:
        for block, forward in zip(blocks, forwards, strict=True):
            block.forward = forward
        yield
    finally:
        for block, before in zip(blocks, own, strict=True):
            block.__dict__.pop("forward", None)
            if before is not None:
                block.forward = before


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """The network in evaluation mode, nothing recorded for gradients; then as it was."""
    modes = {module: module.training for module in network.modules()}
    try:
        with torch.inference_mode(False), torch.no_grad():
            network.eval()
            yield
    finally:
        for module, training in modes.items():
            module.training = training


class _Entered(Exception):
    """Ends a pass once the stream is there."""

    def __init__(self, stream: Tensor) -> None:
        super().__init__()
        self.stream = stream


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """The blocks of a network and how it calls them.

    `calls` are those with one image and with two: by their shapes it is known what grows with the batch.
    """

    network: nn.Module
    blocks: list[Any]
    calls: tuple[list[Call], list[Call]]
    image_px: int
    spread: dict[tuple[int, int], Call] = field(default_factory=dict)

    @property
    def n_tokens(self) -> int:
        """T, the tokens of the stream."""
        return int(self.calls[0][0].stream.shape[1])

    @property
    def width(self) -> int:
        """D, the width of the stream."""
        return int(self.calls[0][0].stream.shape[2])

    def call(self, block: int, n: int) -> Call:
        """How a block is called with `n` images."""
        one, two = (calls[block] for calls in self.calls)
        if n == 1 or one.is_plain:
            return one
        if (block, n) not in self.spread:
            args = tuple(_spread(a, b, n) for a, b in zip(one.args, two.args, strict=True))
            kwargs = {name: _spread(value, two.kwargs[name], n) for name, value in one.kwargs.items()}
            self.spread[block, n] = Call(args, kwargs, one.at, one.tupled)
        return self.spread[block, n]

    def advance(self, block: int, stream: Tensor) -> Tensor:
        """The stream [B, T, D] after a block."""
        return self.call(block, len(stream)).on(self.blocks[block], stream)

    def enter(self, images: Tensor) -> Tensor:
        """The stream [B, T, D] that enters the first block."""

        def stop(*args: Any, **kwargs: Any) -> None:
            raise _Entered(Call.of(args, kwargs).stream)

        with standing_in(self.blocks[:1], [stop]):
            try:
                self.network(images)
            except _Entered as entered:
                return entered.stream
        raise UserError(f"{type(self.network).__name__} passes its first block by.", "It cannot be looked into.")

    def leave(self, stream: Tensor) -> Tensor:
        """What the network makes of the stream [B, T, D] after its last block."""
        forwards = [lambda *_, call=call, **__: call.answer(stream) for call in self.calls[0]]
        with standing_in(self.blocks, forwards):
            out: Tensor = self.network(images(self.network, self.image_px, len(stream)))
        return out


def images(network: nn.Module, image_px: int, n: int, seed: int | None = None) -> Tensor:
    """Images [N, 3, S, S] of noise, black without a seed, where the weights are."""
    shape = (n, 3, image_px, image_px)
    black = seed is None
    x = torch.zeros(shape) if black else torch.randn(shape, generator=torch.Generator().manual_seed(seed or 0))
    return x.to(next(network.parameters()).device)


def wiring_of(network: nn.Module, image_px: int) -> Wiring:
    """How a network calls its blocks, found without running more than the first of them."""
    blocks = find_blocks(network)
    with evaluating(network):
        one, two = (_calls(network, blocks, images(network, image_px, n)) for n in (1, 2))
    return Wiring(network, blocks, (one, two), image_px)


def _calls(network: nn.Module, blocks: Sequence[Any], x: Tensor) -> list[Call]:
    """How the network calls each block on images; all but the first hand on what they are given."""
    calls: dict[int, Call] = {}
    first, tupled = blocks[0].forward, False

    def stand_in(index: int) -> Forward:
        def forward(*args: Any, **kwargs: Any) -> Any:
            nonlocal tupled
            call = calls[index] = Call.of(args, kwargs)
            if index == 0:
                tupled = isinstance(first(*args, **kwargs), tuple | list)
            call.tupled = tupled
            return call.answer(call.stream)

        return forward

    with standing_in(blocks, [stand_in(index) for index in range(len(blocks))]):
        network(x)
    missing = [index for index in range(len(blocks)) if index not in calls]
    if missing:
        raise UserError(
            f"{type(network).__name__} passes its block {missing[0]} by.", "It cannot be run block by block."
        )
    return [calls[index] for index in range(len(blocks))]


def _spread(one: Any, two: Any, n: int) -> Any:
    """What belongs to `n` images, from what belongs to one and to two."""
    if isinstance(one, Tensor) and isinstance(two, Tensor) and one.shape != two.shape:
        axis = next(axis for axis, (a, b) in enumerate(zip(one.shape, two.shape, strict=True)) if a != b)
        return torch.cat([one] * n, axis)
    if isinstance(one, tuple | list):
        return type(one)(_spread(a, b, n) for a, b in zip(one, two, strict=True))
    if isinstance(one, dict):
        return {name: _spread(value, two[name], n) for name, value in one.items()}
    return one


@dataclass(frozen=True, slots=True)
class Watched:
    """A whole forward as it went: the blocks in the order in which they ran, their calls, and what each answered."""

    order: list[int]
    calls: list[Call]
    streams: list[Tensor]
    logits: Any


def watch(network: nn.Module, x: Tensor) -> Watched:
    """The network's own forward over images [B, 3, S, S], every block running as it does.

    Raises UserError where it does not hand one stream of tokens from each block to the next.
    """
    seen = Watched([], [], [], None)

    def stand_in(index: int, own: Forward) -> Forward:
        def forward(*args: Any, **kwargs: Any) -> Any:
            answer = own(*args, **kwargs)
            seen.order.append(index)
            seen.calls.append(Call.of(args, kwargs))
            seen.streams.append(stream_in(answer))
            return answer

        return forward

    blocks = find_blocks(network)
    with standing_in(blocks, [stand_in(index, block.forward) for index, block in enumerate(blocks)]):
        logits = network(x)
    own = Watched(seen.order, seen.calls, seen.streams, logits)
    _check_watched(type(network).__name__, own, len(blocks))
    return own


def _check_watched(name: str, own: Watched, n_blocks: int) -> None:
    if own.order != list(range(n_blocks)):
        raise UserError(
            f"{name} runs its blocks in the order {own.order}.", "Blocks that run once, in turn, can be run."
        )
    shapes = list(dict.fromkeys(tuple(x.shape) for x in (own.calls[0].stream, *own.streams)))
    if len(shapes) > 1 or len(shapes[0]) != 3:
        said = " and ".join(" × ".join(map(str, shape[1:])) for shape in shapes[:2])
        raise UserError(
            f"The stream of {name} is {said} from block to block.",
            ONE_STAGE,
        )
    for block, (call, answer) in enumerate(zip(own.calls[1:], own.streams[:-1], strict=True)):
        if call.stream is not answer and not torch.equal(call.stream, answer):
            raise UserError(
                f"{name} changes the stream between blocks {block} and {block + 1}.", "It cannot be run block by block."
            )
    if not isinstance(own.logits, Tensor) or own.logits.ndim != 2:
        raise UserError(f"{name} has no pooled read-out.", "Open it with a classification head.")


def check_extras(wiring: Wiring) -> None:
    """Raises UserError where a block is handed something beside the stream that another image changes."""
    noise = _calls(wiring.network, wiring.blocks, images(wiring.network, wiring.image_px, 2, seed=1))
    for block, call in enumerate(noise):
        known = wiring.call(block, 2)
        if not _alike((call.args, call.kwargs), (known.args, known.kwargs), (call.stream, known.stream)):
            raise UserError(
                f"Block {block} of {type(wiring.network).__name__} is handed more of the image than the stream.",
                "It cannot be run block by block.",
            )


def _alike(a: Any, b: Any, streams: tuple[Tensor, Tensor]) -> bool:
    """Whether arguments are equal, the streams among them aside."""
    if a is streams[0] and b is streams[1]:
        return True
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(_alike(x, y, streams) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_alike(value, b[name], streams) for name, value in a.items())
    return bool(a == b)

"""Tensors that lie in a file and were not read yet: their names, shapes and places cost no memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch

DTYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "C64": torch.complex64,
}
"""The kinds of number in a safetensors file, by the names that it has for them."""
MOST_AXES = 16


class Damaged(ValueError):
    """A file is not what it says it is; the message is a sentence without its full stop."""


@dataclass(eq=False, slots=True)
class Storage:
    """Numbers in a row in a file. `start` is where, in bytes; it may be known only after the tensors are."""

    path: Path
    n_bytes: int
    start: int = -1


@dataclass(frozen=True, eq=False, slots=True)
class Stored:
    """One tensor in a file. `offset` and `stride` count numbers, as in torch."""

    storage: Storage
    dtype: torch.dtype
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0

    @property
    def n_bytes(self) -> int:
        """What it takes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def meta(self) -> torch.Tensor:
        """Its shape and dtype, as a tensor without memory."""
        return torch.empty(self.shape, dtype=self.dtype, device="meta")

    def read(self) -> torch.Tensor:
        """The tensor, in memory of its own.

        Raises Damaged where the file ends before it does.
        """
        if not self.n_bytes:
            return torch.empty(self.shape, dtype=self.dtype)
        with self.storage.path.open("rb") as file:
            file.seek(self.storage.start + self.offset * self.dtype.itemsize)
            n_bytes = _span(self.shape, self.stride) * self.dtype.itemsize
            numbers = bytearray(file.read(n_bytes))
        if len(numbers) < n_bytes:
            raise Damaged(f"{self.storage.path.name} ends too early")
        flat = torch.frombuffer(numbers, dtype=self.dtype)
        return flat.as_strided(self.shape, self.stride).contiguous()


def stored(storage: Storage, dtype: torch.dtype, shape: object, stride: object = None, offset: object = 0) -> Stored:
    """A tensor in a storage, as a file describes it.

    Raises Damaged where the description is none, or the storage is too small for it: a tensor never takes more memory
    than its storage takes on the disk.
    """
    axes = _counts(shape)
    steps = contiguous(axes) if stride is None else _counts(stride)
    if len(steps) != len(axes) or not isinstance(offset, int) or offset < 0:
        raise Damaged(f"the place of a tensor of shape {axes} makes no sense")
    count = math.prod(axes)
    if count and max(offset + _span(axes, steps), count) * dtype.itemsize > storage.n_bytes:
        raise Damaged(f"a tensor of shape {axes} does not fit into its {storage.n_bytes:,} bytes")
    return Stored(storage, dtype, axes, steps, offset)


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor whose numbers lie in order."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _span(shape: tuple[int, ...], stride: tuple[int, ...]) -> int:
    """How many numbers lie between its first and its last, both counted."""
    return 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True)) if math.prod(shape) else 0


def _counts(value: object) -> tuple[int, ...]:
    numbers: tuple[int, ...] = tuple(value) if isinstance(value, list | tuple) else (-1,)
    if len(numbers) > MOST_AXES or not all(type(n) is int and n >= 0 for n in numbers):
        raise Damaged("a tensor has a shape that is none")
    return numbers

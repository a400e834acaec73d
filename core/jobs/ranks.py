"""Several processes that train one network together, as `torchrun` starts them: each takes its share of a batch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process is number `rank` of `n`."""

    rank: int = 0
    n: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it is the one that measures and writes."""
        return self.rank == 0

    def share(self, tensor: Tensor) -> Tensor:
        """The rows of a batch that are this process's."""
        return tensor[self.rank :: self.n]

    def add_up(self, parameters: Iterable[nn.Parameter]) -> None:
        """Put the sum over all processes in the place of each gradient."""
        if self.n == 1:
            return
        for parameter in parameters:
            if parameter.requires_grad:
                if parameter.grad is None:  # of a process without a row
                    parameter.grad = torch.zeros_like(parameter)
                dist.all_reduce(parameter.grad)

    def add_up_values(self, values: dict[str, float], device: torch.device) -> dict[str, float]:
        """The sums over all processes; a name that one has all have."""
        if self.n == 1:
            return values
        sums = torch.tensor([values[name] for name in sorted(values)], dtype=torch.float32, device=device)
        dist.all_reduce(sums)
        return dict(zip(sorted(values), sums.tolist(), strict=True))


ALONE = Ranks()


def joined(device: torch.device) -> tuple[Ranks, torch.device]:
    """The processes that `torchrun` started, and this one's own device; without it, this one alone."""
    n = int(os.environ.get("WORLD_SIZE", "1"))
    if n == 1:
        return ALONE, device
    if str(device) == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Ranks(int(os.environ["RANK"]), n), device

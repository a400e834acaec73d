from __future__ import annotations

import multiprocessing
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.jobs.ranks import ALONE, Ranks, joined
from core.jobs.recipe import Recipe
from core.jobs.train import train
from tests.core.networks import finish

CPU = torch.device("cpu")
RECIPE = Recipe(
    image_px=64,
    width=32,
    depth=2,
    heads=2,
    n_images=24,
    batch=8,
    probe_block=1,
    within_blocks=(0,),
    between_blocks=(1,),
    between_heads=(0,),
    n_validate=8,
    validate_every=2,
    bfloat16=False,
)


def train_as(rank: int, n: int, port: int, folder: str) -> None:
    """What each process of `torchrun` does."""
    os.environ |= {
        "WORLD_SIZE": str(n),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    torch.set_num_threads(1)
    trainee = finish(train(RECIPE, Path(folder) / "run.checkpoint", CPU))
    torch.save(trainee.network.state_dict(), Path(folder) / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_two_processes_train_what_one_would(tmp_path: Path) -> None:
    port = free_port()
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=train_as, args=(rank, 2, port, str(tmp_path))) for rank in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0]

    alone = finish(train(RECIPE, tmp_path / "alone.checkpoint", CPU)).network.state_dict()

    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    for name, value in alone.items():
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], value, atol=2e-4, rtol=1e-3)
    kept = torch.load(tmp_path / "run.checkpoint", weights_only=True)
    assert (kept["step"], len(kept["validated"])) == (3, 1), "one of the two writes it"


def test_a_process_alone_has_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)

    assert joined(CPU) == (ALONE, CPU)
    rows = torch.arange(6)
    assert torch.equal(ALONE.share(rows), rows)


def test_the_shares_of_all_processes_are_the_batch() -> None:
    rows = torch.arange(7)

    shares = [Ranks(rank, 3).share(rows) for rank in range(3)]

    assert torch.equal(torch.cat(shares).sort().values, rows)


def test_more_processes_than_images_leave_some_without_any() -> None:
    assert replace(ALONE, rank=3, n=4).share(torch.arange(2)).numel() == 0

"""Only the cores that this process may use are counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from core import cores
from core.cores import limit_threads, n_cores, n_threads


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host of 64 cores, all of them allowed, and the folder of its control groups; this process is in a/b."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    allow(monkeypatch, 64)
    (tmp_path / "groups" / "a" / "b").mkdir(parents=True)
    (tmp_path / "own").write_text("12:memory:/elsewhere\n0::/a/b\n")
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cores, "OWN_GROUP", tmp_path / "own")
    return tmp_path / "groups"


def allow(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(n)), raising=False)
    monkeypatch.setattr(os, "process_cpu_count", lambda: n, raising=False)


@pytest.mark.parametrize("n", [1, 2, 64])
def test_a_process_on_some_cores_counts_those_and_not_the_hosts(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, n)

    assert n_cores() == n_threads() == n
    assert n_threads(left_free=1) == max(1, n - 1)


@pytest.mark.parametrize(
    ("group", "quota", "n"),
    [
        ("a/b", "200000 100000", 2),
        ("a/b", "150000 100000", 2),
        ("a/b", "10000 100000", 1),
        ("a", "300000 100000", 3),
        ("", "400000 100000", 4),
        ("a/b", "max 100000", 64),
        ("a/b", "9900000 100000", 64),
        ("a/b", "nonsense", 64),
        ("a/b", "100000 0", 64),
        ("a/b", "", 64),
    ],
)
def test_the_quota_of_a_control_group_is_kept(group: str, quota: str, n: int, machine: Path) -> None:
    (machine / group / "cpu.max").write_text(quota + "\n")

    assert n_cores() == n


def test_the_tightest_quota_counts(machine: Path) -> None:
    for group, quota in (("", "max 100000"), ("a", "200000 100000"), ("a/b", "800000 100000")):
        (machine / group / "cpu.max").write_text(quota)

    assert n_cores() == 2


def test_a_system_without_control_groups_has_its_cores(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "OWN_GROUP", machine / "nowhere")
    monkeypatch.setattr(cores, "GROUPS", machine / "nowhere")

    assert n_cores() == 64


@pytest.mark.parametrize(("said", "n"), [("3", 3), ("3,2", 3), (" 5 ", 5)])
def test_what_the_user_sets_is_kept(said: str, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)

    assert n_threads() == n_threads(left_free=1) == n


@pytest.mark.parametrize("said", ["", "0", "-1", "many", "1.5", "²"])
def test_what_is_no_number_of_threads_is_passed_over(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    allow(monkeypatch, 4)

    assert n_threads(left_free=1) == 3


@pytest.mark.parametrize(("by_itself", "n"), [(64, 2), (1, 1)])
def test_torch_gets_no_more_threads_than_there_are_cores_for(
    by_itself: int, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    allow(monkeypatch, 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: by_itself)
    monkeypatch.setattr(torch, "set_num_threads", given.append)

    limit_threads()

    assert given == [n]


def test_more_threads_than_torch_can_have_are_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setenv("OMP_NUM_THREADS", "99999")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", given.append)

    limit_threads(left_free=1)

    assert given == [2]


@pytest.mark.parametrize(("quota", "n"), [("250000", 3), ("-1", 64), ("nonsense", 64)])
@pytest.mark.parametrize("group", ["c/d", "c", ""])
def test_the_quota_of_an_older_control_group_is_kept(group: str, quota: str, n: int, machine: Path) -> None:
    (machine.parent / "own").write_text("12:memory:/elsewhere\n4:cpu,cpuacct:/c/d\n0::/\n")
    (machine / "cpu" / "c" / "d").mkdir(parents=True)
    (machine / "cpu" / group / "cpu.cfs_quota_us").write_text(quota + "\n")
    (machine / "cpu" / group / "cpu.cfs_period_us").write_text("100000\n")

    assert n_cores() == n

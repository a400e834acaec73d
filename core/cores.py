"""How many processor cores this process may use, which may be fewer than the machine has."""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePosixPath

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")


def n_cores() -> int:
    """Cores that the scheduler gives to this process: by its affinity, and by the quota of its control groups."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13
        allowed = os.process_cpu_count()
    elif hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count()
    return max(1, math.ceil(min(allowed or 1, _quota())))


def n_threads(*, left_free: int = 0) -> int:
    """Threads to compute with: OMP_NUM_THREADS where the user has set it, else every core but those left free."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if wanted.isascii() and wanted.isdigit() and int(wanted):
        return int(wanted)
    return max(1, n_cores() - left_free)


def limit_threads(*, left_free: int = 0) -> None:
    """Let torch compute with no more threads than this process may use; by itself it sees no quota."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), n_threads(left_free=left_free)))


def limit_threads_once_loaded() -> None:
    """The same for a process that may come to load torch, and for those that it starts."""
    os.environ["OMP_NUM_THREADS"] = str(n_threads())


def _quota() -> float:
    """Cores by the tightest quota of the control group and those around it; a part of one counts whole.

    Source: the Linux kernel's documentation of cgroup-v2, `cpu.max`: microseconds of each period, or max; and of the
    older version, whose cpu controller has a folder of its own and the two numbers in files of their own.
    """
    try:
        lines = OWN_GROUP.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    own = next((PurePosixPath(line[3:]) for line in lines if line.startswith("0::/")), PurePosixPath("/"))
    older = next((line.split(":", 2)[2] for line in lines if "cpu" in line.split(":")[1].split(",")), "/")
    cores = [_cores_of(_group(group) / "cpu.max") for group in (own, *own.parents)]
    path = PurePosixPath("/cpu") / older.lstrip("/")
    cores += [
        _cores_of(_group(group) / "cpu.cfs_quota_us", _group(group) / "cpu.cfs_period_us")
        for group in (path, *path.parents)
    ]
    return min(cores)


def _group(path: PurePosixPath) -> Path:
    return GROUPS / path.relative_to("/")


def _cores_of(*files: Path) -> float:
    try:
        quota_us, period_us = " ".join(file.read_text(encoding="utf-8") for file in files).split()
        unlimited = quota_us in ("max", "-1")
        return float("inf") if unlimited else int(quota_us) / int(period_us)
    except (OSError, ValueError, ZeroDivisionError):
        return float("inf")

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


def limit_threads() -> None:
    """Let torch compute with no more threads than this process may use; by itself it sees no quota."""
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), n_threads()))


def _quota() -> float:
    """Cores by the tightest quota of the control group (version 2) and those around it; a part of one counts whole.

    Source: the Linux kernel's documentation of cgroup-v2, `cpu.max`: microseconds of each period, or max.
    """
    try:
        lines = OWN_GROUP.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    own = next((PurePosixPath(line[3:]) for line in lines if line.startswith("0::/")), PurePosixPath("/"))
    cores = [_cores_of(GROUPS / group.relative_to("/") / "cpu.max") for group in (own, *own.parents)]
    return min(cores)


def _cores_of(file: Path) -> float:
    try:
        quota_us, period_us = file.read_text(encoding="utf-8").split()
        return float("inf") if quota_us == "max" else int(quota_us) / int(period_us)
    except (OSError, ValueError, ZeroDivisionError):
        return float("inf")

"""From the start of the process to the first frame of the window, against importing what it is drawn with."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from measure import Row, row_of

N_STARTS = 10
DONE = "done"
BARE = f"import PySide6.QtWidgets, pyqtgraph; print({DONE!r}, flush=True)"
FIRST_FRAME = str(Path(__file__).with_name("first_frame.py"))


def rows() -> list[Row]:
    """Fresh processes in turn; the first of each only warms the file cache."""
    commands = {"bare": [sys.executable, "-c", BARE], "window": [sys.executable, FIRST_FRAME]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    order = list(commands)
    for turn in range(N_STARTS + 1):
        for name in order:
            taken = _seconds_until_done(commands[name])
            if turn:
                seconds[name].append(taken)
        order.reverse()
    times = {name: np.array(values) for name, values in seconds.items()}
    return [
        row_of("start to first frame", times, lambda m: 1000 * m["window"], "ms"),
        row_of("bare import of PySide6 and pyqtgraph", times, lambda m: 1000 * m["bare"], "ms"),
        row_of("start to first frame / bare import", times, lambda m: m["window"] / m["bare"]),
    ]


def _seconds_until_done(command: list[str]) -> float:
    """Until the process says so; that it cleans up after itself is waited for, but not counted."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        taken = time.perf_counter() - start
        process.stdout.read()
    if line.strip() != DONE or process.returncode:
        raise RuntimeError(f"{command[1]} ended with {process.returncode} and said {line!r}")
    return taken

"""Every study on the bundled discrimination model, from nothing but what ships with it to the finished report."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from measure import Row
from network import open_bundled

from core.series import run_series
from core.studies.study import all_names, chosen

AT_MOST_MIN = 30.0


def rows() -> list[Row]:
    """Minutes for all of it, once."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for _ in run_series([open_bundled()], chosen(all_names(1)), Path(folder)):
            pass
        minutes = (time.perf_counter() - start) / 60
    return [Row("relata study all, discrimination", minutes, "min", limit="≤", target=AT_MOST_MIN)]

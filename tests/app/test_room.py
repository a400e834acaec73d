"""The room goes to what matters: how large canvas and pad are in windows of the usual sizes, and nothing is cut."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCREEN = {"name": "screen", "x": 0, "y": 0, "width": 5760, "height": 3600, "dpr": 1}
DOTS = {"logicalDpi": 96, "logicalBaseDpi": 96}
LEAST = {"1440x900": (400, 320), "1366x768": (340, 280), "960x540": (240, 200)}
"""Of the canvas and of the pad, in logical pixels."""


@pytest.mark.parametrize("ratio", [1, 1.5, 2])
def test_canvas_and_pad_are_large_and_nothing_is_cut_in_windows_of_the_usual_sizes(
    tmp_path: Path, ratio: float
) -> None:
    (tmp_path / "screens.json").write_text(json.dumps({"screens": [SCREEN | DOTS]}), encoding="utf-8")

    command = [sys.executable, "-m", "tests.app.measured_room", str(tmp_path / "screens.json"), *LEAST]
    scaled = {**os.environ, "QT_SCALE_FACTOR": str(ratio)}
    told = subprocess.run(command, cwd=ROOT, env=scaled, capture_output=True, text=True, timeout=120, check=False)

    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout.splitlines()[-1])
    assert set(found) == set(LEAST)
    for size, (canvas_px, pad_px) in LEAST.items():
        assert found[size]["window"] == [int(px) for px in size.split("x")]
        assert found[size]["ratio"] == ratio
        assert min(found[size]["canvas"]) >= canvas_px
        assert min(found[size]["pad"]) >= pad_px
        both = [found[size]["canvas"], found[size]["pad"]]
        assert found[size]["made smaller"] == both, "a window that was larger before gives them as much"
        assert found[size]["back"] == both, "and one in which the other workspaces were shown meanwhile"
        assert found[size]["cut"] == []
        assert found[size]["history"] == (size == "1440x900")
        assert found[size]["small heads"] == []
        assert not any(found[size]["workspaces"].values()), found[size]["workspaces"]

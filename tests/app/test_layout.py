"""No window is larger than its screen, whatever is done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def screen(name: str, x: int, width: int, height: int) -> dict[str, object]:
    place = {"x": x, "y": 0, "width": width, "height": height}
    return {"name": name, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1, **place}


@pytest.mark.parametrize(
    ("sizes", "letters"),
    [([(1366, 768)], 1.0), ([(960, 540)], 1.0), ([(1366, 768)], 1.6), ([(1920, 1080), (960, 540)], 1.0)],
    ids=["laptop", "small", "large letters", "two screens"],
)
def test_no_window_is_larger_than_its_screen_whatever_is_done(
    tmp_path: Path, sizes: list[tuple[int, int]], letters: float
) -> None:
    lefts = [sum(width for width, _ in sizes[:i]) for i in range(len(sizes))]
    screens = [screen(f"screen {i}", left, *size) for i, (left, size) in enumerate(zip(lefts, sizes, strict=True))]
    config = {"synchronousWindowSystemEvents": False, "windowFrameMargins": True, "screens": screens}
    (tmp_path / "screens.json").write_text(json.dumps(config), encoding="utf-8")

    command = [sys.executable, "-m", "tests.app.small_screen", str(tmp_path / "screens.json"), str(letters)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout.splitlines()[-1])
    assert len(found) >= 10
    assert {after: beyond for after, beyond in found.items() if any(map(any, beyond))} == {}

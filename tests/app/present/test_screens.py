"""Where the windows of a talk are: the audience's on the other screen, if there is one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
DOTS = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
DESK = {"name": "desk", "x": 0, "y": 0, "width": 1440, "height": 900, **DOTS}
ROOM = {"name": "room", "x": 1440, "y": 0, "width": 1280, "height": 720, **DOTS}


@pytest.mark.parametrize("screens", [[DESK, ROOM], [DESK]], ids=["two screens", "one screen"])
def test_the_audience_is_on_the_other_screen_and_with_one_screen_the_notes_wait(
    tmp_path: Path, screens: list[dict[str, Any]]
) -> None:
    (tmp_path / "screens.json").write_text(json.dumps({"screens": screens}), encoding="utf-8")

    command = [sys.executable, "-m", "tests.app.present.two_screens", str(tmp_path / "screens.json")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert run.returncode == 0, run.stderr
    told, there = json.loads(run.stdout.splitlines()[-1]), screens[-1]
    assert told["window"] == "desk"
    assert told["audience"] == [there["name"], True, there["width"], there["height"]]
    assert told["presenter"] == [len(screens) == 2, "desk"]
    assert told["asks for the window too"] == (len(screens) == 2), "nothing is computed for what is covered"

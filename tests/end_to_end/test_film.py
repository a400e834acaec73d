"""`relata film` as it is typed: processes, widgets that nobody sees, and a file at the end or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
SMALL = ["--size", "640x360", "--fps", "10", "--no-map", "--device", "cpu"]


def command(out: Path) -> list[str]:
    return [sys.executable, "-m", "core", "film", str(ROOT / "docs" / "flip.relata"), "--out", str(out), *SMALL]


@pytest.mark.slow
def test_the_flip_is_filmed_from_the_command_line(tmp_path: Path) -> None:
    found = subprocess.run(command(tmp_path / "a.gif"), cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stderr
    assert found.stdout == f"{tmp_path / 'a.gif'}\n"
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.size) == (20, (640, 360))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_stopped_on_the_way_it_leaves_no_file(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path / "a.gif"), cwd=ROOT, stderr=subprocess.PIPE) as program:
        assert program.stderr is not None
        said = b""
        while b"2 of 20 frames" not in said:
            said += program.stderr.read(1)
        program.send_signal(signal.SIGINT)
        status = program.wait(60)

    assert status == 128 + signal.SIGINT
    assert list(tmp_path.iterdir()) == []

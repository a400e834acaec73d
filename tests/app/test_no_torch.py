"""The window is up before torch is imported, because it never imports it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import app.__main__
import app.main_window
heavy = sorted({"torch", "torchvision", "timm"} & set(sys.modules))
assert not heavy, f"the window imported {heavy}"
"""


def test_the_window_process_never_imports_torch() -> None:
    child = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)

    assert child.returncode == 0, child.stderr

"""The window is up before torch is imported, because neither it nor what it finds in a room imports it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import app.__main__
import app.main_window
from core.analyses import plot_analyses
from core.cli.ask import analysis_kinds
from core.interventions import intervention_kinds
from core.studies.study import every_study
assert plot_analyses() and analysis_kinds() and intervention_kinds() and every_study()
heavy = sorted({"torch", "torchvision", "timm"} & set(sys.modules))
assert not heavy, f"the window imported {heavy}"
"""


def test_the_window_process_never_imports_torch() -> None:
    child = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)

    assert child.returncode == 0, child.stderr

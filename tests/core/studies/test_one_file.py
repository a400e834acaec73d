"""One new file adds a study: in a copy of the program nothing else is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.networks import save_tiny

ROOT = Path(__file__).parents[3]
NEW = '''
from dataclasses import dataclass
from typing import ClassVar

from core.stimuli.datasets import split_examples
from core.progress import Progress
from core.plots import Bars, Series
from core.studies.comparison import Table
from core.studies.study import Found, Study


@dataclass(frozen=True, slots=True)
class Lengths(Study):
    """How long the tokens of a picture are.

    The embeddings alone.
    """

    name: ClassVar[str] = "lengths"
    label: ClassVar[str] = "Lengths of tokens"
    title: ClassVar[str] = "The length of tokens"
    order: ClassVar[int] = 15
    ticked: ClassVar[bool] = True

    n: int = 40
    seed: int = 0
    power: float = 2.0

    def run(self, bench):
        from core.engine import embed, to_input
        from core.stimuli.render import render_many

        model = bench.model
        examples = split_examples("test", self.n, task=model.task, seed=self.seed, geometry=model.geometry)
        x = embed(model, to_input(model, render_many([e.stimulus for e in examples])))
        yield Progress(1, 1, "lengths")
        length = float(x.norm(p=self.power, dim=-1).mean())
        plot = Bars("Lengths", "length", ("tokens",), (Series("measured", (length,)),))
        return self.result(bench, self.n, Found([{"length": length}], {"lengths": plot}))

    def published(self, result):
        row = {"of": "tokens", "measured": result.rows[0]["length"], "published †": 0.12345}
        return {"lengths": Table((row,), "† Another model.")}
'''

PANEL = """
import sys
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.panels.study_form import StudyForm
form = StudyForm(["discrimination"])
box = form.parts["lengths"]
print(list(form.parts)[:3], box.text(), box.toolTip(), box.isChecked(), "torch" in sys.modules, sep=" | ")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with one more file."""
    folder = tmp_path_factory.mktemp("program")
    for package in ("app", "core"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "resources").symlink_to(ROOT / "resources")
    (folder / "core" / "studies" / "lengths.py").write_text(NEW, encoding="utf-8")
    return folder


def said_by(copy: Path, *words: object) -> str:
    """What Python prints in the copy."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "COLUMNS": "200"}
    command = [sys.executable, *map(str, words)]
    child = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert child.returncode == 0, child.stderr
    return child.stdout + child.stderr


def test_it_stands_in_the_help_of_the_command(copy: Path) -> None:
    said = said_by(copy, "-m", "core", "study", "--help")

    assert "lengths      How long the tokens of a picture are\n" in said
    assert "one of attention, lengths, das, " in said


def test_it_stands_in_the_study_panel_which_loads_no_torch(copy: Path) -> None:
    wanted = "['attention', 'lengths', 'das'] | Lengths of tokens | How long the tokens of a picture are | True | False"

    assert said_by(copy, "-c", PANEL).strip().endswith(wanted)


def test_it_runs_once_and_is_in_the_report_beside_what_was_published(copy: Path, tmp_path: Path) -> None:
    model, out = save_tiny(tmp_path / "tiny.safetensors"), tmp_path / "out"
    words = ("-m", "core", "study", "lengths", "--model", model, "--out", out, "--device", "cpu", "--n")

    first, again = (said_by(copy, *words, 8) for _ in range(2))

    assert "lengths: starting" in first
    assert "lengths: starting" not in again, "it is known by its settings"
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "<h2>The length of tokens</h2>" in report
    assert '<td class="number published">0.123</td>' in report

"""A new thing is one new file: it is added to a copy of the program, and is there wherever it should be."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ANALYSIS_IMPORTS = """
from __future__ import annotations
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from core.analyses import PlotAnalysis, follow
from core.plots import AxesPlot, Curves, Series
if TYPE_CHECKING:
    from core.state import State
"""

INTERVENTION = """
from __future__ import annotations
from dataclasses import dataclass
from core.document import (
    Document,
    Intervention,
    Offer,
    View,
    add_intervention,
    by_hand,
)
from core.site import Site

@dataclass(frozen=True, slots=True)
class FlipStream(Intervention):
    \"\"\"Turn the whole stream after a block round.\"\"\"
    block: int
    strength: float = 1.0
    enabled: bool = True

    @classmethod
    def offers(cls):
        return (Offer("Turn the stream round", lambda d, v: add_intervention(d, FlipStream(v.write))),)

    @property
    def site(self):
        return Site(self.block)

    def apply(self, x, context):
        return x - 2 * self.strength * x

    def subject(self, stimulus):
        return "stream"

    def words(self, stimulus, near=by_hand):
        return "stream turned round"
"""

PANEL = """
from __future__ import annotations
from PySide6.QtWidgets import QLabel
from app.panels import Panel
from core.analyses.decision import Decision

class MarginPanel(QLabel, Panel):
    \"\"\"The margin as a number.\"\"\"
    title = "Margin"

    def __init__(self, desk):
        super().__init__()
        self._desk = desk

    def wanted(self):
        return (Decision(),)

    def refresh(self):
        found = self._desk.found(Decision())
        self.setText("" if found is None else f"{found.value.margin:+.1f}")
"""

LOOK = """
import json, sys
from PySide6.QtWidgets import QApplication
from app.dialogs.command_palette import CommandPalette
from app.live import Live
from app.main_window import MainWindow
from app.panels.analysis import AnalysisPanel
from app.store import Store
from core.cards import subspace_cards
from core.demo import DEFAULT_MODEL, demo_document, demo_view

app = QApplication([])
store = Store(demo_document(), demo_view(subspace_cards(DEFAULT_MODEL)))
window = MainWindow(store, Live())
actions, choice = window.all_actions(), window.panel(AnalysisPanel).choice
turn = next((a for _, a in actions if a.text() == "Turn the stream round"), None)
if turn is not None:
    turn.trigger()
print(json.dumps({
    "commands": [[menu, action.text()] for menu, action in actions],
    "docks": [dock.windowTitle() for dock in window._docks.values()],
    "analyses": [choice.itemText(i) for i in range(choice.count())],
    "edits": [edit.words(store.document.base) for edit in store.document.interventions],
}))
window.close_without_asking()
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The program in another place."""
    for room in ("app", "core"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "resources").symlink_to(ROOT / "resources", target_is_directory=True)
    return tmp_path


def python(copy: Path, *words: str) -> str:
    """What a run of the copy prints."""
    start = f"import sys; sys.path.insert(0, {str(copy)!r})\n"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start + words[0], *words[1:]],
        cwd=copy.parent,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def relata(copy: Path, *words: str) -> str:
    return python(copy, "from core.cli.command import main; sys.exit(main(sys.argv[1:]))", *words)


def example_of_an_analysis() -> str:
    """The one that CONTRIBUTING.md shows."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return ANALYSIS_IMPORTS + found[1]


def test_an_analysis_stands_in_the_window_and_on_the_command_line(copy: Path) -> None:
    assert "stream-norm" not in relata(copy, "ask", "--help")
    (copy / "core" / "analyses" / "stream_norm.py").write_text(example_of_an_analysis(), encoding="utf-8")

    assert "stream-norm  token=0" in relata(copy, "ask", "--help")
    found = json.loads(relata(copy, "ask", "stream-norm", "token=3", "--device", "cpu"))
    assert found["found"][0]["series"][0]["label"] == "token 3"
    assert len(found["found"][0]["series"][0]["y"]) == 7
    assert "Length of the stream" in json.loads(python(copy, LOOK))["analyses"]


def test_an_intervention_stands_in_menu_palette_list_and_on_the_command_line(copy: Path) -> None:
    (copy / "core" / "interventions" / "flip_stream.py").write_text(INTERVENTION, encoding="utf-8")

    assert "flip-stream  block=…" in relata(copy, "ask", "--help")
    words = ("ask", "decision", "--device", "cpu", "--edit", "flip-stream block=2")
    found = json.loads(relata(copy, *words))
    assert found["edits"] == ["stream turned round"]
    assert found["found"]["logits"] != pytest.approx(found["found"]["baseline"], abs=1e-3)
    seen = json.loads(python(copy, LOOK))
    assert ["Intervene ▸ Inside a block", "Turn the stream round"] in seen["commands"]
    assert seen["edits"] == ["stream turned round"]


def test_a_panel_has_a_dock_a_menu_entry_and_a_command(copy: Path) -> None:
    (copy / "app" / "panels" / "margin.py").write_text(PANEL, encoding="utf-8")

    seen = json.loads(python(copy, LOOK))

    assert "Margin" in seen["docks"]
    assert ["Window", "Margin"] in seen["commands"]

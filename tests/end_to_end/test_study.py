"""A small real study of the bundled model, from the panel through its own process to the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.panels.study import StudyPanel
from core.plots import Curves, Heatmap, Maps
from core.progress import Progress
from core.study_job import StudyPart, study
from tests.end_to_end.conftest import ANSWER_MS, Driver


@pytest.fixture
def panel(driver: Driver) -> Iterator[StudyPanel]:
    """The study panel, opened as a person does it, and left empty and closed."""
    driver.command("Study the model…").trigger()
    panel = driver.window.panel(StudyPanel)
    yield panel
    # Every plot keeps a widget of its own, and the window outlives the test.
    panel.parts.show_parts(())
    panel.parentWidget().hide()


def test_a_small_study_of_attention_appears_in_the_panel_and_in_the_report(
    driver: Driver, panel: StudyPanel, tmp_path: Path
) -> None:
    window = driver.window
    for name, box in panel.form.parts.items():
        box.setChecked(name == "attention")
    panel.form.n.setValue(20)
    panel.form.folder.setText(str(tmp_path))

    panel.start.click()
    driver.qtbot.waitUntil(lambda: not window.jobs.busy, timeout=4 * ANSWER_MS)

    assert panel.run is not None
    assert panel.run.state == "finished", panel.run.failure
    assert [type(view.plot) for view in panel.parts.parts[0].plots] == [Curves, Heatmap, Maps]
    assert panel.report.isEnabled()
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "discrimination" / "attention.csv").is_file()

    panel.parts.parts[0].head_chosen.emit(3, 2)
    driver.settle()
    assert (window.desk.view.read, window.desk.view.head) == (3, 2)


def test_every_part_is_yielded_once_and_is_not_run_again(tmp_path: Path) -> None:
    first, again = (list(study(["discrimination"], ["attention", "behaviour"], str(tmp_path), n=4)) for _ in range(2))

    for said in (first, again):
        assert [part.study for part in said if isinstance(part, StudyPart)] == ["attention", "behaviour"]
    assert "attention: starting" in [p.message for p in first if isinstance(p, Progress)]
    assert "attention: starting" not in [p.message for p in again if isinstance(p, Progress)]

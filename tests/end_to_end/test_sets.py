"""The ways out of *Make a set…* in the real window, with engine and jobs: does it hold, and a study of the pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.dialogs.make_set import SetDialog
from app.panels.holds import HoldsPanel
from app.panels.study import StudyPanel
from core.analyses.decision import Decision
from core.analyses.pad import Pad
from core.document import with_stimulus
from core.interventions.move import set_point
from core.stimuli.variants import Varied, variants
from core.studies.result import read_result
from tests.end_to_end.conftest import ANSWER_MS, Driver

PLACES_AND_NOISE = Varied(shapes=False, colors=False)


def dialog_of(driver: Driver, n: int) -> SetDialog:
    driver.command("Make a set…").trigger()
    dialog: SetDialog = driver.window.findChild(SetDialog)
    dialog.form.rows["n"].setValue(n)  # type: ignore[attr-defined]
    return dialog


def test_it_is_asked_whether_it_holds_on_exactly_the_variants_of_the_set(own_driver: Driver) -> None:
    driver, desk = own_driver, own_driver.window.desk
    panel = driver.window.panel(HoldsPanel)
    pad = driver.found(Pad("color", desk.view.write))
    x, y = pad.landmarks[desk.document.base.items[1].color]
    desk.edit("Move colour of A", set_point(desk.document, 0, "color", pad.block, (float(x), float(y))))
    driver.settle()
    document = desk.document
    dialog = dialog_of(driver, 6)

    dialog.hold.click()
    driver.qtbot.waitUntil(lambda: not driver.window.jobs.busy, timeout=4 * ANSWER_MS)

    holding = panel.holding
    assert holding is not None
    assert panel.isVisible()
    assert panel.kept_words.text() == "Other places and noise only."
    assert [holding.opened(pair).base for pair in holding.pairs] == variants(document.base, 6, PLACES_AND_NOISE)
    assert all(pair.edits == document.interventions for pair in holding.pairs)
    assert holding.flips()[0] > holding.flips(1)[0]
    panel.open_pair(4)
    driver.settle()
    assert driver.margin == pytest.approx(holding.pairs[4].after[0], abs=1e-3)
    assert driver.found(Decision()).baseline_margin == pytest.approx(holding.pairs[4].before, abs=1e-3)


def test_a_set_is_made_and_studied_beside_what_was_found_on_other_pictures(own_driver: Driver, tmp_path: Path) -> None:
    driver, panel = own_driver, own_driver.window.panel(StudyPanel)
    panel.form.folder.setText(str(tmp_path / "out"))
    dialog = dialog_of(driver, 5)

    dialog.study.click()
    driver.qtbot.waitUntil(lambda: panel.form.set is not None, timeout=ANSWER_MS)
    panel.start.click()
    driver.qtbot.waitUntil(lambda: not driver.window.jobs.busy, timeout=4 * ANSWER_MS)

    assert panel.run is not None
    assert panel.run.state == "finished", panel.run.failure
    assert [part.part.study for part in panel.parts.parts] == ["attention", "behaviour"]
    assert panel.parts.parts[1].title.text() == "Accuracy and margins, set “set-1” · discrimination · n = 5"
    assert panel.report.isEnabled()
    assert panel.report_path.is_file()
    assert not (tmp_path / "out" / "discrimination").exists()
    result = read_result(panel.form.results / "discrimination" / "behaviour.json")
    assert result is not None
    margins = [row["margin"] for row in result.rows if row["kind"] == "picture"]
    assert len(margins) == 5
    base = variants(driver.window.desk.document.base, 5, PLACES_AND_NOISE)[0]
    driver.window.desk.edit("The first", with_stimulus(driver.window.desk.document, "base", base))
    driver.settle()
    assert driver.margin == pytest.approx(margins[0], abs=1e-3)
    panel.parts.show_parts(())

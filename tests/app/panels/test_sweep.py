"""The sweep panel: curves over the layers, a click that goes to one, and what is of another state looks so."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.sweep import SweepPanel
from core.analyses import Refusal
from core.analyses.layer_sweep import LayerSweep, Sweep, Swept
from core.document import move_item, with_stimulus
from core.interventions.knock_out_mlp import KnockOutMLP
from tests.app.answers import TINY, answer

NAN = math.nan
OWN = Swept(-5.0, ((3.0, 4.0, -1.0, -4.6, -4.9, NAN), (-5.0, -5.2, -5.1, -5.0, -5.0, NAN)))
OTHER = Swept(-6.0, ((2.0, 3.0, -2.0, -5.8, -5.9, NAN), (-6.0, -6.2, -6.1, -6.0, -6.0, NAN)))
FOUND = Sweep(
    (-1, 0, 1, 2, 3, 4),
    ("with the edits", "wrong object"),
    "different",
    "same",
    OWN,
    (OTHER, replace(OTHER, baseline=-5.5)),
    16,
    {4: "There is no color subspace after block 4."},
    ("Without a control: MLP off.",),
)
UNKNOWN = replace(FOUND, own=Swept(NAN, ((NAN,) * 6, (NAN,) * 6)), others=())


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> SweepPanel:
    desk.edit("MLP off", replace(desk.document, interventions=(KnockOutMLP(1),)))
    panel = SweepPanel(desk)
    qtbot.addWidget(panel)
    desk.wanted = panel.wanted
    desk.redraw = panel.refresh
    desk.store.changed.connect(panel.refresh)
    panel.resize(420, 480)
    panel.show()
    panel.refresh()
    return panel


def found(desk: Desk, panel: SweepPanel, sweep: Sweep | Refusal = FOUND) -> None:
    desk.take(answer(desk, {panel.analysis: sweep}))
    panel.refresh()


def is_grey(panel: SweepPanel) -> bool:
    return bool(panel.plot._box.opacity() < 1)


def test_the_curves_are_drawn_with_where_it_is_too_late_and_what_is_missing(desk: Desk, panel: SweepPanel) -> None:
    assert panel.said.text() == "Computing…"

    found(desk, panel)

    assert panel.plot.plot is not None
    assert panel.plot.title.text() == FOUND.plot().title
    said = panel.said.text()
    assert "2 of 16 pairs so far." in said
    assert "Blocks 2, 3: too late: already compared." in said
    assert "Nothing at block 4: There is no colour subspace after block 4." in said
    assert "Without a control: MLP off." in said
    assert not is_grey(panel)


@pytest.mark.parametrize("width", [300, 420, 700])
def test_no_curve_passes_the_words_of_a_line(desk: Desk, panel: SweepPanel, width: int) -> None:
    late = Swept(-5.75, ((2.0, 3.0, -2.0, -5.9, -5.75, -5.7), (-6.0, -5.6, -5.8, -5.7, -5.75, -5.8)))
    sweep = replace(FOUND, own=late, others=(late,), gaps={})
    panel.resize(width, 480)
    found(desk, panel, sweep)
    panel.grab()

    view, plot = panel.plot, sweep.plot()
    names = {text.toPlainText(): text.sceneBoundingRect().adjusted(-3, -3, 3, 3) for text in view._texts}
    assert set(names) == {"no edit", "undecided"}
    for series in plot.series:
        for x in np.linspace(plot.x[0], plot.x[-1], 500):
            place = view._box.mapViewToScene(QPointF(x, np.interp(x, plot.x, series.y)))
            assert [name for name, box in names.items() if box.contains(place)] == []


def test_a_click_on_a_layer_writes_there_and_looks_where_one_looked(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    read = desk.view.read

    QTest.mouseClick(panel.plot, Qt.MouseButton.LeftButton, pos=panel.plot.place_of(4).toPoint())
    assert (desk.view.write, desk.view.read) == (3, read)
    QTest.mouseClick(panel.plot, Qt.MouseButton.LeftButton, pos=panel.plot.place_of(0).toPoint())

    assert desk.view.write == -1
    assert panel.plot._position == 0, "the marker is where the edit would be made"


def test_after_a_change_the_curves_stay_grey_until_there_are_others(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    drawn = panel.plot.plot

    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, 0, 0)))
    assert is_grey(panel)
    assert panel.said.text().startswith("Of another state; computing…")
    found(desk, panel, UNKNOWN)
    assert is_grey(panel), "nothing is known of it yet"
    assert panel.plot.plot is drawn

    found(desk, panel, replace(FOUND, others=()))
    assert not is_grey(panel)
    assert panel.plot.plot is not drawn


def test_another_document_begins_without_the_curves_of_the_last_one(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    desk.edit("Undone", replace(desk.document, interventions=()))

    panel.take({})
    panel.refresh()

    assert panel.plot.isHidden()


def test_shares_of_turned_answers_can_be_shown_instead(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)

    panel.shown.setCurrentText("Answers turned")

    assert repr(panel.plot.plot) == repr(FOUND.plot("flips")), "a gap is not equal to itself"
    assert panel.plot.plot.y_label == "answers turned, of 2 pairs"  # type: ignore[union-attr]


def test_another_number_of_pairs_is_asked_for(desk: Desk, panel: SweepPanel) -> None:
    panel.n.setValue(4)

    asked = desk.live.ask
    assert isinstance(asked, Mock)
    assert asked.call_args.args[0].wanted == (LayerSweep(4),)


def test_why_there_is_nothing_is_said(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel, Refusal("No edit is on.", "Move a thumb."))

    assert panel.said.text() == "No edit is on. Move a thumb."
    assert not panel.plot.isVisible()


def test_what_a_file_keeps_is_shown_as_recorded_until_it_is_found_again(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    panel.shown.setCurrentText("Answers turned")
    kept = json.loads(json.dumps(panel.kept(), allow_nan=False))
    panel.take({})
    assert not panel.plot.isVisible()

    panel.take(kept)

    assert panel.shown.currentText() == "Answers turned"
    assert panel.said.text().startswith("Recorded in the document's file.")
    assert repr(panel.plot.plot) == repr(FOUND.plot("flips"))
    assert not is_grey(panel)
    found(desk, panel, replace(FOUND, n=2))
    assert "Recorded" not in panel.said.text()


def test_what_was_kept_of_an_earlier_state_stays_of_an_earlier_state(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, 0, 0)))

    panel.take(json.loads(json.dumps(panel.kept(), allow_nan=False)))

    assert panel.said.text().startswith("Recorded of another state.")
    assert is_grey(panel)


def test_what_was_recorded_is_of_another_state_as_soon_as_something_is_changed(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    panel.take(json.loads(json.dumps(panel.kept(), allow_nan=False)))
    assert not is_grey(panel)

    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, 0, 0)))

    assert panel.said.text().startswith("Recorded of another state.")
    assert is_grey(panel)
    assert panel.kept()["of_this"] is False
    desk.store.undo.undo()
    assert not is_grey(panel)


def test_what_was_recorded_with_another_fit_says_so(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel, replace(FOUND, fit=TINY.fit))
    panel.take(json.loads(json.dumps(panel.kept(), allow_nan=False)))
    found(desk, panel, Refusal("No edit is on.", "Use what is learned now."))
    assert not is_grey(panel)

    refused = {panel.analysis: Refusal("No edit is on.", "Use what is learned now.")}
    desk.take(answer(desk, refused, model=replace(TINY, learned_hash="another")))
    panel.refresh()
    assert is_grey(panel)
    assert panel.said.text() == "No edit is on. Use what is learned now."

    desk.take(answer(desk, {panel.analysis: UNKNOWN}, model=replace(TINY, learned_hash="another")))
    panel.refresh()
    assert panel.said.text().startswith("Recorded with other weights, or with another fit of what was learned.")
    assert is_grey(panel)


@pytest.mark.parametrize("n", ["many", True, -1, 10**12])
def test_what_is_damaged_in_a_file_is_passed_over(desk: Desk, panel: SweepPanel, n: object) -> None:
    panel.take({"n": n, "shown": 3, "found": {"blocks": 1}, "of_this": True})

    assert panel.n.value() == LayerSweep().n
    assert panel.said.text() == "Computing…"


def test_in_a_low_panel_the_room_goes_to_the_curves_and_the_words_are_its_tip(desk: Desk, panel: SweepPanel) -> None:
    found(desk, panel)
    assert panel.said.isVisible()

    panel.resize(240, 250)

    assert not panel.said.isVisible()
    assert "too late: already compared" in panel.plot.toolTip()
    assert panel.height() == 250, "words ask for no room"

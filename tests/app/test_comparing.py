"""Two models beside each other in the window: what is asked, what is shown of each, and how they are linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import comparing, edits
from app.main_window import MainWindow
from app.panels.analysis import AnalysisPanel
from app.panels.decision import DecisionPanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from core.analyses import Analysis, Refusal
from core.analyses.decision import Decision, Verdict
from core.analyses.pad import Pad
from core.beside import Beside, OnCompared
from core.document import Intervention
from core.errors import UserError
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import set_point
from core.plots import Curves, Series
from core.questions import ModelInfo
from tests.app.answers import RELATIONS, SAME, TINY, answer, pad_places

DEEP = replace(TINY, name="deep", weights_hash="1", n_blocks=12)
DIFFERENT = Verdict(RELATIONS, (3.0, 0.0), (1.0, 0.0))


def on(
    value: Any,
    model: ModelInfo = DEEP,
    *,
    refusal: Refusal | None = None,
    left_out: Mapping[Intervention, str] | None = None,
) -> OnCompared[Any]:
    return OnCompared(value, refusal, model, left_out or {})


def do(window: MainWindow, text: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


@pytest.fixture
def two(window: MainWindow) -> MainWindow:
    """The demo in the bundled model and, beside it, in the one for match-to-sample; not answered."""
    comparing.compare_with(window.desk, "rmts")
    return window


def answered(window: MainWindow, found: Mapping[Analysis[Any], Any] | None = None, **options: Any) -> None:
    window.desk.take(answer(window.desk, {Beside(Decision()): on(DIFFERENT), **(found or {})}, **options))
    window.desk.redraw()


def meters(window: MainWindow) -> tuple[str, str]:
    panel = window.panel(DecisionPanel)
    return panel.meter.accessibleDescription(), panel.beside.meter.accessibleDescription()


def test_comparing_is_a_step_of_the_history_and_undo_leaves_the_first_model_alone(window: MainWindow) -> None:
    panels = window.panel(DecisionPanel), window.panel(LayersPanel)
    pads = window.panel(InterventionsPanel).beside.both["color"]
    alone = [panel.maximumHeight() for panel in panels]

    comparing.compare_with(window.desk, "rmts")

    assert window.desk.document.compared == "rmts"
    assert window.desk.store.undo.undoText() == "Compare with rmts"
    assert all(both.is_double for both in (*(panel.both for panel in panels), pads))
    assert [name.whole for name in panels[0].both.names] == ["discrimination", "rmts"]
    assert all(panel.maximumHeight() > height for panel, height in zip(panels, alone, strict=True))

    window.desk.store.undo.undo()

    assert window.desk.document.compared == ""
    assert not any(both.is_double for both in (*(panel.both for panel in panels), pads))
    assert [panel.maximumHeight() for panel in panels] == alone


def test_nothing_is_asked_of_a_second_model_while_none_is_compared(window: MainWindow) -> None:
    assert not [wanted for wanted in window.desk.wanted() if isinstance(wanted, Beside)]

    comparing.compare_with(window.desk, "rmts")
    write = window.desk.view.write
    assert [wanted for wanted in window.desk.wanted() if isinstance(wanted, Beside)] == [
        Beside(Decision()),
        Beside(Pad("color", write)),
        Beside(Decision()),
    ]
    do(window, "Stop comparing")
    assert not [wanted for wanted in window.desk.wanted() if isinstance(wanted, Beside)]


def test_each_meter_says_what_its_model_says_and_what_is_its_task(two: MainWindow) -> None:
    answered(two, {Beside(Decision()): on(DIFFERENT, replace(DEEP, card={"network": {}, "task": "rmts"}))})

    first, second = meters(two)

    assert first.startswith("SAME, margin +1.0")
    assert second.startswith("DIFFERENT, margin −3.0")
    assert "its task" not in first
    assert "not its task" in second


def test_both_meters_say_that_they_are_of_the_state_before(two: MainWindow) -> None:
    answered(two)
    assert not [told for told in meters(two) if "computing" in told]

    two.desk.edit("MLP off", replace(two.desk.document, interventions=(KnockOutMLP(1),)))
    assert [told for told in meters(two) if "computing" in told] == list(meters(two))
    two.desk.take(replace(answer(two.desk), found={Decision(): SAME}, complete=False))
    two.desk.redraw()

    first, second = meters(two)
    assert "computing" not in first, "the first model has answered"
    assert "computing" in second


def test_a_second_model_that_cannot_be_opened_says_why_and_the_first_goes_on(two: MainWindow) -> None:
    refusal = Refusal("rmts.safetensors is damaged.", "Fetch it again.")
    write = two.desk.view.write

    answered(
        two, {Beside(Decision()): refusal, Beside(Pad("color", write)): refusal, Pad("color", write): pad_places()}
    )

    first, second = meters(two)
    assert first.startswith("SAME, margin +1.0")
    assert second == "rmts.safetensors is damaged. Fetch it again."
    assert "rmts: rmts.safetensors is damaged." in two.panel(InterventionsPanel).words.text()
    assert two.panel(InterventionsPanel).pads["color"].isEnabled()
    assert [name.whole for name in two.panel(DecisionPanel).both.names] == ["tiny", "rmts"]


def test_what_was_found_on_one_compared_model_is_not_shown_of_another(two: MainWindow) -> None:
    answered(two)

    comparing.compare_with(two.desk, "dinov2-small")

    first, second = meters(two)
    assert first.endswith("computing") or "computing" in first
    assert second == "waiting for the engine"
    assert two.panel(DecisionPanel).both.names[1].whole == "dinov2-small"


def test_an_edit_that_was_left_out_is_said_and_has_no_ghost_in_the_second_meter(two: MainWindow) -> None:
    edit = KnockOutMLP(1)
    two.desk.edit("MLP off", replace(two.desk.document, interventions=(edit,)))
    changed = Verdict(RELATIONS, (0.0, 1.0), (0.0, 2.0))

    there = on(DIFFERENT, left_out={edit: "There is nothing of it."})
    answered(two, {Beside(Decision()): there}, verdict=changed)

    first, second = meters(two)
    assert "was +2.0" in first
    assert "was" not in second
    assert "Left out there, MLP: There is nothing of it." in two.panel(InterventionsPanel).words.text()


def test_the_strips_are_linked_by_relative_depth_in_both_directions(two: MainWindow) -> None:
    answered(two)
    panel = two.panel(LayersPanel)
    two.desk.look(read=2, write=1)

    assert (panel.beside.read, panel.beside.write) == (5, 3)
    QTest.mouseClick(panel.beside, Qt.MouseButton.LeftButton, pos=panel.beside.cell_rect(9).center().toPoint())

    assert (two.desk.view.read, two.desk.view.write) == (4, 4)
    assert (panel.strip.read, panel.strip.write) == (4, 4)
    QTest.mouseClick(panel.beside, Qt.MouseButton.LeftButton, pos=panel.beside.cell_rect(8).center().toPoint())
    assert (panel.beside.read, panel.beside.write) == (9, 9), "between two layers of the first it goes to one of them"


def test_the_second_strip_has_a_cell_for_each_block_of_its_model_before_it_has_answered(two: MainWindow) -> None:
    panel = two.panel(LayersPanel)
    two.desk.look(read=5, write=5)

    assert panel.beside.read == 7, "by its card the second has eight blocks"


def test_the_second_pad_shows_where_the_same_edit_lands_and_cannot_be_dragged(two: MainWindow, qtbot: QtBot) -> None:
    desk, panel, write = two.desk, two.panel(InterventionsPanel), two.desk.view.write
    desk.edit("Move", set_point(desk.document, 0, "color", write, (1.0, 1.0)))
    here = pad_places(block=write)
    there = pad_places(block=5, own=((0.0, 0.0), (1.0, 0.0)), now=((-0.3, -1.4), (1.0, 0.0)))
    answered(two, {Pad("color", write): here, Beside(Pad("color", write)): on(there)})
    pad, before = panel.beside.pads["color"], desk.document

    thumb = pad.thumb_place(0).toPoint()
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=thumb)
    QTest.mouseMove(pad, thumb + QPoint(30, -30))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=thumb + QPoint(30, -30))
    QTest.mouseDClick(pad, Qt.MouseButton.LeftButton, pos=thumb)

    assert desk.document is before
    assert "A at −0.3, −1.4" in pad.accessibleDescription()
    assert "the same edit lands" in pad.tip_at(pad.thumb_place(0))[0]
    assert "A at 1, 1" in panel.pads["color"].accessibleDescription()
    assert "deep: A near" in panel.words.text()
    assert "block 5" in panel.words.text()


def test_of_the_other_property_nothing_is_shown_on_the_second_pad(two: MainWindow) -> None:
    write, panel = two.desk.view.write, two.panel(InterventionsPanel)
    answered(two, {Beside(Pad("color", write)): on(pad_places(block=write))})

    panel.tabs.setCurrentIndex(1)

    assert "A at" in panel.beside.pads["color"].accessibleDescription()
    assert "A at" not in panel.beside.pads["shape"].accessibleDescription()
    assert "computing" in panel.words.text()


def test_the_model_is_not_compared_with_itself_nor_with_what_is_not_there(window: MainWindow, tmp_path: Path) -> None:
    before = window.desk.document

    with pytest.raises(UserError, match="the model that is open"):
        comparing.compare_with(window.desk, "discrimination")
    with pytest.raises(UserError, match="There is no model"):
        comparing.compare_with(window.desk, str(tmp_path / "mine.safetensors"))
    with pytest.raises(UserError, match="No model is compared"):
        comparing.stop_comparing(window.desk)
    with pytest.raises(UserError, match="No model is compared"):
        comparing.change_places(window.desk)
    assert window.desk.document is before


def test_two_models_of_one_name_are_told_apart_by_their_weights(two: MainWindow) -> None:
    answered(two, {Beside(Decision()): on(DIFFERENT, replace(TINY, weights_hash="abcdef0123"))})

    assert [name.whole for name in two.panel(DecisionPanel).both.names] == ["tiny 0", "tiny abcdef"]


def test_a_compared_model_that_is_opened_changes_places_with_the_first(two: MainWindow) -> None:
    do(two, "Change places of the two models")

    assert (two.desk.document.model, two.desk.document.compared) == ("rmts", "discrimination")
    edits.choose_model(two.desk, "dinov2-small")
    assert (two.desk.document.model, two.desk.document.compared) == ("dinov2-small", "discrimination")


def test_findings_of_another_fit_of_the_compared_model_are_forgotten(two: MainWindow) -> None:
    desk = two.desk
    answered(two, {Beside(Pad("color", 0)): on(pad_places(block=0)), Beside(Pad("color", 1)): on(pad_places())})
    assert desk.found(Beside(Pad("color", 0))).current

    fitted = replace(DEEP, learned_hash="another fit")
    answered(two, {Beside(Pad("color", 1)): on(pad_places(), fitted)})

    assert not desk.found(Beside(Pad("color", 0))).current
    assert desk.found(Beside(Pad("color", 1))).current


def test_of_several_pads_of_the_compared_model_the_likest_is_shown_until_its_own_is_there(two: MainWindow) -> None:
    shape = on(pad_places("shape", 2))
    answered(two, {Beside(Pad("color", 2)): on(pad_places("color", 2)), Beside(Pad("shape", 2)): shape})

    found = two.desk.found(Beside(Pad("shape", 3)))

    assert found.value is shape
    assert not found.current
    assert two.desk.found(Beside(Decision())).value.value == DIFFERENT


def test_the_second_model_is_chosen_in_the_dialog_that_opens_models(window: MainWindow) -> None:
    do(window, "Compare with…")
    dialog = window.models.dialog
    assert (dialog.windowTitle(), dialog.open_button.text()) == ("Compare with a model", "Compare")

    dialog.search.setText("rmts")
    dialog.open_button.click()

    assert (window.desk.document.model, window.desk.document.compared) == ("discrimination", "rmts")
    assert not dialog.isVisible()
    do(window, "Open model…")
    assert (dialog.windowTitle(), dialog.open_button.text()) == ("Open model", "Open")
    dialog.open_button.click()
    assert (window.desk.document.model, window.desk.document.compared) == ("rmts", "discrimination")
    dialog.hide()


def test_an_analysis_draws_a_plot_of_each_model_with_its_name(two: MainWindow) -> None:
    do(two, "Analyses")
    panel = two.panel(AnalysisPanel)
    series = (Series("a", (0.0, 1.0)),)
    curves = Curves(title="Depth", x_label="block", y_label="margin", x=(0.0, 1.0), ticks=("0", "1"), series=series)
    other = replace(curves, series=(Series("a", (2.0, 3.0)),))
    assert {panel.analysis, Beside(panel.analysis)} <= set(two.desk.wanted())

    answered(two, {panel.analysis: (curves,), Beside(panel.analysis): on((other,))})

    assert [view.plot for view in panel.plots] == [
        replace(curves, title="tiny: Depth"),
        replace(other, title="deep: Depth"),
    ]
    refusal = Refusal("There is nothing to find.", "Look elsewhere.")
    answered(two, {panel.analysis: (curves,), Beside(panel.analysis): on(None, refusal=refusal)})
    assert [view.plot.title for view in panel.plots] == ["tiny: Depth"]
    assert panel.said.text() == "deep: There is nothing to find. Look elsewhere."

    do(two, "Stop comparing")
    answered(two, {panel.analysis: (curves,)})
    assert [view.plot for view in panel.plots] == [curves]
    assert panel.said.text() == ""


def test_a_refused_choice_leaves_the_dialog_open_and_is_said(window: MainWindow) -> None:
    do(window, "Compare with…")
    dialog = window.models.dialog

    dialog.search.setText("discrimination")
    dialog.open_button.click()

    assert dialog.isVisible()
    assert "That is the model that is open." in window.status.error.text()
    assert window.desk.document.compared == ""
    dialog.hide()

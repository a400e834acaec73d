"""The chips of modes and controls by the pad, and what their commands do to the document."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from pytestqt.qtbot import QtBot

from app import edits, item_edits, modes
from app.actions import COMMANDS, CONTROLS, MODES
from app.desk import Desk
from app.panels.decision import DecisionPanel
from app.panels.history import HistoryPanel
from app.panels.interventions import InterventionsPanel
from core.analyses.decision import Verdict
from core.analyses.pad import Pad
from core.document import controls_in_force, random_stimulus
from core.errors import UserError
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.novel import WriteNovelVectors
from core.interventions.swap import SwapFromSource
from core.questions import Answer
from core.stimuli.stimulus import Geometry
from tests.app import answers
from tests.app.panels.small_panel import interventions_panel

LEFT = Qt.MouseButton.LeftButton
NOVEL = {"Add": "added", "Interpolate": "interpolated", "Sampled": "sampled", "Random": "random"}


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> InterventionsPanel:
    widget = interventions_panel(desk)
    qtbot.addWidget(widget)
    widget.resize(350, 520)
    widget.show()
    widget.refresh()
    return widget


def answer(desk: Desk, now: list[tuple[float, float]]) -> Answer:
    """An answer about the current state, with A and B at (0, 0) and (1, 0) on the pad, and then at `now`."""
    verdict = Verdict(answers.RELATIONS, (0.0, 1.0), (1.0, 0.0))
    return answers.answer(desk, {Pad("color", 1): answers.pad_places(now=now)}, verdict=verdict)


def pressed(panel: InterventionsPanel) -> list[str]:
    return [name for chips in (panel.chips.modes, panel.chips.controls) for name, c in chips.items() if c.isChecked()]


def undo_text(desk: Desk) -> str:
    return desk.store.undo.undoText()


def novel(desk: Desk) -> WriteNovelVectors:
    edit = desk.document.interventions[-1]
    assert isinstance(edit, WriteNovelVectors)
    return edit


@pytest.mark.parametrize("name", NOVEL)
def test_a_chip_writes_novel_vectors_into_the_pair_in_one_step(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel, name: str
) -> None:
    qtbot.mouseClick(panel.chips.modes[name], LEFT)

    edit = novel(desk)
    assert (edit.block, edit.item, edit.partner, edit.property, edit.method) == (1, 0, 1, "color", NOVEL[name])
    assert edit.judgement == "same"  # the demo's colours differ
    assert pressed(panel) == [name]
    assert desk.store.undo.count() == 1
    assert undo_text(desk).endswith("colour of A+B")


def test_another_method_takes_the_same_draw_and_another_draw_is_one_step(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    qtbot.mouseClick(panel.chips.modes["Add"], LEFT)
    first = novel(desk)

    qtbot.mouseClick(panel.chips.modes["Interpolate"], LEFT)
    assert desk.document.interventions == (replace(first, method="interpolated"),)
    qtbot.mouseClick(panel.chips.modes["↻"], LEFT)

    assert novel(desk).seed != first.seed
    assert undo_text(desk) == "Draw colour of A+B again"
    desk.store.undo.undo()
    assert novel(desk).seed == first.seed


def test_a_pair_of_one_colour_is_made_different_and_in_match_to_sample_it_is_the_selected_pair(desk: Desk) -> None:
    edits.match(desk, "color")
    modes.write_novel(desk, "added")
    assert novel(desk).judgement == "different"

    desk.edit("RMTS", replace(desk.document, base=random_stimulus("rmts", Geometry(), 1), interventions=()))
    desk.look(item=3)
    modes.write_novel(desk, "added")

    assert (novel(desk).item, novel(desk).partner) == (2, 3)


def test_one_item_is_no_pair(desk: Desk) -> None:
    item_edits.delete_selected(desk)

    with pytest.raises(UserError, match="both items"):
        modes.write_novel(desk, "added")


def test_a_control_is_one_click_from_its_effect_and_back(qtbot: QtBot, desk: Desk, panel: InterventionsPanel) -> None:
    qtbot.mouseClick(panel.chips.modes["Add"], LEFT)
    effect = novel(desk)

    for name in ("Wrong object", "Random subspace"):
        qtbot.mouseClick(panel.chips.controls[name], LEFT)

        assert desk.document.interventions == (replace(effect, control=name.lower()),)
        assert pressed(panel) == ["Add", name]
        assert undo_text(desk) == f"Control, {name.lower()}: colour of A+B"
    qtbot.mouseClick(panel.chips.controls["Random subspace"], LEFT)

    assert desk.document.interventions == (effect,)
    assert undo_text(desk) == "Back to the effect: colour of A+B"


def test_a_control_is_marked_in_its_row_on_the_pad_on_the_meter_and_in_the_history(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    modes.write_novel(desk, "added")
    modes.choose_control(desk, "random subspace")
    desk.take(answer(desk, [(0.0, 0.0), (1.0, 0.0)]))
    meter, history = DecisionPanel(desk), HistoryPanel(desk)
    for widget in (meter, history):
        qtbot.addWidget(widget)
        widget.refresh()
    panel.refresh()

    row = panel.edits.rows.index(0)
    assert panel.edits.rows.shown[0].control == "random subspace"
    assert "control: random subspace" in row.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert "Control: random subspace" in panel.pads["color"].accessibleDescription()
    assert "control: random subspace" in meter.meter.accessibleDescription()
    assert "Control in force: random subspace" in history.strip.accessibleDescription()


def test_the_pill_of_a_row_offers_its_controls_and_goes_back_to_the_effect(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    desk.edit("Move", set_point(desk.document, 0, "color", 1, (1.0, 1.0)))
    pill = panel.edits.parts(0).control.center().toPoint()

    offered = panel.edits.choices(0).actions()
    assert [a.text() for a in offered] == ["Effect", "Control: wrong object", "Control: random subspace"]
    offered[1].trigger()
    assert controls_in_force(desk.document) == ("wrong object",)
    qtbot.mouseClick(panel.edits.viewport(), LEFT, pos=pill)

    assert controls_in_force(desk.document) == ()


def test_a_swap_of_everything_offers_no_random_subspace(qtbot: QtBot, desk: Desk, panel: InterventionsPanel) -> None:
    qtbot.mouseClick(panel.chips.modes["Swap all"], LEFT)

    assert isinstance(desk.document.interventions[0], SwapFromSource)
    assert panel.chips.controls["Wrong object"].isEnabled()
    assert not panel.chips.controls["Random subspace"].isEnabled()
    with pytest.raises(UserError, match="has no control “random subspace”") as refused:
        modes.choose_control(desk, "random subspace")
    assert refused.value.hint == "It has: wrong object."


def test_without_an_edit_there_is_nothing_to_control(desk: Desk, panel: InterventionsPanel) -> None:
    assert pressed(panel) == ["Move"]
    assert not any(chip.isEnabled() for chip in panel.chips.controls.values())
    with pytest.raises(UserError, match="No edit of this pad"):
        modes.choose_control(desk, "wrong object")
    with pytest.raises(UserError, match="No edit of this pad"):
        modes.draw_again(desk)


def test_thumbs_stand_where_the_vectors_landed_and_a_drag_puts_a_move_on_top(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    modes.write_novel(desk, "added")
    desk.take(answer(desk, [(1.5, -1.0), (-1.5, 0.5)]))
    panel.refresh()
    a, b = panel.pads["color"]._picture.thumbs
    assert [(t.x, t.y, t.own_x, t.own_y, t.active) for t in (a, b)] == [
        (1.5, -1.0, 0.0, 0.0, True),
        (-1.5, 0.5, 1.0, 0.0, True),
    ]

    panel.pads["color"].thumb_moved.emit(0, 0.5, 0.5, -1)

    assert isinstance(desk.document.interventions[0], WriteNovelVectors)
    assert desk.document.interventions[1] == MoveInSubspace(1, 0, "color", (0.5, 0.5))
    assert pressed(panel) == ["Move"]
    desk.look(item=1)
    assert pressed(panel) == ["Add"]
    assert "far from anything seen" in panel.words.text()


def test_the_hand_takes_the_value_back(qtbot: QtBot, desk: Desk, panel: InterventionsPanel) -> None:
    desk.edit("Move", set_point(desk.document, 0, "color", 1, (1.0, 1.0)))
    by_hand = desk.document
    qtbot.mouseClick(panel.chips.modes["Sampled"], LEFT)

    qtbot.mouseClick(panel.chips.modes["Move"], LEFT)

    assert desk.document == by_hand
    assert undo_text(desk) == "Move colour by hand"


def test_the_chips_go_on_in_the_next_line_of_a_narrow_panel(panel: InterventionsPanel) -> None:
    flow = panel.chips.modes["Move"].parentWidget()
    assert flow is not None

    assert flow.heightForWidth(200) > flow.heightForWidth(900)
    for width in (200, 350, 900):
        flow.resize(width, flow.heightForWidth(width))
        inside = [chip for chip in panel.chips.modes.values() if chip.parentWidget() is flow]
        assert len(inside) == len(panel.chips.modes) - 1
        assert all(flow.rect().contains(chip.geometry()) for chip in inside)


def test_a_small_panel_keeps_the_pad_large_enough_to_use_and_scrolls_in_height_alone(
    qtbot: QtBot, panel: InterventionsPanel
) -> None:
    panel.resize(250, 300)
    qtbot.waitUntil(lambda: panel.verticalScrollBar().maximum() > 0)

    assert panel.horizontalScrollBar().maximum() == 0
    assert panel.pads["color"].height() >= panel.pads["color"].minimumSizeHint().height()
    parts = [panel.tabs, panel.words, panel.chips, panel.edits]
    places = [QRect(part.mapTo(panel, QPoint()), part.size()) for part in parts]
    assert all(above.bottom() < below.top() for above, below in pairwise(places))


def test_every_mode_and_control_is_a_command_with_a_sentence_and_keys_of_its_own() -> None:
    keys = [key for command in COMMANDS for key in command.keys]

    assert len(keys) == len(set(keys))
    for command in (*MODES, *CONTROLS):
        assert command in COMMANDS
        assert (command.menu, command.tip[-1:], bool(command.keys)) == ("Intervene", ".", True)
    assert {command.short for command in MODES} >= {"Move", "Swap", *NOVEL}


def test_a_pad_without_a_subspace_shows_nothing_of_the_one_before(panel: InterventionsPanel, desk: Desk) -> None:
    desk.take(answer(desk, [(0.0, 0.0), (1.0, 0.0)]))
    panel.refresh()
    assert "A at 0, 0" in panel.pads["color"].accessibleDescription()

    desk.take(answers.answer(desk, {Pad("color", 1): answers.NOTHING}))
    panel.refresh()

    assert "nothing to move" in panel.pads["color"].accessibleDescription()


def test_one_mode_is_in_force_and_what_the_hand_moved_waits_until_the_hand_decides_again(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    desk.edit("Move", set_point(desk.document, 0, "color", 1, (1.0, 1.0)))
    moved = desk.document.interventions

    qtbot.mouseClick(panel.chips.modes["Add"], LEFT)
    qtbot.mouseClick(panel.chips.modes["Swap"], LEFT)

    in_force = [edit.mode for edit in desk.document.interventions if edit.enabled]
    assert in_force == ["Swap"] == pressed(panel)
    qtbot.mouseClick(panel.chips.modes["Move"], LEFT)
    assert desk.document.interventions == moved
    assert pressed(panel) == ["Move"]


def test_a_mode_of_the_other_pad_and_of_another_block_stays(
    qtbot: QtBot, desk: Desk, panel: InterventionsPanel
) -> None:
    edits.swap_in_source(desk, "shape")
    desk.look(write=2)
    edits.swap_in_source(desk, "color")
    desk.look(write=1)

    qtbot.mouseClick(panel.chips.modes["Add"], LEFT)

    assert [(edit.mode, edit.site.block) for edit in desk.document.interventions] == [
        ("Swap", 1),
        ("Swap", 2),
        ("Add", 1),
    ]

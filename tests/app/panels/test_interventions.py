"""The interventions panel: its rows in words, why an edit does nothing, and pads that are never another state's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.panels.interventions import InterventionsPanel
from app.widgets.edit_row import EditRow
from core.analyses import Refusal
from core.analyses.decision_map import MAP_SIZE, DecisionMap
from core.analyses.pad import Pad
from core.analyses.pair_judgements import PairJudgements
from core.document import (
    Intervention,
    add_intervention,
    move_item,
    with_stimulus,
)
from core.interventions.drop_tokens import DropTokens
from core.interventions.knock_out_heads import KnockOutHeads
from core.interventions.knock_out_mlp import KnockOutMLP
from core.interventions.move import MoveInSubspace, set_point
from core.interventions.novel import WriteNovelVectors
from core.interventions.patch_tokens import PatchTokens
from core.interventions.probe import AddProbeDirection
from core.interventions.swap import SwapFromSource
from core.stimuli.stimulus import COLOR_NAMES
from tests.app.answers import TINY, answer, pad_places, part, question
from tests.app.panels.small_panel import interventions_panel

COLOR, SHAPE = Pad("color", 1), Pad("shape", 1)
CARDS = {(name, 1): {"property": name, "block": 1, "iia": 0.9, "n_test": 100} for name in ("color", "shape")}
WITH_CARDS = replace(TINY, subspace_cards=CARDS)
GONE = "The edited item is no longer in the stimulus. The edit is off until it is back."


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> InterventionsPanel:
    panel = interventions_panel(desk)
    desk.store.changed.connect(desk.ask)
    qtbot.addWidget(panel)
    panel.resize(360, 620)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.refresh()
    return panel


def take(desk: Desk, panel: InterventionsPanel, found: dict[Any, Any], **more: Any) -> None:
    desk.take(answer(desk, found, model=WITH_CARDS, **more))
    panel.refresh()


def rows(panel: InterventionsPanel) -> list[EditRow]:
    return list(panel.edits.rows.shown)


def add(desk: Desk, *edits: Intervention) -> None:
    for edit in edits:
        desk.edit("Add", add_intervention(desk.document, edit))


def move_a(desk: Desk, x_px: int) -> None:
    desk.edit("Move A", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, x_px, 48)))


@pytest.mark.parametrize(
    ("edit", "text", "detail"),
    [
        (MoveInSubspace(1, 0, "color", (0.2, 0.4)), "colour of A → by hand", "block 1 · pad (0.2, 0.4)"),
        (MoveInSubspace(-1, 1, "shape", (1, -2)), "shape of B → by hand", "embeddings · pad (1.0, -2.0)"),
        (SwapFromSource(2, 0, 1, "color"), "colour of A from source B", "block 2"),
        (SwapFromSource(2, 0, 0, "all"), "all of A from source A", "block 2"),
        (WriteNovelVectors(1, 0, 1, "shape", "added", "same"), "shape of A+B → added, to same", "block 1"),
        (AddProbeDirection(1, 0, "same"), "A–B pair toward same", "block 1 · probe direction"),
        (AddProbeDirection(1, 0, "different"), "A–B pair toward different", "block 1 · control"),
        (KnockOutHeads(3, (2,)), "head 2 off", "block 3 · heads"),
        (KnockOutHeads(3, (0, 2), "mean"), "heads 0, 2 → mean", "block 3 · heads"),
        (KnockOutMLP(4), "MLP off", "block 4 · MLP output"),
        (KnockOutMLP(4, "mean"), "MLP → mean", "block 4 · MLP output"),
        (PatchTokens(2, "attn_out"), "all tokens from source", "block 2 · attention output"),
        (PatchTokens(2, "resid_post", 1, 0), "tokens of B from source A", "block 2"),
        (DropTokens(3), "tokens of A dropped", "from block 3 on · nobody attends to it"),
        (DropTokens(3, "background"), "background dropped", "from block 3 on · nobody attends to it"),
        (DropTokens(3, "CLS"), "CLS dropped", "from block 3 on · nobody attends to it"),
    ],
)
def test_the_row_of_each_kind_says_what_it_does_and_where(
    desk: Desk, panel: InterventionsPanel, edit: Intervention, text: str, detail: str
) -> None:
    add(desk, edit)

    (row,) = rows(panel)
    assert (row.text, row.detail, row.enabled, row.strength) == (text, detail, True, 1.0)
    assert row.warning == ""
    assert row.controls == edit.controls()


def test_a_place_is_called_by_the_landmark_next_to_it_once_the_pad_is_known(
    desk: Desk, panel: InterventionsPanel
) -> None:
    places = pad_places()
    x, y = places.landmarks[3].tolist()
    add(desk, MoveInSubspace(1, 0, "color", (x + 0.05, y)), MoveInSubspace(2, 0, "color", (x, y)))
    assert [row.text for row in rows(panel)] == ["colour of A → by hand"] * 2

    take(desk, panel, {COLOR: places})

    assert [row.text for row in rows(panel)] == [f"colour of A → near {COLOR_NAMES[3]}", "colour of A → by hand"], (
        "of another layer's landmarks nothing is known"
    )


def test_an_edit_that_does_nothing_says_why_in_its_row_until_it_does(desk: Desk, panel: InterventionsPanel) -> None:
    lost, works = KnockOutHeads(3, (2,)), KnockOutMLP(4)
    add(desk, lost, works)
    take(desk, panel, {}, lost={lost: GONE})

    assert [row.warning for row in rows(panel)] == [GONE, ""]
    first, second = (panel.edits.rows.index(row) for row in (0, 1))
    assert GONE in panel.edits.tip_at(first, panel.edits.parts(0).head.center())
    assert GONE in first.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert GONE not in panel.edits.tip_at(second, panel.edits.parts(1).head.center())

    take(desk, panel, {})
    assert [row.warning for row in rows(panel)] == ["", ""]


def test_what_was_said_of_an_edit_is_not_said_of_what_it_was_changed_to(desk: Desk, panel: InterventionsPanel) -> None:
    lost = KnockOutHeads(3, (9,))
    add(desk, lost)
    take(desk, panel, {}, lost={lost: "Block 3 has no head 9."})
    assert rows(panel)[0].warning

    panel.edits.strength_changed.emit(0, 0.5)

    assert rows(panel) == [replace(rows(panel)[0], strength=0.5, warning="")]


def test_the_switch_the_strength_and_the_cross_of_a_row_work_on_every_kind(
    desk: Desk, panel: InterventionsPanel
) -> None:
    edits = (KnockOutHeads(3, (2,)), DropTokens(2), PatchTokens(1, item=0), KnockOutMLP(4))
    add(desk, *edits)

    for index in range(len(edits)):
        panel.edits.toggled.emit(index, False)
        panel.edits.strength_changed.emit(index, 0.25)
    assert [(row.enabled, row.strength) for row in rows(panel)] == [(False, 0.25)] * len(edits)
    panel.edits.moved.emit(0, 3)
    panel.edits.removed.emit(0)

    assert desk.document.interventions == tuple(
        replace(edit, enabled=False, strength=0.25) for edit in (*edits[2:], edits[0])
    )


def test_a_pad_of_the_state_before_stays_drawn_greyed_with_thumbs_that_follow_the_hand(
    desk: Desk, panel: InterventionsPanel
) -> None:
    pad = panel.pads["color"]
    take(desk, panel, {COLOR: pad_places()})
    assert not pad._stale
    fresh, landmarks = pad.grab().toImage(), pad._picture.landmarks

    desk.edit("Move", set_point(desk.document, 0, "color", 1, (1.5, 0.5)))

    assert pad._stale
    assert pad.isEnabled(), "it can be dragged on"
    assert pad._picture.landmarks == landmarks
    assert [(thumb.x, thumb.y) for thumb in pad._picture.thumbs] == [(1.5, 0.5), (1.0, 0.0)]
    desk.store.undo.undo()
    assert not pad._stale
    assert pad.grab().toImage() == fresh
    move_a(desk, 0)
    assert pad._stale
    assert pad.grab().toImage() != fresh


def test_the_pad_of_another_layer_stays_drawn_greyed_until_the_one_asked_for_is_there(
    desk: Desk, panel: InterventionsPanel
) -> None:
    pad = panel.pads["color"]
    take(desk, panel, {COLOR: pad_places(), SHAPE: pad_places("shape")})
    drawn = pad._picture.landmarks

    desk.look(write=2)
    assert pad._stale
    assert pad._picture.landmarks == drawn

    there = replace(pad_places(block=2), landmarks=pad_places().landmarks + 1)
    take(desk, panel, {Pad("color", 2): there})
    assert not pad._stale
    assert pad._picture.landmarks != drawn
    desk.look(write=1)
    assert not pad._stale
    assert pad._picture.landmarks == drawn, "what is known of this state is there at once"


def test_the_decision_alone_leaves_the_pads_of_the_state_before_greyed(desk: Desk, panel: InterventionsPanel) -> None:
    take(desk, panel, {COLOR: pad_places()})
    move_a(desk, 0)

    desk.take(part(desk, {}, model=WITH_CARDS))
    panel.refresh()

    assert panel.pads["color"]._stale
    assert len(panel.pads["color"]._picture.thumbs) == 2


def test_no_pad_of_the_other_property_is_drawn_in_its_place(desk: Desk, panel: InterventionsPanel) -> None:
    take(desk, panel, {SHAPE: pad_places("shape"), COLOR: Refusal("There is no color subspace after block 1.")})

    assert not panel.pads["color"]._picture.thumbs
    assert not panel.pads["color"].isEnabled()
    assert "block 1 output · " in panel.words.text()


def a_map(value: float = 0.25, known: int = MAP_SIZE**2) -> np.ndarray:
    grid = np.full((MAP_SIZE, MAP_SIZE), np.nan, np.float32)
    grid.flat[:known] = value
    return grid


def test_the_map_grows_behind_the_pad_as_its_cells_come(desk: Desk, panel: InterventionsPanel) -> None:
    pad, cells = panel.pads["color"], DecisionMap("color", 1)
    take(desk, panel, {COLOR: pad_places(), cells: a_map(known=0)})
    assert pad._picture.decision is None

    for known in (6, 12, MAP_SIZE**2):
        grid = a_map(known=known)
        desk.take(part(desk, {cells: grid}, model=WITH_CARDS))
        panel.refresh()
        assert pad._picture.decision is grid
    assert not pad._stale


@pytest.mark.parametrize("look", [{"item": 1}, {"write": 2}], ids=["another item", "another layer"])
def test_a_map_is_behind_its_own_pad_and_of_the_selected_item_alone(
    desk: Desk, panel: InterventionsPanel, look: dict[str, int]
) -> None:
    pad = panel.pads["color"]
    take(desk, panel, {COLOR: pad_places(), DecisionMap("color", 1): a_map()})
    assert pad._picture.decision is not None

    desk.look(**look)
    take(desk, panel, {Pad("color", desk.view.write): pad_places(block=desk.view.write)})

    assert pad._picture.decision is None


def wanted(desk: Desk) -> tuple[Any, ...]:
    """What the last question wants to know."""
    return desk.live.ask.call_args.args[0].wanted


def test_both_pads_are_asked_for_and_the_map_behind_the_one_in_front(desk: Desk, panel: InterventionsPanel) -> None:
    desk.ask()
    assert wanted(desk) == (COLOR, SHAPE, DecisionMap("color", 1))

    panel.tabs.setCurrentIndex(1)
    assert wanted(desk) == (COLOR, SHAPE, DecisionMap("shape", 1))

    desk.look(write=2, item=1)
    assert wanted(desk) == (Pad("color", 2), Pad("shape", 2), DecisionMap("shape", 2, 1))


def test_with_the_probe_in_front_what_it_says_is_asked_for_and_no_pad(desk: Desk, panel: InterventionsPanel) -> None:
    panel.tabs.setCurrentIndex(2)
    assert wanted(desk) == (PairJudgements(1),)

    desk.look(write=3)
    assert wanted(desk) == (PairJudgements(3),)

    panel.tabs.setCurrentIndex(0)
    assert wanted(desk) == (Pad("color", 3), Pad("shape", 3), DecisionMap("color", 3))


def test_a_drag_asks_about_every_step_of_it_and_maps_the_item_in_the_hand(
    desk: Desk, panel: InterventionsPanel, qtbot: QtBot
) -> None:
    take(desk, panel, {COLOR: pad_places()})
    pad = panel.pads["color"]
    QTest.keyClick(pad, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: bool(desk.document.interventions))

    assert desk.live.ask.call_args.args[0] == question(desk)
    assert wanted(desk)[-1] == DecisionMap("color", 1, 0)
    assert desk.store.undo.count() == 1


def test_arrow_keys_on_a_pad_are_one_step_until_another_layer_is_written_at(
    desk: Desk, panel: InterventionsPanel
) -> None:
    take(desk, panel, {COLOR: pad_places()})
    pad = panel.pads["color"]
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Right):
        QTest.keyClick(pad, key)
    assert desk.store.undo.count() == 1

    QTest.keyClick(pad, Qt.Key.Key_BracketRight)
    QTest.keyClick(pad, Qt.Key.Key_Up)

    assert desk.store.undo.count() == 2


def test_a_deleted_items_thumb_is_not_asked_about(desk: Desk, panel: InterventionsPanel) -> None:
    take(desk, panel, {COLOR: pad_places()})
    desk.look(item=1)
    base = desk.document.base

    desk.edit("One item", with_stimulus(desk.document, "base", replace(base, items=base.items[:1])))
    take(desk, panel, {COLOR: pad_places(own=((0.0, 0.0),), distance=(1.0,))})

    assert [thumb.label for thumb in panel.pads["color"]._picture.thumbs] == ["A"]
    assert panel.words.text().startswith("A near")

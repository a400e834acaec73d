"""The attention query stays on its item, however the item moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import edits
from app.desk import Desk
from app.panels.stimulus import StimulusPanel
from app.query import FollowedQuery
from core.analyses.attention import Attention
from core.document import delete_item, move_item, with_stimulus
from core.of_source import OfSource
from core.stimuli.stimulus import Geometry, Item, Stimulus, item_patches
from tests.app.widgets.gestures import ALT, drag, move, open_on_screen, press

CORNERS = range(4)


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> StimulusPanel:
    panel = StimulusPanel(desk)
    desk.store.changed.connect(panel.refresh)
    open_on_screen(qtbot, panel, 520, 640)
    panel.refresh()
    return panel


def token(desk: Desk, item: int, corner: int) -> int:
    """The token of one patch of an item of the base, by the card's single CLS."""
    return 1 + item_patches(desk.document.base.items[item], desk.document.base.geometry)[corner]


def moved(desk: Desk, item: int, x_px: int, y_px: int, gesture: str = "") -> None:
    stimulus = move_item(desk.document.base, item, x_px, y_px)
    desk.edit("Move", with_stimulus(desk.document, "base", stimulus), gesture)


@pytest.mark.parametrize("corner", CORNERS)
def test_a_dragged_item_takes_the_query_along_and_undo_brings_both_back(
    panel: StimulusPanel, desk: Desk, corner: int
) -> None:
    start = token(desk, 0, corner)
    desk.look(token=start)
    canvas = panel.canvas
    cell = canvas.item_rect(0)

    drag(canvas, cell.center(), cell.center() + QPointF(2 * cell.width(), cell.height()))

    assert desk.view.token == token(desk, 0, corner) != start
    assert desk.store.undo.count() == 1
    desk.store.undo.undo()
    assert desk.view.token == start
    desk.store.undo.redo()
    assert desk.view.token == token(desk, 0, corner)


@pytest.mark.parametrize("corner", CORNERS)
def test_a_free_drag_by_pixels_does_not_wander_within_the_item(panel: StimulusPanel, desk: Desk, corner: int) -> None:
    desk.look(token=token(desk, 0, corner))
    canvas = panel.canvas
    middle, zoom = canvas.item_rect(0).center(), canvas.item_rect(0).width() / 32

    press(canvas, middle, ALT)
    for step_px in [*range(49), *range(49, -49, -1), *range(-49, 33)]:
        move(canvas, middle + QPointF(step_px * zoom, step_px * zoom), ALT)

    assert desk.document.base.items[0].x_px == 64
    assert desk.view.token == token(desk, 0, corner)


def test_a_drag_taken_back_takes_the_query_back(panel: StimulusPanel, desk: Desk) -> None:
    start = token(desk, 0, 3)
    desk.look(token=start)
    cell = panel.canvas.item_rect(0)
    press(panel.canvas, cell.center())
    move(panel.canvas, cell.center() + QPointF(2 * cell.width(), 0))
    assert desk.view.token != start

    QTest.keyClick(panel.canvas, Qt.Key.Key_Escape)

    assert desk.view.token == start


def test_an_arrow_key_moves_the_query_with_the_item(panel: StimulusPanel, desk: Desk) -> None:
    desk.look(token=token(desk, 1, 2), item=1)
    panel.canvas.setFocus()

    QTest.keyClick(panel.canvas, Qt.Key.Key_Right)

    assert desk.view.token == token(desk, 1, 2)


def test_the_query_stays_on_its_item_where_another_is_dragged_over_it(desk: Desk) -> None:
    desk.look(token=token(desk, 0, 0))
    b = desk.document.base.items[1]
    a = desk.document.base.items[0]
    for x_px, y_px in ((a.x_px + 16, a.y_px), (a.x_px, a.y_px), (b.x_px, b.y_px)):
        moved(desk, 1, x_px, y_px, "drag")
    assert desk.view.token == token(desk, 0, 0)

    desk.look(token=token(desk, 1, 3))
    for x_px, y_px in ((a.x_px + 16, a.y_px), (a.x_px, a.y_px), (160, 0)):
        moved(desk, 1, x_px, y_px, "another drag")

    assert desk.view.token == token(desk, 1, 3)


def test_items_that_change_places_take_their_queries_along(desk: Desk) -> None:
    before = token(desk, 0, 1)
    desk.look(token=before)

    edits.exchange(desk)

    assert desk.view.token == token(desk, 0, 1) != before
    desk.store.undo.undo()
    assert desk.view.token == before


@pytest.mark.parametrize("draw", [edits.draw_random_pair, edits.draw_match_to_sample])
def test_of_new_items_the_one_with_the_same_letter_is_looked_from(
    desk: Desk, draw: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "fresh_seed", lambda: 5)
    start = token(desk, 1, 2)
    desk.look(token=start)

    draw(desk)  # type: ignore[operator]

    assert desk.view.token == token(desk, 1, 2)
    desk.store.undo.undo()
    assert desk.view.token == start


def test_the_query_stays_on_b_as_a_is_deleted_and_brought_back_and_b_moved_meanwhile(desk: Desk) -> None:
    desk.look(token=token(desk, 1, 0))
    desk.edit("Delete A", delete_item(desk.document, "base", 0))
    moved(desk, 0, 0, 0)
    assert desk.view.token == token(desk, 0, 0) == 1

    desk.store.undo.setIndex(0)

    assert desk.view.token == token(desk, 1, 0)


def test_the_query_of_a_deleted_item_waits_in_its_place(desk: Desk) -> None:
    start = token(desk, 0, 2)
    desk.look(token=start)

    desk.edit("Delete A", delete_item(desk.document, "base", 0))
    assert desk.view.token == start
    desk.store.undo.undo()

    assert desk.view.token == token(desk, 0, 2)


def test_cls_and_the_empty_canvas_are_left_alone(desk: Desk, tmp_path: Path) -> None:
    for query in (0, 1 + 13):
        desk.look(token=query)
        moved(desk, 0, 96, 96)
        edits.exchange(desk)
        assert desk.view.token == query
        desk.store.undo.setIndex(0)


def test_an_item_of_the_source_is_not_what_is_looked_from(desk: Desk) -> None:
    start = token(desk, 0, 0)
    desk.look(token=start)
    source = with_stimulus(desk.document, "source", desk.document.base)
    desk.edit("Source", source)

    desk.edit("Move", with_stimulus(source, "source", move_item(desk.document.base, 0, 160, 160)))

    assert desk.view.token == start


def test_a_photo_keeps_the_query_and_undo_finds_the_item_again(desk: Desk, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    start = token(desk, 1, 3)
    desk.look(token=start)

    edits.show_photo(desk, tmp_path / "cat.png")
    assert desk.view.token == start
    desk.store.undo.undo()

    assert desk.view.token == token(desk, 1, 3)


@given(st.lists(st.tuples(st.integers(0, 192), st.integers(0, 192)), min_size=1, max_size=12), st.sampled_from(CORNERS))
def test_after_any_way_the_patch_is_the_same_one_of_the_cell(way: list[tuple[int, int]], corner: int) -> None:
    query, before = FollowedQuery(), Stimulus((Item(0, 0, 32, 48),))
    patch = start = item_patches(before.items[0], before.geometry)[corner]
    for x_px, y_px in (*way, (32, 48)):
        after = move_item(before, 0, x_px, y_px)
        patch = query.patch(patch, before, after)
        assert patch in item_patches(after.items[0], after.geometry)
        before = after

    assert patch == start


def test_on_a_coarser_grid_the_query_is_still_on_the_item() -> None:
    before = Stimulus((Item(0, 0, 32, 48),))
    after = replace(before, geometry=Geometry(224, 32), items=(Item(0, 0, 96, 96),))

    patch = FollowedQuery().patch(item_patches(before.items[0], before.geometry)[3], before, after)

    assert patch in item_patches(after.items[0], after.geometry)
    assert FollowedQuery().patch(195, before, after) == 48


def over(panel: StimulusPanel, patch: int) -> QPointF:
    """The middle of a patch of the canvas."""
    row, column = divmod(patch, 14)
    return panel.canvas.frame().shown(column * 16, row * 16, 16).center()


def hover(panel: StimulusPanel, patch: int) -> None:
    move(panel.canvas, over(panel, patch), held=Qt.MouseButton.NoButton)


def test_the_patch_under_the_pointer_is_looked_from(panel: StimulusPanel, desk: Desk) -> None:
    hover(panel, 100)
    assert desk.view.token == 101
    hover(panel, 0)
    assert desk.view.token == 1
    assert desk.store.undo.count() == 0


def test_a_token_that_is_held_stays_while_the_pointer_passes_over_the_canvas(panel: StimulusPanel, desk: Desk) -> None:
    desk.look(token=7)
    desk.query_held = True

    hover(panel, 100)

    assert desk.view.token == 7


def test_an_item_that_is_pointed_at_and_dragged_takes_the_query_along(panel: StimulusPanel, desk: Desk) -> None:
    patch = token(desk, 0, 2) - 1
    hover(panel, patch)
    way = over(panel, 3) - over(panel, 0)

    drag(panel.canvas, over(panel, patch), over(panel, patch) + way)

    assert desk.view.token == token(desk, 0, 2) == patch + 4


def test_the_canvas_of_the_source_moves_the_query_only_where_attention_is_of_the_source(
    panel: StimulusPanel, desk: Desk
) -> None:
    desk.look(side="source", token=7)
    desk.wanted = lambda: (Attention(desk.view.token),)
    hover(panel, 100)
    assert desk.view.token == 7

    desk.wanted = lambda: (OfSource(Attention(desk.view.token)),)
    hover(panel, 101)
    assert desk.view.token == 102

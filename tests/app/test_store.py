"""One undo step a gesture; a cancelled gesture leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from app.store import Store
from core.demo import demo_document
from core.document import (
    Document,
    View,
    move_item,
    swap_items,
    with_stimulus,
)


@pytest.fixture
def store(qtbot: QtBot) -> Store:
    return Store(demo_document(), View())


def moved(document: Document, x_px: int) -> Document:
    return with_stimulus(document, "base", move_item(document.base, 0, x_px, 48))


def test_edits_of_one_gesture_are_one_undo_step(store: Store) -> None:
    start = store.document
    for x_px in (48, 64, 80):
        store.edit("Move A", moved(store.document, x_px), "drag")

    assert store.document.base.items[0].x_px == 80
    assert store.undo.count() == 1
    store.undo.undo()
    assert store.document == start


def test_two_gestures_are_two_undo_steps(store: Store) -> None:
    store.edit("Move A", moved(store.document, 64), "first")
    store.edit("Move A", moved(store.document, 80), "second")

    store.undo.undo()

    assert store.document.base.items[0].x_px == 64


def test_edits_without_a_gesture_never_merge(store: Store) -> None:
    store.edit("Move A", moved(store.document, 64))
    store.edit("Move A", moved(store.document, 80))

    assert store.undo.count() == 2


def test_a_cancelled_gesture_restores_the_document_and_leaves_nothing_to_redo(store: Store) -> None:
    start = store.document
    store.edit("Move A", moved(store.document, 64), "drag")
    store.edit("Move A", moved(store.document, 80), "drag")

    store.cancel("drag")

    assert store.document == start
    assert not store.undo.canRedo()
    assert not store.undo.canUndo()


def test_cancelling_another_gesture_changes_nothing(store: Store) -> None:
    store.edit("Move A", moved(store.document, 64), "drag")

    store.cancel("another")

    assert store.document.base.items[0].x_px == 64


def test_a_gesture_that_ends_where_it_began_leaves_no_step(store: Store) -> None:
    start = store.document
    store.edit("Move A", moved(start, 64), "drag")
    store.edit("Move A", start, "drag")

    assert store.document == start
    assert store.undo.count() == 0


def test_an_edit_that_changes_nothing_leaves_no_step(store: Store) -> None:
    store.edit("Nothing", replace(store.document))

    assert store.undo.count() == 0


def test_looking_elsewhere_is_neither_undone_nor_dirty(store: Store, qtbot: QtBot) -> None:
    with qtbot.waitSignal(store.changed):
        store.look(replace(store.view, head=2))

    assert store.view.head == 2
    assert store.undo.isClean()
    assert not store.undo.canUndo()


def test_redo_brings_the_same_document_back(store: Store) -> None:
    store.edit("Swap", with_stimulus(store.document, "base", swap_items(store.document.base)))
    edited = store.document

    store.undo.undo()
    store.undo.redo()

    assert store.document is edited


def test_whoever_hears_of_a_change_finds_the_step_in_the_history(store: Store) -> None:
    heard: list[tuple[list[str], Document]] = []
    store.changed.connect(lambda: heard.append(([text for text, _ in store.steps()], store.document)))
    first, second, third = (moved(store.document, x_px) for x_px in (64, 80, 96))

    store.edit("First", first)
    store.edit("Second", second, "drag")
    store.edit("Third", third, "drag")

    assert heard == [
        (["Opened", "First"], first), (["Opened", "First", "Second"], second), (["Opened", "First", "Third"], third)
    ]  # fmt: skip


def words(store: Store) -> list[str]:
    return [text for text, _ in store.steps()]


def with_three_steps(store: Store) -> list[Document]:
    for name, x_px in (("One", 64), ("Two", 80), ("Three", 96)):
        store.edit(name, moved(store.document, x_px))
    return [document for _, document in store.steps()]


def test_going_back_to_a_state_and_editing_there_loses_no_later_state(store: Store) -> None:
    states = with_three_steps(store)

    store.go_to(1)
    assert store.document == states[1]
    store.edit("Four", moved(store.document, 112))

    assert words(store) == ["Opened", "One", "Two", "Three", "Back to: One", "Four"]
    undone = []
    while store.undo.canUndo():
        store.undo.undo()
        undone.append(store.document)
    assert undone == [states[1], states[3], states[2], states[1], states[0]]


def test_going_back_twice_names_the_state_once(store: Store) -> None:
    with_three_steps(store)

    store.go_to(1)
    store.go_to(2)
    store.go_to(4)

    assert words(store)[4:] == ["Back to: One", "Back to: Two", "Back to: One"]


def test_an_edit_after_undo_keeps_what_was_undone(store: Store) -> None:
    states = with_three_steps(store)
    store.undo.undo()
    store.undo.undo()
    heard: list[Document] = []
    store.changed.connect(lambda: heard.append(store.document))

    store.edit("Four", moved(store.document, 112))

    assert words(store) == ["Opened", "One", "Two", "Three", "Back to: One", "Four"]
    assert [document for _, document in store.steps()][:4] == states
    assert heard == [store.document], "nobody sees the states in between"


def test_a_state_that_was_undone_is_gone_to_by_redoing(store: Store) -> None:
    states = with_three_steps(store)
    store.undo.setIndex(0)

    store.go_to(2)

    assert store.document == states[2]
    assert words(store) == ["Opened", "One", "Two", "Three"]
    assert store.undo.canRedo()


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "back where it began"])
def test_a_gesture_after_undo_that_comes_to_nothing_leaves_all_to_redo(store: Store, cancelled: bool) -> None:
    states = with_three_steps(store)
    store.undo.setIndex(1)

    store.edit("Move A", moved(store.document, 112), "drag")
    store.edit("Move A", moved(store.document, 128), "drag")
    if cancelled:
        store.cancel("drag")
    else:
        store.edit("Move A", states[1], "drag")

    assert store.document == states[1]
    assert words(store) == ["Opened", "One", "Two", "Three"]
    store.undo.redo()
    assert store.document == states[2]


def test_a_gesture_after_undo_is_one_step(store: Store) -> None:
    with_three_steps(store)
    store.undo.setIndex(1)

    for x_px in (112, 128, 144):
        store.edit("Move A", moved(store.document, x_px), "drag")

    assert words(store) == ["Opened", "One", "Two", "Three", "Back to: One", "Move A"]


def test_the_clean_state_is_found_again_by_undoing_past_a_step_back(store: Store) -> None:
    with_three_steps(store)
    store.go_to(0)
    assert not store.undo.isClean()

    store.undo.setIndex(0)

    assert store.undo.isClean()


def test_a_step_is_named_by_the_last_edit_of_its_gesture(store: Store) -> None:
    store.edit("Push by 0.1", moved(store.document, 64), "drag")
    store.edit("Push by 1", moved(store.document, 80), "drag")

    assert [text for text, _ in store.steps()] == ["Opened", "Push by 1"]


def test_a_store_that_nobody_holds_any_more_ends_without_a_word(store: Store) -> None:
    """Else its stack would tell a store of which nothing is left that it has become empty."""
    said: list[int] = []
    store.undo.indexChanged.connect(said.append)
    store.edit("Move A", moved(store.document, 64))

    store.__del__()
    store.undo.clear()

    assert said == [1]

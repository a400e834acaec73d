"""Scenes are edited like everything else, in the strip and by its keys, and kept in the document's file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest

from app import scenes
from app.desk import Desk
from app.main_window import MainWindow
from app.panels.history import HistoryPanel
from app.panels.scenes import ScenesPanel
from app.store import Store
from app.widgets.scene_strip import card_mime
from core.demo import demo_document
from core.document import View, move_item, with_stimulus
from core.documents.files import read_work
from core.documents.work import Moment, Scene, Work
from core.errors import UserError


def moved(desk: Desk, x_px: int) -> None:
    desk.edit(f"Move to {x_px}", with_stimulus(desk.document, "base", move_item(desk.document.base, 0, x_px, 48)))


def with_scenes(desk: Desk, n: int) -> list[Scene]:
    """Scenes, each with item A in another place; the last one was gone to last."""
    for index in range(n):
        moved(desk, 16 * index)
        scenes.add_scene(desk)
    return list(desk.store.scenes)


def names(desk: Desk) -> list[str]:
    return [scene.name for scene in desk.store.scenes]


def command(window: MainWindow, text: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == text).trigger()


def test_what_is_done_to_scenes_is_undone_like_every_edit(desk: Desk) -> None:
    first, second, third = with_scenes(desk, 3)
    shown = desk.document

    scenes.move_scene(desk, 2, 0)
    scenes.write_scene(desk, 0, "opening", "say hello")
    scenes.delete_scene(desk, 1)
    assert desk.store.scenes == (replace(third, name="opening", note="say hello"), second)
    assert desk.document is shown, "what is shown stays"

    for expected in ([first, second], [third, first, second], [first, second, third], [first, second]):
        desk.store.undo.undo()
        assert [s.document for s in desk.store.scenes][-2:] == [s.document for s in expected][-2:]
    desk.store.undo.setIndex(desk.store.undo.count())
    assert names(desk) == ["opening", "Move to 16"]


def test_a_change_of_the_scenes_makes_no_card_in_the_history(desk: Desk) -> None:
    with_scenes(desk, 2)

    assert [card.moment.text for card in desk.store.cards()] == ["Opened", "Move to 0", "Move to 16"]
    assert desk.store.card_in_force == 2


def test_going_back_in_the_history_keeps_the_scenes(desk: Desk) -> None:
    kept = with_scenes(desk, 2)

    desk.store.go_to_card(0)
    desk.store.undo.undo()
    moved(desk, 160)

    assert list(desk.store.scenes) == kept


def test_an_undone_scene_comes_back_only_by_redo(desk: Desk) -> None:
    with_scenes(desk, 2)
    desk.store.undo.undo()
    moved(desk, 64)

    assert names(desk) == ["Move to 0"], "an edit after the undo does not bring the scene back"
    desk.store.undo.undo()
    desk.store.undo.undo()
    assert names(desk) == ["Move to 0", "Move to 16"]


def test_a_new_scene_follows_the_one_that_was_gone_to_last(desk: Desk) -> None:
    with_scenes(desk, 3)
    desk.stage.go_to(0, at_once=True)
    moved(desk, 160)

    scenes.add_scene(desk)

    assert names(desk) == ["Move to 0", "Move to 160", "Move to 16", "Move to 32"]
    assert desk.stage.at == 1


def test_an_updated_scene_keeps_its_name_and_note(desk: Desk) -> None:
    with_scenes(desk, 1)
    scenes.write_scene(desk, 0, "start", "look here")
    moved(desk, 96)

    scenes.update_scene(desk, 0)

    assert desk.store.scenes == (Scene("start", "look here", desk.document, desk.view),)


@pytest.mark.parametrize(("start", "end", "at"), [(0, 2, 1), (2, 0, 0), (1, 1, 2)])
def test_the_scene_that_was_gone_to_is_the_same_one_after_a_move(desk: Desk, start: int, end: int, at: int) -> None:
    with_scenes(desk, 3)

    scenes.move_scene(desk, start, end)

    assert desk.stage.at == at
    assert names(desk)[desk.stage.at] == "Move to 32"


def test_the_scene_that_was_gone_to_is_the_same_one_after_undo(desk: Desk) -> None:
    _, second, third = with_scenes(desk, 3)
    desk.stage.go_to(1, at_once=True)

    scenes.delete_scene(desk, 0)
    assert desk.stage.at == 0
    desk.store.undo.undo()
    assert desk.store.scenes[desk.stage.at] is second
    scenes.write_scene(desk, 1, "named", "")
    scenes.move_scene(desk, 1, 2)
    assert desk.store.scenes[desk.stage.at].name == "named"
    desk.store.undo.undo()

    assert desk.stage.at == 1
    scenes.delete_scene(desk, 1)
    assert desk.stage.at == 0
    desk.store.undo.undo()
    assert desk.store.scenes[2] is third


def test_without_scenes_a_command_about_one_says_what_to_do(desk: Desk) -> None:
    with pytest.raises(UserError, match="There are no scenes yet"):
        scenes.scene_at(desk)
    with pytest.raises(UserError, match="There is no scene 1"):
        desk.stage.go_on(1)


def test_the_strip_takes_room_only_where_there_are_scenes(window: MainWindow) -> None:
    dock = window._docks[ScenesPanel]
    assert dock.isHidden()

    command(window, "Add scene")
    assert not dock.isHidden()
    window.desk.store.undo.undo()
    assert dock.isHidden()


def test_a_workspace_that_was_left_with_scenes_shows_no_empty_strip(window: MainWindow) -> None:
    command(window, "Add scene")
    for name in ("Present", "Explore"):
        command(window, name)
        assert not window._docks[ScenesPanel].isHidden()
    command(window, "Delete scene")

    command(window, "Present")

    assert window._docks[ScenesPanel].isHidden()


def test_a_card_of_the_history_becomes_a_scene_from_its_menu_and_by_a_drag(window: MainWindow) -> None:
    desk, strip = window.desk, window.panel(ScenesPanel).strip
    with_scenes(desk, 2)
    desk.store.mark(0, name="at first")
    menu = window.panel(HistoryPanel).menu_of(0)
    next(action for action in menu.actions() if action.text() == "Make a scene of it").trigger()

    assert names(desk) == ["Move to 0", "Move to 16", "at first"]
    assert desk.store.scenes[2].document == desk.store.cards()[0].moment.document
    strip.rows.dropMimeData(card_mime(1), Qt.DropAction.CopyAction, 1, 0, QModelIndex())
    assert names(desk) == ["Move to 0", "Move to 0", "Move to 16", "at first"]
    assert desk.stage.at == 2, "it is the same scene, one later"


def test_a_drag_moves_a_scene_and_what_is_no_scene_is_not_taken(window: MainWindow) -> None:
    desk, strip = window.desk, window.panel(ScenesPanel).strip
    with_scenes(desk, 3)
    window._refresh()

    lifted = strip.rows.mimeData([strip.rows.index(0)])
    strip.rows.dropMimeData(lifted, Qt.DropAction.MoveAction, 2, 0, QModelIndex())

    assert names(desk) == ["Move to 16", "Move to 0", "Move to 32"]
    assert not strip.rows.dropMimeData(QMimeData(), Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert str(os.getpid()) in lifted.formats()[0], "what another program lifts has a place in its own lists only"


def test_the_keys_of_the_strip_go_to_scenes_move_them_and_take_them_away(window: MainWindow) -> None:
    desk, strip = window.desk, window.panel(ScenesPanel).strip
    kept = with_scenes(desk, 3)
    window._refresh()

    QTest.keyClick(strip, Qt.Key.Key_Home)
    desk.stage.arrive()
    assert desk.document == kept[0].document
    QTest.keyClick(strip, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert names(desk) == ["Move to 16", "Move to 0", "Move to 32"]
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert names(desk) == ["Move to 16", "Move to 32"]
    QTest.keyClick(strip, Qt.Key.Key_F2)
    note = window.panel(ScenesPanel).note
    assert note is not None
    note.name.setText("last words")
    note.note.setPlainText("thank them")
    note.accept()
    assert (desk.store.scenes[0].name, desk.store.scenes[0].note) == ("last words", "thank them")


def test_a_scene_that_is_only_pressed_is_not_marked_as_the_one_that_is_shown(window: MainWindow) -> None:
    desk, strip = window.desk, window.panel(ScenesPanel).strip
    with_scenes(desk, 2)
    window._refresh()
    place = strip.visualRect(strip.rows.index(0)).center()

    QTest.mousePress(strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert strip.shown == 1
    QTest.mouseRelease(strip.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(0, 500))
    assert strip.shown == 1, "it was let go elsewhere"
    assert desk.document == desk.store.scenes[1].document


def test_a_click_goes_to_a_scene_as_a_step_of_the_history(window: MainWindow) -> None:
    desk, strip = window.desk, window.panel(ScenesPanel).strip
    kept = with_scenes(desk, 2)
    moved(desk, 160)

    QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.visualRect(strip.rows.index(0)).center())
    desk.stage.arrive()

    assert desk.document == kept[0].document
    assert desk.store.undo.undoText() == "Scene: Move to 0"
    assert desk.store.cards()[-2].moment.document.base.items[0].x_px == 160, "what was edited is still there"


def test_scenes_are_saved_and_found_again(window: MainWindow, tmp_path: Path) -> None:
    kept = with_scenes(window.desk, 2)
    assert window.isWindowModified()

    window.documents.save_to(tmp_path / "talk.relata")

    assert read_work(tmp_path / "talk.relata").scenes == tuple(kept)
    scenes.delete_scene(window.desk, 0)
    assert window.isWindowModified()
    window.documents.begin(read_work(tmp_path / "talk.relata"), tmp_path / "talk.relata")
    assert window.desk.store.scenes == tuple(kept)
    assert not window.isWindowModified()


def test_in_another_document_no_scene_was_gone_to_yet(window: MainWindow) -> None:
    kept = with_scenes(window.desk, 3)
    window.desk.stage.go_to(2, at_once=True)

    window.documents.begin(Work(kept[0].document, kept[0].view, scenes=tuple(kept)), None)

    assert window.desk.stage.at is None
    assert window.panel(ScenesPanel).strip.currentIndex().row() == -1


def test_another_document_has_its_own_scenes(qtbot: object) -> None:
    store = Store(demo_document(), View())
    store.edit_scenes("Add scene 1", (Scene("a", "", store.document, store.view),))

    work = Work(demo_document(), View())
    store.begin(work.document, work.view, (Moment("Opened", work.document, work.view),), work.scenes)

    assert store.scenes == ()
    assert store.is_clean

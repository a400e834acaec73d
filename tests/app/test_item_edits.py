"""Items by keys, menus and the clipboard: what each does, in one step, and what it says where it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app import edits
from app.desk import Desk
from app.edits import show_photo
from app.item_commands import ITEM_COMMANDS
from app.item_edits import ITEMS_MIME
from app.live import Live
from app.main_window import MainWindow
from app.panels.stimulus import StimulusPanel
from app.store import Store
from app.widgets.canvas import StimulusCanvas
from app.widgets.chips import Chip, chip_mime
from app.widgets.tools.handles import Handles
from core.demo import demo_document, demo_view
from core.document import make_counterfactual
from core.interventions.move import set_point
from core.stimuli.render import render
from core.stimuli.stimulus import MAX_ITEMS, Item
from tests.app.widgets.gestures import ALT, CTRL, SHIFT, drag, drop, press

Key = Qt.Key


@pytest.fixture(autouse=True)
def empty_clipboard(qtbot: QtBot) -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()


@pytest.fixture
def active(window: MainWindow, qtbot: QtBot) -> MainWindow:
    with qtbot.waitActive(window):
        window.activateWindow()
    window.panel(StimulusPanel).canvas.setFocus()
    return window


@pytest.fixture
def desk(active: MainWindow) -> Desk:
    return active.desk


@pytest.fixture
def canvas(active: MainWindow) -> StimulusCanvas:
    return active.panel(StimulusPanel).canvas


def items(desk: Desk) -> tuple[Item, ...]:
    return desk.document.base.items


def places(desk: Desk) -> list[tuple[int, int]]:
    return [(item.x_px, item.y_px) for item in items(desk)]


def kinds(desk: Desk) -> list[tuple[int, int]]:
    return [(item.shape, item.color) for item in items(desk)]


def said(window: MainWindow) -> str:
    return window.status.error.text()


def key(canvas: StimulusCanvas, which: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(canvas, which, keys)


def command(window: MainWindow, text: str) -> QAction:
    return next(action for _, action in window.all_actions() if action.text() == text)


def test_every_command_about_items_has_a_shortcut_that_no_other_has(window: MainWindow) -> None:
    actions = [action for _, action in window.all_actions()]
    keys = Counter(shortcut.toString() for action in actions for shortcut in action.shortcuts() if shortcut)

    assert [key for key, times in keys.items() if times > 1] == []
    assert [row.text for row in ITEM_COMMANDS if not command(window, row.text).shortcuts()] == []


def test_all_are_selected_and_deleted_with_their_edits_in_one_step(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.edit("Move", set_point(desk.document, 1, "color", 1, (0.5, 0.5)))
    before = desk.document

    key(canvas, Key.Key_A, CTRL)
    assert canvas.chosen == (0, 1)
    key(canvas, Key.Key_Delete)

    assert items(desk) == ()
    assert desk.document.interventions == ()
    assert desk.store.undo.undoText() == "Delete A and B"
    desk.store.undo.undo()
    assert desk.document == before


def test_control_d_draws_the_selected_items_again_and_selects_the_copies(desk: Desk, canvas: StimulusCanvas) -> None:
    key(canvas, Key.Key_A, CTRL)
    key(canvas, Key.Key_D, CTRL)

    assert kinds(desk)[2:] == kinds(desk)[:2]
    assert [(x - 32, y) for x, y in places(desk)[2:]] == places(desk)[:2]
    assert canvas.chosen == (2, 3)
    assert desk.store.undo.count() == 1
    assert "display" in canvas.accessibleDescription(), "four items are two pairs, and that is shown"


def test_at_the_limit_of_items_it_is_said_and_nothing_changes(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas
) -> None:
    for _ in range(2):
        key(canvas, Key.Key_A, CTRL)
        key(canvas, Key.Key_D, CTRL)
    assert len(items(desk)) == 8
    before = desk.document

    key(canvas, Key.Key_A, CTRL)
    key(canvas, Key.Key_D, CTRL)

    assert desk.document is before
    assert f"8 items and 8 more are above the limit of {MAX_ITEMS}" in said(active)


def test_cut_and_paste_bring_the_same_item_back(desk: Desk, canvas: StimulusCanvas) -> None:
    before = items(desk)
    desk.look(item=0)

    key(canvas, Key.Key_X, CTRL)
    assert items(desk) == before[1:]
    key(canvas, Key.Key_V, CTRL)

    assert items(desk) == (before[1], before[0])
    assert canvas.chosen == (1,)


def test_other_programs_get_what_is_copied_as_a_picture_and_in_words(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=1)
    item = items(desk)[1]

    key(canvas, Key.Key_C, CTRL)

    mime = QGuiApplication.clipboard().mimeData()
    assert mime.hasFormat(ITEMS_MIME)
    assert mime.text().startswith("B: star, ")
    assert mime.text().endswith(f"at x {item.x_px}, y {item.y_px} px")
    picture = QGuiApplication.clipboard().image()
    assert (picture.width(), picture.height()) == (32, 32)
    of_item = render(desk.document.base)[item.y_px + 16, item.x_px + 16]
    assert picture.pixelColor(16, 16).getRgb()[:3] == tuple(of_item.tolist())


def test_without_a_selection_the_whole_picture_is_copied(desk: Desk, canvas: StimulusCanvas) -> None:
    key(canvas, Key.Key_Escape)
    key(canvas, Key.Key_C, CTRL)

    mime = QGuiApplication.clipboard().mimeData()
    assert not mime.hasFormat(ITEMS_MIME)
    assert QGuiApplication.clipboard().image().width() == 224


def test_items_are_pasted_into_another_window(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas, qtbot: QtBot
) -> None:
    key(canvas, Key.Key_A, CTRL)
    key(canvas, Key.Key_C, CTRL)
    other = MainWindow(Store(demo_document(), demo_view({})), Live("cpu"))
    qtbot.addWidget(other)

    command(other, "Paste").trigger()

    assert kinds(other.desk) == [*kinds(desk), *kinds(desk)]
    other.close_without_asking()


def test_items_are_pasted_on_the_tab_that_is_shown(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=0)
    key(canvas, Key.Key_C, CTRL)
    desk.edit("Make", make_counterfactual(desk.document, "color", 1))
    desk.look(side="source", item=0)

    key(canvas, Key.Key_V, CTRL)

    assert desk.document.source is not None
    assert len(desk.document.source.items) == 3
    assert len(items(desk)) == 2


def test_a_picture_from_another_program_is_pasted_as_a_photo(desk: Desk, canvas: StimulusCanvas, qtbot: QtBot) -> None:
    picture = QImage(64, 64, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    QGuiApplication.clipboard().setImage(picture)

    key(canvas, Key.Key_V, CTRL)

    qtbot.waitUntil(lambda: desk.document.base.photo is not None)


@pytest.mark.parametrize("damaged", [False, True])
def test_what_cannot_be_pasted_is_said(active: MainWindow, desk: Desk, canvas: StimulusCanvas, damaged: bool) -> None:
    mime = QMimeData()
    if damaged:
        mime.setData(ITEMS_MIME, b'{"format": 1, "items": [{}]}')
    else:
        mime.setText("hello")
    QGuiApplication.clipboard().setMimeData(mime)
    before = desk.document

    key(canvas, Key.Key_V, CTRL)

    assert desk.document is before
    assert ("cannot be read" if damaged else "nothing to paste") in said(active)


def test_in_a_text_field_control_c_copies_the_text(active: MainWindow, desk: Desk) -> None:
    field = QLineEdit("some words", active)
    field.show()
    field.setFocus()
    field.selectAll()

    QTest.keyClick(field, Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "some words"
    QTest.keyClick(field, Key.Key_X, CTRL)
    QTest.keyClick(field, Key.Key_A, CTRL)

    assert field.text() == ""
    assert len(items(desk)) == 2


def test_arrow_keys_in_a_row_are_one_step(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=0)
    before, (x, y) = desk.document, places(desk)[0]

    for arrow in (Key.Key_Down, Key.Key_Right, Key.Key_Right):
        key(canvas, arrow)

    assert places(desk)[0] == (x + 32, y + 16)
    assert [text for text, _ in desk.store.steps()] == ["Opened", "Move A"]
    desk.store.undo.undo()
    assert desk.document == before


def select_another_and_go_back(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=1)
    desk.look(item=0)


def drag_there_and_back(desk: Desk, canvas: StimulusCanvas) -> None:
    press(canvas, canvas.item_rect(0).center())
    key(canvas, Key.Key_Escape)


def undo_and_redo(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.store.undo.undo()
    desk.store.undo.redo()


def change_its_colour(desk: Desk, canvas: StimulusCanvas) -> None:
    edits.set_selected_property(desk, "color", 7)


def move_another(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=1)
    key(canvas, Key.Key_Left)
    desk.look(item=0)


@pytest.mark.parametrize(
    "something_else", [select_another_and_go_back, drag_there_and_back, undo_and_redo, change_its_colour, move_another]
)
def test_after_something_else_an_arrow_key_begins_a_step_of_its_own(
    desk: Desk, canvas: StimulusCanvas, something_else: Callable[[Desk, StimulusCanvas], None]
) -> None:
    desk.look(item=0)
    key(canvas, Key.Key_Down)
    something_else(desk, canvas)
    before = desk.document

    key(canvas, Key.Key_Right)
    key(canvas, Key.Key_Right)

    desk.store.undo.undo()
    assert desk.document == before


def test_align_distribute_and_order_are_one_step_each(active: MainWindow, desk: Desk, canvas: StimulusCanvas) -> None:
    key(canvas, Key.Key_A, CTRL)
    key(canvas, Key.Key_T, ALT | SHIFT)
    assert len({y for _, y in places(desk)}) == 1
    assert desk.store.undo.undoText() == "Align A and B"

    desk.look(item=0)
    key(canvas, Key.Key_BracketRight, CTRL)
    assert items(desk)[0].level == 1
    assert desk.store.undo.undoText() == "Bring A forward"

    key(canvas, Key.Key_H, ALT | SHIFT)
    assert "needs three items" in said(active)
    assert desk.store.undo.count() == 2


def test_a_turned_and_resized_item_is_badged_and_comes_back_as_in_training(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas
) -> None:
    before = items(desk)
    desk.look(item=0)
    key(canvas, Key.Key_Right, ALT | SHIFT)
    key(canvas, Key.Key_Up, ALT | SHIFT)

    assert (items(desk)[0].angle_deg, items(desk)[0].scale) == (15, 1.25)
    note = active.panel(StimulusPanel).note.whole
    assert note == "unaligned, resized, turned — outside the training distribution"
    assert "resized · turned" in canvas.accessibleDescription()

    key(canvas, Key.Key_0, ALT | SHIFT)
    assert items(desk) == before
    assert active.panel(StimulusPanel).note.whole == ""


def test_a_locked_item_stays_where_it_is_and_says_so(active: MainWindow, desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=0)
    key(canvas, Key.Key_L, CTRL | SHIFT)
    assert items(desk)[0].locked
    before = desk.document

    drag(canvas, canvas.item_rect(0).center(), canvas.item_rect(1).center() + QPointF(60, 0))
    key(canvas, Key.Key_Right)
    key(canvas, Key.Key_Delete)
    command(active, "pink").trigger()

    assert desk.document is before
    assert "locked" in said(active)
    key(canvas, Key.Key_L, CTRL | SHIFT)
    assert not items(desk)[0].locked


def test_handles_turn_and_resize_in_one_step_each(desk: Desk, canvas: StimulusCanvas) -> None:
    desk.look(item=0)
    around = canvas.item_rect(0).center()
    knob = Handles(canvas.frame(), canvas.items[0]).place("turn")
    drag(canvas, knob, around + QPointF(around.y() - knob.y(), 0), SHIFT)
    assert items(desk)[0].angle_deg == 90
    assert desk.store.undo.undoText() == "Turn A"

    patch = canvas.item_rect(0).width() / 2
    corner = Handles(canvas.frame(), canvas.items[0]).place("bottom right")
    drag(canvas, corner, corner + QPointF(2 * patch, 2 * patch))
    assert items(desk)[0].scale == 2
    assert canvas.items[0].patches == tuple(sorted(canvas.items[0].patches))
    assert len(canvas.items[0].patches) == 16
    assert desk.store.undo.undoText() == "Resize A"
    assert desk.store.undo.count() == 2


def test_several_items_are_dragged_in_one_step(desk: Desk, canvas: StimulusCanvas) -> None:
    before = places(desk)
    key(canvas, Key.Key_A, CTRL)
    patch = canvas.item_rect(0).width() / 2
    middle = canvas.item_rect(0).center()

    drag(canvas, middle, middle + QPointF(patch, patch))

    assert places(desk) == [(x + 16, y + 16) for x, y in before]
    assert desk.store.undo.count() == 1
    assert desk.store.undo.undoText() == "Move A and B"
    assert canvas.chosen == (0, 1)


@pytest.mark.parametrize(
    ("chip", "kind"), [(Chip("shape", 6, "star"), (6, None)), (Chip("color", 2, "deep purple"), (None, 2))]
)
def test_a_chip_let_go_on_the_empty_canvas_becomes_an_item_there(
    desk: Desk, canvas: StimulusCanvas, chip: Chip, kind: tuple[int | None, int | None]
) -> None:
    desk.look(item=1)
    like = items(desk)[1]

    assert drop(canvas, canvas.frame().shown(100, 190, 0).topLeft(), chip_mime(chip))

    added = items(desk)[2]
    assert (added.shape, added.color) == (
        like.shape if kind[0] is None else kind[0],
        like.color if kind[1] is None else kind[1],
    )
    assert (added.x_px, added.y_px) == (80, 176)
    assert canvas.chosen == (2,)
    assert desk.store.undo.count() == 1


def test_a_chip_is_let_go_off_the_grid_while_placement_is_free(desk: Desk, canvas: StimulusCanvas) -> None:
    key(canvas, Key.Key_G)
    assert drop(canvas, canvas.frame().shown(101, 151, 0).topLeft(), chip_mime(Chip("shape", 6, "star")))

    assert places(desk)[2] == (85, 135)


def test_free_placement_is_a_key_and_a_button_and_both_show_it(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas
) -> None:
    free = command(active, "Free placement")
    key(canvas, Key.Key_G)
    assert free.isChecked()
    assert canvas.free

    middle = canvas.item_rect(0).center()
    drag(canvas, middle, middle + QPointF(3 * canvas.frame().zoom, 0))
    assert places(desk)[0][0] % 16 == 3

    free.trigger()
    assert not free.isChecked()
    assert not canvas.free


def test_a_colour_of_the_palette_is_for_all_that_is_selected(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas
) -> None:
    key(canvas, Key.Key_A, CTRL)
    active.panel(StimulusPanel).chips.strip[1].chosen.emit("color", 7)

    assert [color for _, color in kinds(desk)] == [7, 7]
    assert desk.store.undo.undoText() == "Change colour of A and B"


def test_of_a_photo_the_picture_is_copied_and_no_item_is_added(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    show_photo(desk, tmp_path / "cat.png")
    before = desk.document

    key(canvas, Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().image().pixelColor(5, 5).getRgb()[:3] == (200, 30, 30)
    command(active, "Add item").trigger()

    assert desk.document is before
    assert "photo" in said(active)


def test_on_a_photo_what_is_pasted_or_let_go_is_painted_and_is_an_object(
    active: MainWindow, desk: Desk, canvas: StimulusCanvas, tmp_path: Path
) -> None:
    key(canvas, Key.Key_A, CTRL)
    key(canvas, Key.Key_C, CTRL)
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    show_photo(desk, tmp_path / "cat.png")

    key(canvas, Key.Key_V, CTRL)
    assert drop(canvas, canvas.frame().shown(100, 190, 0).topLeft(), chip_mime(Chip("color", 0, "pink")))

    photo = desk.document.base.photo
    assert photo is not None
    assert [mask.label for mask in photo.masks] == ["indigo star", "pink star", "pink star"]
    assert canvas.chosen == (2,)
    assert [text for text, _ in desk.store.steps()[-2:]] == ["Paste", "Place star"]


def test_looking_at_another_item_or_tab_ends_the_selection_of_several(desk: Desk, canvas: StimulusCanvas) -> None:
    key(canvas, Key.Key_A, CTRL)
    desk.look(read=2)
    assert canvas.chosen == (0, 1)

    desk.look(side="source")

    assert desk.view.also == ()

"""Each tool over the canvas does to the stimulus what it says, in one undo step, and keys take it into the hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication
from pytestqt.qtbot import QtBot

from app import drawing_menu, edits
from app.desk import Desk
from app.drawing_menu import choose_tool
from app.main_window import MainWindow
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.lens import LensPanel
from app.panels.query_key import QueryKeyPanel
from app.panels.stimulus import StimulusPanel
from app.widgets.tools import tools
from core.document import stimulus_of
from core.errors import UserError
from core.stimuli.paint import layer_pixels
from core.stimuli.render import item_insides, render
from core.stimuli.stimulus import COLORS, Stimulus
from core.stimuli.strokes import ellipse, rectangle, segment
from tests.app.widgets.gestures import ALT, CTRL, NO_KEYS, SHIFT, drag, move, open_on_screen, press, release, wheel
from tests.whole_strokes import polyline

SIDE = 224
BLUE = COLORS[4]
Point = tuple[float, float]


@pytest.fixture
def panel(qtbot: QtBot, desk: Desk) -> StimulusPanel:
    panel = StimulusPanel(desk)
    desk.store.changed.connect(panel.refresh)
    desk.redraw = panel.refresh
    open_on_screen(qtbot, panel, 520, 640)
    panel.refresh()
    return panel


def hold(desk: Desk, name: str, **changes: Any) -> None:
    """Take a tool into the hand, with blue on it."""
    choose_tool(desk, next(kind for kind in tools() if kind.name == name))
    desk.take_up(**{"rgb": BLUE, "size_px": 10, **changes})


def on(panel: StimulusPanel, at: Point) -> QPointF:
    """Where a place of the image lies in the canvas."""
    frame = panel.canvas.frame()
    return QPointF(frame.left + at[0] * frame.zoom, frame.top + at[1] * frame.zoom)


def stroke(panel: StimulusPanel, points: list[Point], keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    press(panel.canvas, on(panel, points[0]), keys)
    for point in points[1:]:
        move(panel.canvas, on(panel, point), keys)
    release(panel.canvas, on(panel, points[-1]), keys)


def shown(desk: Desk) -> Stimulus:
    return stimulus_of(desk.document, desk.view.side)


def changed(desk: Desk, before: np.ndarray) -> np.ndarray:
    """Which pixels of the picture are others."""
    return (render(shown(desk)) != before).any(axis=2)


def test_a_brush_stroke_changes_exactly_its_pixels_and_undo_takes_back_one(panel: StimulusPanel, desk: Desk) -> None:
    before, points = render(desk.document.base), [(20.0, 150.0), (60.0, 160.0), (90.0, 140.0)]
    hold(desk, "Brush")

    stroke(panel, points)
    stroke(panel, [(150.0, 40.0), (200.0, 40.0)])

    first, second = polyline(points, 10, SIDE) > 0, polyline([(150.0, 40.0), (200.0, 40.0)], 10, SIDE) > 0
    assert (changed(desk, before) == first | second).all()
    assert (render(desk.document.base)[first] == BLUE).all()
    assert [text for text, _ in desk.store.steps()] == ["Opened", "Brush stroke", "Brush stroke"]
    desk.store.undo.undo()
    assert (changed(desk, before) == first).all()
    desk.store.undo.undo()
    assert desk.document.base.paint is None


def test_the_model_is_asked_about_every_part_of_a_stroke_while_it_is_drawn(panel: StimulusPanel, desk: Desk) -> None:
    asked = []
    desk.store.changed.connect(lambda: asked.append(desk.document.base.paint))
    hold(desk, "Brush")

    press(panel.canvas, on(panel, (20, 150)))
    move(panel.canvas, on(panel, (40, 150)))
    move(panel.canvas, on(panel, (60, 150)))

    assert len(set(asked)) == 3
    release(panel.canvas, on(panel, (60, 150)))
    assert desk.store.undo.count() == 1


def test_escape_takes_back_the_stroke_under_way_and_no_other(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Brush")
    stroke(panel, [(20.0, 150.0), (60.0, 160.0)])
    kept = desk.document

    press(panel.canvas, on(panel, (100, 20)))
    move(panel.canvas, on(panel, (150, 20)))
    QTest.keyClick(panel.canvas, Qt.Key.Key_Escape)
    move(panel.canvas, on(panel, (150, 90)))
    release(panel.canvas, on(panel, (150, 90)))

    assert desk.document == kept
    assert not desk.store.undo.canRedo()


def test_shift_goes_on_from_the_last_stroke_in_a_straight_line(panel: StimulusPanel, desk: Desk) -> None:
    before = render(desk.document.base)
    hold(desk, "Brush")

    stroke(panel, [(20.0, 180.0)])
    stroke(panel, [(180.0, 200.0)], SHIFT)

    assert (changed(desk, before) == (segment((20, 180), (180, 200), 10, SIDE) > 0)).all()


def test_alt_and_a_click_of_the_brush_take_the_colour_under_it(panel: StimulusPanel, desk: Desk) -> None:
    item = desk.document.base.items[1]
    hold(desk, "Brush")

    stroke(panel, [(item.x_px + 16.5, item.y_px + 16.5)], ALT)

    assert np.abs(np.subtract(desk.hand.rgb, COLORS[item.color])).max() < 12
    assert not desk.store.undo.canUndo()


@pytest.mark.parametrize(("turned", "size"), [(120, 16), (-120, 8)])
def test_shift_and_the_wheel_change_the_size(panel: StimulusPanel, desk: Desk, turned: int, size: int) -> None:
    hold(desk, "Brush", size_px=12)

    wheel(panel.canvas, on(panel, (100, 100)), turned, SHIFT)

    assert desk.hand.size_px == panel.canvas.hand.size_px == size


def test_a_soft_brush_mixes_with_what_is_under_it(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Brush", hardness=0.25, size_px=30)

    stroke(panel, [(30.0, 180.0)])

    levels = np.unique(layer_pixels(desk.document.base.paint, SIDE)[..., 3])
    assert len(levels) > 10
    assert levels.max() == 255


def test_noise_is_as_in_the_study_and_another_one_at_each_stroke(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Rectangle", noisy=True)

    stroke(panel, [(0.0, 100.0), (60.0, 160.0)])
    stroke(panel, [(160.0, 10.0), (220.0, 70.0)])

    picture = render(desk.document.base).astype(float)
    patches = picture[100:160, :60], picture[10:70, 160:220]
    for patch in patches:
        assert abs(patch.std(axis=(0, 1))[1] - 10) < 1
        assert abs(patch.mean(axis=(0, 1)) - BLUE)[1] < 1.5
    assert (patches[0] != patches[1]).any()


def test_the_eraser_brings_back_the_items_under_the_paint(panel: StimulusPanel, desk: Desk) -> None:
    before = render(desk.document.base)
    hold(desk, "Fill")
    stroke(panel, [(5.0, 215.0)])
    hold(desk, "Eraser", size_px=96)

    stroke(panel, [(112.0, 112.0)])

    erased = polyline([(112.0, 112.0)], 96, SIDE) > 0
    assert not changed(desk, before)[erased].any()
    assert changed(desk, before)[~erased].any()
    for y in range(0, SIDE, 32):
        stroke(panel, [(0.0, y), (224.0, y)])
    assert desk.document.base.paint is None, "nothing painted is no layer"


def test_a_fill_on_an_item_paints_its_shape(panel: StimulusPanel, desk: Desk) -> None:
    before, item = render(desk.document.base), desk.document.base.items[0]
    hold(desk, "Fill")

    stroke(panel, [(item.x_px + 16.5, item.y_px + 16.5)])

    assert (changed(desk, before) == item_insides(desk.document.base)[0]).all()


def test_a_fill_beside_the_picture_does_nothing(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Fill")

    stroke(panel, [(-2.0, 20.0)])

    assert not desk.store.undo.canUndo()


@pytest.mark.parametrize(("tool", "cover"), [("Rectangle", rectangle), ("Ellipse", ellipse)])
@pytest.mark.parametrize(("keys", "corner"), [(NO_KEYS, (90.0, 140.0)), (SHIFT, (90.0, 190.0))])
def test_occluders_lie_between_their_corners(
    panel: StimulusPanel, desk: Desk, tool: str, cover: Any, keys: Qt.KeyboardModifier, corner: Point
) -> None:
    before = render(desk.document.base)
    hold(desk, tool)

    stroke(panel, [(20.0, 120.0), (200.0, 200.0), (90.0, 140.0)], keys)

    assert (changed(desk, before) == (cover((20, 120), corner, SIDE) > 0)).all()
    assert desk.store.undo.undoText() == tool


def test_a_line_is_straight_and_as_wide_as_the_brush(panel: StimulusPanel, desk: Desk) -> None:
    before = render(desk.document.base)
    hold(desk, "Line", size_px=4)

    stroke(panel, [(10.0, 200.0), (60.0, 20.0), (210.0, 210.0)])

    assert (changed(desk, before) == (segment((10, 200), (210, 210), 4, SIDE) > 0)).all()


def test_typed_letters_are_one_step_and_keys_of_tools_are_letters_meanwhile(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Text")
    stroke(panel, [(20.0, 180.0)])

    QTest.keyClicks(panel.canvas, "b F")
    written = desk.document.base.paint
    QTest.keyClick(panel.canvas, Qt.Key.Key_X)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Return)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Q)

    assert desk.hand.tool == "Text"
    assert desk.document.base.paint == written is not None
    assert desk.store.undo.count() == 1
    desk.store.undo.undo()
    assert desk.document.base.paint is None


def test_shift_and_enter_begin_another_line(panel: StimulusPanel, desk: Desk) -> None:
    before = render(desk.document.base)
    hold(desk, "Text", size_px=8)
    stroke(panel, [(120.0, 30.0)])

    QTest.keyClicks(panel.canvas, "HH")
    one = changed(desk, before)
    QTest.keyClick(panel.canvas, Qt.Key.Key_Return, SHIFT)
    QTest.keyClicks(panel.canvas, "HH")

    both = changed(desk, before)
    assert both.sum() == 2 * one.sum()
    assert np.flatnonzero(both.any(axis=1))[-1] > np.flatnonzero(one.any(axis=1))[-1] + 8
    assert desk.store.undo.count() == 1


def test_escape_takes_back_what_is_being_typed_and_another_tool_keeps_it(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Text")
    stroke(panel, [(20.0, 180.0)])
    QTest.keyClicks(panel.canvas, "no")

    QTest.keyClick(panel.canvas, Qt.Key.Key_Escape)

    assert desk.document.base.paint is None
    stroke(panel, [(20.0, 180.0)])
    QTest.keyClicks(panel.canvas, "yes")
    hold(desk, "Brush")
    assert desk.document.base.paint is not None


def test_what_is_being_typed_stays_where_the_canvas_is_hidden(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Text")
    stroke(panel, [(20.0, 180.0)])
    QTest.keyClicks(panel.canvas, "yes")
    written = desk.document.base.paint

    panel.canvas.hide()

    assert desk.document.base.paint == written is not None
    assert panel.canvas.held is None


@pytest.mark.parametrize("other", ["source", "pair", "undo"])
def test_typing_ends_where_another_picture_comes_under_it(panel: StimulusPanel, desk: Desk, other: str) -> None:
    edits.draw_random_pair(desk)
    hold(desk, "Text")
    stroke(panel, [(20.0, 180.0)])
    QTest.keyClicks(panel.canvas, "yes")

    if other == "source":
        desk.look(side="source")
    elif other == "pair":
        edits.draw_random_pair(desk)
    else:
        desk.store.undo.undo()
    before = shown(desk)

    assert panel.canvas.held is None
    QTest.keyClicks(panel.canvas, "no")
    assert shown(desk) == before


def test_a_drag_that_goes_on_after_the_picture_was_changed_moves_nothing_of_the_new_one(
    panel: StimulusPanel, desk: Desk
) -> None:
    item = desk.document.base.items[0]
    at = (item.x_px + 16.0, item.y_px + 16.0)
    press(panel.canvas, on(panel, at))
    move(panel.canvas, on(panel, (at[0] + 32, at[1])))

    desk.look(side="source")
    before = shown(desk)
    move(panel.canvas, on(panel, (at[0] + 64, at[1] + 32)))
    release(panel.canvas, on(panel, (at[0] + 64, at[1] + 32)))

    assert desk.view.side == "source"
    assert shown(desk) == before
    assert desk.document.base.items[0].x_px == item.x_px + 32


def test_the_picker_takes_the_colour_that_noise_is_of(panel: StimulusPanel, desk: Desk) -> None:
    item = desk.document.base.items[1]
    hold(desk, "Picker")

    stroke(panel, [(item.x_px + 16.5, item.y_px + 16.5)])

    assert np.abs(np.subtract(desk.hand.rgb, COLORS[item.color])).max() < 12
    assert not desk.store.undo.canUndo()


def test_the_item_tool_places_the_chosen_shape_and_colour_on_the_grid(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Item")
    panel.chips.strip[0].chosen.emit("shape", 9)
    panel.chips.strip[1].chosen.emit("color", 12)

    stroke(panel, [(50.0, 170.0)])
    stroke(panel, [(150.0, 25.0)], ALT)

    *_, aligned, free = desk.document.base.items
    assert (aligned.shape, aligned.color) == (free.shape, free.color) == (9, 12)
    assert (aligned.x_px, aligned.y_px) == (32, 160)
    assert (free.x_px, free.y_px) == (134, 9)
    assert desk.view.item == 3
    assert desk.store.undo.count() == 2


def test_while_one_paints_nothing_tints_the_pixels_of_items(panel: StimulusPanel, desk: Desk) -> None:
    item = desk.document.base.items[0]
    at = on(panel, (item.x_px + 3, item.y_px + 3)).toPoint()

    def seen() -> tuple[int, ...]:
        picture, ratio = panel.canvas.grab().toImage(), panel.canvas.devicePixelRatioF()
        return picture.pixelColor(int(at.x() * ratio), int(at.y() * ratio)).getRgb()[:3]

    desk.look(item=-1)
    panel.refresh()
    tinted = seen()
    hold(desk, "Brush")

    assert tinted != (255, 255, 255)
    assert seen() == (255, 255, 255)


def test_chips_colour_the_brush_while_it_is_in_the_hand_and_items_else(panel: StimulusPanel, desk: Desk) -> None:
    before = desk.document
    hold(desk, "Brush")

    panel.chips.strip[1].chosen.emit("color", 12)
    assert desk.document == before
    assert desk.hand.rgb == COLORS[12]

    hold(desk, "Select")
    panel.chips.strip[1].chosen.emit("color", 2)
    assert desk.document.base.items[0].color == 2


def test_space_draws_the_picture_along_for_as_long_as_it_is_held(panel: StimulusPanel, desk: Desk) -> None:
    panel.canvas.closeup_wanted.connect(lambda closeup: panel.canvas.show_closeup(closeup))
    desk.closeup = desk.closeup.zoomed(2.0, panel.canvas.view_rect(), panel.canvas.view_rect().center())
    hold(desk, "Brush")
    start, before = panel.canvas.view_rect().center(), panel.canvas.closeup

    QTest.keyPress(panel.canvas, Qt.Key.Key_Space)
    drag(panel.canvas, start, start + QPointF(40, 0))
    QTest.keyRelease(panel.canvas, Qt.Key.Key_Space)

    assert desk.closeup.x < before.x
    assert desk.document.base.paint is None
    assert panel.canvas.tool.name == desk.hand.tool == "Brush"
    drag(panel.canvas, start, start + QPointF(40, 0))
    assert desk.document.base.paint is not None


def test_where_the_picture_is_larger_than_its_view_the_brush_paints_what_is_under_the_pointer(
    panel: StimulusPanel, desk: Desk
) -> None:
    before = render(desk.document.base)
    desk.closeup = desk.closeup.zoomed(4.0, panel.canvas.view_rect(), panel.canvas.view_rect().topLeft())
    hold(desk, "Brush", size_px=3)

    stroke(panel, [(20.5, 30.5)])

    assert (changed(desk, before) == (polyline([(20.5, 30.5)], 3, SIDE) > 0)).all()


def test_what_is_painted_is_said_to_be_outside_the_training(panel: StimulusPanel, desk: Desk) -> None:
    hold(desk, "Brush")

    stroke(panel, [(20.0, 150.0)])

    assert panel.note.whole == "painted — outside the training distribution"


def test_the_source_is_painted_while_it_is_shown(panel: StimulusPanel, desk: Desk) -> None:
    desk.look(side="source")
    hold(desk, "Rectangle")

    press(panel.canvas, on(panel, (0.0, 0.0)))
    desk.look(token=7)  # an answer that comes meanwhile draws it anew too
    move(panel.canvas, on(panel, (10.0, 10.0)))
    release(panel.canvas, on(panel, (10.0, 10.0)))

    assert desk.document.base.paint is None
    assert desk.document.source is not None
    assert desk.document.source.paint is not None


def test_clear_paint_takes_all_away_and_says_so_where_there_is_none(panel: StimulusPanel, desk: Desk) -> None:
    with pytest.raises(UserError, match="Nothing is painted"):
        drawing_menu.clear_paint(desk)
    hold(desk, "Brush")
    stroke(panel, [(20.0, 150.0)])
    stroke(panel, [(90.0, 150.0)])

    drawing_menu.clear_paint(desk)

    assert desk.document.base.paint is None


# In the window


@pytest.fixture
def active(window: MainWindow, qtbot: QtBot) -> MainWindow:
    with qtbot.waitActive(window):
        window.activateWindow()
    window.panel(StimulusPanel).canvas.setFocus()
    return window


def test_every_tool_has_a_key_of_its_own_that_takes_it_into_the_hand(active: MainWindow) -> None:
    canvas = active.panel(StimulusPanel).canvas
    everyday = [kind for kind in tools() if not kind.photos_only]
    for kind in (*everyday, everyday[0]):
        QTest.keyClick(QApplication.focusWidget(), kind.key.lower())

        assert type(canvas.tool) is kind
        assert canvas.hasFocus()
    assert len({kind.key for kind in tools()}) == len(tools())


def test_every_tool_is_in_the_menu_and_says_its_key(active: MainWindow) -> None:
    found = {
        action.text(): action.shortcut().toString()
        for menu, action in active.all_actions()
        if menu == drawing_menu.MENU
    }

    assert {kind.name: kind.key for kind in tools()}.items() <= found.items()


def test_no_two_commands_share_a_key(active: MainWindow) -> None:
    keys = [key.toString() for _, action in active.all_actions() for key in action.shortcuts()]

    assert sorted(keys) == sorted(set(keys))


def test_letters_in_a_text_field_are_letters(active: MainWindow) -> None:
    field = active.panel(InterventionsPanel).findChild(QAbstractSpinBox)
    field.setFocus()

    for key in "bei":
        QTest.keyClick(field, key)
    QTest.keyClick(field, Qt.Key.Key_Backspace, CTRL)  # takes a word away

    assert active.desk.hand.tool == "Select"
    assert not active.desk.store.undo.canUndo()


def test_letters_find_what_is_to_be_chosen_in_a_box_that_has_the_keyboard(active: MainWindow) -> None:
    active._docks[LensPanel].show()
    active._docks[LensPanel].raise_()
    box = active.panel(LensPanel).measure
    box.setFocus()
    layer = active.desk.view.write

    QTest.keyClick(box, "l")
    QTest.keyClick(box, "[")

    assert active.desk.hand.tool == "Select"
    assert box.currentText() == "logit"
    assert active.desk.view.write == layer - 1, "what is no letter is a key as everywhere"


@pytest.mark.parametrize(("key", "kind"), [("c", "attention"), ("a", "attention"), ("f", "modes")])
def test_where_a_panel_has_a_use_for_a_letter_it_keeps_it(active: MainWindow, key: str, kind: str) -> None:
    panel = active.panel(InsidePanel if kind == "attention" else QueryKeyPanel)
    if kind == "modes":
        active._docks[QueryKeyPanel].show()
        active._docks[QueryKeyPanel].raise_()
    panel.view.setFocus()

    QTest.keyClick(panel.view, key)

    assert active.desk.hand.tool == "Select"


def test_plus_and_minus_change_the_size_of_the_brush(active: MainWindow) -> None:
    canvas = active.panel(StimulusPanel).canvas

    QTest.keyClick(canvas, Qt.Key.Key_Equal)
    larger = active.desk.hand.size_px
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)

    assert larger > 12 > active.desk.hand.size_px
    assert canvas.hand.size_px == active.desk.hand.size_px


def test_a_click_in_the_strip_takes_a_tool_into_the_hand(active: MainWindow, qtbot: QtBot) -> None:
    panel = active.panel(StimulusPanel)
    button = next(button for button in panel.toolbox.strip.buttons if button.kind.name == "Brush")

    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    assert panel.canvas.tool.name == "Brush"
    assert [button.kind.name for button in panel.toolbox.strip.buttons if button.isChecked()] == ["Brush"]


def test_a_button_of_the_strip_says_the_key_that_its_tool_has_now(active: MainWindow) -> None:
    button = next(each for each in active.panel(StimulusPanel).toolbox.strip.buttons if each.kind.name == "Brush")
    action = next(
        action for menu, action in active.all_actions() if (menu, action.text()) == (drawing_menu.MENU, "Brush")
    )
    assert button.toolTip().startswith("Brush (B)")

    action.setShortcut("J")

    assert button.toolTip().startswith("Brush (J)")


def test_the_sliders_of_the_brush_change_what_the_hand_draws(active: MainWindow) -> None:
    options = active.panel(StimulusPanel).toolbox._brushes[0].options

    options.width_slider.setValue(40)
    options.hardness_slider.setValue(50)
    options.noise.setChecked(True)

    hand = active.panel(StimulusPanel).canvas.hand
    assert (hand.size_px, hand.hardness, hand.noisy) == (40, 0.5, True)


def test_undo_in_mid_stroke_takes_that_stroke_back_and_no_other(active: MainWindow) -> None:
    panel, desk = active.panel(StimulusPanel), active.desk
    hold(desk, "Brush")
    stroke(panel, [(20.0, 150.0), (60.0, 160.0)])
    kept = desk.document
    press(panel.canvas, on(panel, (100, 20)))
    move(panel.canvas, on(panel, (150, 20)))

    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
    move(panel.canvas, on(panel, (150, 90)))
    release(panel.canvas, on(panel, (150, 90)))

    assert desk.document == kept
    QTest.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
    assert desk.document.base.paint is None


def test_ctrl_and_a_letter_are_not_for_the_tools(active: MainWindow) -> None:
    QTest.keyClick(active.panel(StimulusPanel).canvas, Qt.Key.Key_E, CTRL)

    assert active.desk.hand.tool == "Select"

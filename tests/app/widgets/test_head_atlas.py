"""The head atlas: one head is chosen by mouse or keys, and colours and miniatures show what was given."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app import theme
from app.widgets.head_atlas import HeadAtlas
from tests.app.widgets.gestures import CTRL, NO_BUTTON, NO_KEYS, move, press, release

LEFT = Qt.MouseButton.LeftButton


def picture(widget: QWidget) -> QImage:
    """The widget as it is drawn, one pixel a logical pixel on any screen."""
    return widget.grab().toImage().scaled(widget.size())


@pytest.fixture
def atlas(qtbot, monkeypatch):
    """Six blocks of four heads; block 0 local, block 5 global, head (1, 1) not known; (0, 0) selected."""
    monkeypatch.setattr(theme, "current", lambda: theme.DARK)
    widget = HeadAtlas()
    qtbot.addWidget(widget)
    widget.resize(320, 240)
    scores = np.repeat(np.linspace(0, 1, 6)[:, None], 4, axis=1)  # [L, H]
    scores[1, 1] = np.nan
    widget.set_scores(scores)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def chosen(atlas):
    """The heads that the atlas said were chosen."""
    heads: list[tuple[int, int]] = []
    atlas.head_chosen.connect(lambda block, head: heads.append((block, head)))
    return heads


def middle(atlas: HeadAtlas, block: int, head: int) -> QPoint:
    return atlas.head_rect(block, head).center().toPoint()


def color_at(atlas: HeadAtlas, block: int, head: int) -> QColor:
    return picture(atlas).pixelColor(middle(atlas, block, head))


def test_a_click_chooses_the_head_under_it(atlas, chosen, qtbot):
    qtbot.mouseClick(atlas, LEFT, pos=middle(atlas, 3, 2))

    assert atlas.selected == (3, 2)
    assert chosen == [(3, 2)]


def test_a_click_beside_the_grid_chooses_nothing(atlas, chosen, qtbot):
    qtbot.mouseClick(atlas, LEFT, pos=QPoint(atlas.width() - 2, 60))
    qtbot.mouseClick(atlas, LEFT, pos=QPoint(20, 3))

    assert chosen == []


def test_dragging_chooses_each_head_that_it_enters_once(atlas, chosen, qtbot):
    qtbot.mousePress(atlas, LEFT, pos=middle(atlas, 2, 1))
    for head in (1, 2, 2):
        qtbot.mouseMove(atlas, middle(atlas, 2, head))
    qtbot.mouseRelease(atlas, LEFT, pos=middle(atlas, 2, 2))
    qtbot.mouseMove(atlas, middle(atlas, 5, 3))

    assert chosen == [(2, 1), (2, 2)]


@pytest.mark.parametrize(
    ("key", "head"),
    [
        (Qt.Key.Key_Left, (3, 1)),
        (Qt.Key.Key_Right, (3, 3)),
        (Qt.Key.Key_Up, (2, 2)),
        (Qt.Key.Key_Down, (4, 2)),
        (Qt.Key.Key_Comma, (3, 1)),
        (Qt.Key.Key_Semicolon, (3, 3)),
        (Qt.Key.Key_Home, (3, 0)),
        (Qt.Key.Key_End, (3, 3)),
        (Qt.Key.Key_PageUp, (0, 2)),
        (Qt.Key.Key_PageDown, (5, 2)),
    ],
)
def test_keys_choose(atlas, chosen, qtbot, key, head):
    atlas.set_selected(3, 2)
    qtbot.keyClick(atlas, key)

    assert chosen == [head]


def test_keys_stop_at_the_edge_in_silence(atlas, chosen, qtbot):
    qtbot.keyClick(atlas, Qt.Key.Key_Left)
    qtbot.keyClick(atlas, Qt.Key.Key_Up)

    assert chosen == []


def test_setting_says_nothing(atlas, chosen):
    atlas.set_selected(99, 99)
    assert atlas.selected == (5, 3)

    atlas.set_scores(np.zeros((2, 2)))
    atlas.set_thumbnails(np.ones((2, 2, 3, 3)), np.ones(2))
    assert atlas.selected == (1, 1)
    assert chosen == []


def test_local_heads_are_blue_and_global_heads_red(atlas):
    local, general = color_at(atlas, 0, 2), color_at(atlas, 5, 2)

    assert local.blue() > local.red()
    assert general.red() > general.blue()


def test_a_miniature_is_drawn_on_the_scale_of_its_block(atlas):
    maps = np.ones((6, 4, 2, 2))  # [L, H, rows, cols]
    vmax = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 0.0])
    atlas.set_thumbnails(maps, vmax)

    top = theme.viridis(np.array(1.0))
    half = theme.viridis(np.array(0.5))
    assert color_at(atlas, 0, 3).getRgb()[:3] == tuple(top)
    assert color_at(atlas, 1, 3).getRgb()[:3] == tuple(half)


def test_thumbnails_go_with_none_and_with_a_model_of_another_shape(atlas):
    bare = picture(atlas)
    maps = np.ones((6, 4, 2, 2))
    atlas.set_thumbnails(maps, np.ones(6))
    assert picture(atlas) != bare
    atlas.set_thumbnails(None)
    assert picture(atlas) == bare

    atlas.set_thumbnails(maps, np.ones(6))
    atlas.set_scores(np.zeros((3, 3)))
    local = theme.local_global(np.array(0.0))
    assert color_at(atlas, 0, 0).blue() == pytest.approx(int(local[2]), abs=30)


def test_it_tells_a_screen_reader_what_is_selected(atlas):
    atlas.set_selected(3, 2)
    assert atlas.accessibleDescription() == "block 3, head 2 · local/global 0.60"

    atlas.set_selected(1, 1)
    assert atlas.accessibleDescription() == "block 1, head 1 · local/global not known"

    atlas.set_stale(True)
    assert atlas.accessibleDescription().startswith("computing")


def test_before_any_score_it_waits(qtbot):
    empty = HeadAtlas()
    qtbot.addWidget(empty)
    heads: list[tuple[int, int]] = []
    empty.head_chosen.connect(lambda *head: heads.append(head))
    qtbot.mouseClick(empty, LEFT, pos=QPoint(20, 20))
    qtbot.keyClick(empty, Qt.Key.Key_Right)

    assert empty.accessibleDescription() == "waiting for the engine"
    assert heads == []


@pytest.mark.parametrize("shape", [(1, 1), (6, 4), (12, 12), (24, 16)])
@pytest.mark.parametrize("size", [(120, 80), (220, 180), (520, 420)])
def test_every_head_has_its_own_place_inside(atlas, qtbot, shape, size):
    atlas.resize(*size)
    atlas.set_scores(np.full(shape, 0.5))
    atlas.set_thumbnails(np.ones((*shape, 14, 14)), np.ones(shape[0]))
    rects = [atlas.head_rect(block, head) for block in range(shape[0]) for head in range(shape[1])]

    assert picture(atlas).width() == size[0]
    assert all(atlas.rect().contains(rect.toAlignedRect()) for rect in rects)
    assert len({(rect.left(), rect.top()) for rect in rects}) == len(rects)


class Switching:
    """What the atlas said of switching heads off, in order."""

    def __init__(self, atlas: HeadAtlas) -> None:
        self.said: list[tuple[str, ...] | tuple[str, int, int]] = []
        atlas.head_toggled.connect(lambda block, head: self.said.append(("toggled", block, head)))
        atlas.head_previewed.connect(lambda block, head: self.said.append(("previewed", block, head)))
        atlas.preview_ended.connect(lambda: self.said.append(("ended",)))


@pytest.fixture
def switching(atlas):
    return Switching(atlas)


def point_at(atlas: HeadAtlas, block: int, head: int, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Move the pointer there without a button."""
    move(atlas, QPointF(middle(atlas, block, head)), keys, held=NO_BUTTON)


def let_go_of_ctrl(widget: QWidget) -> None:
    QApplication.sendEvent(widget, QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Control, NO_KEYS))


def test_a_click_with_ctrl_switches_the_head_and_chooses_none(atlas, chosen, switching, qtbot):
    qtbot.mouseClick(atlas, LEFT, CTRL, pos=middle(atlas, 3, 2))

    assert switching.said == [("toggled", 3, 2)]
    assert chosen == []


def test_a_click_with_ctrl_beside_the_grid_switches_nothing(atlas, switching, qtbot):
    qtbot.mouseClick(atlas, LEFT, CTRL, pos=QPoint(20, 3))

    assert switching.said == []


def test_a_drag_with_ctrl_switches_the_first_head_alone(atlas, chosen, switching):
    press(atlas, QPointF(middle(atlas, 3, 2)), CTRL)
    move(atlas, QPointF(middle(atlas, 3, 3)), CTRL)
    release(atlas, QPointF(middle(atlas, 3, 3)), CTRL)

    assert switching.said == [("toggled", 3, 2)]
    assert chosen == []


def test_ctrl_and_enter_switch_the_selected_head(atlas, chosen, switching, qtbot):
    atlas.set_selected(3, 2)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        qtbot.keyClick(atlas, key, CTRL)
    qtbot.keyClick(atlas, Qt.Key.Key_Return)

    assert switching.said == [("toggled", 3, 2)] * 2
    assert chosen == []


def test_with_ctrl_each_head_under_the_pointer_is_previewed_once(atlas, switching):
    for head in (1, 1, 2):
        point_at(atlas, 2, head, CTRL)

    assert switching.said == [("previewed", 2, 1), ("previewed", 2, 2)]


def test_without_ctrl_nothing_is_previewed(atlas, switching):
    for head in (1, 2):
        point_at(atlas, 2, head)

    assert switching.said == []


def test_ctrl_previews_also_the_head_that_the_pointer_was_on_before(atlas, switching):
    point_at(atlas, 2, 1)
    point_at(atlas, 2, 1, CTRL)

    assert switching.said == [("previewed", 2, 1)]


@pytest.mark.parametrize(
    "leave",
    [
        lambda atlas: point_at(atlas, 2, 1),
        lambda atlas: move(atlas, QPointF(20, 3), CTRL, held=NO_BUTTON),
        lambda atlas: QApplication.sendEvent(atlas, QEvent(QEvent.Type.Leave)),
        lambda atlas: let_go_of_ctrl(atlas),
        lambda atlas: QApplication.sendEvent(atlas, QEvent(QEvent.Type.WindowDeactivate)),
        lambda atlas: atlas.hide(),
        lambda atlas: atlas.set_scores(np.zeros((3, 3))),
    ],
    ids=[
        "moved without Ctrl",
        "beside the grid",
        "out of the atlas",
        "Ctrl released",
        "deactivated",
        "hidden",
        "model",
    ],
)
def test_a_preview_ends_once(atlas, switching, leave):
    point_at(atlas, 2, 1, CTRL)
    leave(atlas)
    QApplication.sendEvent(atlas, QEvent(QEvent.Type.Leave))

    assert switching.said == [("previewed", 2, 1), ("ended",)]


def test_a_preview_ends_with_ctrl_though_another_widget_has_the_keyboard(atlas, switching, qtbot):
    line = QLineEdit()
    qtbot.addWidget(line)
    point_at(atlas, 2, 1, CTRL)

    let_go_of_ctrl(line)

    assert switching.said == [("previewed", 2, 1), ("ended",)]


def test_a_click_ends_the_preview_until_the_pointer_is_on_another_head(atlas, switching):
    point_at(atlas, 2, 1, CTRL)
    press(atlas, QPointF(middle(atlas, 2, 1)), CTRL)
    release(atlas, QPointF(middle(atlas, 2, 1)), CTRL)
    point_at(atlas, 2, 1, CTRL)
    assert switching.said == [("previewed", 2, 1), ("ended",), ("toggled", 2, 1)]

    point_at(atlas, 2, 2, CTRL)
    point_at(atlas, 2, 1, CTRL)
    assert switching.said[3:] == [("previewed", 2, 2), ("previewed", 2, 1)]


def test_heads_that_are_off_are_crossed_out_and_the_others_are_not(atlas):
    before = picture(atlas)
    atlas.set_off(frozenset({(3, 2), (99, 99)}))
    after = picture(atlas)

    def changed(block: int, head: int) -> bool:
        place = atlas.head_rect(block, head).toAlignedRect()
        return before.copy(place) != after.copy(place)

    assert changed(3, 2)
    assert not any(changed(block, head) for block, head in ((3, 1), (3, 3), (2, 2), (4, 2)))
    ink = QColor(theme.DARK.text)
    assert abs(after.pixelColor(middle(atlas, 3, 2)).lightness() - ink.lightness()) < 60
    atlas.set_off(frozenset())
    assert picture(atlas) == before


def test_that_a_head_is_off_is_said_in_words(atlas):
    atlas.set_selected(3, 2)
    atlas.set_off(frozenset({(3, 2)}))

    assert atlas.accessibleDescription() == "block 3, head 2 · local/global 0.60 · off"
    assert "off" in atlas.told(3, 2)
    assert "switches it on" in atlas.tip_at(QPointF(middle(atlas, 3, 2)))[0]
    assert "switches it off" in atlas.tip_at(QPointF(middle(atlas, 3, 1)))[0]
    assert atlas.tip_at(QPointF(20, 3))[0] == ""
    atlas.set_off(frozenset())
    assert "off" not in atlas.accessibleDescription()


@pytest.mark.parametrize("shape", [(12, 12), (24, 16)])
def test_the_map_fills_its_cell_but_for_a_thin_edge_in_the_colour_of_the_score(qtbot, shape):
    atlas = HeadAtlas()
    qtbot.addWidget(atlas)
    atlas.resize(430, 330)
    atlas.set_scores(np.ones(shape))
    atlas.set_thumbnails(np.ones((*shape, 14, 14)), np.ones(shape[0]))
    atlas.show()
    cell = atlas.head_rect(3, 5)
    column = [picture(atlas).pixelColor(round(cell.center().x()), y) for y in range(*rows_of(cell))]

    top, general = theme.viridis(np.ones(1))[0], theme.local_global(np.ones(1))[0]

    n_map = sum(color.getRgb()[:3] == tuple(top) for color in column)
    assert n_map >= 0.7 * len(column) - 1
    assert column[-1].getRgb()[:3] == tuple(general)
    assert min(cell.width(), cell.height()) >= 8


def rows_of(cell):
    return round(cell.top()) + 1, round(cell.bottom())


def test_hover_enlarges_the_map_of_a_small_cell_beside_it_and_leaving_puts_it_away(qtbot):
    atlas, shape = HeadAtlas(), (12, 12)
    qtbot.addWidget(atlas)
    atlas.resize(430, 330)
    maps = np.zeros((*shape, 14, 14))
    maps[0, 0] = 1.0
    atlas.set_scores(np.zeros(shape))
    atlas.set_thumbnails(maps, np.ones(12))
    atlas.show()
    bright = theme.viridis(np.ones(1))[0]

    def n_bright() -> int:
        seen = picture(atlas)
        spots = [seen.pixelColor(x, y).getRgb()[:3] for x in range(0, 430, 4) for y in range(0, 330, 4)]
        return spots.count(tuple(bright))

    before = n_bright()
    move(atlas, atlas.head_rect(0, 0).center(), held=NO_BUTTON)
    enlarged = n_bright()
    QApplication.sendEvent(atlas, QEvent(QEvent.Type.Leave))

    assert enlarged > 8 * max(1, before)
    assert n_bright() == before

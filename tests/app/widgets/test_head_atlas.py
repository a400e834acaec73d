"""The head atlas: one head is chosen by mouse or keys, and colours and miniatures show what was given."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from app import theme
from app.widgets.head_atlas import HeadAtlas

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
    maps = np.ones((6, 4, 2, 2))
    atlas.set_thumbnails(maps, np.ones(6))
    atlas.set_thumbnails(None)
    assert not atlas.has_thumbnails()

    atlas.set_thumbnails(maps, np.ones(6))
    atlas.set_scores(np.zeros((3, 3)))
    assert not atlas.has_thumbnails()


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

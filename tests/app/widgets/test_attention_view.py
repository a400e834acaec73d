"""The attention view: tokens are asked for by pointer and keys, and the heat is drawn where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app import theme
from app.widgets.attention_paint import HEAT_OPACITY
from app.widgets.attention_view import AttentionView, ItemRing

LEFT = Qt.MouseButton.LeftButton
ROWS = COLS = 4
PREFIX = (("CLS", 0.08), ("R1", 0.31))
N_PREFIX = len(PREFIX)
RINGS = (ItemRing("A", (0, 1, 4), "item_a"), ItemRing("B", (10,), "item_b"))


class Said:
    """What a view said, by signal."""

    def __init__(self, view: AttentionView) -> None:
        self.hovered: list[int] = []
        self.pinned: list[int] = []
        self.toggles = 0
        self.blinks: list[bool] = []
        view.token_hovered.connect(self.hovered.append)
        view.token_pinned.connect(self.pinned.append)
        view.direction_toggled.connect(self.toggle)
        view.blink.connect(self.blinks.append)

    def toggle(self) -> None:
        self.toggles += 1


def token(row: int, col: int) -> int:
    return N_PREFIX + row * COLS + col


def show(view: AttentionView, query: int, *, stale: bool = False) -> None:
    """White picture; heat 0.4 at row 2, column 3 and 0 elsewhere."""
    heat = np.zeros((ROWS, COLS))
    heat[2, 3] = 0.4
    image = np.full((64, 64, 3), 255, np.uint8)
    view.show_attention(image, heat, 0.4, RINGS, query, PREFIX, "patch looks at B — block 3, head 2", stale=stale)


def picture(widget: QWidget) -> QImage:
    """The widget as it is drawn, one pixel a logical pixel on any screen."""
    return widget.grab().toImage().scaled(widget.size())


@pytest.fixture
def view(qtbot, monkeypatch):
    """A 4 × 4 grid behind two prefix tokens; the query is the patch at row 1, column 1."""
    monkeypatch.setattr(theme, "current", lambda: theme.DARK)
    widget = AttentionView()
    qtbot.addWidget(widget)
    widget.resize(400, 380)
    show(widget, token(1, 1))
    with qtbot.waitExposed(widget):
        widget.show()
    qtbot.mouseMove(widget, outside(widget))  # a move to where the pointer already is would be no move
    return widget


@pytest.fixture
def said(view):
    return Said(view)


def outside(view: AttentionView) -> QPoint:
    """A point on no token."""
    return QPoint(view.width() - 1, view.height() - 1)


def middle(view: AttentionView, index: int) -> QPoint:
    return view.token_rect(index).center().toPoint()


def color_at(view: AttentionView, index: int) -> tuple[int, int, int]:
    color = picture(view).pixelColor(middle(view, index))
    return color.red(), color.green(), color.blue()


def test_the_pointer_asks_for_each_token_that_it_enters_once(view, said, qtbot):
    for row, col in ((0, 0), (0, 1), (0, 1), (2, 3)):
        qtbot.mouseMove(view, middle(view, token(row, col)))
        qtbot.mouseMove(view, middle(view, token(row, col)) + QPoint(2, 2))

    assert said.hovered == [token(0, 0), token(0, 1), token(2, 3)]


def test_leaving_the_picture_keeps_the_last_token(view, said, qtbot):
    qtbot.mouseMove(view, middle(view, token(0, 0)))
    qtbot.mouseMove(view, outside(view))
    qtbot.mouseMove(view, middle(view, token(0, 0)))

    assert said.hovered == [token(0, 0)]


def test_the_pointer_asks_again_for_a_token_after_another_was_shown(view, said, qtbot):
    qtbot.mouseMove(view, middle(view, token(0, 0)))
    qtbot.mouseMove(view, outside(view))
    show(view, token(3, 3))
    qtbot.mouseMove(view, middle(view, token(0, 0)))

    assert said.hovered == [token(0, 0), token(0, 0)]


def test_chips_are_tokens(view, said, qtbot):
    qtbot.mouseMove(view, middle(view, 1))
    qtbot.mouseClick(view, LEFT, pos=middle(view, 0))

    assert said.hovered == [1, 0]
    assert said.pinned == [0]


def test_a_click_pins(view, said, qtbot):
    qtbot.mouseClick(view, LEFT, pos=middle(view, token(2, 0)))
    qtbot.mouseClick(view, LEFT, pos=outside(view))

    assert said.pinned == [token(2, 0)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_Left, token(1, 0)),
        (Qt.Key.Key_Right, token(1, 2)),
        (Qt.Key.Key_Up, token(0, 1)),
        (Qt.Key.Key_Down, token(2, 1)),
        (Qt.Key.Key_Home, 0),
    ],
)
def test_keys_move_the_query(view, said, qtbot, key, expected):
    qtbot.keyClick(view, key)

    assert said.hovered == [expected]


def test_keys_go_on_from_what_was_asked_while_the_answer_is_on_its_way(view, said, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_Right)
    show(view, token(1, 1), stale=True)
    qtbot.keyClick(view, Qt.Key.Key_Right)

    assert said.hovered == [token(1, 2), token(1, 3)]


def test_the_chips_lie_to_the_right_of_the_last_column(view, said, qtbot):
    show(view, token(1, 3))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(view, key)

    assert said.hovered == [0, 1, token(0, 3)]


def test_enter_pins_the_token_of_the_keys(view, said, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)

    assert said.pinned == [token(2, 1)]


def test_a_toggles_the_direction(view, said, qtbot):
    qtbot.keyClick(view, Qt.Key.Key_A)

    assert said.toggles == 1


def test_c_blinks_while_it_is_held(view, said, qtbot):
    qtbot.keyPress(view, Qt.Key.Key_C)
    assert said.blinks == [True]

    qtbot.keyRelease(view, Qt.Key.Key_C)
    assert said.blinks == [True, False]


def test_losing_the_focus_ends_a_blink(view, said, qtbot):
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    qtbot.keyPress(view, Qt.Key.Key_C)
    view.clearFocus()

    assert said.blinks == [True, False]


def test_setting_says_nothing(view, said):
    show(view, token(3, 3))
    view.set_scale("head max")

    assert (said.hovered, said.pinned, said.blinks, said.toggles) == ([], [], [], 0)
    assert view.query == token(3, 3)


def test_heat_lies_over_its_patch_on_the_shared_scale(view):
    for patch, share in ((token(2, 3), 1.0), (token(3, 0), 0.0)):
        heat = theme.viridis(np.array(share)).astype(float)
        expected = HEAT_OPACITY * heat + (1 - HEAT_OPACITY) * 255  # the picture is white
        np.testing.assert_allclose(color_at(view, patch), expected, atol=2)


def test_without_heat_the_picture_is_bare_and_keeps_its_grid(view, said, qtbot):
    view.show_attention(np.full((64, 64, 3), 255, np.uint8), None, 0.4, (), token(1, 1), PREFIX, "")
    qtbot.mouseMove(view, middle(view, token(2, 3)))

    assert color_at(view, token(3, 0)) == (255, 255, 255)
    assert said.hovered == [token(2, 3)]


def test_heat_that_is_not_a_number_leaves_the_picture_clear(view):
    heat = np.full((ROWS, COLS), np.nan)
    view.show_attention(np.full((64, 64, 3), 255, np.uint8), heat, 0.4, (), token(1, 1), PREFIX, "")

    assert color_at(view, token(3, 0)) == (255, 255, 255)


def test_the_query_is_outlined_in_white_and_an_item_in_its_colour(view):
    image = picture(view)
    query, alone = view.token_rect(token(1, 1)), view.token_rect(token(2, 2))

    def bright(x: float, y: float) -> bool:
        return all(
            any(image.pixelColor(round(x) + dx, round(y)).getRgb()[channel] > 240 for dx in range(-3, 4))
            for channel in range(3)
        )

    def orange(x: float, y: float) -> bool:
        wanted = theme.DARK.color("item_b").rgb()
        return any(image.pixel(round(x) + dx, round(y)) == wanted for dx in range(-3, 4))

    assert bright(query.left(), query.center().y())
    assert orange(alone.left(), alone.center().y())
    assert orange(alone.right(), alone.center().y())


@pytest.mark.parametrize("width", [300, 333, 460, 700])
def test_every_patch_has_the_same_number_of_pixels(view, width):
    view.resize(width, 600)
    side = view.picture_rect().width() * view.devicePixelRatioF()

    assert side % COLS == pytest.approx(0)


@pytest.mark.parametrize("height", [300, 333, 395, 460])
def test_the_picture_takes_the_height_that_the_words_leave_but_for_a_part_of_a_patch(view, height):
    view.resize(900, height)
    low = view.picture_rect().height()

    view.resize(900, height + COLS)

    assert view.picture_rect().height() == pytest.approx(low + COLS / view.devicePixelRatioF(), abs=1)


@pytest.mark.parametrize("size", [(182, 140), (240, 220), (400, 160), (200, 500), (900, 800)])
@pytest.mark.parametrize("n_registers", [0, 4])
def test_nothing_is_cut_and_nothing_overlaps(view, size, n_registers):
    view.resize(*size)
    prefix = (("CLS", 0.08), *((f"R{i + 1}", 0.1) for i in range(n_registers)))
    view.show_attention(np.zeros((64, 64, 3), np.uint8), np.zeros((4, 4)), 0.4, RINGS, 0, prefix, "short")
    chips = [view.token_rect(index) for index in range(len(prefix))]
    places = [view.picture_rect(), *chips]

    assert picture(view).width() == size[0]
    assert all(view.rect().toRectF().contains(place) for place in places)
    assert not any(a.intersects(b) for i, a in enumerate(places) for b in places[:i])


def test_it_tells_a_screen_reader_what_is_shown(view):
    assert view.accessibleDescription() == "patch looks at B — block 3, head 2, CLS .08, R1 .31"

    show(view, token(1, 1), stale=True)
    assert view.accessibleDescription().startswith("computing")


def test_before_the_first_answer_it_waits(qtbot):
    empty = AttentionView()
    qtbot.addWidget(empty)
    said = Said(empty)
    qtbot.keyClick(empty, Qt.Key.Key_Right)
    qtbot.mouseClick(empty, LEFT, pos=QPoint(30, 30))

    assert empty.accessibleDescription() == "waiting for the engine"
    assert (said.hovered, said.pinned) == ([], [])

"""The layer strip: two markers that move together unless one is held apart, and cells that say what they know."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.widgets.layer_strip import Cell, LayerStrip
from tests.app.widgets.gestures import move, press, release

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Moves:
    """What a strip said, in order."""

    def __init__(self, strip: LayerStrip) -> None:
        self.said: list[tuple[str, int]] = []
        strip.read_moved.connect(lambda index: self.said.append(("read", index)))
        strip.write_moved.connect(lambda index: self.said.append(("write", index)))


def picture(widget: QWidget) -> QImage:
    """The widget as it is drawn, one pixel a logical pixel on any screen."""
    return widget.grab().toImage().scaled(widget.size())


@pytest.fixture
def strip(qtbot, monkeypatch):
    """Embedding and six blocks; read and write at block 2."""
    monkeypatch.setattr(theme, "current", lambda: theme.LIGHT)
    widget = LayerStrip()
    qtbot.addWidget(widget)
    widget.resize(1200, 86)
    widget.set_cells([Cell("embed", 0.1), *(Cell(f"block {i}", 0.9 - 0.1 * i) for i in range(6))])
    widget.set_markers(2, 2)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def moves(strip):
    return Moves(strip)


def spot(strip: LayerStrip, index: int, *, below: bool = False) -> QPoint:
    """A point of cell `index`, in the upper or lower half of the strip."""
    x = round(strip.cell_rect(index).center().x())
    return QPoint(x, strip.height() - 8 if below else 12)


def turn_wheel(strip: LayerStrip, eighths: int) -> None:
    at = QPointF(spot(strip, 2))
    event = QWheelEvent(
        at,
        strip.mapToGlobal(at),
        QPoint(),
        QPoint(0, eighths),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(strip, event)


def test_a_press_moves_both_markers(strip, moves, qtbot):
    qtbot.mouseClick(strip, LEFT, pos=spot(strip, 4))

    assert (strip.read, strip.write) == (4, 4)
    assert moves.said == [("read", 4), ("write", 4)]


def test_a_press_on_the_current_cell_says_nothing(strip, moves, qtbot):
    qtbot.mouseClick(strip, LEFT, pos=spot(strip, 2))

    assert moves.said == []


def test_a_drag_visits_each_cell_once(strip, moves, qtbot):
    qtbot.mousePress(strip, LEFT, pos=spot(strip, 2))
    for index in (3, 3, 4):
        qtbot.mouseMove(strip, spot(strip, index))
    qtbot.mouseRelease(strip, LEFT, pos=spot(strip, 4))
    qtbot.mouseMove(strip, spot(strip, 0))

    assert moves.said == [("read", 3), ("write", 3), ("read", 4), ("write", 4)]


def test_a_drag_beyond_the_strip_stays_at_its_end(strip, qtbot):
    qtbot.mousePress(strip, LEFT, pos=spot(strip, 2))
    qtbot.mouseMove(strip, QPoint(5000, 10))
    qtbot.mouseRelease(strip, LEFT, pos=QPoint(5000, 10))

    assert strip.read == 5


@pytest.mark.parametrize(("below", "expected"), [(False, [("read", 4)]), (True, [("write", 4)])])
def test_ctrl_takes_the_read_marker_above_the_middle_and_write_below(strip, moves, qtbot, below, expected):
    qtbot.mouseClick(strip, LEFT, CTRL, spot(strip, 4, below=below))

    assert moves.said == expected


def test_ctrl_takes_the_nearer_of_two_parted_markers(strip, moves, qtbot):
    strip.set_markers(0, 4)
    qtbot.mouseClick(strip, LEFT, CTRL, spot(strip, 3))
    qtbot.mouseClick(strip, LEFT, CTRL, spot(strip, 1, below=True))

    assert moves.said == [("write", 3), ("read", 1)]


def test_a_plain_press_joins_parted_markers(strip, qtbot):
    strip.set_markers(0, 4)
    qtbot.mouseClick(strip, LEFT, pos=spot(strip, 3))

    assert (strip.read, strip.write) == (3, 3)


@pytest.mark.parametrize(
    ("key", "index"),
    [
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Right, 3),
        (Qt.Key.Key_BracketLeft, 1),
        (Qt.Key.Key_BracketRight, 3),
        (Qt.Key.Key_Home, -1),
        (Qt.Key.Key_End, 5),
    ],
)
def test_keys_move_both(strip, moves, qtbot, key, index):
    qtbot.keyClick(strip, key)

    assert moves.said == [("read", index), ("write", index)]


def test_keys_keep_the_distance_of_parted_markers_and_stop_at_the_end(strip, qtbot):
    strip.set_markers(4, 1)
    for _ in range(3):
        qtbot.keyClick(strip, Qt.Key.Key_Right)

    assert (strip.read, strip.write) == (5, 2)


def test_ctrl_with_an_arrow_moves_one_marker(strip, moves, qtbot):
    qtbot.keyClick(strip, Qt.Key.Key_Right, CTRL)
    qtbot.keyClick(strip, Qt.Key.Key_Left, CTRL | SHIFT)

    assert moves.said == [("read", 3), ("write", 1)]


def test_the_wheel_moves_a_cell_a_notch_and_adds_up_small_turns(strip, moves):
    turn_wheel(strip, -120)
    assert strip.read == 3

    turn_wheel(strip, 60)
    assert strip.read == 3
    turn_wheel(strip, 60)
    assert strip.read == 2


def test_setting_says_nothing_and_stays_inside(strip, moves):
    strip.set_markers(99, -7)
    assert (strip.read, strip.write) == (5, -1)

    strip.set_cells([Cell("embed"), Cell("block 0")])
    assert (strip.read, strip.write) == (0, -1)
    assert moves.said == []


def test_the_effect_fills_its_cell_from_the_bottom(strip):
    strip.set_cells([Cell("embed", 0.0), Cell("block 0", 0.5), Cell("block 1", 1.0), Cell("block 2", None)])
    image = picture(strip)
    wanted = QColor(theme.LIGHT.effect).rgb()
    heights = []
    for index in (-1, 0, 1, 2):
        rect = strip.cell_rect(index)
        x = round(rect.center().x())
        ys = [y for y in range(round(rect.top()), round(rect.bottom())) if image.pixel(x, y) == wanted]
        heights.append(len(ys))
        assert not ys or max(ys) > rect.center().y()

    assert heights[0] <= 1
    assert heights[2] == pytest.approx(2 * heights[1], abs=2)
    assert heights[3] == 0


def test_the_control_is_a_line_across_its_cell(strip):
    strip.set_cells([Cell("embed", 0.9), Cell("block 0", 0.9, control=0.3)])
    image = picture(strip)
    bar, rects = QColor(theme.LIGHT.effect).rgb(), [strip.cell_rect(index) for index in (-1, 0)]

    def lines(rect):
        """The heights at which something lies over the bar, as shares of the cell from below."""
        left, right = round(rect.left() + 0.3 * rect.width()), round(rect.right() - 0.3 * rect.width())
        rows = range(round(rect.top() + 0.45 * rect.height()), round(rect.bottom() - 0.2 * rect.height()))
        over = [y for y in rows if any(image.pixel(x, y) != bar for x in range(left, right))]
        return [(rect.bottom() - y) / rect.height() for y in over]

    assert not lines(rects[0])
    assert lines(rects[1])
    assert all(0.25 < at < 0.45 for at in lines(rects[1]))


def test_it_tells_a_screen_reader_where_it_is(strip):
    strip.set_cells([Cell("embed"), Cell("block 0", 0.93), Cell("block 1", 0.1, "too late: already compared")])
    strip.set_markers(0, 1)
    assert strip.accessibleDescription() == "read block 0 · effect 0.93, write block 1"


def test_without_cells_nothing_moves(qtbot):
    empty = LayerStrip()
    qtbot.addWidget(empty)
    moves = Moves(empty)
    qtbot.mouseClick(empty, LEFT, pos=QPoint(20, 20))
    qtbot.keyClick(empty, Qt.Key.Key_Right)
    qtbot.mouseMove(empty, QPoint(40, 20))

    assert moves.said == []


@pytest.mark.parametrize("n_blocks", [1, 6, 12, 24, 40])
@pytest.mark.parametrize("width", [240, 900])
def test_it_can_be_drawn_for_any_depth(strip, n_blocks, width):
    strip.resize(width, 86)
    strip.set_cells([Cell("embed"), *(Cell(f"block {i}", 0.5, "too late" if i > 3 else "") for i in range(n_blocks))])
    strip.set_markers(0, n_blocks - 1)

    assert picture(strip).width() == width


@pytest.mark.parametrize(("read", "write"), [(1, 4), (2, 2), (3, 2)], ids=["apart", "together", "side by side"])
@pytest.mark.parametrize("marker", ["read", "write"])
def test_a_marker_that_is_dragged_by_its_word_moves_alone(strip, qtbot, read, write, marker):
    strip.set_markers(read, write)
    place = dict(zip(("read", "write"), strip.marker_rects(), strict=True))[marker]

    press(strip, place.center())
    assert (strip.read, strip.write) == (read, write), "a press alone moves nothing"
    move(strip, strip.cell_rect(5).center())
    release(strip, strip.cell_rect(5).center())

    assert (strip.read, strip.write) == ((5, write) if marker == "read" else (read, 5))


def test_in_a_low_strip_the_cells_keep_their_height_and_the_notes_stay_in_the_tool_tip(strip):
    strip.set_cells([Cell("embed", 0.5), *(Cell(f"block {i}", 0.1, "too late") for i in range(6))])
    strip.resize(strip.sizeHint())
    before = strip.cell_rect(0).height()

    strip.set_low(True)
    strip.resize(strip.sizeHint())

    assert strip.cell_rect(0).height() > 0.8 * before
    assert "too late" in strip.tip_at(strip.cell_rect(3).center())[0]

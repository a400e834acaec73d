"""Plots in the window: what is drawn, what is read under the mouse and with the keys, and what is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QGraphicsRectItem
from pytestqt.qtbot import QtBot

from app import theme
from app.plots.items import color_of, entries_of, items_of
from app.plots.labels import TICK_GAP_PX, bottom_ticks
from app.plots.view import PlotView
from app.plots.words import plot_words, spots
from app.widgets.painted import width_of
from core.plots import Bars, Cloud, Curves, Heatmap, Plot, Reference, Scatter, Series

NAN = math.nan
CURVES = Curves(
    title="Interchange accuracy",
    x_label="after block",
    y_label="success",
    x=(-1.0, 0.0, 1.0, 2.0),
    ticks=("embed", "0", "1", "2"),
    series=(
        Series("right object", (0.1, 0.5, 0.9, 0.2), (0.05, 0.4, 0.8, 0.1), (0.15, 0.6, 1.0, 0.3), star=2),
        Series("wrong object", (0.1, 0.2, 0.3, 0.1), role="control", hue=1),
        Series("CLIP B/16, published (another model)", (NAN, 0.7, 0.8, 0.6), role="published"),
    ),
    references=(Reference(0.5, "chance"),),
)
BARS = Bars(
    title="Accuracy by split",
    y_label="accuracy",
    groups=("train", "new pairings", "OOD both"),
    series=(
        Series("ours", (1.0, 0.9, NAN), (0.99, 0.85, NAN), (1.0, 0.95, NAN)),
        Series("theirs", (1.0, NAN, 0.9), role="published", hue=1),
    ),
    references=(Reference(0.5, "chance"),),
)
HEAT = Heatmap(
    title="Heads",
    x_label="head",
    y_label="block",
    values=((0.0, 0.1, NAN), (0.9, 1.0, 0.5)),
    columns=("0", "1", "2"),
    rows=("0", "1"),
    low_label="local",
    high_label="global",
)
POINTS = Scatter(
    title="Models",
    x_label="disentanglement",
    y_label="accuracy",
    clouds=(
        Cloud("measured here", (0.9, 0.3), (0.8, NAN), ("ours", "unknown")),
        Cloud("published (other models)", (0.2,), (0.4,), ("CLIP",), "published", 1),
    ),
)
NOTHING = Curves("Nothing", "block", "success", (0.0,), ("0",), (Series("empty", (NAN,), (NAN,), (NAN,)),))

Show = Callable[[Plot], PlotView]


@pytest.fixture(params=[(300, 220), (900, 600)], ids=["small", "large"])
def show(request: pytest.FixtureRequest, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Show a plot in a view of one size."""
    monkeypatch.setattr(theme, "current", lambda: theme.DARK)

    def show(plot: Plot) -> PlotView:
        view = PlotView()
        qtbot.addWidget(view)
        view.resize(*request.param)
        view.show_plot(plot)
        with qtbot.waitExposed(view):
            view.show()
        return view

    return show


def picture(view: PlotView) -> QImage:
    """The widget as it is drawn, one pixel a logical pixel on any screen."""
    return view.grab().toImage().scaled(view.size())


def near(a: QColor, b: QColor) -> bool:
    return max(abs(a.red() - b.red()), abs(a.green() - b.green()), abs(a.blue() - b.blue())) < 40


def n_pixels(view: PlotView, color: QColor) -> int:
    image = picture(view)
    return sum(
        near(image.pixelColor(x, y), color) for x in range(0, view.width(), 2) for y in range(0, view.height(), 2)
    )


@pytest.mark.parametrize("plot", [CURVES, BARS, HEAT, POINTS, NOTHING], ids=lambda p: type(p).__name__)
def test_every_kind_of_plot_is_drawn_with_its_title_and_said_in_words(show: Show, plot: Plot) -> None:
    view = show(plot)

    assert view.plot == plot
    assert view.title.text() == plot.title
    assert plot.title in view.accessibleDescription()
    assert view.title.geometry().bottom() <= view.legend.geometry().top()
    assert not picture(view).isNull()


@pytest.mark.parametrize("plot", [CURVES, BARS], ids=["curves", "bars"])
def test_a_series_is_drawn_in_its_colour(show: Show, plot: Plot) -> None:
    view = show(plot)

    assert n_pixels(view, color_of(theme.DARK, 0, "measured")) > 20


def test_the_legend_shows_every_series_even_where_it_is_narrow(show: Show) -> None:
    view = show(CURVES)

    places = view.legend._places(view.legend.width())
    assert len(places) == len(CURVES.series)
    assert max(place.bottom() for place in places) <= view.legend.height()


def test_published_series_are_dashed_hollow_and_named_another_model() -> None:
    published = entries_of(CURVES, theme.LIGHT)[-1]

    assert published.hollow
    assert published.dashes
    assert "another model" in published.words
    assert not entries_of(CURVES, theme.LIGHT)[0].dashes


def test_a_new_theme_repaints_the_plot(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    view = show(CURVES)
    monkeypatch.setattr(theme, "current", lambda: theme.LIGHT)

    view.setFont(view.font())
    palette = view.palette()
    palette.setColor(palette.ColorRole.Window, QColor(theme.LIGHT.window))
    view.setPalette(palette)

    corner = picture(view).pixelColor(view.width() // 2, view.height() - 4)
    assert near(corner, QColor(theme.LIGHT.panel))


def test_the_mouse_reads_all_series_of_the_nearest_position(show: Show, qtbot: QtBot) -> None:
    view = show(CURVES)

    QTest.mouseMove(view, view.place_of(2).toPoint())
    assert view.readout.splitlines() == [
        "after block 1",
        "right object  0.9 (0.8 to 1)",
        "wrong object  0.3",
        "CLIP B/16, published (another model)  0.8",
    ]

    QTest.mouseMove(view, view.place_of(0).toPoint())
    assert "published" not in view.readout, "there is no published value before block 0"


def test_beside_the_plot_nothing_is_read(show: Show) -> None:
    view = show(CURVES)

    QTest.mouseMove(view, view.place_of(1).toPoint())
    QTest.mouseMove(view, view.title.geometry().center())

    assert view.readout == ""


def test_the_arrow_keys_read_what_the_mouse_reads(show: Show) -> None:
    view = show(BARS)

    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.readout.splitlines() == ["new pairings", "ours  0.9 (0.85 to 0.95)"]

    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.readout.startswith("train"), "there is nothing before the first group"


def test_a_click_or_return_on_a_cell_chooses_it(show: Show) -> None:
    view = show(HEAT)
    chosen: list[tuple[int, int]] = []
    view.cell_chosen.connect(lambda row, column: chosen.append((row, column)))

    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.place_of(4).toPoint())
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Return)

    assert chosen[0] == (1, 1)
    assert chosen[-1] in ((0, 1), (0, 0)), "up from the cell under the mouse, or the first cell"


def test_a_click_on_curves_chooses_the_position(show: Show) -> None:
    view = show(CURVES)
    chosen: list[int] = []
    view.position_chosen.connect(chosen.append)

    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.place_of(3).toPoint())

    assert chosen == [3]


def test_a_marked_position_stays_marked_when_the_plot_is_drawn_again(show: Show) -> None:
    view = show(CURVES)
    unmarked = picture(view)

    view.show_position(1)
    marked = picture(view)
    view.show_plot(CURVES)

    assert marked != unmarked
    assert picture(view) == marked
    view.show_position(None)
    assert picture(view) == unmarked


def test_cells_go_from_blue_to_red_with_row_0_on_top(show: Show) -> None:
    view = show(HEAT)
    image = picture(view)

    low, high = (image.pixelColor(view.place_of(i).toPoint() + view.rect().topLeft()) for i in (0, 4))
    beside = [image.pixelColor(view.place_of(i).toPoint().x() - 18, view.place_of(i).toPoint().y()) for i in (0, 4)]

    assert view.place_of(0).y() < view.place_of(4).y()
    assert beside[0].blue() > beside[0].red(), (low.name(), high.name())
    assert beside[1].red() > beside[1].blue()


def test_points_are_read_by_name(show: Show) -> None:
    view = show(POINTS)

    QTest.mouseMove(view, view.place_of(1).toPoint())

    assert view.readout.splitlines()[0] == "CLIP"
    assert len(spots(POINTS)) == 2, "a point without a value is not there"


def test_names_of_groups_take_more_lines_where_one_is_too_short(qtbot: QtBot) -> None:
    view = PlotView()
    qtbot.addWidget(view)
    font = view.font()
    slot = width_of(font, "new pairings")

    wide, middle, narrow = (
        [words for _, words in bottom_ticks(BARS, font, width)] for width in (1000, 3 * slot, 3 * 0.55 * slot)
    )

    assert wide == list(BARS.groups)
    assert middle == ["train", "new\npairings", "OOD both"]
    assert narrow == ["train", "\nnew\npairings", "OOD\nboth"]


def test_a_long_name_at_the_end_is_hardly_wider_than_its_slot(qtbot: QtBot) -> None:
    view = PlotView()
    qtbot.addWidget(view)
    font = view.font()
    groups = ("none", "disentanglement", "pipeline", "both", "both and pair judgements")
    slot = width_of(font, "judgements") + 8

    ticks = [words for _, words in bottom_ticks(replace(BARS, groups=groups), font, 5 * slot)]

    assert ticks[1] == "\ndisentanglement"
    assert max(width_of(font, line) for line in ticks[-1].splitlines()) <= slot + 2 * TICK_GAP_PX
    assert "".join(ticks[-1].split()) == "bothandpairjudgements"


@pytest.mark.parametrize(
    ("plot", "words"),
    [
        (CURVES, "right object: highest 0.9 (after block 1), lowest 0.1 (after the embeddings)."),
        (CURVES, "Line at 0.5: chance."),
        (BARS, "theirs, dashed and hollow: highest 1 (train), lowest 0.9 (OOD both)."),
        (HEAT, "2 rows (block) × 3 columns (head); 0 is local, 1 global."),
        (POINTS, "2 measured here, 1 published (other models)."),
        (NOTHING, "empty: no values."),
    ],
)
def test_the_description_says_what_is_seen(plot: Plot, words: str) -> None:
    assert words in plot_words(plot)


def test_the_name_of_an_axis_says_nothing_of_powers_that_its_ticks_do_not_leave_out(show: Show) -> None:
    view = show(replace(CURVES, x=(8e3, 16e3, 24e3, 32e3), y_range=(0.0, 0.7)))

    assert "x0.001" not in view._left.labelString()
    assert "x1000" not in view._bottom.labelString()


def test_ticks_of_uneven_steps_do_not_touch(show: Show) -> None:
    x = (64.0, 128.0, 192.0, 256.0, 264.0, 320.0)
    series = (Series("training", (0.5,) * 6),)
    view = show(Curves("Loss", "images", "loss", x, tuple(f"{value:.0f}" for value in x), series))

    ticks = bottom_ticks(view.plot, view._small, 400.0)

    assert [words for _, words in ticks] == ["64", "128", "192", "256", "320"]


def test_a_bar_below_zero_hangs_from_it() -> None:
    plot = Bars("Changes", "change", ("up", "down"), (Series("s", (3.0, -1.5)),), y_range=(-2.0, 4.0))

    bars = [item.rect() for item in items_of(plot, theme.LIGHT, QFont()) if isinstance(item, QGraphicsRectItem)]

    assert [(bar.top(), bar.bottom()) for bar in bars] == [(0.0, 3.0), (-1.5, 0.0)]

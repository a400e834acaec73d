"""Maps over one picture in the window: drawn at any width, chosen by click and key, said in words."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import theme
from app.plots.maps import MapsView
from app.plots.words import plot_words
from app.widgets.maps_picture import MapsPicture
from core.figures.looks import map_scale
from core.plots import Map, Maps, Ring


def white_png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


MAPS = Maps(
    "The stages",
    white_png(),
    (Ring("A", (0,), 0, True),),
    tuple(
        Map(
            f"Stage {i}",
            f"Block {i}, head 1: of the attention of A’s tokens 91 % stays.",
            ((0, 0.1), (0.2, 0.4)),
            0.3,
            (i, 1),
        )
        for i in range(4)
    ),
)


@pytest.fixture
def view(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MapsView:
    monkeypatch.setattr(theme, "current", lambda: theme.DARK)
    view = MapsView()
    qtbot.addWidget(view)
    view.resize(760, 300)
    view.show_plot(MAPS)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.mark.parametrize(("width", "n_columns"), [(900, 4), (330, 2), (150, 1)])
def test_as_many_maps_stand_side_by_side_as_there_is_room_for(view: MapsView, width: int, n_columns: int) -> None:
    view.resize(width, view.height())

    assert view.n_columns == n_columns
    assert view.place_of(3).bottom() <= view.height()
    assert view.place_of(n_columns - 1).right() <= width


def test_a_map_has_the_colours_of_its_scale(view: MapsView) -> None:
    place = MapsPicture(MAPS, view.font(), view.width()).place_of(0)

    image = view.grab().toImage().scaled(view.size())

    at = QPointF(place.left() + 0.75 * place.width(), place.top() + 0.75 * place.height())
    color = image.pixelColor(at.toPoint())
    brightest = map_scale(1000)[0, -1]
    assert np.abs(np.array([color.red(), color.green(), color.blue()], int) - brightest).max() < 12


def test_a_click_on_a_map_chooses_its_head(view: MapsView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.head_chosen) as chosen:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.place_of(2).center().toPoint())

    assert chosen.args == [2, 1]


def test_the_arrow_keys_and_return_choose_a_head(view: MapsView, qtbot: QtBot) -> None:
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)

    with qtbot.waitSignal(view.head_chosen) as chosen:
        QTest.keyClick(view, Qt.Key.Key_Return)

    assert chosen.args == [1, 1]


def test_beside_the_maps_nothing_is_chosen(view: MapsView, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(view.head_chosen):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect().topLeft())
        QTest.keyClick(view, Qt.Key.Key_Return)


def test_every_caption_is_said(view: MapsView) -> None:
    assert view.accessibleDescription() == plot_words(MAPS)
    assert all(of.caption in plot_words(MAPS) for of in MAPS.maps)

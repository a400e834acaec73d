"""What stands still is painted once, until what it depends on changes, with the very pixels of the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app import theme
from app.widgets.painted import Painted, Paints, same_values

CROOKED = Path(__file__).with_name("crooked_places.py")


class Picture(Painted):
    """Two marks: one stands still, one is drawn each time."""

    def __init__(self) -> None:
        super().__init__()
        self.content: object = "a"
        self.n_painted = self.n_drawn = 0

    def paint(self, painter: QPainter) -> None:
        self.n_painted += 1
        self.still(painter, "mark", self.content, self._draw)

    def _draw(self, painter: QPainter) -> None:
        self.n_drawn += 1
        painter.fillRect(QRectF(2, 2, 10, 10), Qt.GlobalColor.red)


@pytest.fixture
def picture(qtbot: QtBot) -> Iterator[Picture]:
    theme.choose(theme.LIGHT)
    widget = Picture()
    qtbot.addWidget(widget)
    widget.resize(60, 40)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.repaint()
    widget.n_painted = widget.n_drawn = 0
    yield widget
    theme.choose(None)


def test_what_stands_still_is_drawn_once(picture: Picture) -> None:
    for _ in range(3):
        picture.repaint()

    assert (picture.n_painted, picture.n_drawn) == (3, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: setattr(picture, "content", "b"),
        lambda picture: picture.resize(70, 40),
        lambda picture: theme.choose(theme.DARK),
        lambda picture: picture.setFont(QFont(picture.font().family(), 31)),
    ],
    ids=["content", "size", "theme", "font"],
)
def test_it_is_drawn_again_when_what_it_depends_on_changes(
    picture: Picture, change: Callable[[Picture], object]
) -> None:
    change(picture)
    picture.repaint()
    picture.repaint()

    assert picture.n_drawn == 1


def test_things_of_two_names_are_kept_side_by_side(picture: Picture) -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    for _ in range(2):
        assert picture.kept("one", 1, lambda: make("one")) == "one"
        assert picture.kept("other", 1, lambda: make("other")) == "other"

    assert made == ["one", "other"]


def test_buttons_are_painted_like_everything_else(qtbot: QtBot) -> None:
    class Button(Paints, QAbstractButton):
        def paint(self, painter: QPainter) -> None:
            self.still(painter, "all", None, lambda still: still.fillRect(self.rect(), Qt.GlobalColor.red))

    button = Button()
    qtbot.addWidget(button)
    button.resize(20, 20)

    assert button.grab().toImage().pixelColor(10, 10).name() == "#ff0000"


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2", "3"])
def test_at_any_scale_and_place_it_has_the_pixels_that_drawing_it_would_have(factor: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": factor}
    root = Path(__file__).parents[3]
    command = [sys.executable, str(CROOKED)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)

    assert found["ratio"] == float(factor)
    assert found["painted"], "the marks are there"
    assert found["differing"] == 0


def test_arrays_are_the_same_by_what_they_hold() -> None:
    one = np.array([1.0, np.nan])

    assert same_values(one, one.copy())
    assert same_values(one[1:], one[1:])
    assert not same_values(one[1:], one[:1])
    assert not same_values(one, np.array([1.0, 2.0]))
    assert not same_values(one, np.array([[1.0, np.nan]]))
    assert same_values(None, None)
    assert not same_values(one, None)

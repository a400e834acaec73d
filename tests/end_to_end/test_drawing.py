"""Painting by hand: the model answers while one paints, and its answer is about what is on the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.drawing_menu import choose_tool
from app.panels.stimulus import StimulusPanel
from app.widgets.tools import tools
from core.analyses.decision import Decision
from core.document import open_photo_in
from core.render import render
from core.scene import COLORS, Photo
from tests.end_to_end.conftest import Driver


def hold(driver: Driver, name: str) -> None:
    choose_tool(driver.window.desk, next(kind for kind in tools() if kind.name == name))


def place(driver: Driver, x_px: int, y_px: int) -> QPoint:
    frame = driver.window.panel(StimulusPanel).canvas.frame()
    return QPoint(round(frame.left + x_px * frame.zoom), round(frame.top + y_px * frame.zoom))


@pytest.fixture(autouse=True)
def _by_hand(driver: Driver) -> None:
    driver.window.desk.take_up(rgb=COLORS[0], size_px=24, hardness=1.0, noisy=False, tool="Select")


def test_the_margin_belongs_to_what_is_painted_and_undo_brings_the_old_one_back(driver: Driver) -> None:
    before, desk, canvas = driver.margin, driver.window.desk, driver.window.panel(StimulusPanel).canvas
    hold(driver, "Rectangle")

    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place(driver, 0, 0))
    QTest.mouseMove(canvas, place(driver, 110, 110))
    driver.settle()
    during = driver.margin
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place(driver, 110, 110))
    driver.settle()

    assert during != before
    assert driver.margin == during
    assert desk.store.undo.count() == 1
    seen = Photo(render(desk.document.base).tobytes(), "what is on the canvas")
    desk.edit("The same as a photo", open_photo_in(desk.document, "base", seen))
    driver.settle()
    assert driver.margin == during, "the network received the very pixels that the canvas showed"
    desk.store.undo.undo()
    desk.store.undo.undo()
    driver.settle()
    assert driver.margin == before


def test_an_item_that_is_painted_in_the_colour_of_the_other_flips_the_verdict(driver: Driver) -> None:
    desk, canvas = driver.window.desk, driver.window.panel(StimulusPanel).canvas
    first, second = desk.document.base.items
    desk.take_up(rgb=COLORS[second.color], noisy=True)
    hold(driver, "Fill")

    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place(driver, first.x_px + 16, first.y_px + 16))
    driver.settle()

    assert driver.margin > 0
    assert desk.document.base.items == (first, second), "what is true of the items stays as it was"
    assert driver.found(Decision()).margin == driver.margin

"""Painting by hand: the model answers while one paints, and its answer is about what is on the canvas."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.drawing_menu import choose_tool
from app.edits import show_photo
from app.panels.stimulus import StimulusPanel
from app.widgets.tools import tools
from core.analyses.decision import Decision
from core.analyses.item_shares import ItemShares
from core.demo import demo_document
from core.document import open_photo_in, with_stimulus
from core.stimuli.drawn import paint_with
from core.stimuli.render import render
from core.stimuli.stimulus import COLORS, Photo
from core.stimuli.strokes import Ink, rectangle
from core.stimuli.tokens import patches_of_items
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


@pytest.mark.parametrize("key", ["b", "e", "f", "r", "o", "l", "t", "i"])
def test_each_tool_is_taken_by_its_key_and_the_network_receives_what_it_made(driver: Driver, key: str) -> None:
    desk, canvas = driver.window.desk, driver.window.panel(StimulusPanel).canvas
    cover = rectangle((0, 0), (200, 20), 224)
    desk.edit("Some paint", with_stimulus(desk.document, "base", paint_with(desk.document.base, cover, Ink(COLORS[9]))))
    driver.settle()
    before, drawn = driver.margin, desk.document.base

    QTest.keyClick(driver.window, key)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place(driver, 20, 8))
    QTest.mouseMove(canvas, place(driver, 90, 100))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place(driver, 90, 100))
    if key == "t":
        QTest.keyClicks(canvas, "be")
        QTest.keyClick(canvas, Qt.Key.Key_Return)
    driver.settle()

    assert canvas.tool.key == key.upper()
    assert desk.store.undo.count() == 2
    made, margin = desk.document.base, driver.margin
    assert (render(made) != render(drawn)).any()
    assert margin != before
    seen = Photo(render(made).tobytes(), "what is on the canvas")
    desk.edit("The same as a photo", open_photo_in(desk.document, "base", seen))
    driver.settle()
    assert driver.margin == margin


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    """Two stars, one of each colour of the demo's, as a wide photograph of a scene would have them."""
    desk_white = Image.new("RGB", (400, 224), "white")
    desk_white.paste(Image.fromarray(render(demo_document().base)), (88, 0))
    desk_white.save(tmp_path / "scene.png")
    return tmp_path / "scene.png"


def mark(driver: Driver, x_px: int, y_px: int, size_px: int = 32) -> None:
    canvas = driver.window.panel(StimulusPanel).canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=place(driver, x_px, y_px))
    QTest.mouseMove(canvas, place(driver, x_px + size_px, y_px + size_px))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=place(driver, x_px + size_px, y_px + size_px))


def test_objects_that_are_marked_on_a_photo_have_shares_are_knocked_out_and_are_interchanged(
    driver: Driver, photo_file: Path
) -> None:
    desk = driver.window.desk
    cells = [(item.x_px, item.y_px) for item in desk.document.base.items]
    before = driver.margin
    show_photo(desk, photo_file)
    hold(driver, "Object: rectangle")
    for cell in cells:
        mark(driver, *cell)
    driver.settle()

    assert driver.margin == pytest.approx(before), "the middle of the photo is the picture of the items"
    assert patches_of_items(desk.document.base) == patches_of_items(demo_document().base)
    assert {"WO", "WP", "BG"} <= driver.found(ItemShares()).keys()

    desk.look(item=0)
    driver.command("Drop the item's tokens").trigger()
    driver.settle()
    assert driver.margin != pytest.approx(before)
    desk.store.undo.undo()

    desk.look(side="source")
    show_photo(desk, photo_file)
    hold(driver, "Object: rectangle")
    mark(driver, *cells[1])
    desk.look(side="base", item=0)
    driver.command("Swap everything from source").trigger()
    driver.settle()
    assert driver.margin > 0 > before, "A received the tokens of B: two of the same"


def test_the_model_answers_about_the_part_of_a_photo_while_its_crop_is_dragged(
    driver: Driver, photo_file: Path
) -> None:
    desk, canvas = driver.window.desk, driver.window.panel(StimulusPanel).canvas
    show_photo(desk, photo_file)
    driver.settle()
    middle = driver.margin
    start = canvas.view_rect().center().toPoint()

    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, start + QPoint(60, 0))
    driver.settle()
    during, photo = driver.margin, desk.document.base.photo
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    driver.settle()

    assert during != middle
    assert driver.margin == during
    assert photo is not None
    assert photo == desk.document.base.photo
    assert photo.crop is not None
    assert photo.crop.left_px > 88
    assert desk.store.undo.count() == 2

"""A picture of a panel is drawn in any theme and size, and the window goes on as it was."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.export.paint import LOOKS, Palette, height_of, paint_panel, pictures_in
from app.plots.view import PlotView
from app.widgets.attention_view import AttentionView
from app.widgets.canvas import CanvasItem, StimulusCanvas
from app.widgets.figure_painter import FigurePainter
from app.widgets.head_atlas import HeadAtlas
from app.widgets.layer_strip import Cell, LayerStrip
from app.widgets.meter import DecisionMeter
from app.widgets.pad import SubspacePad
from app.widgets.pad_picture import Landmark, PadPicture, Thumb
from app.widgets.painted import Paints
from core.plots import Curves, Series

GRID = 4


@pytest.fixture(autouse=True)
def dark(qtbot: QtBot) -> Iterator[None]:
    """The window is in dark."""
    theme.choose(theme.DARK)
    yield
    theme.choose(None)


def a_canvas() -> StimulusCanvas:
    canvas = StimulusCanvas()
    item = CanvasItem("A", "item_a", 0, 0, 16, (0,), overlaps=False, aligned=True)
    canvas.show_picture(np.full((64, 64, 3), 255, np.uint8), [item], 16, selected=0)
    return canvas


def a_pad() -> SubspacePad:
    pad, disc = SubspacePad(), np.ones((8, 8), bool)
    marks = (
        Landmark("red", 0.0, 0.0, (200, 0, 0), None, (0.2, 0.1, 30.0)),
        Landmark("star", 0.5, 0.5, None, disc, (0.2, 0.1, 0.0)),
    )
    thumb = Thumb("A", "item_a", -0.5, 0.5, 0.5, -0.5, active=True)
    grid = np.linspace(0, 1, 20).reshape(4, 5)
    pad.show_picture(PadPicture(marks, (thumb,), 0.8, grid, (-1.0, 1.0, -1.0, 1.0), "same", "different"), stale=False)
    return pad


def an_attention_view() -> AttentionView:
    view, heat = AttentionView(), np.eye(GRID)
    view.show_attention(np.zeros((64, 64, 3), np.uint8), heat, 1.0, (), 3, (("CLS", 0.5),), "patch looks at")
    return view


def an_atlas() -> HeadAtlas:
    atlas = HeadAtlas()
    atlas.set_scores(np.linspace(0, 1, 6).reshape(2, 3))
    return atlas


def a_strip() -> LayerStrip:
    strip = LayerStrip()
    strip.set_cells([Cell("embed", 0.5), Cell("block 0", 0.9)])
    return strip


def a_plot() -> PlotView:
    view, x = PlotView(), (0.0, 1.0, 2.0)
    view.show_plot(Curves("Margin", "after block", "logit", x, ("0", "1", "2"), (Series("s", x),), y_range=(0.0, 2.0)))
    return view


MAKERS = (a_canvas, a_pad, an_attention_view, an_atlas, a_strip, a_plot)


@pytest.fixture
def pictures(qtbot: QtBot) -> list[Paints]:
    """One of each kind; one test goes through all of them, for what ends a test takes its time."""
    made: list[Paints] = []
    for make in MAKERS:
        widget = make()
        qtbot.addWidget(widget)
        widget.resize(240, 200)
        made.append(widget)
    return made


def painted(widget: QWidget, palette: Palette, width: int = 300) -> QImage:
    height = round(height_of(widget, width, palette))
    image = QImage(QSize(width, height), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = FigurePainter(image)
    paint_panel(widget, painter, QRectF(0, 0, width, height), palette)
    painter.end()
    return image


def test_a_figure_is_light_dark_or_transparent_whatever_the_window_is(pictures: list[Paints]) -> None:
    for picture in pictures:
        corners = {}
        for palette in ("light", "dark", "transparent"):
            image = painted(picture, palette)
            corners[palette] = image.pixelColor(image.width() - 1, image.height() - 1)

        assert corners["light"] == QColor("white"), picture
        assert corners["dark"].lightnessF() < 0.2
        assert corners["dark"].alpha() == 255
        assert corners["transparent"].alpha() == 0


def test_the_window_stays_as_it_was(pictures: list[Paints]) -> None:
    for picture in pictures:
        picture.grab()  # it is laid out
        before, seen = picture.geometry(), picture.grab().toImage()

        painted(picture, "light")

        assert picture.geometry() == before
        assert picture.pose is None
        assert theme.current() is theme.DARK
        assert picture.grab().toImage() == seen


def test_a_picture_that_cannot_be_drawn_leaves_the_theme_alone(qtbot: QtBot) -> None:
    class Broken(StimulusCanvas):
        def paint(self, painter: QPainter) -> None:
            raise ValueError("cannot be drawn")

    widget = Broken()
    qtbot.addWidget(widget)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = FigurePainter(image)
    with pytest.raises(ValueError, match="cannot be drawn"):
        paint_panel(widget, painter, QRectF(0, 0, 8, 8))
    painter.end()

    assert theme.current() is theme.DARK
    assert widget.pose is None


def test_nothing_is_kept_of_a_figure_and_its_letters_are_as_large_as_is_asked(pictures: list[Paints]) -> None:
    for picture in pictures:
        first = painted(picture, "light")
        picture.__dict__.pop("_kept", None)
        assert painted(picture, "light") == first
        assert "_kept" not in picture.__dict__

        assert height_of(picture, 600, zoom=2.0) == pytest.approx(2 * height_of(picture, 300), rel=0.02)


def svg_of(widget: QWidget) -> str:
    written = QBuffer()
    written.open(QBuffer.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(written)
    generator.setSize(QSize(300, 300))
    painter = FigurePainter(generator)
    paint_panel(widget, painter, QRectF(0, 0, 300, 300))
    painter.end()
    return bytes(written.data().data()).decode("utf-8")


def test_on_paper_lines_are_lines_and_only_cells_are_images(pictures: list[Paints]) -> None:
    for picture in pictures:
        n_images = {"StimulusCanvas": 1, "SubspacePad": 1, "AttentionView": 3}  # picture; map; picture, heat and scale
        text = svg_of(picture)

        assert text.count("<image ") == n_images.get(type(picture).__name__, 0)
        assert text.count("<path ") + text.count("<rect ") > 1
        assert text.count("<text ") >= 1


def test_cells_of_attention_are_in_a_figure_as_many_as_there_are(qtbot: QtBot) -> None:
    view = an_attention_view()
    qtbot.addWidget(view)
    sizes = []
    for part in svg_of(view).split('xlink:href="data:image/png;base64,')[1:]:
        image = QImage.fromData(b64decode(part.split('"')[0]))
        sizes.append((image.width(), image.height()))

    assert (GRID, GRID) in sizes
    assert "optimizeQuality" not in svg_of(view)


def test_bars_have_their_whole_height_in_a_figure_of_a_low_window(qtbot: QtBot) -> None:
    for bar in (a_strip(), DecisionMeter()):
        qtbot.addWidget(bar)
        before = height_of(bar, 300)

        bar.set_low(True)

        assert bar.sizeHint().height() < before
        assert height_of(bar, 300) == before


def test_a_panel_of_pictures_and_words_stands_as_on_the_screen(qtbot: QtBot) -> None:
    panel, canvas, said = QWidget(), a_canvas(), QLabel("what is seen")
    qtbot.addWidget(panel)
    layout = QVBoxLayout(panel)
    for inside in (canvas, said):
        layout.addWidget(inside)
    panel.resize(240, 300)
    panel.grab()

    assert pictures_in(panel) == [canvas]
    assert ">what is seen</text>" in svg_of(panel)
    assert painted(panel, "dark").pixelColor(2, 2) == QColor(LOOKS["dark"].panel)
    canvas.hide()
    assert pictures_in(panel) == []

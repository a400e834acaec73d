from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from app.widgets.figure_painter import FigurePainter
from app.widgets.glyphs import glyph, paint_glyph


def coverage(image: QImage) -> np.ndarray:
    """Opacity of each pixel, 0–1."""
    return np.array([[image.pixelColor(x, y).alphaF() for x in range(image.width())] for y in range(image.height())])


def disc(side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    inside: np.ndarray = np.hypot(x, y) < side / 2 - 3
    return inside


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_glyph_has_the_pixels_of_its_screen(ratio: float) -> None:
    image = glyph(disc(32), QColor("white"), 20, ratio=ratio)

    assert image.width() == image.height() == round(20 * ratio)
    assert image.deviceIndependentSize().width() == 20


def test_a_shape_fills_its_square_whatever_border_the_mask_has() -> None:
    shown = coverage(glyph(disc(32), QColor("white"), 40, ratio=1.0))

    assert shown[20].min() > 0.2  # from the left edge to the right one
    assert shown.mean() == pytest.approx(np.pi / 4, abs=0.03)


def test_edges_are_smooth_and_the_inside_is_solid() -> None:
    shown = coverage(glyph(disc(32), QColor("white"), 64, ratio=1.0))
    y, x = np.mgrid[:64, :64] - 31.5
    radius = np.hypot(x, y)

    assert shown[radius < 28].min() == 1.0
    assert shown[radius > 34].max() == 0.0


def test_a_long_shape_keeps_its_proportions() -> None:
    bar = np.zeros((32, 32), dtype=bool)
    bar[12:20, 4:28] = True

    shown = coverage(glyph(bar, QColor("white"), 48, ratio=1.0)) > 0.5

    assert shown.any(axis=0).sum() == pytest.approx(48, abs=1)
    assert shown.any(axis=1).sum() == pytest.approx(16, abs=1)


def test_on_paper_a_glyph_is_an_outline_of_the_same_shape() -> None:
    ring = disc(32) & ~np.pad(disc(20), 6)
    shown = {}
    for painter_of in (QPainter, FigurePainter):
        image = QImage(40, 40, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(QColor(0, 0, 0, 0))
        painter = painter_of(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_glyph(painter, ring, QRectF(0, 0, 40, 40), QColor("white"))
        painter.end()
        shown[painter_of] = coverage(image)

    assert np.abs(shown[QPainter] - shown[FigurePainter]).mean() < 0.02
    assert shown[FigurePainter][20, 20] == 0.0, "the hole is a hole"


def test_an_empty_mask_is_an_empty_glyph() -> None:
    assert coverage(glyph(np.zeros((8, 8), dtype=bool), QColor("white"), 10, ratio=1.0)).max() == 0.0


def test_a_glyph_has_the_colour_asked_for() -> None:
    image = glyph(np.ones((8, 8), dtype=bool), QColor(10, 200, 90), 16, ratio=1.0)

    assert image.pixelColor(8, 8).getRgb() == (10, 200, 90, 255)


@pytest.mark.parametrize("place", [(3.0, 4.0, 10.0, 10.0), (3.3, 4.7, 10.6, 10.6), (2.5, 2.5, 11.9, 14.2)])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_disc_is_round_wherever_it_is_drawn(place: tuple[float, float, float, float], ratio: float) -> None:
    image = QImage(round(24 * ratio), round(24 * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    paint_glyph(painter, disc(32), QRectF(*place), QColor("white"))
    painter.end()

    drawn = coverage(image)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    shape = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert shape.shape[0] == shape.shape[1] == int(min(place[2:]) * ratio)
    for turned in (shape[::-1], shape[:, ::-1], shape.T):
        assert np.abs(shape - turned).max() < 0.01

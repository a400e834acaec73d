from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from app.widgets.glyphs import glyph


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


def test_an_empty_mask_is_an_empty_glyph() -> None:
    assert coverage(glyph(np.zeros((8, 8), dtype=bool), QColor("white"), 10, ratio=1.0)).max() == 0.0


def test_a_glyph_has_the_colour_asked_for() -> None:
    image = glyph(np.ones((8, 8), dtype=bool), QColor(10, 200, 90), 16, ratio=1.0)

    assert image.pixelColor(8, 8).getRgb() == (10, 200, 90, 255)

"""Shape glyphs from masks and colour swatches, crisp at any size and scaling."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import cast

import numpy as np
from contourpy import FillType, contour_generator
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from app.widgets.figure_painter import FigurePainter

_OVERSAMPLING = 4


def glyph(mask: np.ndarray, color: QColor, size_px: float, *, ratio: float) -> QImage:
    """The shape of `mask` (bool `[rows, columns]`) in `color`, filling a square of `size_px` logical pixels."""
    pixels = max(1, round(size_px * ratio))
    bits = np.ascontiguousarray(mask, dtype=bool)
    image = QImage(_glyph(bits.tobytes(), bits.shape, color.rgba(), pixels))
    image.setDevicePixelRatio(ratio)
    return image


def paint_glyph(painter: QPainter, mask: np.ndarray, rect: QRectF, color: QColor) -> None:
    """Draw the shape of `mask` in the largest centred square of `rect` that whole pixels of the screen make up.

    Between pixels the picture would be fitted to them by leaving out some of its rows, and a disc would look cut off.
    On paper, which has none, and where the painter enlarges, its outline is filled.
    """
    ratio = painter.device().devicePixelRatioF()
    if isinstance(painter, FigurePainter) or painter.deviceTransform().m11() != ratio:
        side = min(rect.width(), rect.height())
        corner = rect.center() - QPointF(side / 2, side / 2)
        bits = np.ascontiguousarray(mask, dtype=bool)
        to_place = QTransform.fromTranslate(corner.x(), corner.y()).scale(side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPath(to_place.map(_outline(bits.tobytes(), bits.shape)))
        return
    pixels = math.floor(min(rect.width(), rect.height()) * ratio)
    left, top = (round(at * ratio - pixels / 2) / ratio for at in (rect.center().x(), rect.center().y()))
    painter.drawImage(QPointF(left, top), glyph(mask, color, pixels / ratio, ratio=ratio))


def paint_swatch(painter: QPainter, rgb: tuple[int, int, int], rect: QRectF, *, radius: float, edge: QPen) -> None:
    """Draw a rounded swatch of colour `rgb` with the outline `edge`."""
    painter.setPen(edge)
    painter.setBrush(QColor(*rgb))
    painter.drawRoundedRect(rect, radius, radius)


@lru_cache(maxsize=512)
def _glyph(bits: bytes, shape: tuple[int, int], rgba: int, pixels: int) -> QImage:
    mask = np.frombuffer(bits, dtype=bool).reshape(shape)
    color = QColor.fromRgba(rgba)
    alpha = _coverage(mask, pixels) * color.alphaF()
    tone = np.array([color.blue(), color.green(), color.red(), 255], dtype=np.float64)
    bgra = np.ascontiguousarray((alpha[..., None] * tone).round().astype(np.uint8))
    stride = bgra.shape[1] * 4
    image = QImage(bgra.data, bgra.shape[1], bgra.shape[0], stride, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()


@lru_cache(maxsize=512)
def _outline(bits: bytes, shape: tuple[int, int]) -> QPainterPath:
    """The outline of the shape, whose bounds fill the unit square."""
    mask = np.frombuffer(bits, dtype=bool).reshape(shape)
    outline = QPainterPath()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return outline
    side = float(max(np.ptp(rows), np.ptp(columns)) + 1)
    middle = np.array([columns[0] + columns[-1], rows[0] + rows[-1]]) / 2
    smooth = np.pad(_smoothed(mask), 1)
    contours = contour_generator(z=smooth, fill_type=FillType.OuterOffset).filled(0.5, math.inf)
    points, offsets = cast(tuple[list[np.ndarray], list[np.ndarray]], contours)
    for line, ends in zip(points, offsets, strict=True):
        placed = (line - 1 - middle) / side + 0.5
        for first, last in pairwise(ends.tolist()):
            outline.addPolygon(QPolygonF([QPointF(x, y) for x, y in placed[first:last].tolist()]))
            outline.closeSubpath()
    return outline


def _coverage(mask: np.ndarray, pixels: int) -> np.ndarray:
    """How much of each of `pixels` × `pixels` pixels the shape covers, 0–1, when its bounds fill the square.

    The mask is smoothed, sampled between its pixels and cut at a half, so that the outline comes out as
    a line and not as the staircase of the mask.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.zeros((pixels, pixels))
    side = float(max(np.ptp(rows), np.ptp(columns)) + 1)
    steps = (np.arange(pixels * _OVERSAMPLING) + 0.5) / (pixels * _OVERSAMPLING) - 0.5
    across_y = (rows[0] + rows[-1]) / 2 + steps * side
    across_x = (columns[0] + columns[-1]) / 2 + steps * side
    smooth = _between(_between(_smoothed(mask), across_y).T, across_x).T
    inside = (smooth >= 0.5).reshape(pixels, _OVERSAMPLING, pixels, _OVERSAMPLING)
    covered: np.ndarray = inside.mean(axis=(1, 3))
    return covered


def _smoothed(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask.astype(np.float64), 1)
    padded = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
    smooth: np.ndarray = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    return smooth


def _between(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Rows of `values` at the fractional rows `at`, by linear interpolation; zero outside."""
    padded = np.pad(values, ((1, 1), (0, 0)))
    at = np.clip(at + 1, 0, len(padded) - 1)
    low = np.minimum(at.astype(int), len(padded) - 2)
    share = (at - low)[:, None]
    mixed: np.ndarray = padded[low] * (1 - share) + padded[low + 1] * share
    return mixed

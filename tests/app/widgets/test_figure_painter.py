"""The painter of figures draws what every painter draws, and says where a clip begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath
from PySide6.QtSvg import QSvgGenerator
from pytestqt.qtbot import QtBot

from app.widgets.figure_painter import MARK, SMOOTH, FigurePainter
from app.widgets.painted import rgb_image

Draw = Callable[[QPainter], object]
CELLS = rgb_image(np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3) * 5)


def drawn(kind: type[QPainter], draw: Draw) -> QImage:
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = kind(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    draw(painter)
    painter.end()
    return image


def svg_of(draw: Draw) -> tuple[str, list[QPainterPath]]:
    written, generator = QBuffer(), QSvgGenerator()
    written.open(QBuffer.OpenModeFlag.WriteOnly)
    generator.setOutputDevice(written)
    generator.setSize(QSize(40, 40))
    painter = FigurePainter(generator, marks_clips=True)
    draw(painter)
    painter.end()
    return bytes(written.data().data()).decode("utf-8"), painter.clips


@pytest.mark.parametrize(
    "draw",
    [
        lambda p: p.drawImage(QRectF(4, 4, 32, 32), CELLS),
        lambda p: p.drawImage(QRect(4, 4, 32, 32), CELLS),
        lambda p: p.drawImage(QRectF(4, 4, 32, 32), CELLS, QRectF(1, 1, 2, 2)),
        lambda p: p.drawImage(QPointF(3, 3), CELLS),
        lambda p: (p.setClipRect(QRectF(0, 0, 9, 9)), p.fillRect(QRectF(4, 4, 30, 30), QColor("red"))),
        lambda p: (p.setClipRect(QRect(0, 0, 9, 9)), p.fillRect(QRectF(4, 4, 30, 30), QColor("red"))),
        lambda p: (p.setClipRect(0, 0, 9, 9), p.setClipping(False), p.fillRect(QRectF(4, 4, 30, 30), QColor("red"))),
    ],
)
def test_it_draws_what_every_painter_draws(qtbot: QtBot, draw: Draw) -> None:
    assert drawn(FigurePainter, draw) == drawn(QPainter, draw)
    assert drawn(FigurePainter, draw) != drawn(FigurePainter, lambda _: None)


def test_what_is_to_be_smooth_has_pixels_enough_to_be_smooth_anywhere(qtbot: QtBot) -> None:
    sizes = []
    for smooth in (False, True):

        def draw(painter: QPainter, smooth: bool = smooth) -> None:
            painter.setRenderHint(SMOOTH, smooth)
            painter.drawImage(QRectF(0, 0, 40, 40), CELLS)

        text, _ = svg_of(draw)
        (image,) = (e for e in Xml.fromstring(text).iter() if e.tag.endswith("image"))
        encoded = next(value for name, value in image.attrib.items() if name.endswith("href"))
        sizes.append(len(encoded))

    assert sizes[1] > 3 * sizes[0]


def marks_of(text: str) -> list[str]:
    """The marks and colours of an SVG in their order."""
    found = []
    for element in Xml.fromstring(text).iter():
        if (element.text or "").startswith(MARK):
            found.append(str(element.text).removeprefix(MARK))
        elif element.tag.endswith("rect"):
            found.append("rect")
    return found


def test_a_clip_is_marked_where_it_begins_and_where_it_ends_also_by_what_was_saved(qtbot: QtBot) -> None:
    def draw(painter: QPainter) -> None:
        painter.save()
        painter.translate(10, 0)
        painter.setClipRect(QRectF(0, 0, 9, 9))
        painter.fillRect(QRectF(0, 0, 5, 5), QColor("red"))
        painter.setClipRect(QRectF(4, 4, 9, 9), operation=Qt.ClipOperation.IntersectClip)
        painter.fillRect(QRectF(0, 0, 5, 5), QColor("red"))
        painter.restore()
        painter.fillRect(QRectF(0, 0, 5, 5), QColor("red"))

    text, clips = svg_of(draw)

    assert marks_of(text) == ["0", "rect", "1", "rect", "-1", "rect"]
    assert [clip.boundingRect() for clip in clips] == [QRectF(10, 0, 9, 9), QRectF(14, 4, 5, 5)], "as the sheet has it"

"""A gallery in the window: every picture has its place, and a screen reader is told of the rows."""

from __future__ import annotations

import base64
import io

from PIL import Image
from pytestqt.qtbot import QtBot

from app.plots.gallery import GalleryView
from core.plots import Gallery, Picture


def png(color: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (20, 10), color).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_every_picture_is_drawn_and_told(qtbot: QtBot) -> None:
    plot = Gallery("Best", ("one", "two"), ((Picture(png("red"), "1"), Picture(png("blue"), "2")), ()))
    view = GalleryView(plot)
    qtbot.addWidget(view)
    view.resize(400, view.height())
    with qtbot.waitExposed(view):
        view.show()
    image = view.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}

    assert {"#ff0000", "#0000ff"} <= colors
    assert view.accessibleDescription() == "Best. one: 2 pictures. two: 0 pictures."

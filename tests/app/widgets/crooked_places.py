"""Draws the same marks directly and as what stands still, in widgets that begin between two pixels of the screen.

Run by test_painted in a process of its own: the scale of the screen is fixed when Qt starts. Prints the device pixel
ratio, whether anything was painted, and how many pixels differ by more than rounding.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

sys.path.insert(0, str(Path(__file__).parents[3]))

from app.widgets.painted import Painted, box

os.environ["QT_LOGGING_RULES"] = "default.warning=false"
ROUNDING = 3
SPOT = QRectF(37.4, 8.6, 15.3, 11.9)


class Marks(Painted):
    def __init__(self, parent: QWidget, *, still: bool) -> None:
        super().__init__(parent)
        self._still = still
        self.setGeometry(13, 7, 61, 41)

    def paint(self, painter: QPainter) -> None:
        if self._still:
            self.still(painter, "marks", None, self._draw)
            self.still(painter, "spot", None, self._draw_spot, SPOT)
        else:
            self._draw(painter)
            self._draw_spot(painter)

    def _draw(self, painter: QPainter) -> None:
        box(painter, QRectF(3.3, 4.7, 30, 20), radius=4, fill=QColor("teal"), line=QColor("black"))
        painter.drawText(8, 38, "Word")

    def _draw_spot(self, painter: QPainter) -> None:
        box(painter, SPOT, radius=3, fill=QColor("orange"))


def pixels(*, still: bool) -> tuple[np.ndarray, float]:
    window = QWidget()
    window.resize(97, 61)
    Marks(window, still=still)
    window.show()
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].astype(int), image.devicePixelRatio()


app = QApplication([])
(drawn, ratio), (kept, _) = pixels(still=False), pixels(still=True)
n_differing = int((np.abs(drawn - kept) > ROUNDING).sum())
print(json.dumps({"ratio": ratio, "painted": bool(np.ptp(drawn) > 100), "differing": n_differing}))

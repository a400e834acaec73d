"""What lies over the audience's window: a laser point with its trail, the number that is typed, and black."""

from __future__ import annotations

import time
from collections import deque
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.widgets.painted import Painted, box, write

TRAIL_MS, TICK_MS = 700, 16
LASER = QColor("#ff1f1f")
RADIUS_SHARE, WORDS_SHARE = 1 / 110, 1 / 16
"""Of the window's height: the radius of the laser point, and the height of the words."""


class Overlay(Painted):
    """Painted over everything, and in nobody's way: the mouse goes through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.laser = self.black = False
        self.words = ""
        self._trail: deque[tuple[float, QPointF]] = deque(maxlen=240)
        self._fading = QTimer(self)
        self._fading.setInterval(TICK_MS)
        self._fading.timeout.connect(self._fade)

    def point(self, place: QPointF) -> None:
        """The mouse is here."""
        if self.laser:
            self._trail.append((time.monotonic(), place))
            self._fading.start()
            self.update()

    def set_laser(self, on: bool) -> None:
        """Switch the laser on or off; its trail goes with it."""
        self.laser = on
        self._trail.clear()
        self.update()

    def set_black(self, on: bool) -> None:
        """Hide everything, or show it again."""
        self.black = on
        self.update()

    def say(self, words: str) -> None:
        """A few words in the corner, "" for none."""
        self.words = words
        self.update()

    def trail(self) -> list[tuple[QPointF, float]]:
        """Where the laser was, the latest last, each with how much of it is left, from 0 to 1."""
        now = time.monotonic()
        left = [(place, 1 - 1000 * (now - born) / TRAIL_MS) for born, place in self._trail]
        # The point itself stays where the mouse stands.
        return [(place, max(0.0, share)) for place, share in left[:-1]] + [(place, 1.0) for place, _ in left[-1:]]

    def paint(self, painter: QPainter) -> None:
        if self.black:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self.laser:
            self._paint_laser(painter)
        if self.words:
            self._paint_words(painter)

    def _paint_laser(self, painter: QPainter) -> None:
        radius, trail = max(4.0, self.height() * RADIUS_SHARE), self.trail()
        for (start, _), (end, share) in pairwise(trail):
            color = QColor(LASER)
            color.setAlphaF(0.7 * share)
            wide = 2 * radius * (0.3 + 0.7 * share)
            painter.setPen(QPen(color, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(start, end)
        for place, _ in trail[-1:]:
            painter.setPen(QPen(QColor("#ffffff"), radius / 4))
            painter.setBrush(LASER)
            painter.drawEllipse(place, radius, radius)

    def _paint_words(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(max(12, round(self.height() * WORDS_SHARE)))
        tall = 1.6 * font.pixelSize()
        rect = QRectF(0.5 * tall, self.height() - 1.5 * tall, 0.8 * tall * max(2, len(self.words)), tall)
        box(painter, rect, radius=tall / 6, fill=QColor(0, 0, 0, 190))
        write(painter, rect, self.words, font=font, color=QColor("#ffffff"), align=Qt.AlignmentFlag.AlignHCenter)

    def _fade(self) -> None:
        oldest = time.monotonic() - TRAIL_MS / 1000
        while len(self._trail) > 1 and self._trail[0][0] < oldest:
            self._trail.popleft()
        if len(self._trail) <= 1:
            self._fading.stop()
        self.update()

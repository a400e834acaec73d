"""`GalleryView` draws rows of pictures as written figures have them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.plots.words import plot_words
from app.widgets.legend import FONT_SCALE
from app.widgets.painted import Painted, box, line_height, rgb_image, scaled, write
from core.figures.looks import decoded
from core.plots import Gallery

GAP_PX = 8.0
MOST_PX = 150.0


class GalleryView(Painted):
    """Rows of pictures, as large as the width lets them be."""

    def __init__(self, plot: Gallery, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = plot
        self._images = [[rgb_image(decoded(picture.png)) for picture in row] for row in plot.pictures]
        self.setAccessibleName(plot.title)
        self.setAccessibleDescription(plot_words(plot))
        self.setSizePolicy(QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed))
        self._take_room()

    def sizeHint(self) -> QSize:
        return QSize(680, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 0)

    @property
    def _line(self) -> float:
        return line_height(scaled(self.font(), FONT_SCALE))

    @property
    def _wide(self) -> float:
        """Of one picture."""
        most = max((len(row) for row in self._images), default=1)
        return min(MOST_PX, (self.width() - GAP_PX) / max(1, most) - GAP_PX)

    def _high(self) -> float:
        first = next((image for row in self._images for image in row), None)
        return self._wide if first is None else self._wide * first.height() / first.width()

    def _take_room(self) -> None:
        step = self._high() + 2 * self._line + 2 * GAP_PX
        self.setFixedHeight(round(1.5 * self._line + GAP_PX + len(self._images) * step))

    def paint(self, painter: QPainter) -> None:
        look, small = theme.current(), scaled(self.font(), FONT_SCALE)
        bold, line, high = scaled(small, 1.07, bold=True), self._line, self._high()
        rect = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        box(painter, rect, radius=5, fill=look.color("panel"), line=look.color("line"))
        room = self.width() - 2 * GAP_PX
        head = QRectF(GAP_PX, GAP_PX / 2, room, 1.4 * line)
        write(painter, head, self.plot.title, font=scaled(small, 1.28, bold=True), color=look.color("text"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        top = head.bottom() + GAP_PX / 2
        for words, pictures, images in zip(self.plot.rows, self.plot.pictures, self._images, strict=True):
            write(painter, QRectF(GAP_PX, top, room, line), words, font=bold, color=look.color("text"))
            for index, (picture, image) in enumerate(zip(pictures, images, strict=True)):
                place = QRectF(GAP_PX + index * (self._wide + GAP_PX), top + line + 2, self._wide, high)
                painter.drawImage(place, image)
                under = QRectF(place.left(), place.bottom() + 1, place.width(), line)
                write(painter, under, picture.caption, font=small, color=look.color("muted"))
            top += high + 2 * line + 2 * GAP_PX

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._take_room()

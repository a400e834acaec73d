"""The crop tool: which square of a photo is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPen, QWheelEvent

from app import theme
from app.widgets.interaction import ARROWS, Notches
from app.widgets.tools import Tool
from core.stimuli.stimulus import Crop as Square

if TYPE_CHECKING:
    from app.widgets.canvas import StimulusCanvas

_STEP = 1.06
"""How much larger one notch of the wheel makes the square."""


@dataclass(frozen=True, slots=True)
class _Drag:
    pressed_at: QPointF
    square: Square


class Crop(Tool):
    """Shows the whole photo with the square that the model sees: drag to move it, turn the wheel to size it."""

    name, key, order = "Crop", "X", 130
    tip = "Choose which square of a photo is shown: drag it, turn the wheel to size it, arrows move it."
    photos_only = True
    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, canvas: StimulusCanvas) -> None:
        super().__init__(canvas)
        self._notches = Notches()

    @staticmethod
    def sketch(painter: QPainter) -> None:
        for x0, y0, x1, y1 in ((4, 1, 4, 12), (4, 12, 15, 12), (1, 4, 12, 4), (12, 4, 12, 15)):
            painter.drawLine(QPointF(x0, y0), QPointF(x1, y1))

    @property
    def _zoom(self) -> float:
        """Logical pixels of the widget for one of the photo."""
        return self._lies().width() / max(1, self.canvas.whole_size[0])

    def _lies(self) -> QRectF:
        """Where the whole photo lies in the widget: as large as the view allows."""
        width, height = self.canvas.whole_size
        view = self.canvas.view_rect()
        zoom = min(view.width() / max(1, width), view.height() / max(1, height))
        lies = QRectF(0, 0, width * zoom, height * zoom)
        lies.moveCenter(view.center())
        return lies

    def press(self, event: QMouseEvent) -> None:
        square = self.canvas.crop
        if event.button() == Qt.MouseButton.LeftButton and square is not None:
            self.canvas.begin(_Drag(event.position(), square))

    def move(self, event: QMouseEvent) -> None:
        drag = self.canvas.held
        if isinstance(drag, _Drag):
            by = (event.position() - drag.pressed_at) / self._zoom
            square = drag.square
            self._want(round(square.left_px + by.x()), round(square.top_px + by.y()), square.side_px)

    def release(self, event: QMouseEvent) -> None:
        self.canvas.finish()

    def wheel(self, event: QWheelEvent) -> bool:
        square = self.canvas.crop
        if square is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        notches = self._notches.of(event)
        side = min(min(self.canvas.whole_size), round(square.side_px * _STEP**notches))
        off = (square.side_px - side) // 2  # the middle stays, as far as the photo reaches
        if self.canvas.held is None and notches:
            self.canvas.step("size the crop", lambda: self._want(square.left_px + off, square.top_px + off, side))
        return True

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() in ARROWS and not event.modifiers() and self.canvas.crop is not None

    def key_pressed(self, event: QKeyEvent) -> None:
        square, (right, down) = self.canvas.crop, ARROWS[event.key()]
        if square is not None and self.canvas.held is None:
            step = max(1, square.side_px // 32)
            left_px, top_px = square.left_px + right * step, square.top_px + down * step
            self.canvas.step("move the crop", lambda: self._want(left_px, top_px, square.side_px))

    def _want(self, left_px: int, top_px: int, side_px: int) -> None:
        self.canvas.crop_wanted.emit(Square(left_px, top_px, side_px))

    def paint(self, painter: QPainter) -> None:
        square, whole = self.canvas.crop, self.canvas.whole
        if square is None or whole is None:
            return
        colors, lies, zoom = theme.current(), self._lies(), self._zoom
        seen = QRectF(
            lies.left() + square.left_px * zoom,
            lies.top() + square.top_px * zoom,
            square.side_px * zoom,
            square.side_px * zoom,
        )
        painter.fillRect(self.canvas.view_rect(), colors.color("panel"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(lies, whole)
        beside = QPainterPath()
        beside.addRect(lies)
        inside = QPainterPath()
        inside.addRect(seen)
        painter.fillPath(beside.subtracted(inside), QColor(0, 0, 0, 150))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((QColor(0, 0, 0, 160), 4.0), (QColor("white"), 2.0)):
            painter.setPen(QPen(color, width))
            painter.drawRect(seen)

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        return self.tip, QRect()

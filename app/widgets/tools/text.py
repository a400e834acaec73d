"""The text tool: click, and type."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from app.widgets.covering import outline
from app.widgets.interaction import ENTERS
from app.widgets.tools import Tool
from core.stimuli.strokes import Point, letters, text_end

LETTERS = 2.0
"""How many times as high as the brush is wide letters are."""
_NO_LETTERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class Text(Tool):
    """While one types, keys are letters; Enter or a click elsewhere ends it, Shift+Enter begins another line."""

    name, key, order = "Text", "T", 90
    tip = "Click where letters are to begin, and type; Enter ends it, Shift+Enter begins another line."
    words, use = "Text", "ink"
    goes_on = True
    cursor = Qt.CursorShape.IBeamCursor

    _at: Point = (0.0, 0.0)
    _text = ""

    @staticmethod
    def sketch(painter: QPainter) -> None:
        for x0, y0, x1, y1 in ((3, 3, 13, 3), (8, 3, 8, 14), (6, 14, 10, 14), (3, 3, 3, 5), (13, 3, 13, 5)):
            painter.drawLine(QPointF(x0, y0), QPointF(x1, y1))

    @property
    def _typing(self) -> bool:
        return self.canvas.held is self

    @property
    def _height_px(self) -> float:
        return LETTERS * self.canvas.hand.size_px

    def press(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._typing:
            self.canvas.finish()
        x, y = self.canvas.at(event.position())
        self._at, self._text = (round(x), round(y - self._height_px / 2)), ""
        self.canvas.begin(self)
        self.canvas.update()

    def wants(self, event: QKeyEvent) -> bool:
        if not self._typing or event.modifiers() & _NO_LETTERS:
            return False
        return event.key() in (*ENTERS, Qt.Key.Key_Backspace) or (event.text().isprintable() and event.text() != "")

    def key_pressed(self, event: QKeyEvent) -> None:
        if event.key() in ENTERS and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.canvas.finish()
            self.canvas.update()
            return
        if event.key() == Qt.Key.Key_Backspace:
            self._text = self._text[:-1]
        else:
            self._text += "\n" if event.key() in ENTERS else event.text()
        self.canvas.covered.emit(letters(self._text, self._at, self._height_px, self.canvas.side_px))
        self.canvas.update()

    def paint(self, painter: QPainter) -> None:
        if self._typing:
            frame, size = self.canvas.frame(), self._height_px
            x, y = text_end(self._text, self._at, size)
            outline(painter)
            top = QPointF(frame.left + x * frame.zoom, frame.top + y * frame.zoom)
            painter.drawLine(top, top + QPointF(0, size * frame.zoom * 1.15))

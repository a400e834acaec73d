"""A palette of chips, shapes or colours: choose one by click or key, or drag it onto an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDrag,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QWidget

from app import theme
from app.theme import Theme
from app.widgets.glyphs import paint_glyph, paint_swatch
from app.widgets.marks import paint_focus

CHIP_MIME = "application/x-relata-chip"

_COLUMNS = 4
_GAP_PX = 4
_SHAPE_PX, _COLOR_PX = QSize(40, 38), QSize(40, 34)
_SMALLEST_PX = QSize(26, 23)
_INSET_PX = 2.75
_KEY_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -_COLUMNS,
    Qt.Key.Key_Down: _COLUMNS,
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One value of a property: `kind` is "shape" (drawn from `mask`, bool `[n, n]`) or "color" (`rgb`)."""

    kind: str
    value: int
    name: str
    rgb: tuple[int, int, int] | None = None
    mask: np.ndarray | None = field(default=None, compare=False)


def chip_mime(chip: Chip) -> QMimeData:
    """What a dragged chip carries."""
    mime = QMimeData()
    mime.setData(CHIP_MIME, f"{chip.kind}:{chip.value}".encode())
    return mime


def read_chip(mime: QMimeData) -> tuple[str, int] | None:
    """Kind and value of a dragged chip, or None if `mime` carries none."""
    if not mime.hasFormat(CHIP_MIME):
        return None
    text = bytes(mime.data(CHIP_MIME).data()).decode("utf-8", errors="replace")
    kind, _, value = text.partition(":")
    return (kind, int(value)) if kind and value.isdecimal() else None


def paint_chip(painter: QPainter, chip: Chip, rect: QRectF, colors: Theme) -> None:
    """Draw the face of `chip` in `rect`: a tile with the shape, or a swatch."""
    edge = QPen(Qt.PenStyle.NoPen)
    if chip.rgb is not None:
        paint_swatch(painter, chip.rgb, rect, radius=5, edge=edge)
        return
    painter.setPen(edge)
    painter.setBrush(colors.color("raised"))
    painter.drawRoundedRect(rect, 5, 5)
    if chip.mask is not None:
        inset = 0.16 * min(rect.width(), rect.height())
        paint_glyph(painter, chip.mask, rect.adjusted(inset, inset, -inset, -inset), colors.color("text"))


class ChipGrid(QWidget):
    """Chips in four columns; one of them may be current."""

    chosen = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[_ChipButton] = []
        self._current: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName("Chips")
        self.setAccessibleDescription("Arrow keys move, Enter chooses, drag a chip onto an item")

    def set_chips(self, chips: Sequence[Chip]) -> None:
        """Show `chips`, in order, row by row."""
        for button in self._buttons[len(chips) :]:
            button.hide()
            button.deleteLater()
        del self._buttons[len(chips) :]
        for index, chip in enumerate(chips):
            if index < len(self._buttons):
                self._buttons[index].set_chip(chip)
            else:
                self._buttons.append(self._new_button(chip))
        self._mark_current()
        self._let_tab_reach(self._tab_stop())
        self._arrange()
        self.updateGeometry()

    def set_current(self, value: int | None) -> None:
        """Mark the chip with `value` as the one in force, or none."""
        self._current = value
        self._mark_current()
        if not any(button.hasFocus() for button in self._buttons):
            self._let_tab_reach(self._tab_stop())

    def sizeHint(self) -> QSize:
        return self._hint(self._largest())

    def minimumSizeHint(self) -> QSize:
        return self._hint(_SMALLEST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that a chip left alone: the arrows, Home and End move the keyboard focus."""
        here = next((i for i, button in enumerate(self._buttons) if button.hasFocus()), None)
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._buttons) - 1}
        key = Qt.Key(event.key())
        if here is None or (key not in _KEY_STEPS and key not in ends):
            event.ignore()
            return
        there = ends.get(key, here + _KEY_STEPS.get(key, 0))
        if 0 <= there < len(self._buttons):
            self._let_tab_reach(there)
            self._buttons[there].setFocus(Qt.FocusReason.OtherFocusReason)

    def _new_button(self, chip: Chip) -> _ChipButton:
        button = _ChipButton(chip, self)
        button.clicked.connect(lambda: self.chosen.emit(button.chip.kind, button.chip.value))
        button.show()
        return button

    def _mark_current(self) -> None:
        for button in self._buttons:
            button.set_current(current=button.chip.value == self._current)

    def _tab_stop(self) -> int:
        return next((i for i, button in enumerate(self._buttons) if button.chip.value == self._current), 0)

    def _let_tab_reach(self, index: int) -> None:
        """Tab enters the palette at one chip only: with sixteen stops it would be a long way through."""
        for i, button in enumerate(self._buttons):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if i == index else Qt.FocusPolicy.ClickFocus)

    def _largest(self) -> QSize:
        return _COLOR_PX if self._buttons and self._buttons[0].chip.rgb is not None else _SHAPE_PX

    def _hint(self, cell: QSize) -> QSize:
        rows = max(1, -(-len(self._buttons) // _COLUMNS))
        return QSize(
            _COLUMNS * (cell.width() + _GAP_PX) - _GAP_PX,
            rows * (cell.height() + _GAP_PX) - _GAP_PX,
        )

    def _arrange(self) -> None:
        rows = max(1, -(-len(self._buttons) // _COLUMNS))
        largest = self._largest()
        wide = min(largest.width() + 8, (self.width() + _GAP_PX) // _COLUMNS - _GAP_PX)
        high = min(largest.height(), (self.height() + _GAP_PX) // rows - _GAP_PX)
        for index, button in enumerate(self._buttons):
            row, column = divmod(index, _COLUMNS)
            button.setGeometry(QRect(column * (wide + _GAP_PX), row * (high + _GAP_PX), wide, high))


class _ChipButton(QAbstractButton):
    def __init__(self, chip: Chip, parent: QWidget) -> None:
        super().__init__(parent)
        self.chip = chip
        self._pressed_at: QPoint | None = None
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_chip(chip)

    def set_chip(self, chip: Chip) -> None:
        self.chip = chip
        self.setAccessibleName(f"{chip.name} ({'colour' if chip.kind == 'color' else chip.kind})")
        self.setToolTip(f"{chip.name} — click to choose, or drag onto an item")
        self.update()

    def set_current(self, *, current: bool) -> None:
        if self.isChecked() != current:
            self.setChecked(current)

    def nextCheckState(self) -> None:
        """A click asks; only `set_current` tells which chip is in force."""

    def sizeHint(self) -> QSize:
        return _SHAPE_PX

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in _KEY_STEPS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pressed_at = self._pressed_at
        far = pressed_at is not None and (
            (event.position().toPoint() - pressed_at).manhattanLength() >= QApplication.startDragDistance()
        )
        if not far or not event.buttons() & Qt.MouseButton.LeftButton:
            super().mouseMoveEvent(event)
            return
        self._pressed_at = None
        self.setDown(False)
        self._drag()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = self._face()
        if self.isDown():
            face = face.adjusted(1, 1, -1, -1)
        paint_chip(painter, self.chip, face, colors)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            role = "text" if self.chip.rgb is not None else "accent"
            painter.setPen(QPen(colors.color(role), 2))
            painter.drawRoundedRect(face, 5, 5)
        elif self.underMouse():
            painter.setPen(QPen(colors.color("muted"), 1))
            painter.drawRoundedRect(face, 5, 5)
        if self.hasFocus():
            paint_focus(painter, face.adjusted(-2, -2, 2, 2), colors, radius=7)
        painter.end()

    def _face(self) -> QRectF:
        """Shapes stand on square tiles, colours fill their cell; both leave room for the rings."""
        whole = QRectF(self.rect()).adjusted(_INSET_PX, _INSET_PX, -_INSET_PX, -_INSET_PX)
        if self.chip.rgb is not None:
            return whole
        side = min(whole.width(), whole.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(whole.center())
        return square

    def _drag(self) -> None:
        drag = QDrag(self)
        drag.setMimeData(chip_mime(self.chip))
        drag.setPixmap(self._drag_picture())
        drag.setHotSpot(QPoint(22, 22))
        drag.exec(Qt.DropAction.CopyAction)

    def _drag_picture(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(round(44 * ratio), round(44 * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        colors = theme.current()
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for spread in (4, 3, 2):
            painter.setBrush(theme.DARK.color("window", 0.12))
            painter.drawRoundedRect(QRectF(5, 7, 34, 34).adjusted(-spread, -spread, spread, spread), 8, 8)
        paint_chip(painter, self.chip, QRectF(5, 5, 34, 34), colors)
        painter.setPen(QPen(colors.color("accent"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(QPointF(5, 5), QPointF(39, 39)), 5, 5)
        painter.end()
        return pixmap

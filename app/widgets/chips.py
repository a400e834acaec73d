"""A palette of chips, shapes or colours: choose one by click or key, or drag it onto an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QMimeData, QModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QListView, QSizePolicy, QStyle

from app import theme
from app.theme import Theme
from app.widgets.glyphs import paint_glyph, paint_swatch
from app.widgets.marks import paint_focus
from app.widgets.painted import box
from app.widgets.rows import ROW, Index, Rows, RowView

CHIP_MIME = "application/x-relata-chip"

_SHAPE_PX, _COLOR_PX, _SMALLEST_PX = QSize(44, 42), QSize(44, 38), QSize(30, 27)
_WIDER_PX = 8
_INSET_PX, _LEAST_INSET_PX = 4.75, 2.5
_CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


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


class ChipGrid(RowView):
    """Chips in columns; one of them may be current. A chip can be dragged onto an item."""

    chosen = Signal(str, int)

    def __init__(self, columns: int = 4) -> None:
        super().__init__(_Chips(self._told))
        self.current: int | None = None
        self._columns = columns
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setDragEnabled(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Chips")
        self.setAccessibleDescription("Arrow keys move, Enter chooses, drag a chip onto an item")
        self.clicked.connect(self._choose)

    def set_chips(self, chips: Sequence[Chip]) -> None:
        """Show `chips`, in order, row by row."""
        self.rows.set_rows(chips)
        self.updateGeometry()
        self._fit()

    def set_columns(self, columns: int) -> None:
        """Stand in this many columns."""
        self._columns = columns
        self.updateGeometry()
        self._fit()

    def set_current(self, value: int | None) -> None:
        """Mark the chip with `value` as the one in force, or none; the keyboard comes in there."""
        at = next((i for i, chip in enumerate(self.rows.shown) if chip.value == value), -1)
        if at >= 0 and at != self.currentIndex().row() and not self.hasFocus():
            self.setCurrentIndex(self.rows.index(at))
        if value != self.current:
            self.current = value
            self.viewport().update()

    def row_size(self, index: Index) -> QSize:
        return self.gridSize()

    def draw(self, painter: QPainter, rect: QRectF, index: Index, state: QStyle.StateFlag) -> None:
        """Shapes stand on square tiles, colours fill their cell; both leave room for the rings."""
        colors, chip = theme.current(), index.data(ROW)
        inset = max(_LEAST_INSET_PX, min(_INSET_PX, 0.11 * min(rect.width(), rect.height())))
        face = rect.adjusted(inset, inset, -inset, -inset)
        if chip.rgb is None:
            side = min(face.width(), face.height())
            face = QRectF(face.center().x() - side / 2, face.center().y() - side / 2, side, side)
        paint_chip(painter, chip, face, colors)
        ring = face.adjusted(-1, -1, 1, 1)
        if chip.value == self.current:
            box(painter, ring, radius=6, line=colors.color("text" if chip.rgb is not None else "accent"), width=2)
        elif state & QStyle.StateFlag.State_MouseOver:
            box(painter, ring, radius=6, line=colors.color("muted"))
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, face.adjusted(-2, -2, 2, 2), colors, radius=7)

    def sizeHint(self) -> QSize:
        return self._all(self._largest())

    def minimumSizeHint(self) -> QSize:
        return self._all(_SMALLEST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _CHOOSE and self.currentIndex().isValid():
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Out of a pop-over, which would lie on where the chip is carried to."""
        if self.window().windowType() == Qt.WindowType.Popup:
            self.window().hide()
        super().startDrag(actions)

    def _choose(self, index: QModelIndex) -> None:
        chip = index.data(ROW)
        self.chosen.emit(chip.kind, chip.value)

    def _told(self, chip: Chip) -> dict[int, object]:
        checked = chip.value == self.current
        return {
            Qt.ItemDataRole.DisplayRole: f"{chip.name} ({'colour' if chip.kind == 'color' else chip.kind})",
            Qt.ItemDataRole.ToolTipRole: f"{chip.name} — click to choose, or drag onto an item",
            Qt.ItemDataRole.CheckStateRole: Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked,
        }

    def _largest(self) -> QSize:
        return _COLOR_PX if self.rows.shown and self.rows.shown[0].rgb is not None else _SHAPE_PX

    def _n_lines(self) -> int:
        return max(1, -(-self.rows.rowCount() // self._columns))

    def _all(self, cell: QSize) -> QSize:
        return QSize(self._columns * cell.width(), self._n_lines() * cell.height())

    def _fit(self) -> None:
        """Cells as large as there is room for, up to what looks well."""
        largest = self._largest()
        wide = min(largest.width() + _WIDER_PX, (self.width() - 1) // self._columns)
        self.setViewportMargins(0, 0, self.width() - self._columns * wide - 1, 0)  # a fifth column would find room
        self.setGridSize(QSize(wide, min(largest.height(), self.height() // self._n_lines())))


class _Chips(Rows):
    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return chip_mime(indexes[0].data(ROW))

"""The layer strip: one cell a position of the residual stream, with a read and a write marker."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.widgets.interaction import Interactive, Notches
from app.widgets.layer_strip_paint import LOW_EM, Cell, Look, cell_rects, marker_places, paint_strip
from app.widgets.painted import Painted, line_height

__all__ = ["Cell", "LayerStrip"]

HEIGHT_EM, LEAST_EM = 6.1, 5.4
_STEPS: dict[int, int] = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_BracketLeft: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_BracketRight: 1,
}
_HELP = "Drag: read and write together. Drag a marker by its word, or with Ctrl the nearer one: that one alone."


class _Grip(Enum):
    """What a drag holds."""

    BOTH = "both"
    READ = "read"
    WRITE = "write"


_MARKERS = (_Grip.READ, _Grip.WRITE)


class LayerStrip(Interactive, Painted):
    """Chooses where the residual stream is read and where it is written; `first` is the index of the first cell."""

    read_moved = Signal(int)
    write_moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells: tuple[Cell, ...] = ()
        self._first = -1
        self._read = -1
        self._write = -1
        self._grip: _Grip | None = None
        self._hovered: int | None = None
        self._low = False
        self._notches = Notches()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Layers")
        self._tell()

    def set_cells(self, cells: Sequence[Cell], first: int = -1) -> None:
        """Show `cells`; the markers stay, moved inside where they would be outside."""
        self._cells, self._first = tuple(cells), first
        self.set_markers(self._read, self._write)
        self.updateGeometry()
        self._tell()
        self.update()

    def set_markers(self, read: int, write: int) -> None:
        """Put the markers, without a signal."""
        markers = self._inside(read), self._inside(write)
        if markers != (self._read, self._write):
            self._read, self._write = markers
            self._tell()
            self.update()

    @property
    def read(self) -> int:
        """Where the residual stream is looked at."""
        return self._read

    @property
    def write(self) -> int:
        """Where the edit happens."""
        return self._write

    def cell_rect(self, index: int) -> QRectF:
        """Where cell `index` is, in widget coordinates."""
        return self._rects()[index - self._first]

    def set_low(self, low: bool) -> None:
        """Take less height and leave the notes to the tool tips, or show all again."""
        self._low = low
        self.updateGeometry()

    def marker_rects(self) -> tuple[QRectF, QRectF]:
        """Where the read marker and the write marker can be taken hold of, in widget coordinates."""
        shown = (self._read - self._first, self._write - self._first)
        return marker_places(self._rects(), self.font(), *shown)

    def sizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(max(20, 8 * len(self._cells)) * em), round((LOW_EM if self._low else HEIGHT_EM) * em))

    def figure_height(self, width_px: float) -> float:
        return HEIGHT_EM * line_height(self.font())

    def minimumSizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(18 * em), round((LOW_EM if self._low else LEAST_EM) * em))

    def paint(self, painter: QPainter) -> None:
        look = Look(
            cells=self._cells,
            read=self._read - self._first,
            write=self._write - self._first,
            hovered=self._hovered if self.pose is None else None,
            focused=self.hasFocus(),
        )
        self.still(painter, "strip", look, lambda still: paint_strip(still, QRectF(self.rect()), self.font(), look))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._cells:
            event.ignore()
            return
        alone = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        marker = self._marker_at(event.position())
        if marker is not None:
            self._grip = marker
            return
        self._grip = self._nearest(event.position()) if alone else _Grip.BOTH
        self._drag_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._drag_to(event.position())
        self._hover(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._step(-self._notches.of(event), _Grip.BOTH)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in _STEPS:
            self._step(_STEPS[key], _grip_of(event.modifiers()))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            end = self._first if key == Qt.Key.Key_Home else self._last
            self._move(end, end)
        else:
            super().keyPressEvent(event)

    @property
    def _last(self) -> int:
        return self._first + max(0, len(self._cells) - 1)

    def _inside(self, index: int) -> int:
        return min(max(index, self._first), self._last)

    def _rects(self) -> list[QRectF]:
        return cell_rects(QRectF(self.rect()), self.font(), len(self._cells))

    def _index_at(self, at: QPointF) -> int:
        """The cell above or below `at`, or the nearest end."""
        rects = self._rects()
        pitch = (rects[-1].right() - rects[0].left()) / len(rects)
        return self._inside(self._first + int((at.x() - rects[0].left()) // pitch))

    def _marker_at(self, at: QPointF) -> _Grip | None:
        """The marker whose word or sign is at a place."""
        return next(
            (grip for grip, place in zip(_MARKERS, self.marker_rects(), strict=True) if place.contains(at)), None
        )

    def _nearest(self, at: QPointF) -> _Grip:
        """The marker closer to `at`; where both are as close, above the middle it is read."""
        index = self._index_at(at)
        to_read, to_write = abs(index - self._read), abs(index - self._write)
        if to_read != to_write:
            return _Grip.READ if to_read < to_write else _Grip.WRITE
        return _Grip.READ if at.y() < self.height() / 2 else _Grip.WRITE

    def _drag_to(self, at: QPointF) -> None:
        index = self._index_at(at)
        read = index if self._grip is not _Grip.WRITE else self._read
        write = index if self._grip is not _Grip.READ else self._write
        self._move(read, write)

    def _step(self, steps: int, grip: _Grip) -> None:
        """Move by `steps` cells; two markers keep their distance, so both stop where one meets the end."""
        held = {_Grip.BOTH: (self._read, self._write), _Grip.READ: (self._read,), _Grip.WRITE: (self._write,)}[grip]
        steps = min(max(steps, self._first - min(held)), self._last - max(held))
        read = self._read + (steps if grip is not _Grip.WRITE else 0)
        write = self._write + (steps if grip is not _Grip.READ else 0)
        self._move(read, write)

    def _move(self, read: int, write: int) -> None:
        """Put the markers where the user wants them, and say so."""
        before = self._read, self._write
        self.set_markers(read, write)
        now = self._read, self._write  # whoever hears of the first may set both
        if now[0] != before[0]:
            self.read_moved.emit(now[0])
        if now[1] != before[1]:
            self.write_moved.emit(now[1])

    def _hover(self, at: QPointF) -> None:
        inside = [i for i, rect in enumerate(self._rects()) if rect.contains(at)]
        hovered = inside[0] if inside else None
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def tip_at(self, place: QPointF) -> tuple[str, QRect]:
        if not self._cells:
            return _HELP, QRect()
        cell = self._cells[self._index_at(place) - self._first]
        return "\n".join(filter(None, (cell.told(), cell.explained if cell.known else "", _HELP))), QRect()

    def _tell(self) -> None:
        if not self._cells:
            self.setAccessibleDescription("no model")
            return
        at = [self._cells[index - self._first] for index in (self._read, self._write)]
        self.setAccessibleDescription(f"read {at[0].told()}, write {at[1].label}")


def _grip_of(modifiers: Qt.KeyboardModifier) -> _Grip:
    """Ctrl moves the read marker alone, Ctrl+Shift the write marker."""
    if not modifiers & Qt.KeyboardModifier.ControlModifier:
        return _Grip.BOTH
    return _Grip.WRITE if modifiers & Qt.KeyboardModifier.ShiftModifier else _Grip.READ

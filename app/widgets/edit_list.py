"""The stack of edits: switch, weigh, remove and reorder them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QMenu, QSizePolicy, QStyle

from app import theme
from app.numbers import fixed
from app.widgets.edit_row import EditRow, Look, Parts, in_range, paint_row, tip_of
from app.widgets.interaction import Notches
from app.widgets.marks import describe
from app.widgets.rows import ROW, Index, Rows, RowView

__all__ = ["EMPTY_TEXT", "EditList", "EditRow"]

EMPTY_TEXT = "No edits: this is the model itself"
KEYS_TEXT = (
    "Space switches, Left and Right change the strength, Enter offers the controls, Delete removes, "
    "Alt with Up or Down moves"
)
EDIT_MIME = "application/x-relata-edit"
_GAP_PX = 5
_STEP = 0.05
_REMOVE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_WEIGH = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
_UP_DOWN = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class EditList(RowView):
    """Shows rows and asks for changes; `set_rows` shows what became of them.

    `moved(from, to)` means: take the row out at `from`, put it in again at `to`. A drag of a strength lies
    between `gesture_started` and `gesture_finished`.
    """

    toggled = Signal(int, bool)
    strength_changed = Signal(int, float)
    removed = Signal(int)
    moved = Signal(int, int)
    control_picked = Signal(int, str)
    drawn_again = Signal(int)
    gesture_started = Signal(int)
    gesture_finished = Signal(int)

    def __init__(self) -> None:
        rows = _Edits(_told)
        super().__init__(rows)
        self._held, self._part = QPersistentModelIndex(), ""
        self._hot, self._notches, self._scrolling = "", Notches(), False
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDragDropOverwriteMode(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Edits")
        rows.dropped.connect(self._move)
        self.set_rows(())

    def set_rows(self, rows: Sequence[EditRow]) -> None:
        """Show `rows`, in the order in which they are applied; the keyboard and a drag in hand stay with their row."""
        self.rows.set_rows(rows)
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self.rows.index(0))
        describe(self, f"{len(rows)} edits. {KEYS_TEXT}" if rows else EMPTY_TEXT)

    def parts(self, row: int) -> Parts:
        """Where the parts of a row lie in the viewport."""
        index = self.rows.index(row)
        return Parts(index.data(ROW), _inner(QRectF(self.visualRect(index))), self.font())

    def choices(self, row: int) -> QMenu:
        """Effect, controls, and where it was drawn another draw."""
        edit, menu = self.rows.shown[row], QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for control in ("", *edit.controls):
            action = menu.addAction(f"Control: {control}" if control else "Effect")
            action.setCheckable(True)
            action.setChecked(control == edit.control)
            action.triggered.connect(lambda _=False, wanted=control: self.control_picked.emit(row, wanted))
        if edit.drawn:
            menu.addSeparator()
            menu.addAction("Draw again").triggered.connect(lambda _=False: self.drawn_again.emit(row))
        return menu

    def row_size(self, index: Index) -> QSize:
        width = self.viewport().width()
        return QSize(width, round(Parts(index.data(ROW), QRectF(0, 0, width, 0), self.font()).height) + _GAP_PX)

    def draw(self, painter: QPainter, rect: QRectF, index: Index, state: QStyle.StateFlag) -> None:
        hot = self._hot if state & QStyle.StateFlag.State_MouseOver else ""
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        lifted = self.state() == self.State.DraggingState and index.row() == self.currentIndex().row()
        look = Look(hot, focused=focused, lifted=lifted)
        paint_row(painter, _inner(rect), index.data(ROW), self.font(), look)

    def tip_at(self, index: Index, place: QPointF) -> str:
        return tip_of(index.data(ROW), self.parts(index.row()).at(place))

    def sizeHint(self) -> QSize:
        return QSize(280, 64)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 48)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.doItemsLayout()  # text wraps elsewhere

    def event(self, event: QEvent) -> bool:
        """Keys of the rows win over shortcuts of the window, in an empty list too: Delete is not about an item here."""
        over = event.type() == QEvent.Type.ShortcutOverride
        if over and isinstance(event, QKeyEvent) and event.key() in (*_REMOVE, *_WEIGH, *_UP_DOWN):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.currentIndex().row(), Qt.Key(event.key())
        if row < 0:
            super().keyPressEvent(event)
        elif key in _REMOVE:
            self.removed.emit(row)
        elif key == Qt.Key.Key_Space:
            self.toggled.emit(row, not self.rows.shown[row].enabled)
        elif key in _OPEN:
            self._offer(row)
        elif key in _WEIGH:
            self._weigh(row, _WEIGH[key])
        elif key in _UP_DOWN and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._move(row, row + _UP_DOWN[key])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index, part = self._under(event.position().toPoint())
        if not part or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self.setCurrentIndex(index)
        self._held, self._part = QPersistentModelIndex(index), part
        if part == "strength":
            self.gesture_started.emit(index.row())
            self._pull(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._scrolling = False
        if self._part == "strength":
            self._pull(event)
        elif not self._part:
            super().mouseMoveEvent(event)
            self._point_at(self._under(event.position().toPoint())[1])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row, part = self._held.row(), self._part
        self._held, self._part = QPersistentModelIndex(), ""
        index, under = self._under(event.position().toPoint())
        if not part:
            super().mouseReleaseEvent(event)
        elif part == "strength":
            self.gesture_finished.emit(row)
        elif index.row() == row >= 0 and under == part:
            self._press(row, part)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index, part = self._under(event.position().toPoint())
        if part == "strength":
            self.strength_changed.emit(index.row(), 1.0)
        else:
            self.mousePressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Carry a row without a picture of it, which would hide the line that shows where it would go."""
        drag = QDrag(self)
        drag.setMimeData(self.rows.mimeData([self.currentIndex()]))
        drag.exec(actions)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Over a strength the wheel changes it; a wheel that scrolls goes on scrolling until the mouse moves."""
        index, part = self._under(event.position().toPoint())
        if part != "strength" or self._scrolling:
            self._scrolling = self.verticalScrollBar().maximum() > 0
            super().wheelEvent(event)
            return
        self._weigh(index.row(), self._notches.of(event) * _STEP)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            self._offer(index.row(), None if by_key else event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.rows.shown:
            painter = QPainter(self.viewport())
            painter.setPen(theme.current().color("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            painter.drawText(self.viewport().rect().adjusted(8, 4, -8, -4), flags, EMPTY_TEXT)
            painter.end()

    def _under(self, place: QPoint) -> tuple[QModelIndex, str]:
        """The row at a place, and its part there."""
        index = self.indexAt(place)
        return index, self.parts(index.row()).at(place.toPointF()) if index.isValid() else ""

    def _point_at(self, part: str) -> None:
        if part != self._hot:
            self._hot = part
            self.viewport().update()
        hand = Qt.CursorShape.PointingHandCursor if part else Qt.CursorShape.OpenHandCursor
        self.viewport().setCursor(hand if self.rows.shown else Qt.CursorShape.ArrowCursor)

    def _press(self, row: int, part: str) -> None:
        edit = self.rows.shown[row]
        if part == "switch":
            self.toggled.emit(row, not edit.enabled)
        elif part == "remove":
            self.removed.emit(row)
        elif edit.control:
            self.control_picked.emit(row, "")
        else:
            self._offer(row)

    def _offer(self, row: int, place: QPoint | None = None) -> None:
        """Open the menu of a row, below its pill where no place is given."""
        if self.rows.shown[row].controls:
            below = self.viewport().mapToGlobal(self.parts(row).control.bottomLeft().toPoint())
            self.choices(row).popup(below if place is None else place)

    def _pull(self, event: QMouseEvent) -> None:
        """The handle in hand follows the mouse; the row may have gone meanwhile."""
        if self._held.isValid():
            free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            row = self._held.row()
            strength = self.parts(row).strength_at(event.position().x(), free=free)
            self._weigh(row, strength - in_range(self.rows.shown[row].strength))

    def _weigh(self, row: int, change: float) -> None:
        """Ask for a strength; from one beyond the range the change counts from its end."""
        shown = in_range(self.rows.shown[row].strength)
        if in_range(shown + change) != shown:
            self.strength_changed.emit(row, in_range(shown + change))

    def _move(self, start: int, end: int) -> None:
        if start != end and 0 <= end < self.rows.rowCount():
            self.moved.emit(start, end)
            self.setCurrentIndex(self.rows.index(end))


class _Edits(Rows):
    """A row that is lifted is known by its index alone, which goes along with what happens to the list meanwhile."""

    dropped = Signal(int, int)
    _lifted = QPersistentModelIndex()

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [EDIT_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        self._lifted = QPersistentModelIndex(indexes[0])
        mime = QMimeData()
        mime.setData(EDIT_MIME, b"edit")
        return mime

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        lifted = self._lifted.row()
        before = row if row >= 0 else len(self.shown)
        if lifted >= 0:
            self.dropped.emit(lifted, before - 1 if before > lifted else before)
        return lifted >= 0


def _inner(rect: QRectF) -> QRectF:
    """A row without the gap below it."""
    return rect.adjusted(0, 0, 0, -_GAP_PX)


def _told(row: EditRow) -> dict[int, object]:
    control = f"control: {row.control}" if row.control else ""
    about = (f"strength {fixed(row.strength, 2)}", "on" if row.enabled else "off", control, row.detail, row.warning)
    return {
        Qt.ItemDataRole.DisplayRole: row.text,
        Qt.ItemDataRole.AccessibleDescriptionRole: "; ".join(filter(None, about)),
        Qt.ItemDataRole.CheckStateRole: Qt.CheckState.Checked if row.enabled else Qt.CheckState.Unchecked,
    }

"""The stack of edits: switch, weigh, remove and reorder them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from app import theme
from app.widgets.edit_row import EditRow, EditRowView
from app.widgets.painted import Painted

__all__ = ["EMPTY_TEXT", "EditList", "EditRow"]

EMPTY_TEXT = "No edits: this is the model itself"
_GAP_PX = 5
_ROW_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Up, Qt.Key.Key_Down)


class EditList(QWidget):
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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[EditRowView] = []
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.viewport().setAutoFillBackground(False)
        self._body = _Body()
        self._scroll.setWidget(self._body)
        self._body.setAutoFillBackground(False)
        self._from = self._to = -1
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Edits")
        self.set_rows(())

    def set_rows(self, rows: Sequence[EditRow]) -> None:
        """Show `rows`, in the order in which they are applied; focus and a drag in hand stay."""
        self._let_go(emit=False, unless_n=len(rows))
        focused = self._focused_row()
        for view in self._rows[len(rows) :]:
            view.hide()
            view.deleteLater()
        del self._rows[len(rows) :]
        for index, row in enumerate(rows):
            if index < len(self._rows):
                self._rows[index].set_row(row)
            else:
                self._rows.append(self._new_row(row))
        if focused >= len(self._rows):
            self._focus_row(len(self._rows) - 1)
        self.setAccessibleDescription(f"{len(rows)} edits" if rows else EMPTY_TEXT)
        self._body.arrange(self._rows)
        self.updateGeometry()

    def row_widget(self, index: int) -> EditRowView:
        """The row at `index`, with its `switch`, `slider` and `remove` button."""
        return self._rows[index]

    def sizeHint(self) -> QSize:
        return QSize(280, max(64, self._body.minimumHeight()))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 48)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._scroll.setGeometry(self.rect())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._wants(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._from >= 0:
            self._let_go(emit=False)
        else:
            super().keyPressEvent(event)

    def _wants(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return self._from >= 0
        return event.key() in _ROW_KEYS and self._focused_row() >= 0

    def _new_row(self, row: EditRow) -> EditRowView:
        view = EditRowView(row, self._body)
        view.toggled.connect(lambda on: self._toggle(view, enabled=on))
        view.strength_picked.connect(lambda strength: self.strength_changed.emit(self._rows.index(view), strength))
        view.strength_held.connect(lambda held: self._hold(view, held=held))
        view.control_picked.connect(lambda control: self.control_picked.emit(self._rows.index(view), control))
        view.drawn_again.connect(lambda: self.drawn_again.emit(self._rows.index(view)))
        view.removed.connect(lambda: self.removed.emit(self._rows.index(view)))
        view.shifted.connect(lambda step: self._shift(self._rows.index(view), step))
        view.stepped.connect(lambda step: self._focus_row(self._rows.index(view) + step))
        view.lifted.connect(lambda: self._lift(self._rows.index(view)))
        view.dragged.connect(self._drag)
        view.dropped.connect(lambda: self._let_go(emit=True))
        view.switch.installEventFilter(self)
        view.show()
        return view

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Scroll to the row that the keyboard goes to."""
        if event.type() == QEvent.Type.FocusIn:
            focused = self._focused_row()
            if focused >= 0:
                self._scroll.ensureWidgetVisible(self._rows[focused], 0, _GAP_PX)
        return False

    def _toggle(self, view: EditRowView, *, enabled: bool) -> None:
        self.toggled.emit(self._rows.index(view), enabled)

    def _hold(self, view: EditRowView, *, held: bool) -> None:
        signal = self.gesture_started if held else self.gesture_finished
        signal.emit(self._rows.index(view))

    def _shift(self, index: int, step: int) -> None:
        to = index + step
        if 0 <= to < len(self._rows):
            self.moved.emit(index, to)
            self._focus_row(to)

    def _focused_row(self) -> int:
        return next((i for i, view in enumerate(self._rows) if view.isAncestorOf(_focus_widget(self))), -1)

    def _focus_row(self, index: int) -> None:
        """Take the keyboard to a row, to the same control as before."""
        if 0 <= index < len(self._rows):
            here = self._focused_row()
            view = self._rows[index]
            on_slider = here >= 0 and self._rows[here].slider.hasFocus()
            (view.slider if on_slider else view.switch).setFocus(Qt.FocusReason.OtherFocusReason)

    def _lift(self, index: int) -> None:
        self._from = self._to = index

    def _drag(self, place: QPointF) -> None:
        middles = [view.geometry().center().y() for view in self._rows]
        before = sum(place.y() > middle for middle in middles)
        self._to = before - 1 if before > self._from else before
        self._body.mark(before if self._to != self._from else -1)
        self._scroll.ensureVisible(0, round(place.y()), 0, 12)

    def _let_go(self, *, emit: bool, unless_n: int = -1) -> None:
        """End the drag of a row, unless the list keeps its length `unless_n`."""
        if self._from < 0 or unless_n == len(self._rows):
            return
        lifted, to = self._from, self._to
        self._from = self._to = -1
        self._body.mark(-1)
        self._rows[lifted].settle()
        if emit and to != lifted:
            self.moved.emit(lifted, to)
            self._focus_row(to)


class _Body(Painted):
    """What scrolls: the rows one below the other, the mark where a dragged one would go, or the empty text."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[EditRowView] = []
        self._mark = -1

    def arrange(self, rows: list[EditRowView]) -> None:
        """Lay out `rows` at the full width."""
        self._rows = rows
        top = 0
        for view in rows:
            height = view.heightForWidth(self.width())
            view.setGeometry(0, top, self.width(), height)
            top += height + _GAP_PX
        self.setMinimumHeight(top)
        self.update()

    def mark(self, before: int) -> None:
        """Show the gap before row `before`, or none with −1."""
        if before != self._mark:
            self._mark = before
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange(self._rows)

    def paint(self, painter: QPainter) -> None:
        colors = theme.current()
        if not self._rows:
            painter.setPen(colors.color("muted"))
            flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
            inner = self.rect().adjusted(8, 4, -8, -4)
            painter.drawText(inner, flags, EMPTY_TEXT)
        elif self._mark >= 0:
            last = self._mark == len(self._rows)
            y = self._rows[-1].geometry().bottom() + 1 if last else self._rows[self._mark].y() - _GAP_PX / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("accent"))
            painter.drawRoundedRect(0, max(0, round(y - 1.5)), self.width(), 3, 1.5, 1.5)


def _focus_widget(widget: QWidget) -> QWidget:
    return widget.window().focusWidget() or widget

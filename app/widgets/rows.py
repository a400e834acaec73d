"""Lists of self-painted rows: a Qt model over immutable values, and the view to build on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

ROW = Qt.ItemDataRole.UserRole
"""The role under which a row itself is found."""

Index = QModelIndex | QPersistentModelIndex
_TOP = QModelIndex()


class Rows(QAbstractListModel):
    """Holds the rows `shown`; `told` says one in words, by Qt's roles. Views hear of what differs, and no more."""

    def __init__(self, told: Callable[[Any], Mapping[int, object]]) -> None:
        super().__init__()
        self.shown: tuple[Any, ...] = ()
        self._told = told

    def rowCount(self, parent: Index = _TOP) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.shown[index.row()]
        return row if role == ROW else self._told(row).get(role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be lifted and dropped between others; whether they are is up to the view."""
        lifted, dropped = Qt.ItemFlag.ItemIsDragEnabled, Qt.ItemFlag.ItemIsDropEnabled
        return super().flags(index) | (lifted if index.isValid() else dropped)

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show `rows`: one that went to another place is moved, what changed is changed, the rest is left alone."""
        old, new = self.shown, tuple(rows)
        n_both = min(len(old), len(new))
        head = next((i for i in range(n_both) if _differ(old[i], new[i])), n_both)
        tail = next((i for i in range(n_both - head) if _differ(old[-1 - i], new[-1 - i])), n_both - head)
        gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
        last = head + len(gone) - 1
        if len(gone) > 1 and gone[1:] + gone[:1] == come:
            self.beginMoveRows(_TOP, head, head, _TOP, last + 1)
            self.shown = new
            self.endMoveRows()
        elif len(gone) > 1 and gone[-1:] + gone[:-1] == come:
            self.beginMoveRows(_TOP, last, last, _TOP, head)
            self.shown = new
            self.endMoveRows()
        else:
            self._replace(head, gone, come)

    def _replace(self, head: int, gone: tuple[Any, ...], come: tuple[Any, ...]) -> None:
        """Put `come` where `gone` was, from row `head` on."""
        n_kept = min(len(gone), len(come))
        first, before = head + n_kept, self.shown
        if len(gone) > n_kept:
            self.beginRemoveRows(_TOP, first, head + len(gone) - 1)
            self.shown = (*before[:first], *before[head + len(gone) :])
            self.endRemoveRows()
        elif len(come) > n_kept:
            self.beginInsertRows(_TOP, first, head + len(come) - 1)
            self.shown = (*before[:first], *come[n_kept:], *before[first:])
            self.endInsertRows()
        self.shown = (*self.shown[:head], *come[:n_kept], *self.shown[first:])
        for at in (head + i for i in range(n_kept) if gone[i] != come[i]):
            self.dataChanged.emit(self.index(at), self.index(at))


def _differ(one: object, other: object) -> bool:
    return one is not other and one != other  # most rows are the very same, and comparing values takes its time


class RowView(QListView):
    """A list without a frame that scrolls smoothly and draws its rows itself: nothing of the style's own is seen."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        rows.setParent(self)
        self.rows = rows
        self.setModel(rows)
        self.setItemDelegate(_Painter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMouseTracking(True)

    def menu_asked(self, event: QContextMenuEvent) -> tuple[int, QPoint] | None:
        """Of which row a menu is asked, and where on the screen: a key asks in the middle of the current one."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if not index.isValid():
            return None
        middle = self.viewport().mapToGlobal(self.visualRect(index).center())
        return index.row(), event.globalPos() if by_mouse else middle

    def draw(self, painter: QPainter, rect: QRectF, index: Index, state: QStyle.StateFlag) -> None:
        """Draw the row at `index` in `rect`; `painter` is antialiased and may be left in any state."""
        raise NotImplementedError

    def row_size(self, index: Index) -> QSize:
        """The room that a row needs."""
        raise NotImplementedError

    def tip_at(self, index: Index, place: QPointF) -> str:
        """The tool tip of a row, at a place in the viewport."""
        return str(index.data(Qt.ItemDataRole.ToolTipRole))


class _Painter(QStyledItemDelegate):
    """Asks its view."""

    def __init__(self, view: RowView) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._view.draw(painter, QRectF(option.rect), index, option.state)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.row_size(index)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        tip = self._view.tip_at(index, event.pos().toPointF()) if index.isValid() else ""
        QToolTip.showText(event.globalPos(), tip, view)
        return True

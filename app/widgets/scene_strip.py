"""The scenes from left to right, each with its number, a small picture, its name and its note."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDrag, QFont, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle

from app import theme
from app.widgets.interaction import ENTERS, RESETS
from app.widgets.marks import describe
from app.widgets.painted import box, line_height, scaled, width_of, write
from app.widgets.rows import ROW, Index, Rows, RowView
from core.figures.looks import wrapped

SCENE_MIME, CARD_MIME = (f"application/x-relata-{what}-of-{os.getpid()}" for what in ("scene", "card"))
"""Only within a program: what is carried is a place in its own lists."""
CARD_WIDTH_PX, PICTURE_PX, GAP_PX = 186, 48, 6
KEYS_TEXT = (
    "Arrow keys go to a scene, Alt and an arrow key moves it, F2 names it and writes its note, Delete takes it away"
)
_EARLIER, _LATER = Qt.Key.Key_Left, Qt.Key.Key_Right


@dataclass(frozen=True, slots=True)
class SceneCard:
    """One scene: its small picture and words; `changed` where it was gone to last and something else is shown now."""

    name: str
    note: str
    picture: QImage
    changed: bool = False

    @property
    def told(self) -> str:
        """All of it in words."""
        changed = (
            "What is shown has been changed since: R in a talk, or a click, brings it back." if self.changed else ""
        )
        return "\n".join(filter(None, (self.name, self.note, changed)))


def card_mime(index: int) -> QMimeData:
    """What a card of the history carries in a drag."""
    mime = QMimeData()
    mime.setData(CARD_MIME, str(index).encode())
    return mime


class SceneStrip(RowView):
    """A click goes to a scene; a drag moves it, and brings one from the history to a place between two."""

    chosen = Signal(int)
    opened = Signal(int)
    removed = Signal(int)
    moved = Signal(int, int)
    brought = Signal(int, int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self) -> None:
        rows = _Scenes(
            lambda card: {Qt.ItemDataRole.AccessibleTextRole: card.told, Qt.ItemDataRole.ToolTipRole: card.told}
        )
        super().__init__(rows)
        self.shown: int | None = None
        self._pressed = -1
        self.setFlow(QListView.Flow.LeftToRight)
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDragDropOverwriteMode(False)
        self.setAccessibleName("Scenes")
        rows.dropped.connect(self._move)
        rows.brought.connect(self.brought)

    def set_cards(self, cards: Sequence[SceneCard], shown: int | None) -> None:
        """Show the scenes; `shown` is the one that was gone to last."""
        self.rows.set_rows(cards)
        self.shown = shown
        self.viewport().update()
        index = self.rows.index(-1 if shown is None else shown)
        if index != self.currentIndex():
            self.setCurrentIndex(index)
        where = "" if shown is None else f"Scene {shown + 1} of {len(cards)}: {cards[shown].told}. "
        describe(self, f"{where}{KEYS_TEXT}")

    def row_size(self, index: Index) -> QSize:
        return self.minimumSizeHint()

    def sizeHint(self) -> QSize:
        return QSize(4 * CARD_WIDTH_PX, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(CARD_WIDTH_PX + GAP_PX, PICTURE_PX + 12)

    def draw(self, painter: QPainter, rect: QRectF, index: Index, state: QStyle.StateFlag) -> None:
        colors, here = theme.current(), index.row() == self.shown
        card = QRectF(rect.left(), rect.top(), CARD_WIDTH_PX, self.minimumSizeHint().height())
        line = colors.color("accent") if here else colors.color("line", 0.6)
        box(painter, card, radius=4, fill=colors.color("raised"), line=line, width=2 if here else 1)
        _paint_card(painter, card.adjusted(6, 6, -6, -6), index.row() + 1, index.data(ROW), self.font())

    def event(self, event: QEvent) -> bool:
        """Keys of the scenes win over shortcuts of the window: Delete is not about an item here."""
        over = event.type() == QEvent.Type.ShortcutOverride
        if over and isinstance(event, QKeyEvent) and event.key() in RESETS:
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self.indexAt(event.position().toPoint()).row()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        row = self.indexAt(event.position().toPoint()).row()
        if event.button() == Qt.MouseButton.LeftButton and 0 <= row == self._pressed:
            self.chosen.emit(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.indexAt(event.position().toPoint()).row()
        if row >= 0:
            self.opened.emit(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if asked := self.menu_asked(event):
            self.menu_wanted.emit(*asked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        here, key, last = self.currentIndex().row(), Qt.Key(event.key()), self.rows.rowCount() - 1
        steps = {_EARLIER: here - 1, _LATER: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        there = here if key in ENTERS else steps.get(key, -1)
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and key in (_EARLIER, _LATER):
            self._move(here, there)
        elif key == Qt.Key.Key_F2 and here >= 0:
            self.opened.emit(here)
        elif key in RESETS and here >= 0:
            self.removed.emit(here)
        elif 0 <= there <= last and (key in steps or key in ENTERS):
            self.chosen.emit(there)
        else:
            event.ignore()

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Carry a scene without a picture of it, which would hide the line that shows where it would go."""
        drag = QDrag(self)
        drag.setMimeData(self.rows.mimeData([self.rows.index(self._pressed)]))
        drag.exec(actions)

    def _move(self, start: int, end: int) -> None:
        if start != end and start >= 0 and 0 <= end < self.rows.rowCount():
            self.moved.emit(start, end)


class _Scenes(Rows):
    """Takes scenes that are lifted here, and cards of the history."""

    dropped = Signal(int, int)
    brought = Signal(int, int)

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [SCENE_MIME, CARD_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        mime.setData(SCENE_MIME, str(indexes[0].row()).encode())
        return mime

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        over = parent.row() if parent.isValid() else len(self.shown)
        before = row if row >= 0 else over
        for mime, signal in ((SCENE_MIME, self.dropped), (CARD_MIME, self.brought)):
            lifted = bytes(data.data(mime).data()).decode("ascii", errors="replace")
            if lifted.isdecimal():
                at = int(lifted)
                signal.emit(at, before - 1 if mime == SCENE_MIME and before > at else before)
                return True
        return False


def _paint_card(painter: QPainter, rect: QRectF, number: int, card: SceneCard, font: QFont) -> None:
    colors, small = theme.current(), scaled(font, 0.85)
    picture = QRectF(rect.left(), rect.top(), PICTURE_PX, PICTURE_PX)
    painter.drawImage(picture, card.picture)
    line = line_height(small)
    beside = rect.adjusted(PICTURE_PX + 8, 0, 0, 0)
    bold = scaled(font, 0.95, bold=True)
    title = QRectF(beside.left(), beside.top(), beside.width(), line_height(bold))
    mark = " ●" if card.changed else ""
    write(painter, title, f"{number}  {card.name}{mark}", font=bold, color=colors.color("text"))
    room = int((beside.bottom() - title.bottom()) // line)
    lines = wrapped(card.note.replace("\n", " "), beside.width(), lambda text: width_of(small, text))
    if len(lines) > room:
        lines = [*lines[: room - 1], " ".join(lines[room - 1 :])]
    for at, text in enumerate(lines):
        place = QRectF(beside.left(), title.bottom() + at * line, beside.width(), line)
        write(painter, place, text, font=small, color=colors.color("muted"))

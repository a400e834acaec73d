"""Every state that was shown: a thumbnail, the layer of the edit, the margin and a flip mark for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDrag, QFont, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QStyle

from app import theme
from app.widgets.marks import describe
from app.widgets.painted import box, line_height, scaled, signed, write
from app.widgets.rows import ROW, Index, Rows, RowView
from app.widgets.scene_strip import card_mime

CARD_WIDTH_PX = 84
PICTURE_PX = 38
GAP_PX = 6
MARGIN_FULL = 8.0
FAINT = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """One state: its small picture, the edited layer, the margin where known, and what was done.

    `control` names what its edits are a control of, "" where they are the effect; `answer` is the label that was
    answered, and `sided` whether the sign of the margin tells which. `name` is what the user calls it, `starred`
    whether it stands out, and `faint` whether undo does not reach it.
    """

    text: str
    layer: str
    margin: float | None
    flipped: bool
    picture: QImage
    control: str = ""
    answer: str = ""
    sided: bool = True
    name: str = ""
    starred: bool = False
    faint: bool = False

    @property
    def told(self) -> str:
        """What it is called, what was done, what was answered, and under which control."""
        called = f"{self.name}{', starred' if self.starred else ''}" if self.name or self.starred else ""
        answer = f"Answer: {self.answer}" if self.answer else ""
        control = f"Control in force: {self.control}" if self.control else ""
        return "\n".join(part for part in (called.removeprefix(", "), self.text, answer, control) if part)


class HistoryStrip(RowView):
    """Steps from left to right; a click chooses one, the arrow keys step along them. The one in force is in sight.

    Two that are clicked with Ctrl are compared; F2 names the one in force; one that is dragged can become a scene.
    """

    chosen = Signal(int)
    stepped = Signal(int)
    compared = Signal(int, int)
    naming = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self) -> None:
        told = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        super().__init__(Rows(lambda step: dict.fromkeys(told, step.told)))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setUniformItemSizes(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("History")
        self.picked: int | None = None
        self._pressed, self._pressed_at = -1, QPointF()

    def set_steps(self, steps: Sequence[Step], current: int) -> None:
        """Show the steps, without a signal; `current` is the one in force."""
        self.rows.set_rows(steps)
        describe(self, f"Step {current + 1} of {len(steps)}: {steps[current].told}" if steps else "")
        if current != self.currentIndex().row():
            for near in (current - 1, current + 1):
                self.scrollTo(self.rows.index(near))
            self.setCurrentIndex(self.rows.index(current))

    def row_size(self, index: Index) -> QSize:
        return self.minimumSizeHint()

    def draw(self, painter: QPainter, rect: QRectF, index: Index, state: QStyle.StateFlag) -> None:
        colors, current = theme.current(), self.currentIndex().row()
        here, card = index.row() == current, QRectF(rect.left(), rect.top(), CARD_WIDTH_PX, self.sizeHint().height())
        picked, step = index.row() == self.picked, index.data(ROW)
        line = colors.color("accent") if here else colors.color("text") if picked else colors.color("line", 0.6)
        box(painter, card, radius=4, fill=colors.color("raised"), line=line, width=2 if here or picked else 1)
        painter.setOpacity(FAINT if step.faint or index.row() > current else 1.0)
        _paint_step(painter, card.adjusted(5, 5, -5, -4), step, self.font())

    def sizeHint(self) -> QSize:
        return QSize(4 * CARD_WIDTH_PX, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """One card and the gap after it."""
        return QSize(CARD_WIDTH_PX + GAP_PX, PICTURE_PX + round(line_height(scaled(self.font(), 0.85))) + 14)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Cards are of one size: a list would lay out and draw all of them anew."""
        QAbstractItemView.dataChanged(self, first, last, roles)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()  # what can be redone is faint

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._pick(index.row())
        else:
            self._pressed, self._pressed_at = index.row(), event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = (event.position() - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
        if self._pressed >= 0 and far:
            drag = QDrag(self)
            drag.setMimeData(card_mime(self._pressed))
            self._pressed = -1  # it is carried: nobody goes to it
            drag.exec(Qt.DropAction.CopyAction)
        if not event.buttons():  # with one held, a list would make what is under it the card in force
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, -1
        if 0 <= pressed == self.indexAt(event.position().toPoint()).row() != self.currentIndex().row():
            self.chosen.emit(pressed)

    def _pick(self, row: int) -> None:
        """The first of two to compare, or the second; the same again is let go."""
        first, self.picked = self.picked, row if self.picked is None else None
        self.viewport().update()
        if first is not None and first != row:
            self.compared.emit(first, row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if asked := self.menu_asked(event):
            self.menu_wanted.emit(*asked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        here, last = self.currentIndex().row(), self.rows.rowCount() - 1
        keys = {Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        there = keys.get(Qt.Key(event.key()), -1)
        if event.key() == Qt.Key.Key_F2 and here >= 0:
            self.naming.emit(here)
            return
        event.setAccepted(event.key() in keys)
        if 0 <= there <= last and there != here:
            self.stepped.emit(there)


def _paint_step(painter: QPainter, rect: QRectF, step: Step, font: QFont) -> None:
    colors, small = theme.current(), scaled(font, 0.85)
    picture = QRectF(rect.left(), rect.top(), PICTURE_PX, PICTURE_PX)
    painter.drawImage(picture, step.picture)
    side = QRectF(picture.right() + 5, rect.top(), rect.right() - picture.right() - 5, line_height(small))
    write(painter, side, step.layer, font=small, color=colors.color("muted"))
    if step.name:
        across = QRectF(rect.left(), rect.top(), rect.width(), side.height())
        painter.fillRect(across, colors.color("raised", 0.85))
        write(painter, across, step.name, font=scaled(font, 0.85, bold=True), color=colors.color("text"))
    if step.starred:
        write(painter, side, "★", font=small, color=colors.color("warning"), align=Qt.AlignmentFlag.AlignRight)
    if step.control:
        foot = QRectF(side.left(), picture.bottom() - side.height() + 2, side.width() + 4, side.height())
        write(painter, foot, "ctrl", font=scaled(font, 0.8, bold=True), color=colors.color("warning"))
    below = QRectF(rect.left(), picture.bottom() + 2, rect.width(), line_height(small))
    if step.margin is None:
        write(painter, below, "…", font=small, color=colors.color("muted"))
        return
    role = ("same" if step.margin > 0 else "different") if step.sided else "muted"
    reach = min(1.0, abs(step.margin) / MARGIN_FULL) * side.width()
    painter.fillRect(QRectF(side.left(), side.bottom() + 6, max(2.0, reach), 6), colors.color(role))
    said = signed(step.margin) if step.sided else step.answer
    write(painter, below, said, font=small, color=colors.color("text"))
    if step.flipped:
        write(painter, below, "⇄", font=small, color=colors.color("text"), align=Qt.AlignmentFlag.AlignRight)

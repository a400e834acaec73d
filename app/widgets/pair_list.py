"""Pairs, one a row: a small picture, the margin without the edits and with them, and whether the answer turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle

from app import theme
from app.widgets.marks import describe
from app.widgets.painted import box, line_height, signed, write
from app.widgets.rows import ROW, Index, Rows, RowView

PICTURE_PX, GAP_PX, SIDE_PX = 40, 4, 6
OPEN = "A click, or Enter, opens it as the document; undo goes back"


@dataclass(frozen=True, slots=True)
class PairRow:
    """One pair: its number from 1, and the labels that were answered without the edits and with them."""

    number: int
    picture: QImage
    before: float
    after: float
    answers: tuple[str, str]

    @property
    def turned(self) -> bool:
        """Whether the answer is another."""
        return self.answers[0] != self.answers[1]

    @property
    def told(self) -> str:
        """The row in words."""
        what = f"{self.answers[0]} turned into {self.answers[1]}" if self.turned else f"stays {self.answers[0]}"
        return f"Pair {self.number}: {what}, margin {signed(self.before)} to {signed(self.after)}. {OPEN}."


class PairList(RowView):
    """A click on a row, or Enter, chooses the pair with this index."""

    chosen = Signal(int)

    def __init__(self) -> None:
        told = (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole)
        super().__init__(Rows(lambda row: dict.fromkeys(told, row.told)))
        self.setFlow(QListView.Flow.TopToBottom)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Pairs")
        self.opened: int | None = None

    def set_rows(self, rows: Sequence[PairRow], opened: int | None = None) -> None:
        """Show the rows; `opened` is the one whose pair is the document."""
        self.rows.set_rows(rows)
        self.opened = opened
        n_turned = sum(row.turned for row in rows)
        describe(self, f"{n_turned} of {len(rows)} answers turned. {OPEN}." if rows else "No pairs yet")
        self.viewport().update()

    def row_size(self, index: Index) -> QSize:
        return QSize(self.viewport().width(), PICTURE_PX + 2 * GAP_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, PICTURE_PX + 2 * GAP_PX)

    def draw(self, painter: QPainter, rect: QRectF, index: Index, state: QStyle.StateFlag) -> None:
        look, row = theme.current(), index.data(ROW)
        hot = bool(state & QStyle.StateFlag.State_MouseOver) or (index == self.currentIndex() and self.hasFocus())
        here = index.row() == self.opened
        line = look.color("accent") if here else look.color("text", 0.7) if hot else look.color("line", 0.6)
        frame = rect.adjusted(0, 1, 0, -1)
        box(painter, frame, radius=4, fill=look.color("raised"), line=line, width=2 if here else 1)
        side = PICTURE_PX - 2
        picture = QRectF(frame.left() + SIDE_PX, frame.center().y() - side / 2, side, side)
        painter.drawImage(picture, row.picture)
        words = QRectF(picture.right() + SIDE_PX, 0, frame.right() - picture.right() - 2 * SIDE_PX, 0)
        height = line_height(self.font())
        words.setHeight(height)
        words.moveTop(frame.center().y() - height)
        muted, text = look.color("muted"), look.color("text")
        write(painter, words, f"{row.number}", font=self.font(), color=muted, align=Qt.AlignmentFlag.AlignRight)
        write(painter, words, f"{signed(row.before)} → {signed(row.after)}", font=self.font(), color=text)
        words.translate(0, height)
        answer = f"⇄ {row.answers[1]}" if row.turned else f"stays {row.answers[0]}"
        color = look.color(row.answers[1]) if row.turned and hasattr(look, row.answers[1]) else muted
        write(painter, words, answer, font=self.font(), color=color)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

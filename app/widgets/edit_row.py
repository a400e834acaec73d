"""One edit in the list: its value and its row."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.widgets.control_button import ControlButton
from app.widgets.edit_controls import RemoveButton, StrengthSlider, Switch
from app.widgets.painted import Painted, box, scaled, write

_EDGE_PX = 8
_GRIP_PX = 10
_SWITCH_PX = 34
_WIDE_PX = 280
_LEAST_DETAIL_PX = 48
_WRAP = int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class EditRow:
    """One edit: what it does, more about it, whether it is on, its strength (0–2), and why it does nothing, or "".

    `controls` are the controls that it has, `control` the one that it is, `drawn` says that it can be drawn again.
    """

    text: str
    detail: str
    enabled: bool
    strength: float
    warning: str = ""
    control: str = ""
    controls: tuple[str, ...] = ()
    drawn: bool = False


class EditRowView(Painted):
    """Draws an `EditRow` with its controls; a drag on the row itself lifts it."""

    toggled = Signal(bool)
    strength_picked = Signal(float)
    strength_held = Signal(bool)
    removed = Signal()
    lifted = Signal()
    dragged = Signal(QPointF)
    dropped = Signal()
    shifted = Signal(int)
    stepped = Signal(int)
    control_picked = Signal(str)
    drawn_again = Signal()

    def __init__(self, row: EditRow, parent: QWidget) -> None:
        super().__init__(parent)
        self.switch = Switch(self)
        self.slider = StrengthSlider(self)
        self.remove = RemoveButton(self)
        self.control = ControlButton(self)
        self._pressed_at: QPointF | None = None
        self._lifted = False
        self.switch.clicked.connect(self.toggled)
        self.slider.picked.connect(self.strength_picked)
        self.slider.sliderPressed.connect(lambda: self.strength_held.emit(True))
        self.slider.sliderReleased.connect(lambda: self.strength_held.emit(False))
        self.remove.clicked.connect(self.removed)
        self.control.picked.connect(self.control_picked)
        self.control.drawn_again.connect(self.drawn_again)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.row = row
        self.set_row(row)

    def set_row(self, row: EditRow) -> None:
        """Show `row`, silently."""
        self.row = row
        self.switch.setChecked(row.enabled)
        self.slider.set_strength(row.strength)
        self.switch.setToolTip("Turn this edit off" if row.enabled else "Turn this edit on")
        self.switch.setAccessibleName(row.text)
        self.switch.setAccessibleDescription(
            "; ".join(filter(None, (row.detail, row.warning, "Delete removes, Alt with Up or Down moves")))
        )
        self.slider.setAccessibleName(f"Strength of {row.text}")
        self.remove.setAccessibleName(f"Remove {row.text}")
        self.remove.setToolTip("Remove this edit (Delete)")
        self.setToolTip("\n".join(filter(None, (row.text, row.detail, row.warning, "Drag to change the order"))))
        self.setAccessibleName(row.text)
        self.slider.set_dimmed(dimmed=not row.enabled)
        self.control.set_choice(row.control, row.controls, of=row.text, drawn=row.drawn)
        self._arrange()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDE_PX, self.heightForWidth(_WIDE_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(170, self.heightForWidth(170))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """The text wraps where the row is narrow; a warning has a line of its own."""
        warning = self._small_height() + 3 if self.row.warning else 0.0
        return round(self._head(width).height() + self.slider.sizeHint().height() + warning + 10)

    def settle(self) -> None:
        """Put down what is lifted; the list calls it when a drag ends early."""
        self._pressed_at = None
        self._lifted = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        size, head = self.slider.sizeHint(), self._head(self.width())
        wide = min(size.width(), max(self.slider.minimumSizeHint().width(), self.width() * 2 // 5))
        self.switch.setGeometry(QRect(_EDGE_PX + _GRIP_PX - 3, round(head.top()) - 2, 32, 22))
        self.remove.setGeometry(QRect(self.width() - 26, round(head.top()) - 2, 22, 22))
        self.slider.setGeometry(QRect(self.width() - wide - 4, round(head.bottom()) + 1, wide, size.height()))
        pill = self.control.sizeHint()
        room = max(0, self.slider.x() - round(head.left()) - 2)
        self.control.setGeometry(
            QRect(round(head.left()), self.slider.y(), min(pill.width(), room), self.slider.height())
        )

    def _head(self, width: int) -> QRectF:
        """Where the text lies in a row of `width`."""
        left = _EDGE_PX + _GRIP_PX + _SWITCH_PX
        room = QRectF(left, 5, max(40, width - left - 28), 1000)
        wrapped = QFontMetricsF(self.font()).boundingRect(room, _WRAP, self.row.text)
        return QRectF(left, 5, room.width(), max(18.0, wrapped.height()))

    def _small_height(self) -> float:
        return QFontMetricsF(scaled(self.font(), 0.85)).height()

    def paint(self, painter: QPainter) -> None:
        colors, row = theme.current(), self.row
        marked = colors.color("warning", 0.8) if row.control else None
        edge = colors.color("accent") if self._lifted else marked
        box(painter, QRectF(self.rect()), radius=5, fill=colors.color("raised"), line=edge, width=1.5)
        self._paint_grip(painter)
        head = self._head(self.width())
        painter.setFont(self.font())
        painter.setPen(colors.color("text" if row.enabled else "muted"))
        painter.drawText(head, _WRAP | int(Qt.AlignmentFlag.AlignVCenter), row.text)
        small: QFont = scaled(self.font(), 0.85)
        left = self.control.geometry().right() + 7 if row.controls else head.left()
        foot = QRectF(left, self.slider.y(), self.slider.x() - left - 2, self.slider.height())
        if foot.width() > _LEAST_DETAIL_PX:
            write(painter, foot, row.detail, font=small, color=colors.color("muted"))
        if row.warning:
            line = QRectF(head.left(), foot.bottom() + 1, self.width() - head.left() - 8, self._small_height())
            self._paint_warning(painter, QRectF(line.left(), line.center().y() - 5, 11, 10))
            line.setLeft(line.left() + 16)
            write(painter, line, row.warning, font=small, color=colors.color("warning"))

    def _paint_grip(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().color("muted", 0.7))
        middle = self.height() / 2
        for x in (_EDGE_PX - 1.0, _EDGE_PX + 3.0):
            for y in (middle - 4.5, middle, middle + 4.5):
                painter.drawEllipse(QPointF(x, y), 1.1, 1.1)

    def _paint_warning(self, painter: QPainter, rect: QRectF) -> None:
        color = theme.current().color("warning")
        path = QPainterPath(QPointF(rect.center().x(), rect.top()))
        path.lineTo(rect.bottomRight())
        path.lineTo(rect.bottomLeft())
        path.closeSubpath()
        painter.setPen(QPen(color, 1.2, j=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(theme.current().color("warning", 0.2))
        painter.drawPath(path)
        painter.drawLine(rect.center() + QPointF(0, -1.5), rect.center() + QPointF(0, 1.2))
        painter.drawPoint(rect.center() + QPointF(0, 3.2))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
            self.switch.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            return
        far = (event.position() - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
        if far and not self._lifted:
            self._lifted = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.lifted.emit()
            self.update()
        if self._lifted:
            self.dragged.emit(self.mapToParent(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        lifted = self._lifted
        self.settle()
        if lifted:
            self.dropped.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the controls left alone."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif step is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.shifted.emit(step)
        elif step is not None:
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)

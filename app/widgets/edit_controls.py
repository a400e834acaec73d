"""The controls in a row of the edit list: switch, strength slider and remove button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QWidget

from app import theme
from app.widgets.marks import paint_focus
from app.widgets.painted import cross, scaled, write

_STEPS_PER_UNIT = 100
_MAX_STRENGTH = 2.0
_DETENT = 0.04
_WHEEL_STEP = 5
_WHEEL_NOTCH = 120
_NUMBER_PX = 30
_FOR_THE_ROW = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_VERTICAL = (Qt.Key.Key_Up, Qt.Key.Key_Down)
_HORIZONTAL = (Qt.Key.Key_Left, Qt.Key.Key_Right)


class RowButton(QAbstractButton):
    """A button that leaves the arrows to its row and takes Enter like Space."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in _VERTICAL or event.key() in _HORIZONTAL or event.key() in _FOR_THE_ROW:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()


class Switch(RowButton):
    """On or off, drawn as a knob in a track."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(32, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0, 0, 26, 14)
        track.moveCenter(QRectF(self.rect()).center())
        painter.setPen(QPen(colors.color("muted"), 1) if self.underMouse() else Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("accent" if self.isChecked() else "line"))
        painter.drawRoundedRect(track, 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.white)
        knob_x = track.right() - 7 if self.isChecked() else track.left() + 7
        painter.drawEllipse(QPointF(knob_x, track.center().y()), 5.5, 5.5)
        if self.hasFocus():
            paint_focus(painter, track.adjusted(-2.25, -2.25, 2.25, 2.25), colors, radius=9)
        painter.end()


class RemoveButton(RowButton):
    """A small ✕."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(22, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = QRectF(0, 0, 16, 16)
        disc.moveCenter(QRectF(self.rect()).center())
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("line"))
            painter.drawEllipse(disc)
        lively = self.underMouse() or self.hasFocus()
        cross(painter, disc.center(), 6.5, colors.color("text" if lively else "muted"))
        if self.hasFocus():
            paint_focus(painter, disc.adjusted(-1, -1, 1, 1), colors, radius=9)
        painter.end()


class StrengthSlider(QAbstractSlider):
    """A strength between 0 and 2, with a detent at 1; `picked` only tells of what the person does."""

    picked = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._wheel = 0
        self._dimmed = False
        self._shown = 0.0
        self.setRange(0, round(_MAX_STRENGTH * _STEPS_PER_UNIT))
        self.setSingleStep(_WHEEL_STEP)
        self.setPageStep(25)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Strength")
        self.setToolTip("Strength α, 0 to 2 — drag, wheel or arrow keys; double click for 1")
        self.valueChanged.connect(self._tell)

    @property
    def strength(self) -> float:
        return self.value() / _STEPS_PER_UNIT

    def set_strength(self, strength: float) -> None:
        """Show `strength` without telling anybody; beyond the range the number is right and the handle at the end."""
        self._shown = strength
        blocked = self.blockSignals(True)
        self.setValue(round(strength * _STEPS_PER_UNIT))
        self.blockSignals(blocked)
        self.update()

    def set_dimmed(self, *, dimmed: bool) -> None:
        """Draw the slider as that of an edit that is off; it still works."""
        self._dimmed = dimmed
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, 18)

    def minimumSizeHint(self) -> QSize:
        return QSize(72, 18)

    def handle_place(self, strength: float) -> QPointF:
        """Where the handle lies for `strength`, in logical pixels of the slider."""
        groove = self._groove()
        return QPointF(groove.left() + strength / _MAX_STRENGTH * groove.width(), groove.center().y())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._pull(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._pull(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.setValue(_STEPS_PER_UNIT)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._wheel / _WHEEL_NOTCH)
        self._wheel -= notches * _WHEEL_NOTCH
        event.accept()
        self.setValue(self.value() + notches * _WHEEL_STEP)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _VERTICAL:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove, handle = self._groove(), self.handle_place(self.strength)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("line"))
        painter.drawRoundedRect(groove, 1.5, 1.5)
        whole = self.handle_place(1.0)
        painter.drawRoundedRect(QRectF(whole.x() - 1, whole.y() - 4.5, 2, 9), 1, 1)
        tone = colors.color("muted" if self._dimmed else "accent")
        painter.setBrush(tone)
        painter.drawRoundedRect(QRectF(groove.topLeft(), QPointF(handle.x(), groove.bottom())), 1.5, 1.5)
        painter.drawEllipse(handle, 4.5, 4.5)
        number = QRectF(groove.right() + 7, 0, _NUMBER_PX, self.height())
        write(painter, number, f"{self._shown:.2f}", font=scaled(self.font(), 0.85), color=colors.color("muted"))
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), colors, radius=6)
        painter.end()

    def _groove(self) -> QRectF:
        left, right = 8.0, self.width() - _NUMBER_PX - 9.0
        return QRectF(left, self.height() / 2 - 1.5, max(1.0, right - left), 3)

    def _pull(self, event: QMouseEvent) -> None:
        groove = self._groove()
        strength = (event.position().x() - groove.left()) / groove.width() * _MAX_STRENGTH
        near_one = abs(strength - 1) <= _DETENT and not event.modifiers() & Qt.KeyboardModifier.AltModifier
        self.setValue(_STEPS_PER_UNIT if near_one else round(strength * _STEPS_PER_UNIT))

    def _tell(self) -> None:
        self._shown = self.strength
        self.update()
        self.picked.emit(self.strength)

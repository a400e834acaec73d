"""A slider that pushes a pair towards different or same, and the small meter of what the probe says of the pair."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from app import theme
from app.numbers import percent
from app.widgets.interaction import RESETS, Holding, Interactive, Notches
from app.widgets.marks import describe, paint_focus
from app.widgets.meter_paint import paint_bar
from app.widgets.painted import STALE_OPACITY, Painted, Paints, box, line_height, scaled, width_of, write
from app.widgets.reading import COMPUTING, Look, Reading

REACH = 2.0
TICKS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
_STEPS_PER_UNIT = 100
_DETENT = 0.06
_KEY_STEP = 5
_EDGE_PX = 8.0
_GROOVE_PX = 9.0
_BAR_PX = 12.0
_SMALL = 0.92
_WORD_GAP_PX = 7.0
_REACHES = (4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


class ProbeSlider(Holding[bool], Interactive, Paints, QAbstractSlider):
    """A signed α with zero in the middle: below it towards different, above it towards same.

    It reaches from −2 to 2 times `unit`, the α that does most, as far as was measured.

    `pushed` only tells of what the person does. A drag lies between `gesture_started` and `gesture_finished` or
    `gesture_cancelled`; Escape cancels it, a double click asks for `reset`.
    """

    pushed = Signal(float)
    reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dimmed = True
        self._notches = Notches()
        self._unit = 1.0
        self.setRange(-round(REACH * _STEPS_PER_UNIT), round(REACH * _STEPS_PER_UNIT))
        self.setSingleStep(_KEY_STEP)
        self.setPageStep(_STEPS_PER_UNIT // 2)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(self._tell)

    @property
    def alpha(self) -> float:
        """The signed strength that the handle stands for."""
        return self.value() / _STEPS_PER_UNIT * self._unit

    def show_push(self, alpha: float, *, active: bool, unit: float = 1.0) -> None:
        """Show a push without telling anybody; beyond the reach the handle stands at the end."""
        self._unit = unit
        blocked = self.blockSignals(True)
        self.setValue(round(alpha / unit * _STEPS_PER_UNIT))
        self.blockSignals(blocked)
        self._dimmed = not active
        self.update()

    def place(self, alpha: float) -> QPointF:
        """Where the handle lies for a signed strength, in logical pixels of the slider."""
        return self._at(alpha / self._unit)

    def _at(self, units: float) -> QPointF:
        inner = self.width() - 2 * _EDGE_PX
        return QPointF(_EDGE_PX + inner * (units + REACH) / (2 * REACH), _GROOVE_PX)

    def sizeHint(self) -> QSize:
        return QSize(180, round(2 * _GROOVE_PX + line_height(scaled(self.font(), _SMALL))))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def wants(self, event: QKeyEvent) -> bool:
        return event.key() in RESETS or (event.key() == Qt.Key.Key_Escape and self.held is not None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.held = True
            self.gesture_started.emit()
            self._pull(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.held:
            self._pull(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.held:
            self.held = None
            self.gesture_finished.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turns the handle that has the keyboard; else the panel scrolls."""
        if not self.hasFocus():
            event.ignore()
            return
        self.setValue(self.value() + self._notches.of(event) * _KEY_STEP)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.held is not None:
            self.cancel()
        elif event.key() in RESETS:
            self.reset.emit()
        else:
            super().keyPressEvent(event)

    def paint(self, painter: QPainter) -> None:
        painter.setOpacity(1.0 if self.isEnabled() else STALE_OPACITY)
        self._paint_track(painter)
        self._paint_handle(painter)
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.current(), radius=6)

    def _paint_track(self, painter: QPainter) -> None:
        colors = theme.current()
        left, right, zero = self._at(-REACH), self._at(REACH), self._at(0.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("line"))
        painter.drawRoundedRect(QRectF(left.x(), left.y() - 1.5, right.x() - left.x(), 3), 1.5, 1.5)
        for tick in TICKS:
            tall = 7.0 if tick == 0.0 else 5.0 if abs(tick) != 0.5 else 3.5
            place = self._at(tick)
            painter.setBrush(colors.color("text" if tick == 0.0 else "muted"))
            painter.drawRect(QRectF(place.x() - 0.6, place.y() - tall, 1.2, 2 * tall))
        small = scaled(self.font(), _SMALL)
        under = QRectF(4, 2 * _GROOVE_PX - 2, self.width() - 8, line_height(small))
        sides = (
            ("different", Qt.AlignmentFlag.AlignLeft, self.alpha < 0),
            ("same", Qt.AlignmentFlag.AlignRight, self.alpha > 0),
        )
        for word, align, chosen in sides:
            tone = colors.color(word if chosen and not self._dimmed else "muted")
            write(painter, under, word, font=small, color=tone, align=align)
        if zero.x() - under.left() > width_of(small, "different") + 6:
            write(painter, under, "0", font=small, color=colors.color("muted"), align=Qt.AlignmentFlag.AlignHCenter)

    def _paint_handle(self, painter: QPainter) -> None:
        colors = theme.current()
        zero, handle = self.place(0.0), self.place(self.alpha)
        side = "same" if self.alpha > 0 else "different"
        tone = colors.color("muted" if self._dimmed or not self.alpha else side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone)
        painter.drawRect(QRectF(QPointF(zero.x(), zero.y() - 1.5), QPointF(handle.x(), zero.y() + 1.5)).normalized())
        painter.setBrush(colors.color("panel"))
        painter.drawEllipse(handle, 7.0, 7.0)
        painter.setBrush(tone)
        painter.drawEllipse(handle, 5.5, 5.5)

    def _pull(self, event: QMouseEvent) -> None:
        left, right = self._at(-REACH).x(), self._at(REACH).x()
        units = (event.position().x() - left) / max(1.0, right - left) * 2 * REACH - REACH
        near = min(TICKS, key=lambda tick: abs(tick - units))
        if abs(near - units) <= _DETENT and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            units = near
        self.setValue(round(units * _STEPS_PER_UNIT))

    def _tell(self) -> None:
        self.update()
        self.pushed.emit(self.alpha)


def sureness(margin: float) -> str:
    """The probability that a probe gives to the side that it takes, from its logit: “98 %”."""
    share = 1 / (1 + math.exp(-min(abs(margin), 50.0)))
    return percent(share) if share < 0.995 else "> 99 %"


def sided(margin: float) -> str:
    """The side that a probe takes."""
    return "same" if margin > 0 else "different"


class PairMeter(Painted):
    """The probe's reading of one pair in the grammar of the decision meter, its zero under that of the slider."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reading: Reading | None = None
        self._stale = False
        self._message = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def reading(self) -> Reading | None:
        """What is shown."""
        return self._reading

    def show_reading(self, reading: Reading | None, *, stale: bool = False, message: str = "") -> None:
        """Show `reading`, greyed when `stale`; without one, `message`."""
        self._reading, self._stale, self._message = reading, stale, message
        told = message if reading is None else ", ".join(filter(None, (COMPUTING if stale else "", reading.told())))
        describe(self, told)
        self.setToolTip(
            f"The probe says: {told}\nThe share is the probability that it gives to its answer; the bar is the logit, "
            "same − different. Filled: now. Hollow: without edits."
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, round(_BAR_PX + 5 + line_height(scaled(self.font(), _SMALL))))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paint(self, painter: QPainter) -> None:
        colors, reading = theme.current(), self._reading
        bar = QRectF(_EDGE_PX, 3, max(1.0, self.width() - 2 * _EDGE_PX), _BAR_PX)
        small = scaled(self.font(), _SMALL)
        words = QRectF(1, bar.bottom() + 2, self.width() - 2, line_height(small))
        painter.setOpacity(STALE_OPACITY if self._stale else 1.0)
        box(painter, bar, radius=2, fill=colors.color("raised"))
        if reading is None:
            write(painter, words, self._message, font=small, color=colors.color("muted"))
            return
        peak = max(abs(reading.margin), abs(reading.baseline or 0.0))
        reach = next((reach for reach in _REACHES if peak <= reach), _REACHES[-1])
        paint_bar(painter, bar, Look(reading, self._stale, "", reach, 0.0), reading)
        self._paint_words(painter, words, reading)

    def _paint_words(self, painter: QPainter, area: QRectF, reading: Reading) -> None:
        colors = theme.current()
        plain, bold = scaled(self.font(), _SMALL), scaled(self.font(), _SMALL, bold=True)
        side = colors.color("same" if reading.margin > 0 else "different")
        parts = [(f"{reading.word} {sureness(reading.margin)}", bold, side)]
        if reading.flipped:
            parts.append(("⇄ FLIP", bold, side))
        if reading.mistake:
            whole = sum(width_of(font, text) for text, font, _ in parts) + _WORD_GAP_PX + width_of(bold, "✕ mistake")
            parts.append(("✕ mistake" if whole <= area.width() else "✕", bold, colors.color("warning")))
        if reading.baseline is not None:
            before = "" if (reading.baseline > 0) == (reading.margin > 0) else f"{sided(reading.baseline)} "
            parts.append((f"was {before}{sureness(reading.baseline)}", plain, colors.color("muted")))
        widths = [width_of(font, text) + _WORD_GAP_PX for text, font, _ in parts]
        if reading.baseline is not None and sum(widths) - _WORD_GAP_PX > area.width():
            del parts[-1], widths[-1]  # the ghost shows it
        left = area.left() + max(0.0, (area.width() - sum(widths) + _WORD_GAP_PX) / 2)
        for text, font, color in parts:
            room = QRectF(left, area.top(), min(width_of(font, text) + 1, area.right() - left), area.height())
            write(painter, room, text, font=font, color=color)
            left += width_of(font, text) + _WORD_GAP_PX

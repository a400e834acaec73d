"""The undo stack made visible: a thumbnail, the layer of the edit, the margin and a flip mark for every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import theme
from app.widgets.painted import Painted, box, line_height, rgb_image, scaled, signed, write

CARD_WIDTH_PX = 84
PICTURE_PX = 38
GAP_PX = 6
MARGIN_FULL = 8.0


@dataclass(frozen=True, slots=True)
class Step:
    """One state: its small picture [n, n, 3], the edited layer, the margin where known, and what was done.

    `control` names what its edits are a control of, "" where they are the effect; `answer` is the label that was
    answered, and `sided` whether the sign of the margin tells which.
    """

    text: str
    layer: str
    margin: float | None
    flipped: bool
    picture: np.ndarray = field(compare=False)
    control: str = ""
    answer: str = ""
    sided: bool = True

    @property
    def told(self) -> str:
        """What was done, what was answered, and under which control."""
        answer = f"Answer: {self.answer}" if self.answer else ""
        control = f"Control in force: {self.control}" if self.control else ""
        return "\n".join(part for part in (self.text, answer, control) if part)


class HistoryStrip(Painted):
    """Steps from left to right; a click chooses one, the arrow keys step along them."""

    chosen = Signal(int)
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Step, ...] = ()
        self._current = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("History")

    def set_steps(self, steps: Sequence[Step], current: int) -> None:
        """Show the steps, without a signal; `current` is the one in force."""
        self._steps, self._current = tuple(steps), current
        self.setAccessibleDescription(f"Step {current + 1} of {len(steps)}: {steps[current].told}" if steps else "")
        self.updateGeometry()
        self.update()

    def card_rect(self, index: int) -> QRectF:
        """Where a step is drawn."""
        return QRectF(index * (CARD_WIDTH_PX + GAP_PX), 0, CARD_WIDTH_PX, self.sizeHint().height())

    def sizeHint(self) -> QSize:
        width = len(self._steps) * (CARD_WIDTH_PX + GAP_PX)
        return QSize(width, PICTURE_PX + round(line_height(scaled(self.font(), 0.85))) + 14)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paint(self, painter: QPainter) -> None:
        colors = theme.current()
        seen = QRectF(self.visibleRegion().boundingRect() if self.isVisible() else self.rect())
        for index, step in enumerate(self._steps):
            rect = self.card_rect(index)
            if not rect.intersects(seen):
                continue
            here = index == self._current
            line = colors.color("accent") if here else colors.color("line", 0.6)
            box(painter, rect, radius=4, fill=colors.color("raised"), line=line, width=2 if here else 1)
            painter.setOpacity(1.0 if index <= self._current else 0.5)
            self._paint_step(painter, rect.adjusted(5, 5, -5, -4), step, colors)
            painter.setOpacity(1.0)

    def _paint_step(self, painter: QPainter, rect: QRectF, step: Step, colors: theme.Theme) -> None:
        small = scaled(self.font(), 0.85)
        picture = QRectF(rect.left(), rect.top(), PICTURE_PX, PICTURE_PX)
        painter.drawImage(picture, rgb_image(step.picture))
        side = QRectF(picture.right() + 5, rect.top(), rect.right() - picture.right() - 5, line_height(small))
        write(painter, side, step.layer, font=small, color=colors.color("muted"))
        if step.control:
            foot = QRectF(side.left(), picture.bottom() - side.height() + 2, side.width() + 4, side.height())
            write(painter, foot, "ctrl", font=scaled(self.font(), 0.8, bold=True), color=colors.color("warning"))
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

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            index = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._steps[index].told if index >= 0 else "", self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index not in (-1, self._current):
            self.chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps:
            self._step_to(self._current + steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._step_to(0 if event.key() == Qt.Key.Key_Home else len(self._steps) - 1)
        else:
            super().keyPressEvent(event)

    def _at(self, place: QPointF) -> int:
        hits = (i for i in range(len(self._steps)) if self.card_rect(i).contains(place))
        return next(hits, -1)

    def _step_to(self, index: int) -> None:
        if 0 <= index < len(self._steps) and index != self._current:
            self.stepped.emit(index)

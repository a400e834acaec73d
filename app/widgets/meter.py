"""The decision meter: the logit margin as a word, a number and a bar with a ghost and a trail."""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.widgets.answering import Answering, reach_for
from app.widgets.marks import describe
from app.widgets.meter_paint import (
    FADE_STEPS,
    paint_caption,
    paint_ground,
    paint_reading,
    paint_scale,
    paint_trail,
    plan_of,
)
from app.widgets.painted import STALE_OPACITY
from app.widgets.reading import NO_READING, Look, Reading

__all__ = ["DecisionMeter", "Reading"]

REACHES = (4.0, 8.0, 16.0, 32.0)
_MAX_TRAIL = 240


class DecisionMeter(Answering[Reading]):
    """Shows one `Reading`, the margin between two classes."""

    def __init__(self, parent: QWidget | None = None, *, trail_ms: int = 2000) -> None:
        super().__init__(parent)
        self._reach = REACHES[0]
        self._trail_s = trail_ms / 1000
        self._trail: deque[tuple[float, float]] = deque(maxlen=_MAX_TRAIL)
        self._fading = QTimer(self)
        self._fading.setInterval(max(1, trail_ms // FADE_STEPS))
        self._fading.timeout.connect(self._fade)
        self._tell()

    def _changed(self, before: Reading | None) -> None:
        reading = self._reading
        if reading is None:
            self._trail.clear()
            self._fading.stop()
        else:
            if before is not None and (before.low, before.high) != (reading.low, reading.high):
                self._trail.clear()  # margins between other classes are not on this scale
            if reading != before:
                self._remember(reading.margin)
        self._fit_reach()

    @property
    def reach(self) -> float:
        """The margin at the last tick of the bar."""
        return self._reach

    def trail(self) -> tuple[float, ...]:
        """The margins of the last two seconds, oldest first."""
        return tuple(margin for _, margin in self._trail)

    def is_fading(self) -> bool:
        """Whether the trail still has dots to fade."""
        return self._fading.isActive()

    def paint(self, painter: QPainter) -> None:
        reading = self._reading
        words = (reading or NO_READING).setting
        plan = self.kept("plan", words, lambda: plan_of(QRectF(self.rect()), self.font(), words))
        reach, opacity = self._reach, STALE_OPACITY if self._stale else 1.0
        self.still(painter, "ground", None, lambda still: paint_ground(still, QRectF(self.rect())))
        paint_caption(painter, plan, look := self._look())
        trail = self._faded_trail()
        painter.setOpacity(opacity)
        self.still(painter, "scale", (words, reach), lambda still: paint_scale(still, plan, reach, words))
        self.still(painter, "trail", (plan, reach, trail), lambda still: paint_trail(still, plan.bar, reach, trail))
        painter.setOpacity(1.0 if reading is None else opacity)
        paint_reading(painter, plan, look)

    def _look(self) -> Look:
        return Look(self._reading, self._stale, self._message, self._reach, self.pulse)

    def _faded_trail(self) -> tuple[tuple[float, int], ...]:
        """Margins, each with how far it has faded; a figure has no past."""
        if self.pose is not None:
            return ()
        step_s = self._trail_s / FADE_STEPS
        now = int(time.monotonic() / step_s)  # all dots fade at the same moments, and between them nothing does
        return tuple((margin, min(FADE_STEPS, now - int(born / step_s))) for born, margin in self._trail)

    def _remember(self, margin: float) -> None:
        self._forget_old()
        self._trail.append((time.monotonic(), margin))
        self._fading.start()  # from now: what is painted for this reading is faded as well

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._trail_s
        while self._trail and self._trail[0][0] < oldest:
            self._trail.popleft()

    def _fade(self) -> None:
        self._forget_old()
        if not self._trail:
            self._fading.stop()
        self._fit_reach()
        self.update()

    def _fit_reach(self) -> None:
        """Grow at once; shrink only with room to spare, and not while the trail still needs it."""
        values = [margin for _, margin in self._trail]
        if self._reading is not None:
            values += [self._reading.margin, self._reading.baseline or 0.0]
        if not values:
            return
        peak = max(abs(value) for value in values)
        self._reach = reach_for(peak, self._reach, REACHES)

    def _tell(self) -> None:
        told = self._told()
        describe(self, told)
        words = self._reading or NO_READING
        unit = words.unit.capitalize()
        legend = f"{unit}, {words.high} over {words.low}. Filled: now. Hollow: without edits. Dots: the last 2 s."
        self.setToolTip("\n".join(part for part in (told, words.note, legend) if part))

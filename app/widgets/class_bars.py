"""Class bars: the classes that a model with several finds likeliest, each with a ghost of what it was without edits."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.widgets.answering import Answering, reach_for
from app.widgets.class_bars_paint import paint_bars, paint_words
from app.widgets.marks import describe
from app.widgets.painted import STALE_OPACITY
from app.widgets.reading import COMPUTING, ClassReading, percent

REACHES = (0.1, 0.25, 0.5, 1.0)
"""Probabilities at the end of the bars."""


class ClassBars(Answering[ClassReading]):
    """Shows one `ClassReading`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reach = REACHES[0]
        self._tell()

    @property
    def reach(self) -> float:
        """The probability at the end of a bar."""
        return self._reach

    def paint(self, painter: QPainter) -> None:
        area, reading = QRectF(self.rect()), self._reading
        note = self._message or (COMPUTING if self._stale else "")
        faint = STALE_OPACITY if self._stale and reading is not None else 1.0
        bars = () if reading is None else reading.bars
        beside = paint_words(painter, area, self.font(), reading, note, self.pulse, faint)
        painter.setOpacity(faint)
        paint_bars(painter, beside, self.font(), bars, self._reach)
        painter.setOpacity(1.0)

    def _changed(self, before: ClassReading | None) -> None:
        """Grow the scale at once; shrink it only with room to spare."""
        if self._reading is None:
            return
        peak = max(max(bar.share, bar.ghost or 0.0) for bar in self._reading.bars)
        self._reach = reach_for(peak, self._reach, REACHES)

    def _tell(self) -> None:
        told = self._told()
        describe(self, told)
        legend = f"Probability, to {percent(self._reach)} at the right. Filled: now. Hollow: without edits."
        self.setToolTip(f"{told}\n{legend}")

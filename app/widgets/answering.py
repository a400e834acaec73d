"""What the widgets that show a decision share: one reading at a time, greyed where it is of another state, and a flip
that is marked and announced once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractAnimation, QEvent, QSize, QVariantAnimation
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.widgets.painted import Painted, announce, line_height
from app.widgets.reading import COMPUTING, WAITING

HEIGHT_EM, LOW_EM = 6.1, 4.4
_PULSE_MS = 250
_SHRINK_BELOW = 0.8  # a smaller reach is taken only when everything fits into this share of it


class Told(Protocol):
    """What a reading must say of itself."""

    @property
    def word(self) -> str:
        """The answer in a word."""

    @property
    def flipped(self) -> bool:
        """Whether the edits changed the answer."""

    def told(self) -> str:
        """The reading as a sentence."""


R = TypeVar("R", bound=Told)


class Answering(Painted, Generic[R]):
    """Shows one reading; computes nothing and has nothing to press."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reading: R | None = None
        self._certain: R | None = None  # the last reading that was not stale
        self._stale = False
        self._message = ""
        self._tall_em = HEIGHT_EM
        self._pulse = QVariantAnimation(self)
        self._pulse.setDuration(_PULSE_MS)
        self._pulse.setStartValue(0.0)
        self._pulse.setEndValue(1.0)
        self._pulse.valueChanged.connect(self._beat)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Decision")

    def show_reading(self, reading: R | None, *, stale: bool = False, message: str = "") -> None:
        """Show `reading`; when `stale` the same reading greyed, until the new one comes."""
        if (reading, stale, message) == (self._reading, self._stale, self._message):
            return
        before = self._reading
        self._reading, self._stale, self._message = reading, stale, message
        self._changed(before)
        if reading is not None and not stale:
            self._notice_flip(self._certain, reading)
            self._certain = reading
        self._tell()
        self.update()

    def is_pulsing(self) -> bool:
        """Whether a flip is being marked now."""
        return self._pulse.state() == QAbstractAnimation.State.Running

    @property
    def pulse(self) -> float:
        """How far the mark of a flip has come, from 0 to 1."""
        return float(self._pulse.currentValue()) if self.is_pulsing() else 0.0

    def set_low(self, low: bool) -> None:
        """Take less height, or as much as it likes again."""
        self._tall_em = LOW_EM if low else HEIGHT_EM
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(64 * em), round(self._tall_em * em))

    def figure_height(self, width_px: float) -> float:
        return HEIGHT_EM * line_height(self.font())

    def minimumSizeHint(self) -> QSize:
        em = line_height(self.font())
        return QSize(round(18 * em), round(self._tall_em * em))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LocaleChange:
            self._tell()  # numbers are written otherwise

    def _told(self) -> str:
        """The reading in words, with what keeps it from being of now."""
        if self._reading is None:
            return self._message or WAITING
        note = self._message or (COMPUTING if self._stale else "")
        return ", ".join(part for part in (note, self._reading.told()) if part)

    def _changed(self, before: R | None) -> None:
        """Take another reading in."""

    def _tell(self) -> None:
        """Say what is shown to a screen reader and in the tool tip."""
        raise NotImplementedError

    def _beat(self, _progress: float) -> None:
        self.update()

    def _notice_flip(self, before: R | None, reading: R) -> None:
        if not reading.flipped or (before is not None and before.flipped and before.word == reading.word):
            return
        self._pulse.stop()
        self._pulse.start()
        announce(self, f"Flip: {reading.told()}")


def reach_for(peak: float, before: float, reaches: Sequence[float]) -> float:
    """How far a scale goes: as far as the peak at once, and back only with room to spare."""
    grown = next((reach for reach in reaches if peak <= reach), reaches[-1])
    roomy = next((reach for reach in reaches if peak <= _SHRINK_BELOW * reach), reaches[-1])
    return max(grown, min(before, roomy))

"""The gain of one query-key mode: a slider around 1, off and on."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSlider, QWidget

from app.desk import Desk
from app.numbers import fixed
from core.interventions.mode_gain import ModeGain, gain_of, with_gain

MOST, STEPS = 2.0, 100
"""The largest gain, and steps of the slider for a gain of 1."""


class GainRow(QWidget):
    """What a head does with a mode at another gain: a drag is one undo step, and at 1 nothing is edited."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._gesture = ""
        self._mode = (0, 0, 0)
        self.words, self.number, self.on = QLabel(), QLabel(), QCheckBox("On")
        self.words.setWordWrap(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(MOST * STEPS))
        self.slider.setAccessibleName("Gain")
        self.slider.setPageStep(STEPS // 4)
        self.slider.setToolTip("How much of this mode is in the scores of its head: 0 is off, 1 as it is, 2 twice")
        self.on.setToolTip("Without this mode the head scores by all its others")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words, 0, 0, 1, 4)
        for column, widget in enumerate((self.on, QLabel("Gain"), self.slider, self.number)):
            layout.addWidget(widget, 1, column)
        layout.setColumnStretch(2, 1)
        self.slider.sliderPressed.connect(self._start)
        self.slider.valueChanged.connect(lambda value: self._turn(value / STEPS))
        self.slider.sliderReleased.connect(self._finish)
        self.on.clicked.connect(lambda on: self._turn(1.0 if on else 0.0))

    def show_mode(self, block: int, head: int, mode: int, words: str) -> None:
        """Show the gain that the document gives a mode."""
        self._mode = (block, head, mode)
        gain = gain_of(self._desk.document, *self._mode)
        self.words.setText(words)
        self.number.setText(fixed(gain, 2))
        self.slider.setAccessibleName(f"Gain of mode {mode} of head {head}")
        with QSignalBlocker(self.slider), QSignalBlocker(self.on):
            self.slider.setValue(round(gain * STEPS))
            self.on.setChecked(gain != 0)

    def _start(self) -> None:
        self._gesture = self._desk.new_gesture()

    def _turn(self, gain: float) -> None:
        """Edit the gain; steps of keys and wheel on one mode are one undo step, as a drag is."""
        block, head, mode = self._mode
        held = self.slider.isSliderDown()
        gesture = self._gesture if held else f"gain of mode {mode}, head {head}, block {block}"
        document = with_gain(self._desk.document, ModeGain(block, head, (mode,), gain), keep=held)
        if document != self._desk.document:
            self._desk.edit(f"Mode {mode} of head {head} at gain {gain:.2f}", document, gesture)

    def _finish(self) -> None:
        """The drag ends; let go at 1, the edit is taken away."""
        block, head, mode = self._mode
        if self.slider.value() == STEPS:
            document = with_gain(self._desk.document, ModeGain(block, head, (mode,), 1.0))
            if document != self._desk.document:
                self._desk.edit(f"Mode {mode} of head {head} as it is", document, self._gesture)
        self._gesture = ""

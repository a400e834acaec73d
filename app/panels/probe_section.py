"""Push a pair along the direction of a probe, and see what the probe and the model say of it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import edits
from app.desk import Desk, Found
from app.numbers import fixed, general
from app.panels.fit_section import why_not
from app.widgets.probe_slider import PairMeter, ProbeSlider
from app.widgets.reading import Reading
from core.analyses.pair_judgements import PairJudgement, PairJudgements
from core.interventions.probe import pushed_by
from core.site import block_words
from core.stimuli.stimulus import pair_name, pair_relation, pairs_of

MAX_ALPHA = 100.0
MAX_PAIRS = 2
NARROW = "\N{NARROW NO-BREAK SPACE}"


class PairRow:
    """The widgets of one pair: name, slider, number, meter and two buttons."""

    def __init__(self, section: ProbeSection, pair: int, grid: QGridLayout) -> None:
        self._section, self.pair = section, pair
        self.name, self.slider, self.meter = QLabel(), ProbeSlider(), PairMeter()
        self.number = QDoubleSpinBox()
        self.number.setRange(-MAX_ALPHA, MAX_ALPHA)
        self.number.setSingleStep(0.05)
        self.number.setPrefix("α ")
        self.number.setKeyboardTracking(False)
        self.number.setMinimumWidth(84)
        self.number.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.flip, self.control = QToolButton(), QToolButton()
        self.flip.setText("Flip")
        self.control.setText("Control")
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.flip, self.control):
            button.setStyleSheet("padding: 3px 4px")
            buttons.addWidget(button)
        top = 3 * pair
        grid.addWidget(self.name, top, 0, 1, 2)  # beside the slider it would push the buttons out of a narrow panel
        grid.addWidget(self.slider, top + 1, 0)
        grid.addWidget(self.number, top + 1, 1)
        grid.addWidget(self.meter, top + 2, 0)
        grid.addLayout(buttons, top + 2, 1)
        self.widgets = (self.name, self.slider, self.number, self.meter, self.flip, self.control)
        self._connect()

    def _connect(self) -> None:
        section, pair = self._section, self.pair
        self.slider.pushed.connect(lambda alpha: section.push(pair, alpha, held=self.slider.held is not None))
        self.slider.gesture_started.connect(section.start)
        self.slider.gesture_finished.connect(lambda: section.finish(pair))
        self.slider.gesture_cancelled.connect(section.cancel)
        self.slider.reset.connect(lambda: section.push(pair, 0.0))
        self.number.valueChanged.connect(lambda alpha: section.push(pair, alpha))
        self.flip.clicked.connect(lambda: edits.flip_pair(section.desk, pair))
        self.control.clicked.connect(lambda: edits.control_pair(section.desk, pair))

    def show_pair(self, name: str, words: tuple[str, str], push: tuple[float, bool]) -> None:
        """Show what the pair is called, what the buttons do, and its push: a signed α, and whether it is in force."""
        alpha, active = push
        self.name.setText(name)
        for widget, what in ((self.slider, "Probe direction"), (self.number, "α"), (self.meter, "Probe's reading")):
            widget.setAccessibleName(f"{what} of {name}")
        for button, text in zip((self.flip, self.control), words, strict=True):
            button.setToolTip(text)
            button.setAccessibleName(f"{button.text()} {name}")
        self.slider.setToolTip(
            "α times the probe's direction, added to the tokens of both items. Left: toward different. Right: toward "
            "same.\nDrag (Alt: free of the marks), wheel or arrow keys; double click takes it away."
        )
        unit = edits.probe_unit(self._section.desk)
        self.slider.show_push(alpha, active=active, unit=unit)
        self.number.setSingleStep(0.05 * unit)
        with QSignalBlocker(self.number):
            self.number.setValue(alpha)


class ProbeSection(QWidget):
    """One row for each pair of the stimulus; says what to do where there is no probe. `fit_wanted` says that some are
    to be fitted."""

    fit_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._gesture = ""
        self.words, self.go = QLabel(), QPushButton()
        self.words.setWordWrap(True)
        self.go.clicked.connect(self._go)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.setHorizontalSpacing(6)
        grid.setColumnStretch(0, 1)
        self.rows = [PairRow(self, pair, grid) for pair in range(MAX_PAIRS)]
        for widget in (self.go, *(widget for row in self.rows for widget in row.widgets)):
            widget.hide()  # until it is known what they are about
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 6)
        layout.setSpacing(8)
        layout.addWidget(self.words)
        layout.addWidget(self.go)
        layout.addLayout(grid)
        layout.addStretch(1)

    def refresh(self) -> None:
        """Draw the pushes of the document, and what the probe said last."""
        base, problem = self.desk.document.base, self._problem()
        said, whole = (problem, problem) if problem else self._measured()
        self.words.setText(f"Probe direction · {said}")
        self.words.setToolTip(whole)
        best = self._best_elsewhere()
        self.go.setVisible(best is not None or self._lacks_probes())
        self.go.setText("Fit probes…" if best is None else f"Go to {block_words(best)}")
        n_pairs = len(pairs_of(len(base.items)))
        for row in self.rows:
            shown = row.pair < max(1, n_pairs)
            for widget in row.widgets:
                widget.setVisible(shown)
                widget.setEnabled(not problem)
            if shown:
                self._refresh_row(row)

    def _refresh_row(self, row: PairRow) -> None:
        desk, base = self.desk, self.desk.document.base
        relation = pair_relation(base, row.pair)
        other = "different" if relation == "same" else "same"
        words = (f"Push the pair toward {other}, which it is not", f"Control: push it toward {relation}, which it is")
        row.show_pair(pair_name(base, row.pair), words, pushed_by(desk.document, row.pair, desk.view.write))
        found = desk.found(PairJudgements(desk.view.write))
        reading = None if found is None else _reading(found, row.pair)
        readable = not self._problem()
        row.meter.show_reading(
            reading if readable else None,
            stale=found is None or not found.current,
            message="the probe needs both items on the patch grid" if readable else "",
        )

    def _problem(self) -> str:
        """Why nothing can be pushed, and what to do."""
        desk = self.desk
        if desk.answer is None:
            return "the engine is starting"
        if not desk.answer.model.probe_cards:
            return why_not(desk.answer.model) or "this model has no probes yet"
        if (best := self._best_elsewhere()) is not None:
            return f"no probe here: there is one after {block_words(best)}"
        if not pairs_of(len(desk.document.base.items)):
            return "it needs a pair: use Stimulus ▸ Random pair"
        return ""

    def _lacks_probes(self) -> bool:
        """Whether a fit would give the model its first probes."""
        answer = self.desk.answer
        return answer is not None and not answer.model.probe_cards and not why_not(answer.model)

    def _best_elsewhere(self) -> int | None:
        """The block whose probe's direction does most, where the write layer has no probe."""
        cards = {} if self.desk.answer is None else self.desk.answer.model.probe_cards
        if self.desk.view.write in cards:
            return None
        return max(cards, key=lambda block: edits.probe_gain(cards[block])[0], default=None)

    def _go(self) -> None:
        best = self._best_elsewhere()
        if best is not None:
            self.desk.look(write=best)
        elif self._lacks_probes():
            self.fit_wanted.emit()

    def _measured(self) -> tuple[str, str]:
        """How good the probe at the write layer is, and its direction beside its control: in short, and at length."""
        assert self.desk.answer is not None
        card = self.desk.answer.model.probe_cards[self.desk.view.write]
        unit = edits.probe_unit(self.desk)
        at_unit = next(e for e in card["edits"] if e["alpha"] == unit)
        shares = (card["accuracy"], at_unit["success"], at_unit["control"])
        right, flipped, control = (f"{fixed(100 * share, 0)}{NARROW}%" for share in shares)
        whole = (
            f"Measured on {card['n']} pairs: the probe is right about {right} of them. At α {general(unit)} its "
            f"direction gives the answer that is not true in {flipped}, its control in {control}."
        )
        return f"right {right} · α {general(unit)} flips {flipped}, control {control}", whole

    def start(self) -> None:
        """A drag begins."""
        self._gesture = self.desk.new_gesture()

    def push(self, pair: int, alpha: float, *, held: bool = False) -> None:
        """Push a pair by a signed α; steps of keys, wheel and number are one undo step."""
        desk = self.desk
        gesture = self._gesture if held else f"probe of pair {pair} after block {desk.view.write}"
        edits.push(desk, pair, alpha, gesture, keep=held)

    def finish(self, pair: int) -> None:
        """The drag ends; let go at zero, the push is taken away."""
        if self.rows[pair].slider.alpha == 0:
            edits.push(self.desk, pair, 0.0, self._gesture)
        self._gesture = ""

    def cancel(self) -> None:
        """The drag never was."""
        self.desk.store.cancel(self._gesture)
        self._gesture = ""


def _reading(found: Found[Mapping[int, PairJudgement]], pair: int) -> Reading | None:
    """What the probe said of a pair, if it could read it."""
    judged = None if found.value is None else found.value.get(pair)
    if judged is None:
        return None
    edited = any(edit.enabled for edit in found.document.interventions)
    relation = pair_relation(found.document.base, pair)
    wrong = relation is not None and (relation == "same") != (judged.margin > 0)
    return Reading(judged.margin, judged.baseline if edited else None, mistake=wrong and not edited)

"""The decision meter: the answer now, the model's own answer, and the truth of the picture."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.comparing import beside, found_beside, names
from app.desk import Desk, Found
from app.edits import read_by
from app.layout import limit
from app.numbers import percent
from app.panels import Panel
from app.widgets.class_bars import ClassBars
from app.widgets.class_bars_paint import N_BARS
from app.widgets.meter import DecisionMeter, Reading
from app.widgets.reading import Bar, ClassReading
from app.widgets.side_by_side import SideBySide
from core.analyses import Analysis
from core.analyses.decision import Decision, Verdict
from core.cards import card_task, means_relation
from core.document import LENSES, controls_in_force
from core.documents.work import RECORDED
from core.stimuli.stimulus import PAIR_NAMES, Stimulus, Truth, item_name, odd_difference, odd_one, task_of, truth

DIFFERS = {"": "same", "shape": "different — shape", "color": "different — colour"}


class DecisionPanel(QWidget, Panel):
    """Stands above everything else, because it alone is causal. While `brief` it says what is true in fewer words."""

    title, place, order = "Decision", "top", 10
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.brief = False
        self.first, self.beside, self.lens = VerdictView(), VerdictView(), LensChoice(desk)
        self.meter, self.bars = self.first.meter, self.first.bars
        self.both = SideBySide(self.first, self.beside)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self.both, 1)
        layout.addWidget(self.lens)
        self.lens.hide()

    def wanted(self) -> tuple[Analysis[Any], ...]:
        return (Decision(), *beside(self._desk, Decision()))

    def set_low(self, low: bool) -> None:
        for verdict in (self.first, self.beside):
            for shown in (verdict.meter, verdict.bars):
                shown.set_low(low)

    def refresh(self) -> None:
        """Show the last verdict of each model, greyed while another state is being computed."""
        message = self._desk.failure.message if self._desk.failure else ""
        found, there = self._desk.found(Decision()), found_beside(self._desk, Decision())
        comparing = names(self._desk) if self._desk.document.compared else None
        if not self.has_news(message, _known(found), _known(there), comparing):
            return
        if self.both.show_names(comparing):
            limit(self)
        self.first.show_found(found, message, both=comparing is not None or self.brief)
        self.beside.show_found(there, message, both=True)
        lensed = [of.value for of in (found, there) if of is not None and of.value is not None and of.value.lens]
        self.lens.setVisible(bool(lensed))
        for verdict in lensed[:1]:
            self.lens.refresh(verdict)


class VerdictView(QWidget):
    """The meter of two classes, or the bars of more."""

    def __init__(self) -> None:
        super().__init__()
        self.meter, self.bars = DecisionMeter(), ClassBars()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.meter)
        layout.addWidget(self.bars)
        self.bars.hide()

    def show_found(self, found: Found[Verdict] | None, message: str, *, both: bool) -> None:
        """Show a verdict, in fewer words where it is one of `both`; without one why there is none."""
        verdict = None if found is None else found.value
        several = verdict is not None and len(verdict.labels) > 2
        self.meter.setVisible(not several)
        self.bars.setVisible(several)
        if found is None or verdict is None:
            refusal = None if found is None else found.refusal
            self.meter.show_reading(None, message=message if refusal is None else f"{refusal.message} {refusal.hint}")
        elif several:
            bars = _class_reading(found, verdict, both=both)
            self.bars.show_reading(bars, stale=not found.current, message=message)
        else:
            margin = _reading(found, verdict, both=both)
            self.meter.show_reading(margin, stale=not found.current, message=message)


class LensChoice(QWidget):
    """Beside the meter of a network without classes: that it has none, and what is shown instead, to be chosen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.choice, self.right = QComboBox(), QLabel()
        self.choice.addItems([lens.capitalize() for lens in LENSES])
        self.choice.setAccessibleName("What is shown of a network without classes")
        self.choice.activated.connect(lambda index: read_by(desk, LENSES[index]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addStretch(1)
        for widget in (QLabel("No classes. Shown is:"), self.choice, self.right):
            layout.addWidget(widget)
        layout.addStretch(1)

    def refresh(self, verdict: Verdict) -> None:
        """Show the lens of the document and for how many examples it is right; the tool tip says what it does."""
        self.choice.setCurrentIndex(LENSES.index(self._desk.document.lens))
        self.right.setText("" if verdict.right is None else f"right for {percent(verdict.right)} of examples")
        self.setToolTip(verdict.lens)


def _known(found: Found[Verdict] | None) -> object:
    """What of a find is shown."""
    return found and (found.value, found.refusal, found.document, found.model, found.current)


def _class_reading(found: Found[Verdict], verdict: Verdict, *, both: bool) -> ClassReading:
    edited = any(edit.enabled for edit in found.document.interventions)
    bars = tuple(Bar(of.label, of.share, of.baseline if edited else None) for of in verdict.largest(N_BARS))
    before = verdict.baseline_answer
    was = Bar(before.label, before.share, before.baseline) if edited else None
    truth, mistake, control = _posed(found, verdict, edited=edited, both=both)
    return ClassReading(bars, was, truth, mistake, control, found.model.device == RECORDED)


def _reading(found: Found[Verdict], verdict: Verdict, *, both: bool) -> Reading:
    low, high = verdict.sides
    edited = any(edit.enabled for edit in found.document.interventions)
    return Reading(
        verdict.margin,
        verdict.baseline_margin if edited else None,
        verdict.labels[low].upper(),
        verdict.labels[high].upper(),
        *_posed(found, verdict, edited=edited, both=both),
        "margin in σ" if verdict.lens else "logit margin",
        verdict.lens,
        found.model.device == RECORDED,
    )


def _posed(found: Found[Verdict], verdict: Verdict, *, edited: bool, both: bool) -> tuple[str, bool, str]:
    """What is true of the picture, whether the model itself is wrong about it, and what the edits are a control of."""
    base, info = found.document.base, found.model
    known = truth(base)
    posed = info.judges_relation and task_of(base) == card_task(info.card)
    control = ", ".join(controls_in_force(found.document))
    right = known is not None and posed and means_relation(verdict.answer, same=known.same)
    words = truth_words(base, short=bool(control) or both or info.device == RECORDED)
    if known is not None and not posed and not verdict.lens:
        words += " · not its task" if both else " · not the task of this model"
    return words, known is not None and posed and not edited and not right, control


def truth_words(stimulus: Stimulus, *, short: bool = False) -> str:
    """What is true of a picture, of one that is painted over, of its items; of two pairs, whether their relations are
    the same, and, unless `short`, each one."""
    known, odd = truth(stimulus), odd_one(stimulus)
    if odd is not None:
        how = odd_difference(stimulus).replace("color", "colour")
        return f"ODD ONE OUT: {item_name(odd)}" + (f" — {how}" if how and not short else "")
    if known is None:
        return "no ground truth"
    if not known.pairs:
        of = " under the paint" if stimulus.paint is not None else "" if short else " of the picture"
        return f"TRUE{of}: {_relation(known)}"
    under = " under the paint" if stimulus.paint is not None else ""
    whole = f"TRUE{under}: {'same' if known.same else 'different'} relation"
    if short:
        return whole
    pairs = ", ".join(f"{name} {_relation(pair)}" for name, pair in zip(PAIR_NAMES, known.pairs, strict=True))
    return f"{whole} ({pairs})"


def _relation(known: Truth) -> str:
    return DIFFERS.get(known.differs_in, "different — shape and colour")

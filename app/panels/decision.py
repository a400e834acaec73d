"""The decision meter: the answer now, the model's own answer, and the truth of the picture."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.desk import Desk, Found
from app.panels import Panel
from app.widgets.meter import DecisionMeter, Reading
from core.analyses import Analysis
from core.analyses.decision import Decision, Verdict
from core.cards import card_task
from core.document import controls_in_force
from core.scene import PAIR_NAMES, Stimulus, Truth, task_of, truth

DIFFERS = {"": "same", "shape": "different — shape", "color": "different — colour"}


class DecisionPanel(QWidget, Panel):
    """Stands above everything else, because it alone is causal."""

    title, place, order = "Decision", "top", 10
    bar = True

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.meter = DecisionMeter()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self.meter)

    def wanted(self) -> tuple[Analysis[Any], ...]:
        return (Decision(),)

    def refresh(self) -> None:
        """Show the last verdict, greyed while another state is being computed."""
        message = self._desk.failure.message if self._desk.failure else ""
        found = self._desk.found(Decision())
        if not self.has_news(message, found and (found.value, found.document, found.model, found.current)):
            return
        if found is None or found.value is None:
            self.meter.show_reading(None, message=message)
        else:
            self.meter.show_reading(_reading(found, found.value), stale=not found.current, message=message)


def _reading(found: Found[Verdict], verdict: Verdict) -> Reading:
    base, info, (low, high) = found.document.base, found.model, verdict.sides
    known = truth(base)
    posed = info.judges_relation and task_of(base) == card_task(info.card)
    edited = any(edit.enabled for edit in found.document.interventions)
    control = ", ".join(controls_in_force(found.document))
    right = known is not None and verdict.answer == verdict.labels[int(known.same)]
    return Reading(
        verdict.margin,
        verdict.baseline_margin if edited else None,
        verdict.labels[low].upper(),
        verdict.labels[high].upper(),
        truth_words(base, short=bool(control)) + ("" if posed or known is None else " · not the task of this model"),
        known is not None and posed and not edited and not right,
        control,
    )


def truth_words(stimulus: Stimulus, *, short: bool = False) -> str:
    """What is true of a picture; of two pairs, whether their relations are the same, and, unless `short`, each one."""
    known = truth(stimulus)
    if known is None:
        return "no ground truth"
    if not known.pairs:
        return f"TRUE{'' if short else ' of the picture'}: {_relation(known)}"
    whole = f"TRUE: {'same' if known.same else 'different'} relation"
    if short:
        return whole
    pairs = ", ".join(f"{name} {_relation(pair)}" for name, pair in zip(PAIR_NAMES, known.pairs, strict=True))
    return f"{whole} ({pairs})"


def _relation(known: Truth) -> str:
    return DIFFERS.get(known.differs_in, "different — shape and colour")

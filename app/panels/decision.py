"""The decision meter: the answer now, the model's own answer, and the truth of the picture."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.desk import Desk
from app.widgets.meter import DecisionMeter, Reading
from core.cards import card_task
from core.document import controls_in_force
from core.scene import PAIR_NAMES, Stimulus, Truth, task_of, truth

DIFFERS = {"": "same", "shape": "different — shape", "color": "different — colour"}


class DecisionPanel(QWidget):
    """Stands above everything else, because it alone is causal."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.meter = DecisionMeter()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self.meter)

    def refresh(self) -> None:
        """Show the last answer, greyed while another state is being computed."""
        desk = self._desk
        if desk.answer is None:
            message = desk.failure.message if desk.failure else ""
            self.meter.show_reading(None, message=message)
            return
        base = desk.answer.question.document.base
        decision, known = desk.answer.decision, truth(base)
        info, (low, high) = desk.answer.model, decision.sides
        posed = info.judges_relation and task_of(base) == card_task(info.card)
        edited = any(e.enabled for e in desk.answer.question.document.interventions)
        control = ", ".join(controls_in_force(desk.answer.question.document))
        right = known is not None and decision.answer == decision.labels[int(known.same)]
        reading = Reading(
            decision.margin,
            decision.baseline_margin if edited else None,
            decision.labels[low].upper(),
            decision.labels[high].upper(),
            truth_words(base, short=bool(control))
            + ("" if posed or known is None else " · not the task of this model"),
            known is not None and posed and not edited and not right,
            control,
        )
        message = desk.failure.message if desk.failure else ""
        self.meter.show_reading(reading, stale=not desk.decision_is_current(), message=message)


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

"""The decision meter: the answer now, the model's own answer, and the truth of the picture."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.desk import Desk
from app.widgets.meter import DecisionMeter, Reading
from core.scene import truth

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
        decision, known = desk.answer.decision, truth(desk.answer.question.document.base)
        edited = any(e.enabled for e in desk.answer.question.document.interventions)
        reading = Reading(
            decision.margin,
            decision.baseline_margin if edited else None,
            decision.labels[0].upper(),
            decision.labels[-1].upper(),
            "no ground truth" if known is None else f"TRUE of the picture: {_truth_words(known.differs_in)}",
            known is not None and not edited and known.same != (decision.margin > 0),
        )
        message = desk.failure.message if desk.failure else ""
        self.meter.show_reading(reading, stale=not desk.decision_is_current(), message=message)


def _truth_words(differs_in: str) -> str:
    return DIFFERS.get(differs_in, "different — shape and colour")

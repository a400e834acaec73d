"""The *Sweep* panel: what the edits would do at every layer, beside their controls; a click goes to a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSpinBox, QVBoxLayout, QWidget

from app.as_left import leave_as
from app.desk import Desk, Found
from app.panels import Panel
from app.plots.view import PlotView
from app.widgets.flow import Flow
from core.analyses import Analysis
from core.analyses.layer_sweep import MAX_PAIRS, TOO_LATE, LayerSweep, Shown, Sweep, kept_of, sweep_of
from core.document import Document
from core.documents.work import RECORDED

SHOWN: dict[Shown, str] = {"margin": "Margin", "flips": "Answers turned"}
NOTHING_YET = "Computing…"
MIN_PX = QSize(200, 160)
WORDS_FROM_PX = 400
"""In a lower panel the curves matter more than the words under them; the tool tip has them."""


class SweepPanel(QWidget, Panel):
    """The edits made at one layer after another, on this picture and on others of its kind."""

    title, place, order = "Sweep", "behind", 50

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._sweep: Sweep | None = None
        self._recorded = False
        self._recorded_of: Document | None = None
        self._drawn: tuple[int, Shown] | None = None
        self.shown, self.n, self.plot, self.said = QComboBox(), QSpinBox(), PlotView(), QLabel()
        self._arrange()
        self.shown.currentIndexChanged.connect(lambda _: self._draw())
        self.n.valueChanged.connect(lambda _: self._ask())
        self.plot.position_chosen.connect(self._go)

    def _arrange(self) -> None:
        tip = next(f.metadata["tip"] for f in fields(LayerSweep) if f.name == "n")
        self.shown.addItems(list(SHOWN.values()))
        self.shown.setAccessibleName("What is shown of each layer")
        self.n.setRange(0, MAX_PAIRS)
        self.n.setValue(LayerSweep().n)
        self.n.setSuffix(" other pairs")
        self.n.setKeyboardTracking(False)
        self.n.setToolTip(tip)
        self.n.setAccessibleName("Other pairs")
        self.said.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 6)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # words need not be seen in a low panel
        self.setMinimumSize(MIN_PX)
        layout.addWidget(Flow((self.shown, self.n)))
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.said)

    @property
    def analysis(self) -> LayerSweep:
        """What is asked for."""
        return LayerSweep(self.n.value())

    def wanted(self) -> tuple[Analysis[Any], ...]:
        return (self.analysis,)

    def refresh(self) -> None:
        """Draw the sweep that was found last, greyed where it is of another state."""
        found = self._found
        known = found and (found.value, found.refusal, found.current)
        fit = self._desk.model and self._desk.model.fit
        if not self.has_news(*(known or ()), self._desk.view.write, self._desk.document, fit):
            return
        if found is not None and found.current and found.value is not None and found.value.known:
            self._sweep, self._recorded = found.value, False
        self._draw()

    @property
    def _found(self) -> Found[Sweep] | None:
        return self._desk.found(self.analysis)

    @property
    def _stale(self) -> bool:
        """Whether what is drawn is of another state than the one that is shown."""
        found = self._found
        if self._recorded:
            return self._recorded_of != self._desk.document or self._of_another_fit
        return found is None or not found.current or found.value is not self._sweep

    @property
    def _of_another_fit(self) -> bool:
        """Whether the model that answers is not as it was when the sweep was recorded."""
        model, answer = self._desk.model, self._desk.answer
        if self._sweep is None or not any(self._sweep.fit) or model is None or model.device == RECORDED:
            return False
        answered = answer is not None and answer.question.document.model == self._desk.document.model
        return answered and self._sweep.fit != model.fit

    def _draw(self) -> None:
        """Show what is known."""
        sweep, shown = self._sweep, self._shown
        if sweep is not None:
            if self._drawn != (id(sweep), shown):
                self._drawn = (id(sweep), shown)
                self.plot.show_plot(sweep.plot(shown))
            at = self._desk.view.write - sweep.blocks[0]
            self.plot.show_position(at if 0 <= at < len(sweep.blocks) else None)
        self.plot.set_stale(self._stale)
        self.plot.setVisible(sweep is not None)
        words = self._words()
        self.said.setText(words)
        self.plot.setToolTip(words if sweep is not None else "")
        self._make_room()

    @property
    def _shown(self) -> Shown:
        kinds: tuple[Shown, ...] = get_args(Shown)
        return kinds[self.shown.currentIndex()]

    def _words(self) -> str:
        """Where it is too late, what is missing, how far it is."""
        found, sweep = self._found, self._sweep
        if found is not None and found.refusal is not None and found.current:
            return f"{found.refusal.message} {found.refusal.hint}"
        if sweep is None:
            return NOTHING_YET
        parts = [self._state(sweep), *_layers(sweep), *sweep.notes, "Click a layer to write there."]
        return " ".join(part for part in parts if part)

    def _state(self, sweep: Sweep) -> str:
        if self._recorded:
            if self._recorded_of != self._desk.document:
                return "Recorded of another state."
            if self._of_another_fit:
                return "Recorded with other weights, or with another fit of what was learned."
            return "Recorded in the document's file."
        if self._stale:
            return "Of another state; computing…"
        n = len(sweep.others)
        return f"{n} of {sweep.n} pairs so far." if n < sweep.n else ""

    def _go(self, index: int) -> None:
        if self._sweep is not None:
            self._desk.look(write=self._sweep.blocks[index])

    def _ask(self) -> None:
        self._desk.ask()
        self.refresh()

    def _make_room(self) -> None:
        self.said.setVisible(self._sweep is None or self.height() >= WORDS_FROM_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def kept(self) -> dict[str, Any]:
        """What was found, and whether it is of the document."""
        stand: dict[str, Any] = {"n": self.n.value(), "shown": self._shown}
        if self._sweep is None:
            return stand if (self.n.value(), self._shown) != (LayerSweep().n, "margin") else {}
        return {**stand, "found": kept_of(self._sweep), "of_this": not self._stale}

    def take(self, kept: Mapping[str, Any]) -> None:
        shown, found = kept.get("shown"), kept.get("found")
        with QSignalBlocker(self.n), QSignalBlocker(self.shown):
            self.n.setValue(LayerSweep().n)
            leave_as({"n": self.n}, kept)
            self.shown.setCurrentText(SHOWN["flips" if shown == "flips" else "margin"])
        self._sweep, self._recorded = None, False
        if isinstance(found, Mapping):
            try:
                self._sweep = sweep_of(found)
            except ValueError:
                self._sweep = None
            self._recorded = self._sweep is not None
            self._recorded_of = self._desk.document if kept.get("of_this") is True else None
        self.has_news()
        self._draw()


def _layers(sweep: Sweep) -> list[str]:
    """At which layers it is too late, and at which there is nothing."""
    said = []
    if late := sweep.too_late:
        said.append(f"Block{'s' if len(late) > 1 else ''} {', '.join(map(str, late))}: {TOO_LATE}.")
    for why in dict.fromkeys(sweep.gaps.values()):
        at = ", ".join("embeddings" if b < 0 else f"block {b}" for b, said_of in sweep.gaps.items() if said_of == why)
        said.append(f"Nothing at {at}: {why.replace('color', 'colour')}")
    return said

"""The panel *Does it hold?*: the same edits on random other pairs of the kind that is drawn, beside their controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.desk import Desk
from app.forms import Form
from app.jobs import Run
from app.panels import Panel
from app.plots.view import PlotView
from app.run_words import run_words
from app.thumbnails import thumbnail
from app.widgets.pair_list import PairList, PairRow
from core.document import Document
from core.documents.work import RECORDED
from core.errors import UserError
from core.holding import Holding, PairAnswer, holding_of, kept_of
from core.holds_job import HOLDS_JOB, MAX_PAIRS
from core.other_pairs import other_pair, why_no_others
from core.runner import Order
from core.stimuli.datasets import SEED_MAX
from core.stimuli.variants import EVERYTHING, Varied

STEPS = 1000
FORM_PX = 280
MIN_PX = QSize(220, 180)
ALL_WORDS_FROM_PX = 480
"""In a lower panel what is found is said in one line, and its tool tip says the rest."""
ABOUT = (
    "Asks the same of random other pairs of this kind: shapes and colours are exchanged one for one, and the edits go "
    "along with them."
)
STOPPED = "Cancelled; what was found is kept."
NO_EDIT = "No edit is on: move a thumb, swap, or switch something off first."


@dataclass(frozen=True, slots=True)
class HoldsOptions:
    """How many pairs are drawn, and from which seed: the same seed draws the same ones."""

    n: int = field(
        default=16,
        metadata={
            "label": "Pairs",
            "tip": "16 for a quick look, 200 for an interval to report",
            "least": 1,
            "most": MAX_PAIRS,
        },
    )
    seed: int = field(
        default=0, metadata={"label": "Seed", "tip": "The same seed draws the same pairs", "most": SEED_MAX}
    )


class HoldsPanel(QWidget, Panel):
    """A form, how far it is, shares and changes with intervals, and every pair to be opened."""

    title, place, order = "Does it hold?", "behind", 51

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._number: int | None = None
        self._recorded = False
        self._opened: list[tuple[Document, int]] = []
        self._kept: tuple[Holding, dict[str, Any]] | None = None
        self.holding: Holding | None = None
        self.varied = EVERYTHING
        self.form = Form(HoldsOptions())
        self.about, self.said, self.kept_words = QLabel(), QLabel(), QLabel()
        self.all = QPushButton("Vary everything")
        self.start, self.cancel = QPushButton("Ask"), QPushButton("Cancel")
        self.progress, self.tabs = QProgressBar(), QTabWidget()
        self.turned, self.change, self.pairs = PlotView(), PlotView(), PairList()
        self.misses = QCheckBox("Only what did not turn")
        self._arrange()
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self._cancel)
        self.all.clicked.connect(lambda: self._vary(EVERYTHING))
        self.pairs.chosen.connect(lambda row: self.open_pair(self.pairs.rows.shown[row].number - 1))
        self.misses.toggled.connect(lambda _: self._show_pairs())
        desk.jobs.progressed.connect(self._went_on)

    def _arrange(self) -> None:
        for words in (self.about, self.said, self.kept_words):
            words.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.progress.setAccessibleName("Progress")
        listed = QWidget()
        below = QVBoxLayout(listed)
        below.setContentsMargins(2, 2, 2, 2)
        below.addWidget(self.misses)
        below.addWidget(self.pairs, 1)
        for page, name in ((self.turned, "Turned"), (self.change, "Margin"), (listed, "Pairs")):
            self.tabs.addTab(page, name)
        buttons = QHBoxLayout()
        buttons.addWidget(self.form, 1)
        beside = QVBoxLayout()
        beside.addWidget(self.start)
        beside.addWidget(self.cancel)
        buttons.addLayout(beside)
        buttons.addStretch(0)
        self.form.setMaximumWidth(FORM_PX)
        self.all.setToolTip("Ask of pairs with other places, noise, shapes and colours again")
        kept = QHBoxLayout()
        kept.addWidget(self.kept_words, 1)
        kept.addWidget(self.all, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 6)
        layout.addWidget(self.about)
        layout.addLayout(buttons)
        layout.addLayout(kept)
        layout.addWidget(self.progress)
        layout.addWidget(self.said)
        layout.addWidget(self.tabs, 1)
        layout.addStretch(0)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # words need not be seen in a low panel
        self.setMinimumSize(MIN_PX)

    @property
    def run(self) -> Run | None:
        """The job that was started last for this document's file."""
        return None if self._number is None else self._desk.jobs.run(self._number)

    @property
    def busy(self) -> bool:
        """Whether it is being asked."""
        return self.run is not None and not self.run.over

    def refresh(self) -> None:
        """What can be asked, and what was found, greyed where it is of another state."""
        desk, run = self._desk, self.run
        model = desk.model and (desk.model.fit, desk.model.labels, desk.model.device)
        if not self.has_news(desk.document, model, self.holding, run, self._recorded, len(self._opened), self.varied):
            return
        reason = self._why_not(self.varied)
        self.about.setText(reason or ABOUT)
        self.about.setVisible(bool(reason) or (self.holding is None and self.varied == EVERYTHING))
        self.start.setEnabled(not reason and not self.busy)
        self.form.setEnabled(not self.busy)
        self.kept_words.setText(f"Other {self.varied.chosen} only.")
        self.kept_words.setToolTip(self.varied.words())
        for widget in (self.kept_words, self.all):
            widget.setVisible(self.varied != EVERYTHING)
        self.all.setEnabled(not self.busy)
        self.cancel.setEnabled(run is not None and run.state in ("waiting", "running"))
        self.progress.setVisible(self.busy)
        if run is not None and run.progress is not None:
            self.progress.setValue(round(STEPS * run.progress.done / max(1, run.progress.total)))
        failed = run is not None and run.failure is not None
        self._say()
        self.said.setStyleSheet(f"color: {theme.current().color('warning').name()}" if failed else "")
        self._show_found()

    def _why_not(self, varied: Varied) -> str:
        """Why nothing can be asked of pairs that are varied so; "" where it can."""
        desk = self._desk
        why = why_no_others(desk.document, desk.model.labels if desk.model is not None else (), varied)
        return why or ("" if any(edit.enabled for edit in desk.document.interventions) else NO_EDIT)

    @property
    def opened(self) -> int | None:
        """The index of the pair that is the document, None where it is none of them."""
        document = self._desk.document
        return next((index for opened, index in self._opened if opened == document), None)

    @property
    def stale(self) -> str:
        """Why what was found is not of what is shown; "" where it is."""
        holding, desk = self.holding, self._desk
        if holding is None:
            return ""
        if holding.document != desk.document and self.opened is None:
            return "Of another state than the one that is shown."
        known = desk.model is not None and desk.model.device != RECORDED and desk.answer is not None
        same = known and desk.answer is not None and desk.answer.question.document.model == holding.document.model
        if same and desk.model is not None and holding.fit != desk.model.fit:
            return "Found with other weights, or with another fit of what was learned."
        return ""

    def _say(self) -> None:
        """How it stands, and what was found: in a low panel that of the edits alone."""
        recorded = "Recorded in the document's file." if self._recorded else ""
        progress = "" if self.run is None else run_words(self.run, finished="", stopped=STOPPED)
        how = [words for words in (progress, self.stale, recorded) if words]
        found = self._found_words()
        shown = found if self.height() >= ALL_WORDS_FROM_PX else found[:1]
        self.said.setText("\n".join([*how, *shown]))
        self.said.setToolTip("\n".join(found))

    def _found_words(self) -> list[str]:
        holding = self.holding
        if holding is None or not holding.pairs:
            return []
        words = [*holding.words(), *(note for note in holding.notes if note != self.varied.words())]
        if holding.n_right is not None:
            words.append(f"Without edits the model is right about {holding.n_right} of {len(holding.pairs)}.")
        return words

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say()

    def _show_found(self) -> None:
        holding = self.holding
        there = holding is not None and bool(holding.pairs)
        self.tabs.setVisible(there)
        self._show_pairs()
        if holding is None or not there:
            return
        for view, plot in zip((self.turned, self.change), holding.plots(), strict=True):
            if plot != view.plot:
                view.show_plot(plot)
            view.set_stale(bool(self.stale))

    def _show_pairs(self) -> None:
        """The list of all pairs, or of those whose answer the edits did not turn."""
        holding = self.holding
        if holding is None:
            self.pairs.set_rows(())
            return
        listed = [(i, p) for i, p in enumerate(holding.pairs) if not (self.misses.isChecked() and p.turned())]
        rows = [_row(holding, index, pair) for index, pair in listed]
        self.pairs.set_rows(rows, next((at for at, row in enumerate(rows) if row.number - 1 == self.opened), None))

    def ask_of(self, options: HoldsOptions, varied: Varied) -> None:
        """Ask of pairs that are varied so.

        Raises UserError where it cannot be asked, or is being asked already.
        """
        why = "It is being asked of other pairs; wait, or cancel that first." if self.busy else self._why_not(varied)
        if why:
            raise UserError("Nothing was asked.", why)
        self.form.value = options
        self._vary(varied)
        self._start()

    def _vary(self, varied: Varied) -> None:
        self.varied = varied
        self.refresh()

    def _start(self) -> None:
        document, options = self._desk.document, self.form.value
        order = {"document": document, "n": options.n, "seed": options.seed, "varied": self.varied}
        order["device"] = self._desk.live.device
        self.holding, self._recorded, self._opened = None, False, []
        self._number = self._desk.jobs.start(Order(HOLDS_JOB, order, f"{self.title} of {options.n} pairs"))
        self.refresh()

    def _cancel(self) -> None:
        if self._number is not None:
            self._desk.jobs.cancel(self._number)

    def _went_on(self, run: Run) -> None:
        if run.number != self._number:
            return
        found = [each for each in run.found if isinstance(each, Holding)]
        if found:
            pairs = [pair for each in found for pair in each.pairs]
            self.holding = found[0].with_pairs(pairs)
        self.refresh()
        if run.over and self.holding is not None and self.holding.pairs:
            self._desk.store.touch()

    def open_pair(self, index: int) -> None:
        """Make a pair the document, in a step that undo takes back."""
        if self.holding is None or index == self.opened:
            return
        document = self.holding.opened(self.holding.pairs[index])
        self._desk.edit(f"Pair {index + 1} of “Does it hold?”", document)
        self._opened.append((self._desk.document, index))
        self.refresh()

    def kept(self) -> dict[str, Any]:
        """What was found; its pairs by their seeds."""
        holding = self.holding
        if holding is None or not holding.pairs:
            return {}
        if self._kept is None or self._kept[0] is not holding:
            self._kept = (holding, kept_of(holding))
        return {"found": self._kept[1]}

    def take(self, kept: Mapping[str, Any]) -> None:
        if self.busy:
            self._cancel()
        self._number, self.holding, self._opened = None, None, []
        found = kept.get("found")
        if isinstance(found, Mapping):
            try:
                self.holding = holding_of(found)
            except ValueError:
                self.holding = None
        self._recorded = self.holding is not None
        self.varied = EVERYTHING if self.holding is None else self.holding.varied
        if self.holding is not None:
            self.form.value = replace(self.form.value, n=min(max(1, self.holding.n), MAX_PAIRS))
        self.refresh()


def _row(holding: Holding, index: int, pair: PairAnswer) -> PairRow:
    low, high = holding.low, holding.high
    answers = (high if pair.before > 0 else low, high if pair.after[0] > 0 else low)
    base = other_pair(holding.document, pair.seed, holding.varied)[0].base
    return PairRow(index + 1, thumbnail(base), pair.before, pair.after[0], answers)

"""Learn the subspaces and the probes of a model: a small form, progress, and what was found."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app import theme
from app.desk import Desk
from app.forms import Form
from app.jobs import Run
from app.numbers import fixed
from app.run_words import run_words
from core.errors import UserError
from core.fit_job import OF_SUBSPACES, FitOptions, Fitted, What
from core.probe_job import PROBE_JOB, FittedProbes
from core.questions import ModelInfo
from core.runner import LOOK_EVERY_S, Order
from core.site import block_words

STEPS = 1000
ABOUT = "Learns along which directions the model carries a property, by swapping it between pictures."
ABOUT_MORE = "Distributed alignment search. The pads use what is found as soon as it is there."
ABOUT_PROBES = "Learns to read from the tokens of a pair whether it is the same or different, after every block."
ABOUT_PROBES_MORE = (
    "Linear probes. The Probe tab uses them, and the directions that they read along, once all are there."
)


class FitSection(QWidget):
    """Starts one job a model, and shows that of the model in the document. `finished` says that all of it is there."""

    finished = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._numbers: dict[str, int] = {}
        self._n_used: dict[int, int] = {}
        self._wrong = ""
        self.form = Form(FitOptions())
        self.about, self.said = QLabel(), QLabel()
        self.start, self.cancel = QPushButton("Fit"), QPushButton("Cancel")
        self.progress = QProgressBar()
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(round(1100 * LOOK_EVERY_S))
        self._again.timeout.connect(desk.ask_again)
        self._arrange()
        self.form.changed.connect(self.refresh)
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self._cancel)
        desk.jobs.progressed.connect(self._went_on)

    def _arrange(self) -> None:
        for words in (self.about, self.said):
            words.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the fit")
        buttons = QHBoxLayout()
        buttons.addWidget(self.start)
        buttons.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.about)
        layout.addWidget(self.form)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.said)
        layout.addStretch(1)

    @property
    def run(self) -> Run | None:
        """The job of the document's model that was started last."""
        number = self._numbers.get(self._desk.document.model)
        return None if number is None else self._desk.jobs.run(number)

    @property
    def is_of_probes(self) -> bool:
        """Whether the job of the document's model that was started last fits probes."""
        return self.run is not None and self.run.order.what == PROBE_JOB

    def offer(self, what: What, block: int) -> None:
        """Fill the form for a pad after a block or for probes, unless a job is under way; all else stays as chosen."""
        if self.run is not None and not self.run.over:
            return
        self.form.value = replace(self.form.value, what=what, blocks=str(block))
        self.refresh()

    def refresh(self) -> None:
        """What can be done on the model that answered, and how far its job is."""
        model, run = self._desk.model, self.run
        reason = "" if model is None else why_not(model)
        busy = run is not None and not run.over
        probes = self.form.value.what == "relation"
        self.about.setText(reason or (ABOUT_PROBES if probes else ABOUT))
        self.about.setToolTip(ABOUT_PROBES_MORE if probes else ABOUT_MORE)
        for option in OF_SUBSPACES:
            self.form.set_row_shown(option, not probes)
        # While it works, the room in a low window goes to how far it is.
        self.about.setVisible(not busy)
        self.form.setVisible(not reason and not busy)
        self.start.setVisible(not reason and not busy)
        self.cancel.setVisible(not reason)
        self.start.setEnabled(model is not None)
        self.cancel.setEnabled(run is not None and run.state in ("waiting", "running"))
        self.progress.setVisible(run is not None)
        if run is not None and run.progress is not None:
            self.progress.setValue(round(STEPS * run.progress.done / max(1, run.progress.total)))
        if run is not None and run.state == "finished":
            self.progress.setValue(STEPS)
        failed = self._wrong or (run is not None and run.failure is not None)
        self.said.setText(self._wrong or (words(run) if run is not None else ""))
        self.said.setStyleSheet(f"color: {theme.current().color('warning' if failed else 'muted').name()}")

    def _start(self) -> None:
        desk, model = self._desk, self._desk.model
        if model is None:
            return
        self._wrong = ""
        try:
            options = self.form.value.of_job(model.name, model.n_blocks)
        except UserError as error:
            self._wrong = f"⚠ {error}"
        else:
            options |= {"model": desk.document.model, "device": desk.live.device}
            called = "A fit of probes" if self.form.value.what == "relation" else "A fit of subspaces"
            self._numbers[desk.document.model] = desk.jobs.start(Order(self.form.value.job, options, called))
        self.refresh()

    def _cancel(self) -> None:
        if self.run is not None:
            self._desk.jobs.cancel(self.run.number)

    def _went_on(self, run: Run) -> None:
        if run.number not in self._numbers.values():
            return
        self._use(run)
        self.refresh()
        if run == self.run and run.state == "finished":
            self.finished.emit()

    def _use(self, run: Run) -> None:
        """Have the engine take what was found: at once, or when it next looks at files, if it has only just done so."""
        if run == self.run and len(run.found) > self._n_used.get(run.number, 0):
            self._n_used[run.number] = len(run.found)
            self._desk.ask_again()
            self._again.start()


def why_not(model: ModelInfo) -> str:
    """Why there is nothing to search for on a model, and what to do; "" where there is."""
    if model.judges_relation:
        return ""
    few = " or ".join(f"“{label}”" for label in model.labels)
    classes = few if len(model.labels) < 4 else f"{len(model.labels)} classes"
    return (
        f"{model.name} {f'answers {classes}' if classes else 'has no classes'}: only what answers “same” or "
        "“different” has subspaces. Fine-tune it to: Model ▸ Fine-tune this model…"
    )


def words(run: Run) -> str:
    """How far a fit is."""
    measured = "\n".join(map(_measured, run.found))
    message = run.progress.message.replace("color", "colour") if run.progress is not None else ""
    state = run_words(run, finished="Finished.", stopped="Cancelled. What was finished is kept.", under_way=message)
    return "\n".join(part for part in (state, measured) if part)


def _measured(fitted: Fitted | FittedProbes) -> str:
    if isinstance(fitted, FittedProbes):
        right = f"right {fixed(fitted.accuracy, 2)} after {block_words(fitted.best)} (n {fitted.n})"
        return f"Probes after {fitted.n_blocks} layers; the best is {right}"
    where = f"{'Colour' if fitted.property == 'color' else 'Shape'} after {block_words(fitted.block)}"
    if fitted.size == 0:
        return f"{where}: no direction was found; try more pairs or epochs"
    return f"{where}: IIA {fixed(fitted.iia, 2)}, wrong object {fixed(fitted.wrong_object_iia, 2)} (n {fitted.n})"

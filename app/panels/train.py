"""The train panel: fine-tune a model, watch it learn, and open what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.desk import Desk
from app.edits import choose_model
from app.jobs import Run
from app.panels import Panel
from app.panels.train_form import TrainForm
from app.panels.train_words import Standing
from app.plots.view import PlotView
from app.widgets.flow import ScrolledBody
from app.widgets.said import Said
from core.errors import UserError
from core.jobs.train_job import TRAIN_JOB, CurvePoint, TrainingRun, curves, forget, is_begun, unfinished_runs
from core.library import is_taken
from core.locations import library_folder
from core.runner import Order

BESIDE_ABOVE_PX = 660
FORM_PX = 300
PLOTS_BESIDE_ABOVE_PX = 620
LIST_PX = 66
MIN_PX = QSize(380, 300)
STEPS = 1000
PAUSE_GRACE_MS = 120_000
"""A step of a large network, or a validation, takes long; after it nothing is lost."""
WAITING = "Loss and accuracy appear here as images are seen."


class TrainPanel(QWidget, Panel):
    """What to train on one side; the runs, and the curves of the one that is chosen, on the other."""

    title, place, order = "Train", "floating", 85

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._jobs = desk, desk.jobs
        self._standing: dict[Path, Standing] = {}
        self._model = ""
        self._drawn: tuple[CurvePoint, ...] = ()
        self.form, self.start, self.refused = TrainForm(self._is_taken), QPushButton("Start"), Said()
        self.list, self.progress, self.said = QListWidget(), QProgressBar(), Said()
        self.pause, self.cancel, self.open = QPushButton("Pause"), QPushButton("Cancel"), QPushButton("Open it")
        self.question, self.keep = QLabel("Keep its checkpoint?"), QPushButton("Keep")
        self.delete, self.copy = QPushButton("Delete"), QToolButton()
        self.waiting, self.plots = QLabel(WAITING), (PlotView(), PlotView())
        self._arrange()
        self._connect()
        self._show()

    def _arrange(self) -> None:
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.list.setFixedHeight(LIST_PX)
        self.copy.setText("Copy details")
        self.waiting.setWordWrap(True)
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.list.setAccessibleName("Training runs")
        self.progress.setAccessibleName("Progress of the run")
        self._left, right = QWidget(), QWidget()
        self._drawings = self._arrange_sides(self._left, right)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(10, 6, 10, 8)
        self._layout.setSpacing(12)
        # Otherwise the two side by side would keep the panel from becoming narrow enough to put them in one column.
        self._layout.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)
        self._layout.addWidget(self._left)
        self._layout.addWidget(right, 1)
        self.setMinimumSize(MIN_PX)

    def _arrange_sides(self, form: QWidget, run: QWidget) -> QBoxLayout:
        """What is chosen, and what becomes of it; returns the layout of the plots."""
        left, right, drawn = QVBoxLayout(form), QVBoxLayout(run), ScrolledBody()
        drawings = QBoxLayout(QBoxLayout.Direction.TopToBottom, drawn)
        for layout in (left, right, drawings):
            layout.setContentsMargins(0, 0, 0, 0)
        left.addWidget(_scrolled(self.form))
        left.addWidget(self.start)
        left.addWidget(self.refused)
        right.addWidget(self.list)
        right.addWidget(self.progress)
        right.addWidget(self.said)
        right.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        right.addLayout(_row(self.pause, self.cancel, self.open))
        right.addLayout(_row(self.question, self.keep, self.delete))
        drawings.addWidget(self.waiting)
        for view in self.plots:
            drawings.addWidget(view)
        right.addWidget(_scrolled(drawn), 1)
        return drawings

    def _connect(self) -> None:
        self.start.clicked.connect(self._start)
        self.pause.clicked.connect(self._pause_or_resume)
        self.cancel.clicked.connect(self._cancel)
        self.keep.clicked.connect(self._keep)
        self.delete.clicked.connect(self._delete)
        self.open.clicked.connect(self._open)
        self.copy.clicked.connect(self._copy)
        self.list.currentRowChanged.connect(lambda _: self._show())
        self._jobs.progressed.connect(self._went_on)

    def kept(self) -> dict[str, Any]:
        return self.form.kept()

    def take(self, kept: Mapping[str, Any]) -> None:
        self.form.take(kept)

    def refresh(self) -> None:
        """Follow the model of the document, until another is chosen here."""
        model = self._desk.document.model
        if model != self._model:
            self._model = model
            self.form.choose_model(model)

    def showEvent(self, event: QShowEvent) -> None:
        """What was left unfinished, by this window or by one before it, is offered."""
        super().showEvent(event)
        left = {run.out: Standing(run) for run in unfinished_runs(library_folder())}
        here = {out: standing for out, standing in self._standing.items() if standing.job is not None}
        self._standing = left | here
        self.form.list_models()
        self.form.propose_name()
        self._show_list()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE_ABOVE_PX
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(across if beside else down)
        self._left.setMinimumWidth(FORM_PX if beside else 0)
        self._left.setMaximumWidth(FORM_PX if beside else 16_777_215)
        room_px = self.width() - (FORM_PX if beside else 0)
        self._drawings.setDirection(across if room_px >= PLOTS_BESIDE_ABOVE_PX else down)

    def _is_taken(self, out: Path) -> bool:
        return out in self._standing or is_taken(out.stem) or is_begun(out)

    @property
    def chosen(self) -> Standing | None:
        """The run that is shown."""
        item = self.list.currentItem()
        return None if item is None else self._standing[item.data(Qt.ItemDataRole.UserRole)]

    def _start(self) -> None:
        try:
            run = self.form.run(self._desk.live.device)
        except UserError as error:
            self.refused.warn(error.message, error.hint)
            return
        self.refused.say("")
        self._go_on(run)
        self.list.setCurrentRow(list(self._standing).index(run.out))
        self.form.propose_name()

    def _go_on(self, run: TrainingRun) -> None:
        # The job may announce itself before it is known here.
        number = self._jobs.start(Order(TRAIN_JOB, run.options, f"The training of {run.name}"))
        self._put(Standing(run, self._jobs.run(number)))

    def _pause_or_resume(self) -> None:
        if (standing := self.chosen) is None:
            return
        if standing.job is not None and standing.busy:
            self._jobs.cancel(standing.job.number, PAUSE_GRACE_MS)
        else:
            self._go_on(standing.as_it_is())

    def _cancel(self) -> None:
        if (standing := self.chosen) is None:
            return
        self._put(replace(standing, asks=True))
        if standing.job is not None and standing.busy:
            self._jobs.cancel(standing.job.number, PAUSE_GRACE_MS)

    def _keep(self) -> None:
        if (standing := self.chosen) is not None:
            self._put(replace(standing, asks=False))

    def _delete(self) -> None:
        if (standing := self.chosen) is None:
            return
        try:
            forget(standing.run)
        except UserError as error:
            self.refused.warn(error.message, error.hint)
            return
        del self._standing[standing.run.out]
        self._show_list()
        self.form.propose_name()

    def _open(self) -> None:
        if (standing := self.chosen) is None:
            return
        try:
            choose_model(self._desk, standing.run.name)
        except UserError as error:
            self.said.warn(error.message, error.hint)

    def _copy(self) -> None:
        if (standing := self.chosen) is not None and standing.job is not None and standing.job.failure is not None:
            QApplication.clipboard().setText(standing.job.failure.details)

    def _went_on(self, job: Run) -> None:
        """One of the jobs of the window has reported: ours are known by their number."""
        for standing in self._standing.values():
            if standing.job is not None and standing.job.number == job.number:
                self._put(replace(standing, job=job))
                if job.state == "finished":
                    self.form.list_models()
                return

    def _put(self, standing: Standing) -> None:
        self._standing[standing.run.out] = standing
        self._show_list()

    def _show_list(self) -> None:
        """A line for each run; the one that is chosen stays so, and of new ones the last is chosen."""
        lines = list(self._standing.items())
        with QSignalBlocker(self.list):
            while self.list.count() > len(lines):
                self.list.takeItem(self.list.count() - 1)
            while self.list.count() < len(lines):
                self.list.addItem(QListWidgetItem())
            for row, (out, standing) in enumerate(lines):
                item = self.list.item(row)
                item.setText(standing.title())
                item.setData(Qt.ItemDataRole.UserRole, out)
            if self.list.currentRow() < 0 and lines:
                self.list.setCurrentRow(len(lines) - 1)
        self._show()

    def _show(self) -> None:
        """The run that is chosen, and what can be done with it now."""
        standing = self.chosen
        self.list.setVisible(standing is not None)
        finished = standing is not None and standing.finished
        asks = standing is not None and standing.asks and not standing.busy
        _set_shown(standing is not None and not finished, self.progress, self.pause, self.cancel)
        _set_shown(finished, self.open)
        _set_shown(asks, self.question, self.keep, self.delete)
        failure = None if standing is None or standing.job is None else standing.job.failure
        self.copy.setVisible(failure is not None)
        if failure is not None:
            self.said.warn(failure.message, failure.hint)
        else:
            self.said.say("" if standing is None else standing.words())
        if standing is not None:
            done = standing.progress
            self.progress.setValue(round(STEPS * done.done / max(1, done.total)))
            stopping = standing.state == "stopping"
            self.pause.setText("Pause" if standing.busy else "Resume")
            self.pause.setEnabled(not stopping and not asks)
            self.cancel.setEnabled(not standing.asks)
        self._draw(() if standing is None else standing.points)

    def _draw(self, points: tuple[CurvePoint, ...]) -> None:
        self.waiting.setVisible(not points)
        for view in self.plots:
            view.setVisible(bool(points))
        if points and points != self._drawn:
            for view, plot in zip(self.plots, curves(points), strict=True):
                view.show_plot(plot)
        self._drawn = points


def _set_shown(there: bool, *widgets: QWidget) -> None:
    for widget in widgets:
        widget.setVisible(there)


def _scrolled(body: QWidget) -> QScrollArea:
    """As high as there is room, and no wider."""
    area = QScrollArea()
    area.setWidget(body)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row

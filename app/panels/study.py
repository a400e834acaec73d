"""The study panel: run the published experiments on a model and watch each plot appear beside the published curve."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.as_left import as_left, leave_as
from app.desk import Desk
from app.jobs import Run
from app.panels import Panel
from app.panels.study_form import StudyForm
from app.panels.study_parts import PartList
from app.run_words import run_words
from core.cards import judging_models
from core.errors import UserError
from core.stimuli.tokens import tokens_of_items
from core.studies.attention import Attention
from core.studies.behaviour import Behaviour
from core.studies.lens import Lens
from core.studies.preference import Preference
from core.studies.published import MODELS as PUBLISHED_MODELS
from core.studies.published import NEAREST
from core.studies.study import SET
from core.study_job import StudyPart, shipped_parts

FORM_PX = 300
MIN_PX = QSize(380, 240)
STEPS = 1000
SHIPPED = "These results ship with Relata. Start measures the chosen parts here."
STARTING = "Starting: the first numbers take a moment."
FINISHED = "Finished. The report puts everything together."
STOPPED = "Cancelled. What was finished is kept; Start goes on from there."


class StudyPanel(QWidget, Panel):
    """Choices and progress on one side, plots on the other, or one above the other where it is narrow."""

    title, place, order = "Study", "floating", 80

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk, self._jobs = desk, desk.jobs
        self._number: int | None = None
        self._model = ""
        self._details = ""
        self._role = "muted"
        self.form, self.parts = StudyForm(judging_models(), desk.choices.keeping.study_folder), PartList()
        self.start, self.cancel = QPushButton("Start"), QPushButton("Cancel")
        self.progress, self.said = QProgressBar(), QLabel()
        self.copy = QToolButton()
        self.report, self.folder = QPushButton("Open report"), QPushButton("Open folder")
        self.published = QComboBox()
        self._arrange()
        self._connect()
        self._show_choices()

    def _arrange(self) -> None:
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy.setText("Copy details")
        self.copy.hide()
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.published.addItems(PUBLISHED_MODELS)
        self.published.setAccessibleName("Published model")
        self.published.setToolTip(
            f"Whose published numbers are drawn beside the measured ones; {NEAREST} where that model has none"
        )
        self.progress.setAccessibleName("Progress of the study")
        self._body, self._side = QWidget(), QScrollArea()
        self._body.installEventFilter(self)
        self._side.setWidget(self._body)
        self._side.setWidgetResizable(True)
        self._side.setFrameShape(QFrame.Shape.NoFrame)
        self._side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side = QVBoxLayout(self._body)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.form)
        side.addLayout(_row(self.start, self.cancel))
        side.addWidget(self.progress)
        side.addWidget(self.said)
        side.addWidget(self.copy)
        side.addLayout(_row(self.report, self.folder))
        side.addLayout(_row(QLabel("Published"), self.published))
        side.addStretch(1)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(10, 6, 10, 8)
        self._layout.setSpacing(12)
        # Otherwise the two side by side would keep the panel from becoming narrow enough to put them in one column.
        self._layout.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(MIN_PX)
        self._layout.addWidget(self._side)
        self._layout.addWidget(self.parts, 1)

    def _connect(self) -> None:
        self.start.clicked.connect(self._start)
        self.cancel.clicked.connect(self._cancel)
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(self._details))
        self.report.clicked.connect(lambda: _open(self.report_path))
        self.folder.clicked.connect(lambda: _open(self.form.results))
        self.form.set_named.connect(self._choose_set)
        self.form.pictures_changed.connect(self._show_known)
        self.form.pictures_changed.connect(self._show_choices)
        self.form.folder_changed.connect(self._show_choices)
        self.form.model.currentTextChanged.connect(lambda _: self._show_known())
        self.parts.head_chosen.connect(self._go_to_head)
        self.published.currentTextChanged.connect(self.parts.show_published)
        self._jobs.progressed.connect(self._went_on)
        self._desk.choices.changed.connect(lambda _: self.form.use_folder(self._desk.choices.keeping.study_folder))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_choices()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._body and event.type() == QEvent.Type.LayoutRequest:
            self._fit_choices()  # a part that was ticked may have options that are wider
        return super().eventFilter(watched, event)

    def _fit_choices(self) -> None:
        """Choices and plots side by side where both are whole, else one above the other."""
        whole_px = self._body.minimumSizeHint().width() + self._side.verticalScrollBar().sizeHint().width()
        margins = self._layout.contentsMargins()
        around_px = margins.left() + self._layout.spacing() + margins.right()
        beside = self.width() >= whole_px + around_px + self.parts.minimumWidth()
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(direction)
        self._side.setMinimumWidth(whole_px if beside else 0)
        self._side.setMaximumWidth(max(FORM_PX, whole_px) if beside else 16_777_215)

    @property
    def report_path(self) -> Path:
        """The page that puts everything together."""
        return self.form.results / "report.html"

    @property
    def run(self) -> Run | None:
        """The study that was started last."""
        return None if self._number is None else self._jobs.run(self._number)

    def kept(self) -> dict[str, Any]:
        return {**self.form.kept(), **as_left({"published": self.published})}

    def take(self, kept: Mapping[str, Any]) -> None:
        self.form.take(kept)
        leave_as({"published": self.published}, kept)

    def refresh(self) -> None:
        """Follow the model of the document, until another is chosen here."""
        model = self._desk.document.model
        if model != self._model:
            self._model = model
            self.form.choose_model(model)
        self._show_choices()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_choices()  # before it was seen its fonts, and so its widths, may have been others
        self._show_known()

    def _show_known(self) -> None:
        """Of the chosen models: what was run on them last here, or else what ships. Only what is seen is drawn."""
        run = self.run
        if not self.isVisible() or (run is not None and not run.over):
            return
        if run is not None and run.found and self._is_chosen(run):
            self._show(run)
            return
        note = self.form.set
        parts = tuple(shipped_parts(self.form.models)) if note is None else ()
        self.parts.show_parts(parts, in_turns=True)
        on_set = (
            "" if note is None else f"Start measures the chosen parts on exactly the pictures of the {note.words()}."
        )
        self._say(on_set or (SHIPPED if parts else ""))
        self.progress.setValue(0)

    def _is_chosen(self, run: Run) -> bool:
        """Whether a run was of the models and the pictures that are chosen."""
        options = run.order.options
        chosen = (self.form.models, self.form.set_folder)
        return chosen == (options["models"], options.get("pictures", ""))

    def choose_set(self, folder: str) -> None:
        """Study the pictures of a set: behaviour on them and what else is chosen, or of odd ones out what attention
        prefers.

        Raises UserError where it is none, or a study runs.
        """
        if self.run is not None and not self.run.over:
            raise UserError("A study runs.", "Wait for it, or cancel it in the panel “Study”.")
        if self.form.choose_set(folder).poses_task:
            self.form.parts[Behaviour.name].setChecked(True)
            self.form.parts[Preference.name].setChecked(False)
            return
        for kind in (Behaviour, Attention, Lens):
            self.form.parts[kind.name].setChecked(False)
        self.form.parts[Preference.name].setChecked(True)

    def _choose_set(self, folder: str) -> None:
        try:
            self.choose_set(folder)
        except UserError as error:
            self._say_error(error.message, error.hint)

    def show_study(self, figure: str, study: Mapping[str, object]) -> None:
        """Choose what a figure was made of, as far as it is known here, and say what that was. It comes from a file."""
        self.form.choose_study(study)
        settings = study.get("settings")
        if isinstance(settings, Mapping) and SET in settings:
            self._say(
                f"{figure} is of a set: {str(study.get('title', '?'))[:80]}. Choose its folder to measure it anew."
            )
            return
        title, model, n = (str(study.get(name, "?"))[:80] for name in ("title", "model", "n"))
        self._say(f"{figure} shows: {title} · {model} · n = {n}. It is chosen here; Start measures it anew.")

    def _start(self) -> None:
        try:
            order = self.form.order(self._desk.live.device)
        except UserError as error:
            self._say_error(error.message, error.hint)
            return
        self.parts.show_parts(())
        # The job may announce itself before its number is known here.
        self._number = self._jobs.start(order)
        self._show(self._jobs.run(self._number))

    def _cancel(self) -> None:
        if self._number is not None:
            self._jobs.cancel(self._number)

    def _went_on(self, run: Run) -> None:
        if run.number == self._number:
            self._show(run)

    def _show(self, run: Run) -> None:
        parts = tuple(found for found in run.found if isinstance(found, StudyPart))
        if len(parts) > len(self.parts.parts):
            self._desk.ask_again()  # the window's own model may have subspaces now
        self.parts.show_parts(parts)
        if run.progress is not None:
            self.progress.setValue(round(STEPS * run.progress.done / max(1, run.progress.total)))
        if run.state == "finished":
            self.progress.setValue(STEPS)
        if run.failure is not None:
            self._say_error(run.failure.message, run.failure.hint, run.failure.details)
        else:
            self._say(run_words(run, finished=FINISHED, stopped=STOPPED, starting=STARTING))
        self._show_choices()

    def _show_choices(self) -> None:
        """What can be done now."""
        busy = self.run is not None and not self.run.over
        self.form.setEnabled(not busy)
        self.start.setEnabled(not busy)
        self.cancel.setEnabled(busy and self.run is not None and self.run.state != "stopping")
        self.progress.setVisible(self.run is not None)
        self.report.setEnabled(os.path.isfile(self.report_path))
        self.folder.setEnabled(os.path.isdir(self.form.results))
        self.published.setEnabled(self.form.set is None)

    def _say(self, words: str) -> None:
        self._write(words, "muted")
        self.copy.hide()

    def _say_error(self, message: str, hint: str, details: str = "") -> None:
        self._details = details
        self._write(f"⚠ {message} {hint}".strip(), "warning")
        self.copy.setVisible(bool(details))

    def _write(self, words: str, role: str) -> None:
        self._role = role
        self.said.setText(words)
        self._dress()

    def _dress(self) -> None:
        self.said.setStyleSheet(f"color: {theme.current().color(self._role).name()}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _go_to_head(self, model: str, block: int, head: int) -> None:
        """Look at this head, from a token of an item, if the window shows the model that was studied."""
        answer = self._desk.answer
        shown = self._desk.document.model if answer is None else answer.model.name
        if model != shown:
            self._say_error(f"This is a head of {model}; the window shows {shown}.", "Choose that model first.")
            return
        self._desk.look(read=block, head=head, token=self._item_token())

    def _item_token(self) -> int:
        """The token that is looked from if it is an item's, else the first of the item that is selected."""
        answer, token = self._desk.answer, self._desk.view.token
        stimulus = self._desk.document.base
        tokens = () if answer is None else tokens_of_items(stimulus, answer.model.n_prefix)
        if not tokens:
            return token
        own = tokens[max(0, min(self._desk.view.item, len(tokens) - 1))]
        return token if any(token in of for of in tokens) else own[0]


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

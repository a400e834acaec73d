"""*Make a set…*: variants of what is drawn, as a folder; it stays open beside the window while one is written."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
)

from app.desk import Desk
from app.forms import Form
from app.jobs import Run
from app.panels import Panel
from app.panels.holds import HoldsOptions, HoldsPanel
from app.panels.study import StudyPanel
from app.run_words import run_words
from app.widgets.painted import rgb_image
from app.widgets.said import Said
from core.document import stimulus_of
from core.errors import UserError
from core.holds_job import MAX_PAIRS
from core.runner import Order
from core.set_job import SET_JOB, SetOptions
from core.sets import MANIFEST
from core.stimuli.render import render_many
from core.stimuli.stimulus import Stimulus

if TYPE_CHECKING:
    from app.main_window import MainWindow

N_SHOWN, SHOWN_PX, GAP_PX = 4, 92, 4
ABOUT = "Variants keep what is the same and what differs, and so the right answer."


def show_set_dialog(window: MainWindow) -> None:
    """Show the window's dialog, made where there is none yet."""
    dialog = window.findChild(SetDialog)
    if dialog is None:
        dialog = SetDialog(window.desk, window, window.panel(HoldsPanel), window.panel(StudyPanel))
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()


class SetDialog(QDialog):
    """A form, the first variants as they will be, and how far the folder is."""

    def __init__(self, desk: Desk, window: QMainWindow, holds: HoldsPanel, study: StudyPanel) -> None:
        super().__init__(window)
        self.setWindowTitle("Make a set")
        self._desk, self._holds, self._study = desk, holds, study
        self._why_none = ""
        self._then_study = False
        self._number: int | None = None
        self._shown: tuple[Stimulus, SetOptions] | None = None
        self.form, self.first, self.said = Form(SetOptions()), QLabel(), Said()
        self.folder, self.browse, self.progress = QLineEdit(), QPushButton("Folder…"), QProgressBar()
        self.make, self.cancel, self.reveal = QPushButton("Make it"), QPushButton("Cancel"), QPushButton("Open folder")
        self.hold, self.study = QPushButton("Does it hold on these?"), QPushButton("Study these…")
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        about, where, buttons, ways = QLabel(ABOUT), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        layout = QVBoxLayout(self)
        about.setWordWrap(True)
        self.first.setFixedHeight(SHOWN_PX)
        self.first.setWordWrap(True)
        self.first.setMinimumWidth(N_SHOWN * (SHOWN_PX + GAP_PX))
        self.first.setAccessibleName("The first variants")
        self.folder.setPlaceholderText("A new folder")
        self.folder.setAccessibleName("Folder")
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the set")
        self.make.setDefault(True)
        where.addWidget(self.folder, 1)
        where.addWidget(self.browse)
        for button in (self.make, self.cancel, self.reveal):
            buttons.addWidget(button)
        self.hold.setToolTip(
            "Ask what the edits do to each of them, with an interval and controls; no folder is needed"
        )
        self.study.setToolTip(
            "Accuracy, margins, attention and more on them, in the panel “Study”; they are made first"
        )
        for button in (self.hold, self.study):
            button.setAutoDefault(False)
            ways.addWidget(button)
        for widget in (about, self.form, self.first):
            layout.addWidget(widget)
        layout.addLayout(where)
        layout.addLayout(buttons)
        layout.addLayout(ways)
        layout.addWidget(self.progress)
        layout.addWidget(self.said)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.form.changed.connect(self._show_first)
        self.browse.clicked.connect(self._browse)
        self.make.clicked.connect(self._make)
        self.hold.clicked.connect(self._ask_whether_it_holds)
        self.study.clicked.connect(self._study_these)
        self.cancel.clicked.connect(self._cancel)
        self.reveal.clicked.connect(self._reveal)
        self._desk.store.changed.connect(self._show_first)
        self._desk.jobs.progressed.connect(self._went_on)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_first()
        self._show_run()

    @property
    def stimulus(self) -> Stimulus:
        """What variants are made of: the picture of the tab that is shown."""
        return stimulus_of(self._desk.document, self._desk.view.side)

    @property
    def run(self) -> Run | None:
        """The set that was started last."""
        return None if self._number is None else self._desk.jobs.run(self._number)

    def _show_first(self) -> None:
        """The first variants, in a row."""
        of = (self.stimulus, self.form.value)
        if not self.isVisible() or of == self._shown:
            return
        self._shown = of
        try:
            found, self._why_none = list(self.form.value.of(self.stimulus, N_SHOWN)), ""
        except UserError as error:
            found, self._why_none = [], str(error)
        self._enable()
        if not found:
            self.first.setText(f"⚠ {self._why_none}")
            return
        pictures = np.pad(render_many(found), ((0, 0), (1, 1), (1, 1 + GAP_PX), (0, 0)), constant_values=160)
        row = QPixmap.fromImage(rgb_image(np.ascontiguousarray(np.concatenate(list(pictures), axis=1))))
        self.first.setPixmap(row.scaledToHeight(SHOWN_PX, Qt.TransformationMode.SmoothTransformation))

    def _enable(self) -> None:
        """What can be begun now."""
        free = self.run is None or self.run.over
        for button in (self.make, self.study):
            button.setEnabled(not self._why_none and free)
        self.hold.setEnabled(not self._why_none)

    def _ask_whether_it_holds(self) -> None:
        """Ask *Does it hold?* of these variants, in its panel."""
        options = self.form.value
        asked = HoldsOptions(min(options.n, MAX_PAIRS), options.seed)
        try:
            if self._desk.view.side != "base":
                raise UserError("These are variants of the source.", "Edits are made in the base: show that.")
            self._holds.ask_of(asked, options.varied)
        except UserError as error:
            self.said.warn(error.message, error.hint)
            return
        self._go_to(HoldsPanel)
        self.said.say(f"Asked of {asked.n:,} of them: see the panel “{HoldsPanel.title}”.")

    def _go_to(self, panel: type[Panel]) -> None:
        """Show a panel, and leave it the room: it has its own progress and its own words."""
        self._desk.show(panel.title)
        self.hide()

    def _study_these(self) -> None:
        """Study the set in its panel, once it is made."""
        if self._is_made():
            self._bring_study()
            return
        folder = self.folder.text().strip()
        if not folder or os.path.exists(os.path.join(os.path.expanduser(folder), MANIFEST)):
            self.folder.setText(self._new_folder())
        self._then_study = True
        self._make()

    def _is_made(self) -> bool:
        """Whether the set that was made last is of what is chosen."""
        run = self.run
        if run is None or run.state != "finished":
            return False
        made = run.order.options
        if not os.path.isfile(os.path.join(made["folder"], MANIFEST)):
            return False
        same = replace(made["options"], ask=self.form.value.ask) == self.form.value
        return same and stimulus_of(made["document"], made["side"]) == self.stimulus

    def _new_folder(self) -> str:
        """A folder that is not there yet, beside the results of studies."""
        sets = self._study.form.out / "sets"
        return str(next(path for k in count(1) if not (path := sets / f"set-{k}").exists()))

    def _bring_study(self) -> None:
        run = self.run
        assert run is not None
        try:
            self._study.choose_set(run.order.options["folder"])
        except UserError as error:
            self.said.warn(error.message, error.hint)
            return
        self._go_to(StudyPanel)
        self.said.say(f"{_found(run)} They are chosen in the panel “{StudyPanel.title}”: Start measures there.")

    def _browse(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "A new folder for the set", self.folder.text())
        if name:
            self.folder.setText(name)

    def _reveal(self) -> None:
        """Open the folder of the set that was made, whatever the field says by now."""
        if self.run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(self.run.order.options["folder"]))

    def _make(self) -> None:
        folder = self.folder.text().strip()
        if not folder:
            self.said.warn("Where should it go?", "Name a new folder.")
            return
        options = {
            "document": self._desk.document,
            "side": self._desk.view.side,
            "options": self.form.value,
            "folder": str(Path(folder).expanduser().absolute()),
            "device": self._desk.live.device,
        }
        self._number = self._desk.jobs.start(Order(SET_JOB, options, "A set of pictures"))
        self._show_run()

    def _cancel(self) -> None:
        if self._number is not None:
            self._desk.jobs.cancel(self._number)

    def _went_on(self, run: Run) -> None:
        if run.number == self._number:
            self._show_run()

    def _show_run(self) -> None:
        run = self.run
        busy = run is not None and not run.over
        self._enable()
        self.cancel.setEnabled(run is not None and run.state in ("waiting", "running"))
        self.reveal.setEnabled(run is not None and run.state in ("finished", "stopped"))
        self.progress.setVisible(busy)
        if run is None:
            return
        done, total = (0, 1) if run.progress is None else (run.progress.done, run.progress.total)
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        then_study, self._then_study = self._then_study, self._then_study and busy
        if run.failure is not None:
            self.said.warn(run.failure.message, run.failure.hint)
        elif then_study and run.state == "finished":
            self._bring_study()
        else:
            self.said.say(_words(run, done, total))


def _found(run: Run) -> str:
    options, written = run.order.options, run.result
    edited = options["side"] == "base" and any(edit.enabled for edit in options["document"].interventions)
    where = f"{written.n} pictures and their manifest are in {options['folder']}."
    return f"{where} {written.words(edited=edited)}".strip()


def _words(run: Run, done: int, total: int) -> str:
    found = _found(run) if run.state == "finished" else ""
    stopped = "Cancelled: what was written is kept, with its manifest." if done else "Cancelled."
    return run_words(run, finished=found, stopped=stopped, under_way=f"{done} of {total} pictures")

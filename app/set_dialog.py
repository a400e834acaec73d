"""*Make a set…*: variants of what is drawn, as a folder; it stays open beside the window while one is written."""

from __future__ import annotations

from pathlib import Path

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
from app.run_words import run_words
from app.widgets.painted import rgb_image
from app.widgets.said import Said
from core.document import stimulus_of
from core.errors import UserError
from core.render import render_many
from core.runner import Order
from core.scene import Stimulus
from core.set_job import SET_JOB, SetOptions

N_SHOWN, SHOWN_PX, GAP_PX = 4, 92, 4
ABOUT = "Variants keep what is the same and what differs, and so the right answer."


def show_set_dialog(desk: Desk, window: QMainWindow) -> None:
    """Show the window's dialog, made where there is none yet."""
    dialog = window.findChild(SetDialog) or SetDialog(desk, window)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()


class SetDialog(QDialog):
    """A form, the first variants as they will be, and how far the folder is."""

    def __init__(self, desk: Desk, window: QMainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle("Make a set")
        self._desk = desk
        self._number: int | None = None
        self._shown: tuple[Stimulus, SetOptions] | None = None
        self.form, self.first, self.said = Form(SetOptions()), QLabel(), Said()
        self.folder, self.browse, self.progress = QLineEdit(), QPushButton("Folder…"), QProgressBar()
        self.make, self.cancel, self.reveal = QPushButton("Make it"), QPushButton("Cancel"), QPushButton("Open folder")
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        about, where, buttons, layout = QLabel(ABOUT), QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        about.setWordWrap(True)
        self.first.setFixedHeight(SHOWN_PX)
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
        for widget in (about, self.form, self.first):
            layout.addWidget(widget)
        layout.addLayout(where)
        layout.addLayout(buttons)
        layout.addWidget(self.progress)
        layout.addWidget(self.said)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.form.changed.connect(self._show_first)
        self.browse.clicked.connect(self._browse)
        self.make.clicked.connect(self._make)
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
            found = list(self.form.value.of(self.stimulus, N_SHOWN))
        except UserError as error:
            self.first.setText(f"⚠ {error}")
            self.make.setEnabled(False)
            return
        self.make.setEnabled(self.run is None or self.run.over)
        pictures = np.pad(render_many(found), ((0, 0), (1, 1), (1, 1 + GAP_PX), (0, 0)), constant_values=160)
        row = QPixmap.fromImage(rgb_image(np.ascontiguousarray(np.concatenate(list(pictures), axis=1))))
        self.first.setPixmap(row.scaledToHeight(SHOWN_PX, Qt.TransformationMode.SmoothTransformation))

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
        self._number = self._desk.jobs.start(Order(SET_JOB, options))
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
        self.make.setEnabled(not busy)
        self.cancel.setEnabled(run is not None and run.state in ("waiting", "running"))
        self.reveal.setEnabled(run is not None and run.state in ("finished", "stopped"))
        self.progress.setVisible(busy)
        if run is None:
            return
        done, total = (0, 1) if run.progress is None else (run.progress.done, run.progress.total)
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        if run.failure is not None:
            self.said.warn(run.failure.message, run.failure.hint)
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

"""Before a talk: every scene is run in a process of its own, its answer kept, and what is missing is listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.desk import Desk
from app.jobs import Run
from app.numbers import signed
from app.present.presenting import other_screen
from app.run_words import STARTING, WAITING
from core.analyses.decision import Decision
from core.documents.work import ModelNote
from core.rehearsal import REHEARSAL_JOB, Rehearsed
from core.runner import Order

SIZE = QSize(620, 340)
STEPS = 1000
ONE_SCREEN = "There is one screen: the audience's window will fill it, and P shows the notes over it."
GO, GO_ANYWAY = "Present", "Present anyway"


class Preflight(QDialog):
    """Runs the scenes, can be cancelled, and starts the talk: by itself if nothing is missing and it `goes_on`."""

    def __init__(
        self,
        desk: Desk,
        notes: Sequence[ModelNote],
        present: Callable[[], object],
        window: QWidget,
        *,
        goes_on: bool = False,
    ) -> None:
        super().__init__(window)
        self._desk, self._present, self._goes_on = desk, present, goes_on
        self._n_taken = 0
        self.missing: list[str] = []
        self.setWindowTitle("Check the talk")
        self.said, self.progress, self.list = QLabel(STARTING), QProgressBar(), QListWidget()
        self.progress.setRange(0, STEPS)
        self.progress.setAccessibleName("Progress of the check")
        self.screen_words = QLabel("" if other_screen(window) is not None else ONE_SCREEN)
        self.screen_words.setVisible(bool(self.screen_words.text()))
        self.go, self.cancel = QPushButton(GO_ANYWAY), QPushButton("Cancel")
        for label in (self.said, self.screen_words):
            label.setWordWrap(True)
        self.list.setWordWrap(True)
        self.list.setAccessibleName("Scenes")
        buttons = QDialogButtonBox()
        buttons.addButton(self.cancel, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.go, QDialogButtonBox.ButtonRole.AcceptRole)
        layout = QVBoxLayout(self)
        for widget in (self.said, self.progress, self.list, self.screen_words, buttons):
            layout.addWidget(widget)
        self.resize(SIZE)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(self._present)
        self.finished.connect(self._end)
        options = {"scenes": desk.store.scenes, "notes": tuple(notes), "device": desk.live.device}
        self.number = desk.jobs.start(Order(REHEARSAL_JOB, options, "The check of the talk"))
        desk.jobs.progressed.connect(self._went_on)
        self._went_on(desk.jobs.run(self.number))

    def _went_on(self, run: Run) -> None:
        if run.number != self.number:
            return
        if run.state == "waiting":
            self.said.setText(WAITING)
        if run.progress is not None:
            self.said.setText(run.progress.message)
            self.progress.setValue(round(STEPS * run.progress.done / max(1, run.progress.total)))
        for found in run.found[self._n_taken :]:
            self._take(found)
        self._n_taken = len(run.found)
        if run.over:
            self._finish(run)

    def _take(self, found: Rehearsed) -> None:
        """Keep the answer for the first frame of its scene, and list what it lacks."""
        said = "no answer"
        if found.answer is not None:
            verdict = found.answer.found[Decision()]
            said = f"{verdict.answer} {signed(verdict.margin)}{', flip' if verdict.flipped else ''}"
            self._desk.stage.prepared[found.answer.question.document] = found.answer
        self.list.addItem(f"{'⚠' if found.missing else '✓'} {found.index + 1}  {found.name}: {said}")
        for words in found.missing:
            self.missing.append(words)
            self.list.addItem(f"      {words}")

    def _finish(self, run: Run) -> None:
        self.progress.setValue(STEPS)
        if run.failure is not None:
            self.missing.append(run.failure.message)
            self.said.setText(f"⚠ {run.failure.message} {run.failure.hint}")
        elif run.state == "finished":
            n = len(self.missing)
            self.said.setText(f"{n} {'thing is' if n == 1 else 'things are'} missing" if n else "Nothing is missing.")
        if run.state == "finished" and not self.missing:
            self.go.setText(GO)
            if self._goes_on:
                self.accept()

    def _end(self) -> None:
        if not self._desk.jobs.run(self.number).over:
            self._desk.jobs.cancel(self.number)
        self._desk.jobs.progressed.disconnect(self._went_on)
        self.deleteLater()

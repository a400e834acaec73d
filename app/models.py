"""Opening models that are not there yet: fetched by name, or imported from a file of another program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.about_model import AboutModel
from app.comparing import compare_with
from app.desk import Desk
from app.dialogs.import_model import ImportDialog
from app.dialogs.open_model import ModelDialog
from app.edits import choose_model
from app.jobs import Jobs, Run
from app.opening import open_path
from app.outcomes import Outcomes
from core.library import listed, note_opened
from core.locations import is_foreign
from core.questions import Answer
from core.runner import Order

FETCH_JOB = "core.jobs.fetch_model:fetch_model"
N_RECENT = 8


class Models(QObject):
    """Shows the dialog, and runs what it takes to open what is chosen there.

    Its jobs are its own: a model is opened also while a study runs.
    """

    def __init__(self, window: QWidget, desk: Desk, outcomes: Outcomes) -> None:
        super().__init__(window)
        self._window, self._desk, self._outcomes = window, desk, outcomes
        desk.import_model = self.import_model
        self.importing: ImportDialog | None = None
        self.jobs = Jobs()
        self.dialog: ModelDialog | None = None
        self._number: int | None = None
        self._noted = ""
        self._recent: list[QAction] = []
        self.jobs.progressed.connect(self._went_on)

    def show_dialog(self, *, comparing: bool = False) -> None:
        """Open the dialog, or bring it to the front, for a model to open or one to compare with."""
        if self.dialog is None:
            self.dialog = ModelDialog(self._window, self._attempt, lambda: self._desk.document.model)
            self.dialog.asks = lambda: self._desk.choices.keeping.ask_remove_model
            self.dialog.chosen.connect(self._take)
            self.dialog.wanted.connect(self.fetch)
            self.dialog.files_chosen.connect(self._take_file)
            self.dialog.cancelled.connect(self._cancel)
        self.dialog.ask_for(comparing=comparing)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def show_about(self) -> None:
        """What is known of the model that is open.

        Raises UserError where its card is gone.
        """
        about = AboutModel(self._desk.document.model, self._window)
        for other in self._window.findChildren(AboutModel):
            if other is not about:
                other.close()
        about.show()

    def fetch(self, reference: str, may_download: bool, seed: int | None) -> None:
        """Put a model that is named into the library, and open it."""
        options = {"reference": reference, "may_download": may_download, "seed": seed}
        self._number = self.jobs.start(Order(FETCH_JOB, options, f"The opening of {reference}"))
        self._went_on(self.jobs.run(self._number))

    def import_model(self, source: Path) -> None:
        """Import a model of another program into the library, and take it once it is known what to assume of it."""
        if self.importing is not None:
            self.importing.reject()
        comparing = self.dialog is not None and self.dialog.isVisible() and self.dialog.comparing
        self.importing = ImportDialog(source, self._desk.live.device, self._window)
        self.importing.opened.connect(self._take if comparing else self.open)
        self.importing.refused.connect(self._outcomes.not_opened)
        self.importing.finished.connect(self._forget_importing)
        self.importing.show()

    def _forget_importing(self) -> None:
        self.importing = None

    def open(self, reference: str) -> None:
        """Open a model that is there; the dialog has done what it is for."""
        self._attempt(lambda: choose_model(self._desk, reference))
        if self.dialog is not None and self._desk.document.model == reference:
            self.dialog.hide()

    def _take(self, reference: str) -> None:
        """Open what was chosen in the dialog, or compare with it."""
        if self.dialog is None or not self.dialog.comparing:
            self.open(reference)
            return
        self._attempt(lambda: compare_with(self._desk, reference))
        if self._desk.document.compared == reference:
            self.dialog.hide()

    def _take_file(self, path: Path) -> None:
        if self.dialog is not None and self.dialog.comparing and not is_foreign(path):
            self._take(str(path))
        else:
            self._attempt(lambda: open_path(self._desk, path))

    def note(self, answer: Answer) -> None:
        """A model has answered, so that it was opened; when is remembered where settings are."""
        reference = answer.question.document.model
        if reference != self._noted and self._desk.settings is not None:
            self._attempt(lambda: note_opened(reference))
        self._noted = reference

    def list_recent(self, menu: QMenu, before: QAction) -> None:
        """Put the user's own models that were opened last into a menu."""
        for action in self._recent:
            menu.removeAction(action)
            action.deleteLater()
        own = [model for model in listed() if model.place != "bundled"][:N_RECENT]
        self._recent = [QAction(f"Yours: {model.name}", self) for model in own]
        for action, model in zip(self._recent, own, strict=True):
            action.setCheckable(True)
            action.setChecked(model.reference == self._desk.document.model)
            action.setToolTip(f"{model.shape.replace(' × ', ' blocks × ')} heads, {model.answers}")
            action.triggered.connect(lambda _=False, reference=model.reference: self.open(reference))
        menu.insertActions(before, self._recent)

    def at_work(self) -> list[str]:
        """What is being fetched or imported, in words."""
        importing = [] if self.importing is None else self.importing.at_work()
        return [*self.jobs.at_work(), *importing]

    def stop(self) -> None:
        """The window closes."""
        if self.importing is not None:
            self.importing.reject()
        self.jobs.stop()

    def _attempt(self, do: Callable[[], object]) -> None:
        self._outcomes.attempt(do, opening=True)

    def _cancel(self) -> None:
        if self._number is not None:
            self.jobs.cancel(self._number)

    def _went_on(self, run: Run) -> None:
        if run.number != self._number:
            return
        shown = self.dialog is not None and self.dialog.isVisible()
        if self.dialog is not None:
            self.dialog.show_run(run)
        if run.state == "finished" and self.dialog is not None:
            self.dialog.look_again()
        if run.state == "finished" and shown:
            self._take(run.result)
        if run.failure is not None and not shown:
            self._outcomes.not_opened(run.failure)

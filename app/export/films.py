"""*Export film…*: what it is of, how large and how long, and the making of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.desk import Desk
from app.documents import Documents
from app.export.filming import Filming
from app.forms import Form
from core.documents.work import Work
from core.errors import UserError
from core.film import Film

FILTER = "Films (*.gif *.mp4)"
FOLDER = "figure folder"
"""Where figures went last, films go too."""
ABOUT = "Every frame is a state that the model answers for, by an engine of its own: the window stays free meanwhile."


class Films(QObject):
    """Keeps the one dialog that there may be."""

    def __init__(self, window: QWidget, desk: Desk, documents: Documents) -> None:
        super().__init__(window)
        self._window, self._desk, self._documents = window, desk, documents
        self.dialog: FilmDialog | None = None

    def ask(self) -> None:
        """Ask what the film is to be of; the window can be worked in meanwhile."""
        if self.dialog is None:
            documents = self._documents
            self.dialog = FilmDialog(
                self._window, documents.work, documents.name, self._desk.live.device, self._desk.settings
            )
            self.dialog.finished.connect(self._forget)
        self.dialog.show()
        self.dialog.raise_()

    def at_work(self) -> list[str]:
        """The film that is being made, in words."""
        at_work = self.dialog is not None and self.dialog.filming is not None
        return ["A film, of which nothing is written before its end"] if at_work else []

    def stop(self) -> None:
        """The window closes; a film that is not done is given up."""
        if self.dialog is not None:
            self.dialog.give_up()

    def _forget(self) -> None:
        self.dialog = None


class FilmDialog(QDialog):
    """A form, a file, and a bar while the film is made; closed before it is done, it leaves the file as it was."""

    def __init__(
        self,
        parent: QWidget,
        work: Callable[[], Work],
        name: Callable[[], str],
        device: str,
        settings: QSettings | None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export film")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._work, self._name, self._device, self._settings = work, name, device, settings
        self.form, self.said, self.progress = Form(Film()), QLabel(ABOUT), QProgressBar()
        self.make, self.close_button = QPushButton("Make film…"), QPushButton("Close")
        self.filming: Filming | None = None
        self.chooser: QFileDialog | None = None
        buttons = QDialogButtonBox()
        buttons.addButton(self.make, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.close_button, QDialogButtonBox.ButtonRole.RejectRole)
        self.make.clicked.connect(self.choose_file)
        buttons.rejected.connect(self.reject)
        self.said.setWordWrap(True)
        self.progress.setAccessibleName("Progress of the film")
        layout = QVBoxLayout(self)
        for widget in (self.form, self.progress, self.said, buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(440)
        self._show_way(at_work=False)

    def choose_file(self) -> None:
        """Ask where to, and begin."""
        chooser = QFileDialog(self, "Export film", "", FILTER)
        chooser.selectFile(f"{self._name()} {self.form.value.of}.gif")
        if self._settings is not None:
            chooser.setDirectory(str(self._settings.value(FOLDER, "")))
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setDefaultSuffix("gif")
        chooser.fileSelected.connect(lambda name: self.begin(Path(name)))
        chooser.finished.connect(chooser.deleteLater)
        chooser.finished.connect(self._forget_chooser)
        self.chooser = chooser
        chooser.open()

    def begin(self, path: Path) -> None:
        """Make the film of the document as it is now; what cannot be is said."""
        try:
            self.filming = filming = Filming(self._work(), self.form.value, path, self._device)
        except UserError as error:
            self._say(error)
            return
        if self._settings is not None:
            self._settings.setValue(FOLDER, str(path.parent))
        filming.went_on.connect(self._went_on)
        filming.ended.connect(self._ended)
        self.progress.setRange(0, 0)  # until it is known how many frames there are
        self.said.setText(f"The engine is starting. {path.name} is written when all frames are there.")
        self._show_way(at_work=True)
        filming.start()

    def _went_on(self, done: int, total: int) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.said.setText("Writing the file" if done == total else f"{done} of {total} frames")

    def _ended(self, how: Path | UserError | None) -> None:
        self.filming = None
        self._show_way(at_work=False)
        if isinstance(how, UserError):
            self._say(how)
        else:
            self.said.setText("Cancelled; nothing was written." if how is None else f"{how} is there.")

    def _say(self, error: UserError) -> None:
        self.said.setText(f"⚠ {error.message} {error.in_window}")

    def _show_way(self, *, at_work: bool) -> None:
        self.form.setEnabled(not at_work)
        self.make.setEnabled(not at_work)
        self.progress.setVisible(at_work)
        self.close_button.setText("Cancel" if at_work else "Close")

    def _forget_chooser(self) -> None:
        self.chooser = None

    def reject(self) -> None:
        """Cancel the film, or where there is none under way close."""
        if self.filming is not None:
            self.filming.cancel()
        else:
            super().reject()

    def give_up(self) -> None:
        """Cancel the film and close."""
        if self.filming is not None:
            self.filming.cancel()
        super().reject()

"""A checkpoint of another program is imported: what it seems to be, what is assumed and why, and what it then says
of the demo. It stands beside the window, and nothing there changes before *Open*."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.import_rows import ImportRows
from app.layout import room_for
from app.numbers import fixed
from app.process import ChildProcess
from app.widgets.painted import rgb_image
from core.demo import demo_stimulus
from core.errors import UserError
from core.importer import LOOK_JOB, N_ANSWERS, TRY_JOB, Found, Tried
from core.library import remove, size_words
from core.locations import in_library
from core.progress import Progress
from core.runner import Broken, Finished, Order, Stopped, work
from core.stimuli.render import render

SIZE, MARGIN = QSize(640, 560), QSize(48, 48)
PICTURE_PX, BAR_PX, LETTERS = 112, 10, 32
STEPS = 1000
AFTER_TYPING_MS = 400
ASKED = "The files do not say all that is needed. What was assumed can be changed; the answers follow."

State = Literal["looking", "trying", "tried", "refused"]


class ImportDialog(QDialog):
    """From a file or folder to a model of the library: `opened` carries its name there.

    Where nothing has to be assumed, it closes by itself. A child process does the work, and goes with the dialog.
    """

    opened = Signal(str)
    refused = Signal(object)  # the Broken that says why

    def __init__(self, source: Path, device: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Open {source.name}")
        self._source, self._device, self._window = source, device, parent
        self._state: State = "looking"
        self._created = ""
        self.rows: ImportRows | None = None
        self.tried: Tried | None = None
        self.title, self.asked, self.said = QLabel(f"Looking into {source.name} …"), QLabel(ASKED), QLabel()
        self.area, self.demo = QScrollArea(), _Answers()
        self.progress = QProgressBar()
        self.open_button, self.cancel = QPushButton("Open"), QPushButton("Cancel")
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(AFTER_TYPING_MS)
        self._arrange()
        self._room = SIZE.boundedTo(room_for(parent) - MARGIN)
        self.resize(self._room.width(), 1)
        self._later.timeout.connect(self._try)
        self.open_button.clicked.connect(self._open)
        self.cancel.clicked.connect(self.reject)
        self.finished.connect(self._end)
        self._child = ChildProcess(work, name="relata-import")
        self._child.said.connect(self._hear)
        self._child.ended.connect(self._lost)
        self._child.send(Order(LOOK_JOB, {"source": str(source)}))
        self._show_state()

    def _arrange(self) -> None:
        for label in (self.title, self.asked, self.said):
            label.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.area.setWidgetResizable(True)
        self.area.setAccessibleName("What was assumed")
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the import")
        self.title.setMinimumHeight(2 * self.title.sizeHint().height())
        layout = QVBoxLayout(self)
        for widget in (self.title, self.asked):
            layout.addWidget(widget)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.demo)
        layout.addWidget(self.said)
        foot = QHBoxLayout()
        foot.addWidget(self.progress, 1)
        foot.addStretch()
        foot.addWidget(self.cancel)
        foot.addWidget(self.open_button)
        layout.addLayout(foot)
        self.open_button.setDefault(True)

    def at_work(self) -> list[str]:
        """What the process does, in words; nothing while it waits for an answer."""
        return [f"The opening of {self._source.name}"] if self._state in ("looking", "trying") else []

    @property
    def stated(self) -> dict[str, Any]:
        """What is not as it was assumed."""
        return {} if self.rows is None else self.rows.stated

    def _hear(self, message: object) -> None:
        match message:
            case Progress():
                self.progress.setRange(0, STEPS if message.total > 1 else 0)
                self.progress.setValue(round(STEPS * message.done / max(1, message.total)))
            case Finished(Found() as found):
                self._ask(found)
            case Finished(Tried() as tried):
                self._take(tried)
            case Broken():
                self._refuse(message)
            case Stopped():
                return

    def _ask(self, found: Found) -> None:
        """Show what is assumed, and try it."""
        shape = found.shape.replace(" × ", " blocks × ")
        self.title.setText(f"{self._source.name}: {found.layout}, {shape} heads, {size_words(found.n_bytes)}")
        if found.unsaid:
            self.rows = ImportRows(found.unsaid)
            self.rows.changed.connect(self._changed)
            self.area.setWidget(self.rows)
            self._make_room()
        self._try()

    def _make_room(self) -> None:
        """Grow, over the middle of the window, so that nothing leaves the screen."""
        self.resize(self._room)
        place = self.frameGeometry()
        place.moveCenter(self._window.frameGeometry().center())
        self.move(place.topLeft())

    def _changed(self) -> None:
        self._state = "trying"
        self._later.start()
        self._show_state()

    def _try(self) -> None:
        self._state = "trying"
        options = {"source": str(self._source), "stated": self.stated, "instead_of": self._created}
        self._child.send(Order(TRY_JOB, {**options, "device": self._device}))
        self._show_state()

    def _take(self, tried: Tried) -> None:
        """What was tried is in the library now, in place of what was tried before."""
        self.tried = tried
        if self._created not in ("", tried.reference) and tried.stated == self.stated:
            self._remove()  # it came after the order for a newer one had gone
        self._created = tried.reference if tried.is_new or tried.reference == self._created else ""
        if tried.stated != self.stated:
            return  # a newer one is on its way
        self._state = "tried"
        self.demo.show_answers(tried.answers)
        self.said.setText("")
        self._show_state()
        if self.rows is None:
            self._open()

    def _refuse(self, broken: Broken) -> None:
        if self.rows is None:
            self.refused.emit(broken)
            self.reject()
            return
        self._state = "refused"
        self.said.setText(f"⚠ {broken.message} {broken.hint}")
        self._show_state()

    def _lost(self, exit_code: int) -> None:
        words = f"The process that imports {self._source.name} stopped (exit code {exit_code})."
        self.refused.emit(Broken(words, "Nothing of the window was changed. Open it again.", words))
        self.reject()

    def _open(self) -> None:
        if self.tried is not None and self._state == "tried":
            self._created = ""
            self.opened.emit(self.tried.reference)
            self.accept()

    def _end(self, _: int) -> None:
        """Closed in whatever way: the process goes, and a model that nobody opened with it."""
        self._later.stop()
        self._child.kill()
        self._child.close()
        self._remove()

    def _remove(self) -> None:
        """Take a model out of the library that was tried and is not opened; it may be gone already."""
        if in_library(self._created):
            try:
                remove(self._created)
            except UserError as error:
                self.refused.emit(Broken(error.message, error.in_window, str(error)))

    def _show_state(self) -> None:
        asking = self.rows is not None
        for widget in (self.asked, self.area, self.demo):
            widget.setVisible(asking)
        self.said.setVisible(bool(self.said.text()))
        self.progress.setVisible(self._state in ("looking", "trying"))
        self.demo.show_current(self._state == "tried")
        self.open_button.setEnabled(self._state == "tried")


class _Answers(QWidget):
    """The demo stimulus and the likeliest answers to it."""

    def __init__(self) -> None:
        super().__init__()
        picture = QLabel()
        pixels = QPixmap.fromImage(rgb_image(render(demo_stimulus("discrimination"))))
        picture.setPixmap(pixels.scaledToWidth(PICTURE_PX, Qt.TransformationMode.SmoothTransformation))
        picture.setAccessibleName("The demo stimulus")
        self.lines = [(QLabel(), QProgressBar(), QLabel()) for _ in range(N_ANSWERS)]
        grid = QGridLayout()
        grid.addWidget(QLabel("What it says of this picture:"), 0, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(N_ANSWERS + 1, 1)
        for index, line in enumerate(self.lines):
            line[1].setRange(0, STEPS)
            line[1].setTextVisible(False)
            line[1].setMaximumHeight(BAR_PX)
            for column, widget in enumerate(line):
                grid.addWidget(widget, index + 1, column)
                widget.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(picture)
        layout.addLayout(grid, 1)

    def show_current(self, current: bool) -> None:
        """Answers of other values than those that are chosen now are drawn faintly."""
        for line in self.lines:
            for widget in line:
                widget.setEnabled(current)

    def show_answers(self, answers: tuple[tuple[str, float], ...]) -> None:
        """One bar an answer."""
        for line, each in zip(self.lines, (*answers, *[None] * N_ANSWERS), strict=False):
            for widget in line:
                widget.setVisible(each is not None)
            if each is not None:
                name, bar, number = line
                name.setText(each[0] if len(each[0]) <= LETTERS else f"{each[0][:LETTERS]}…")
                name.setToolTip(each[0])
                bar.setValue(round(STEPS * each[1]))
                number.setText(fixed(each[1], 3))

"""*Open model…*: what can be opened, by name, file or folder; it stays open beside the window while something is
fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.model_rows import ModelTable, Row, every_row, matching
from app.jobs import Run
from app.layout import room_for
from core.library import remove, rename, size_words

SIZE, MARGIN = QSize(920, 620), QSize(48, 48)
DETAILS_PX = 92
STEPS = 1000
FILES = "Models (*.safetensors *.pt *.pth *.bin *.ckpt *.index.json);;All files (*)"
ARROWS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
Attempt = Callable[[Callable[[], object]], None]


class ModelDialog(QDialog):
    """Search, a list, what is known of the chosen one, and what can be done with it.

    `attempt` runs what may be refused, and says so. `current` is the reference of the model that is open. What is
    chosen is opened or, once `ask_for` was told so, compared with that one. `asks` says whether to ask before one is
    removed.
    """

    chosen = Signal(str)  # a reference: take it
    wanted = Signal(str, bool, object)  # a reference, whether it may be downloaded, the seed of random weights or None
    files_chosen = Signal(object)  # the path of a file or folder
    cancelled = Signal()

    def __init__(self, parent: QWidget, attempt: Attempt, current: Callable[[], str]) -> None:
        super().__init__(parent)
        self._attempt, self._current = attempt, current
        self.asks: Callable[[], bool] = lambda: True
        self.comparing = False
        self._rows: tuple[Row, ...] = ()
        self._busy = False
        self.search, self.table, self.view = QLineEdit(), ModelTable(), QTableView()
        self.details, self.said, self.progress = QLabel(), QLabel(), QProgressBar()
        self.file, self.folder = QPushButton("File…"), QPushButton("Folder…")
        self.reveal, self.rename, self.remove = QPushButton("Show file"), QPushButton("Rename…"), QPushButton("Remove…")
        self.random, self.open_button = QPushButton(), QPushButton()
        self.cancel = QPushButton("Cancel")
        self.question: QMessageBox | QInputDialog | None = None
        self._arrange()
        self._connect()
        self.ask_for(comparing=False)
        self.resize(SIZE.boundedTo(room_for(parent) - MARGIN))

    def _arrange(self) -> None:
        self.search.setPlaceholderText("Search your models and timm's names: dinov2 small, clip 224, in21k …")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search models")
        self.table.setParent(self)
        self.view.setModel(self.table)
        self.view.setAccessibleName("Models")
        self.view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        self.view.setStyleSheet("QTableView::item { padding: 0 6px; } QHeaderView::section { padding: 3px 6px; }")
        self.view.setTabKeyNavigation(False)
        header = self.view.horizontalHeader()  # fitted as the rows are read: by itself it measures all at every change
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.details.setWordWrap(True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.details.setFixedHeight(DETAILS_PX)
        self.said.setWordWrap(True)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress.setRange(0, STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the model")
        layout = QVBoxLayout(self)
        layout.addLayout(_row(self.search, self.file, self.folder))
        layout.addWidget(self.view, 1)
        layout.addWidget(self.details)
        layout.addWidget(self.said)
        layout.addLayout(_row(self.progress, self.cancel))
        layout.addLayout(_row(self.reveal, self.rename, self.remove, None, self.random, self.open_button))
        self.open_button.setDefault(True)
        for button in (self.file, self.folder, self.reveal, self.rename, self.remove, self.random, self.cancel):
            button.setAutoDefault(False)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _: self._filter())
        self.search.installEventFilter(self)
        self.view.selectionModel().currentRowChanged.connect(lambda *_: self._follow())
        self.table.modelReset.connect(self._follow)
        self.view.doubleClicked.connect(lambda _: self._open())
        self.open_button.clicked.connect(self._open)
        self.random.clicked.connect(lambda: self._want(may_download=False, seed=0))
        self.cancel.clicked.connect(self.cancelled)
        self.file.clicked.connect(self._choose_file)
        self.folder.clicked.connect(self._choose_folder)
        self.reveal.clicked.connect(self._reveal)
        self.rename.clicked.connect(self._ask_name)
        self.remove.clicked.connect(self._ask_removal)

    def ask_for(self, *, comparing: bool) -> None:
        """Ask for a model to open, or for one to compare with."""
        self.comparing = comparing
        self.setWindowTitle("Compare with a model" if comparing else "Open model")
        self.random.setText("Compare with random weights" if comparing else "Open with random weights")
        self._follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look_again()
        self.search.setFocus()

    def look_again(self) -> None:
        """Read anew what there is: something came into the library, or went."""
        self._rows = every_row()
        self.table.set_rows(list(self._rows))
        self.view.resizeColumnsToContents()
        self._filter()

    @property
    def row(self) -> Row | None:
        """The chosen one."""
        index = self.view.currentIndex()
        return self.table.shown[index.row()] if index.isValid() and index.row() < len(self.table.shown) else None

    def show_run(self, run: Run | None) -> None:
        """Say how far a job is; None, or one that is over, leaves the dialog free."""
        self._busy = run is not None and not run.over
        if run is None or run.state == "finished":
            self.said.setText("")
        elif run.failure is not None:
            self.said.setText(f"⚠ {run.failure.message} {run.failure.hint}")
        elif run.state == "stopped":
            self.said.setText("Stopped. What was fetched is kept, and the next time goes on from there.")
        elif run.progress is None:
            self.said.setText("Starting …")
        else:
            left = "" if run.left_s is None else f", about {max(1, round(run.left_s))} s left"
            self.said.setText(f"{run.progress.message}{left}")
        share = run.progress.done / max(1, run.progress.total) if run is not None and run.progress is not None else 0
        self.progress.setValue(round(STEPS * share))
        self._follow()

    def _filter(self) -> None:
        before = self.row
        self.table.set_rows(matching(self.search.text(), self._rows))
        at = next(
            (i for i, row in enumerate(self.table.shown) if before is not None and row.source == before.source), 0
        )
        self._go_to(at if not self.search.text() else 0)

    def _go_to(self, at: int) -> None:
        index = self.table.index(min(max(at, 0), len(self.table.shown) - 1), 0)
        both = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.view.selectionModel().setCurrentIndex(index, both)
        self.view.scrollTo(index)

    def _follow(self) -> None:
        """Offer what can be done with the chosen one."""
        row = self.row
        named, listed = (None, None) if row is None else (row.named, row.listed)
        self.details.setText("Nothing has all of these words." if row is None else row.details)
        self.details.setToolTip("" if row is None else row.details)
        missing = named is not None and row is not None and row.weights is None
        self.open_button.setText("Compare" if self.comparing else "Open")
        if named is not None and missing and named.repo:
            self.open_button.setText(f"Download ({size_words(named.n_bytes)})")
            self.open_button.setToolTip(f"Fetch the weights of {named.name} from the network, into your library")
        self.open_button.setEnabled(not self._busy and row is not None and not (missing and named and not named.repo))
        self.random.setVisible(named is not None)
        self.random.setEnabled(not self._busy)
        own = listed is not None and listed.place == "library"
        self.reveal.setVisible(listed is not None)
        for button in (self.rename, self.remove):
            button.setVisible(own)
            button.setEnabled(own and not self._busy and listed is not None and listed.reference != self._current())
            button.setToolTip("" if button.isEnabled() else "Open another model first: this one is open.")
        for widget in (self.progress, self.cancel):
            widget.setVisible(self._busy)
        self.said.setVisible(bool(self.said.text()))

    def _open(self) -> None:
        row = self.row
        if row is None or not self.open_button.isEnabled():
            return
        if row.listed is not None:
            self.chosen.emit(row.listed.reference)
        else:
            self._want(may_download=row.weights is None, seed=None)

    def _want(self, *, may_download: bool, seed: int | None) -> None:
        if self.row is not None and self.row.named is not None:
            self.wanted.emit(self.row.named.reference, may_download, seed)

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.windowTitle(), "", FILES)
        if name:
            self.files_chosen.emit(Path(name))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of a model")
        if name:
            self.files_chosen.emit(Path(name))

    def _reveal(self) -> None:
        if self.row is not None and self.row.listed is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.row.listed.path.parent)))

    def _ask_name(self) -> None:
        row = self.row
        if row is None or row.listed is None:
            return
        reference = row.listed.reference
        ask = QInputDialog(self)
        ask.setWindowTitle("Rename model")
        ask.setLabelText("Its new name:")
        ask.setTextValue(row.name)
        ask.textValueSelected.connect(lambda name: self._change(lambda: rename(reference, name)))
        self._put(ask)

    def _ask_removal(self) -> None:
        row = self.row
        if row is None or row.listed is None:
            return
        reference = row.listed.reference
        if not self.asks():
            self._change(lambda: remove(reference))
            return
        words = f"Remove {row.name} ({size_words(row.listed.n_bytes)}), and the subspaces and probes learned on it?"
        ask = QMessageBox(QMessageBox.Icon.Question, "Remove model", words, parent=self)
        ask.addButton("Remove", QMessageBox.ButtonRole.AcceptRole)
        ask.setDefaultButton(ask.addButton(QMessageBox.StandardButton.Cancel))
        ask.accepted.connect(lambda: self._change(lambda: remove(reference)))
        self._put(ask)

    def _put(self, question: QMessageBox | QInputDialog) -> None:
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.question = question
        question.open()

    def _change(self, change: Callable[[], object]) -> None:
        self._attempt(change)
        self.look_again()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in ARROWS:
            page = max(1, self.view.viewport().height() // max(1, self.view.rowHeight(0)))
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
            self._go_to(self.view.currentIndex().row() + step[Qt.Key(event.key())])
            return True
        return super().eventFilter(watched, event)


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """Widgets side by side; None is the room between."""
    row = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row

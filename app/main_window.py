"""The window: docks and menus built from the tables; no behaviour of its own beyond wiring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import cast

from PySide6.QtCore import QByteArray, QPoint, QRect, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QMainWindow, QWidget

from app import theme
from app.actions import COMMANDS, Command
from app.command_palette import CommandPalette, ShortcutSheet
from app.desk import Desk
from app.edits import choose_model, keep_model, show_photo
from app.jobs import Jobs, Run
from app.live import Live
from app.panels import Panel
from app.panels.decision import DecisionPanel
from app.panels.history import HistoryPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.panels.palette import PalettePanel
from app.panels.stimulus import StimulusPanel
from app.panels.study import StudyPanel
from app.panels.study_form import MODEL_FILTER
from app.status import Status
from app.store import Store
from core.cards import bundled_models
from core.errors import UserError
from core.questions import Answer, Failure

LAYOUT_VERSION = 1
TITLE_BAR_PX = 32
ROOM_FOR_HISTORY_PX = 700
STUDY_SIZE, STUDY_MARGIN = QSize(704, 620), QSize(48, 32)
PHOTO_FILTER = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif);;All files (*)"
BARS = ("Decision", "Layers", "History")
MENUS = ("File", "Edit", "Stimulus", "Model", "Intervene", "View", "Window", "Help")


class MainWindow(QMainWindow):
    """Shows one document. Everything that changes goes through the desk's store."""

    def __init__(self, store: Store, live: Live, settings: QSettings | None = None) -> None:
        super().__init__()
        self.desk = Desk(store, live)
        self.jobs = Jobs()
        self._settings = settings
        self._actions: list[tuple[Command, QAction]] = []
        self._menus = {name: self.menuBar().addMenu(name) for name in MENUS}
        self._add_file_and_edit()
        for command in COMMANDS:
            self._add(command)
        self.status = Status(self.desk)
        self.setStatusBar(self.status)
        self._build_panels()
        self._add_model_window_help()
        self._connect()
        self.setDockNestingEnabled(True)
        self.setAcceptDrops(True)
        room = self.screen().availableGeometry()
        self.resize(min(1440, room.width()), min(900, room.height() - TITLE_BAR_PX))
        self._reset_layout()
        self._restore_layout()
        self._refresh()

    def _connect(self) -> None:
        desk = self.desk
        desk.store.changed.connect(self._changed)
        desk.live.answered.connect(self._answered)
        desk.live.failed.connect(self._failed)
        desk.store.undo.cleanChanged.connect(self._title)
        self.jobs.progressed.connect(self._job_went_on)

    def _build_panels(self) -> None:
        chosen = {
            name: [a for c, a in self._actions if c.panel == name] for name in ("pair", "item", "mode", "control")
        }
        self.decision = DecisionPanel(self.desk)
        self.palette_panel = PalettePanel(self.desk, chosen["pair"])
        self.stimulus = StimulusPanel(self.desk, [*chosen["item"], *chosen["pair"]])
        self.inside = InsidePanel(self.desk)
        self.interventions = InterventionsPanel(self.desk, chosen["mode"], chosen["control"])
        self.layers = LayersPanel(self.desk)
        self.history = HistoryPanel(self.desk)
        self.study = StudyPanel(self.desk, self.jobs)
        self.stimulus.photo_dropped.connect(self._open_dropped)
        self._docks = {
            name: self._dock(name, panel)
            for name, panel in (
                ("Decision", self.decision),
                ("Palette", self.palette_panel),
                ("Stimulus", self.stimulus),
                ("Inside", self.inside),
                ("Interventions", self.interventions),
                ("Layers", self.layers),
                ("History", self.history),
                ("Study", self.study),
            )
        }
        self._panels: list[tuple[QWidget, Panel]] = [
            (panel, panel)
            for panel in (
                self.decision,
                self.palette_panel,
                self.stimulus,
                self.inside,
                self.interventions,
                self.layers,
                self.history,
                self.study,
            )
        ]

    def _dock(self, name: str, panel: QWidget) -> QDockWidget:
        dock = QDockWidget(name, self)
        dock.setObjectName(name)
        dock.setWidget(panel)
        if name in BARS:
            dock.setTitleBarWidget(QWidget())
            panel.setMaximumHeight(max(panel.sizeHint().height(), panel.minimumHeight()))
        dock.visibilityChanged.connect(lambda shown: self._refresh() if shown else None)
        return dock

    def _reset_layout(self) -> None:
        docks = self._docks
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        for dock in docks.values():
            dock.setFloating(False)
            dock.show()
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, docks["Decision"])
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docks["Layers"])
        self.splitDockWidget(docks["Layers"], docks["History"], Qt.Orientation.Vertical)
        middle = [docks[name] for name in ("Palette", "Stimulus", "Inside", "Interventions")]
        # In one area with the meter: between areas Qt leaves room for a central widget, and there is none.
        self.splitDockWidget(docks["Decision"], middle[0], Qt.Orientation.Vertical)
        for left, right in pairwise(middle):
            self.splitDockWidget(left, right, Qt.Orientation.Horizontal)
        docks["History"].setVisible(self.screen().availableGeometry().height() >= ROOM_FOR_HISTORY_PX)
        self.resizeDocks(middle, [200, 460, 385, 365], Qt.Orientation.Horizontal)
        # Not in the way, and once it is opened, over the palette and the stimulus: the inside stays in sight.
        study = docks["Study"]
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, study)
        study.setFloating(True)
        screen = self.screen().availableGeometry()
        place = QRect(self.pos() + QPoint(24, 170), STUDY_SIZE.boundedTo(screen.size() - STUDY_MARGIN))
        place.moveBottom(min(place.bottom(), screen.bottom() - STUDY_MARGIN.height() // 2))
        study.setGeometry(place)
        study.hide()

    def _restore_layout(self) -> None:
        if self._settings is None:
            return
        geometry, state = self._settings.value("geometry"), self._settings.value("layout")
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
            self.restoreGeometry(geometry)
            self.restoreState(state, LAYOUT_VERSION)

    def _add_file_and_edit(self) -> None:
        self._extra("File", "Open picture…", self._open_picture, QKeySequence.StandardKey.Open)
        self._extra("File", "Quit", self.close, QKeySequence.StandardKey.Quit)
        undo = self.desk.store.undo.createUndoAction(self, "Undo")
        redo = self.desk.store.undo.createRedoAction(self, "Redo")
        undo.setShortcuts(QKeySequence.StandardKey.Undo)
        redo.setShortcuts(QKeySequence.StandardKey.Redo)
        self._menus["Edit"].addActions([undo, redo])

    def _add_model_window_help(self) -> None:
        self._extra("Model", "Open model…", self._open_model, "Ctrl+Shift+O")
        self._extra("Model", "Study the model…", self._docks["Study"].show, "Ctrl+Shift+Y")
        for name in bundled_models():
            self._extra("Model", f"Bundled: {name}", partial(choose_model, self.desk, name))
        self._menus["Model"].addSeparator()
        for device in ("auto", "cpu", "cuda", "mps"):
            self._extra("Model", f"Run on {device}", partial(self._restart, device))
        self._extra("Model", "Restart engine", lambda: self._restart(None))
        for dock in self._docks.values():
            self._menus["Window"].addAction(dock.toggleViewAction())
        self._extra("Window", "Reset layout", self._reset_layout)
        for name, look in (("Follow the system", None), ("Light", theme.LIGHT), ("Dark", theme.DARK)):
            self._extra("View", f"Theme: {name.lower()}", partial(self._dress, look))
        self._extra("Help", "All commands…", self._open_palette, "Ctrl+K")
        self._extra("Help", "Keys", self._open_sheet, "?")

    def _add(self, command: Command) -> None:
        action = self._extra(command.menu, command.text, lambda: command.do(self.desk), *command.keys)
        action.setIconText(command.short or command.text)
        if command.tip:
            action.setToolTip(f"{command.tip}\n{action.toolTip()}")
        self._actions.append((command, action))

    def _extra(self, menu: str, text: str, do: Callable[[], object], *keys: str | QKeySequence.StandardKey) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        if keys:
            action.setToolTip(f"{text} ({QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda _=False: self._try(do))
        self._menus[menu].addAction(action)
        self.addAction(action)
        return action

    def all_actions(self) -> list[tuple[str, QAction]]:
        """Every command with the menu that it is in."""
        found: list[tuple[str, QAction]] = []
        for name, menu in self._menus.items():
            found += [(name, a) for a in menu.actions() if not a.isSeparator() and a.menu() is None]
        return found

    def _try(self, do: Callable[[], object]) -> None:
        """Run a command; what a user can mend is said in the status line."""
        try:
            do()
        except UserError as error:
            self.status.say_error(error.message, error.hint)

    def _changed(self) -> None:
        self.desk.ask()
        self._title(self.desk.store.undo.isClean())
        self._refresh()

    def _answered(self, answer: Answer) -> None:
        self.desk.take(answer)
        self._refresh()

    def _failed(self, failure: Failure) -> None:
        self.desk.failure = failure
        self.status.say_error(failure.message, failure.hint, failure.details)
        keep_model(self.desk, failure)
        self._refresh()

    def _job_went_on(self, run: Run) -> None:
        if run.failure is not None:
            self.status.say_error(run.failure.message, run.failure.hint, run.failure.details)

    def _refresh(self) -> None:
        for widget, panel in self._panels:
            if widget.isVisibleTo(self):
                panel.refresh()
        self.status.refresh()

    def _title(self, clean: bool) -> None:
        dirty = "" if clean else "*"
        self.setWindowTitle(f"{self.desk.document.model}{dirty} — Relata")

    def _restart(self, device: str | None) -> None:
        self.desk.live.restart(device)
        self.desk.ask_again()

    def _open_picture(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open picture", "", PHOTO_FILTER)
        if name:
            show_photo(self.desk, Path(name))

    def _open_model(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open model", "", MODEL_FILTER)
        if name:
            choose_model(self.desk, name)

    def _open_dropped(self, path: Path) -> None:
        opener = choose_model if path.suffix == ".safetensors" else None
        self._try(lambda: opener(self.desk, str(path)) if opener else show_photo(self.desk, path))

    def _dress(self, look: theme.Theme | None) -> None:
        theme.choose(look)
        theme.apply(cast(QApplication, QApplication.instance()))

    def _open_palette(self) -> None:
        CommandPalette(self.all_actions(), self).open()

    def _open_sheet(self) -> None:
        ShortcutSheet(self.all_actions(), self).open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            QTimer.singleShot(0, self, lambda path=Path(url.toLocalFile()): self._open_dropped(path))

    def close_without_asking(self) -> None:
        """End everything and close, whatever is lost: for signals."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._settings is not None:
            self._settings.setValue("geometry", self.saveGeometry())
            self._settings.setValue("layout", self.saveState(LAYOUT_VERSION))
        self.jobs.stop()
        self.desk.live.stop()
        super().closeEvent(event)

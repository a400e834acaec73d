"""The window: docks and menus built from the tables; no behaviour of its own beyond wiring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from PySide6.QtCore import QSettings, QSize, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from app import file_menu, layout, scenes_menu
from app.actions import COMMANDS, MODELS, WITHIN, Command
from app.desk import Desk
from app.dialogs.make_set import show_set_dialog
from app.documents import Documents
from app.drawing_menu import DRAWING
from app.edits import keep_model
from app.export import numbers
from app.export.exports import Exports
from app.export.films import Films
from app.item_commands import ITEM_COMMANDS
from app.jobs import Jobs
from app.keys import OwnKeys
from app.live import Live
from app.models import Models
from app.opening import open_dropped
from app.outcomes import Outcomes
from app.panels import Panel
from app.panels.interventions import InterventionsPanel
from app.present.presenting import Presenting
from app.settings_menu import SettingsMenu
from app.status import Status
from app.store import Store
from app.widgets.dropped import Dock, Dropped, TakesDrops
from app.workspaces import Workspaces
from core.analyses import Analysis
from core.questions import Answer, Failure
from core.registry import kinds

PanelKind = TypeVar("PanelKind")

OPENING_SIZE = QSize(1440, 900)
OPENING_MENUS = ("File", "Model")
MENUS = ("File", "Edit", "Stimulus", "Model", "Intervene", "View", "Scenes", "Window", "Help")


class MainWindow(TakesDrops, QMainWindow):
    """Shows one document. Everything that changes goes through the desk's store."""

    def __init__(
        self, store: Store, live: Live, settings: QSettings | None = None, journal: Path | None = None
    ) -> None:
        super().__init__()
        self.jobs = Jobs()
        self.desk = Desk(store, live, self.jobs, settings)
        self._actions: list[tuple[Command, QAction]] = []
        self._behind: set[QWidget] = set()
        self._panels: dict[type[Panel], Any] = {}
        self._docks: dict[type[Panel], QDockWidget] = {}
        self._menus = {name: self.menuBar().addMenu(name) for name in MENUS}
        for menu in self._menus.values():
            menu.setToolTipsVisible(True)
        self.status = Status(self.desk)
        self.setStatusBar(self.status)
        self.outcomes = Outcomes(self.desk, self.status)
        self.documents = Documents(self, self.desk, self._standing, self.outcomes, settings, journal)
        self.leaving = self.documents.leaving
        self.leaving.at_work = self._at_work
        self.exports = Exports(self, self.desk, self.documents, self.outcomes, self._in_sight, settings)
        self.films = Films(self, self.desk, self.documents)
        self._add_commands()
        self.models = Models(self, self.desk, self.outcomes)
        self.presenting = Presenting(self, self.desk)
        self._build_panels()
        self.workspaces = Workspaces(self, self._docks, settings)
        self._add_model_window_help()
        scenes_menu.fill(self._extra, self.desk, self)
        self.settings.finish(self._menus.values(), self.models)  # once all commands are there
        self._own_keys = OwnKeys(self)
        self._connect()
        self.setAcceptDrops(True)
        self.resize(OPENING_SIZE.boundedTo(layout.room_for(self)))
        self.workspaces.restore()
        self._refresh()

    def _add_commands(self) -> None:
        """What there is before the panels, whose buttons are some of these."""
        taken = (self.exports.export, self.films.ask)
        file_menu.fill(self._menus["File"], self._extra, self.documents, self.desk, self, *taken)
        self.settings = SettingsMenu(self, self.desk, self._extra, self.all_actions)
        self._add_undo()
        for command in (*ITEM_COMMANDS, *COMMANDS, *DRAWING):
            self._add(command)
        self.exports.add_commands(self._extra)
        numbers.fill(self._extra, self.exports, self.desk)
        self._menus["Edit"].addSeparator()
        self.settings.add_settings()

    def _connect(self) -> None:
        desk = self.desk
        self.documents.workspace, self.documents.enter = (lambda: self.workspaces.current.name), self.workspaces.enter
        desk.store.changed.connect(self._changed)
        desk.live.answered.connect(self._answered)
        desk.live.failed.connect(self._failed)
        self.jobs.progressed.connect(self.outcomes.went_on)

    def _build_panels(self) -> None:
        """A dock for every panel that lies in `app/panels/`."""
        self.setDockNestingEnabled(True)
        names = {command.panel for command, _ in self._actions}
        self.desk.actions = {name: [a for c, a in self._actions if c.panel == name] for name in names}
        self.desk.open = self.take_drop
        self.desk.wanted = self._wanted
        self.desk.redraw = self._refresh
        self.desk.fit = self._go_to_fit
        self.desk.show = lambda title: self._toggle_panel(self._kind_of(title), True)
        for kind in kinds("app.panels", Panel):
            panel = cast(Any, kind)(self.desk)
            self._panels[kind] = panel
            self._docks[kind] = self._dock(kind, panel)

    def panel(self, kind: type[PanelKind]) -> PanelKind:
        """The panel of a kind."""
        return cast(PanelKind, self._panels[cast(Any, kind)])

    def _kind_of(self, title: str) -> type[Panel]:
        return next(kind for kind in self._panels if kind.title == title)

    def _dock(self, kind: type[Panel], panel: QWidget) -> QDockWidget:
        dock = Dock(kind.title, self, self.take_drop)
        dock.setObjectName(kind.title)
        layout.fill(dock, panel)
        self.exports.attach(dock, panel)
        if kind.bar:
            dock.setTitleBarWidget(QWidget())
            layout.limit(panel)
        dock.visibilityChanged.connect(partial(self._show_panel, dock, panel))
        return dock

    def _show_panel(self, dock: QDockWidget, panel: QWidget, shown: bool) -> None:
        """A panel has come into sight, or lies behind another: only for what is seen is anything asked and drawn."""
        if shown:
            self._behind.discard(panel)
            self._refresh()
            self.desk.ask()
        elif not dock.isHidden():
            self._behind.add(panel)

    def _in_sight(self) -> list[Panel]:
        seen = [panel for panel in self._panels.values() if panel.isVisibleTo(self) and panel not in self._behind]
        return self.presenting.with_audience(seen)

    def _at_work(self) -> list[str]:
        """What would be given up if the window closed now, in words."""
        return [*self.jobs.at_work(), *self.models.at_work(), *self.films.at_work()]

    def _standing(self) -> list[tuple[Panel, QDockWidget]]:
        """Every panel with its dock."""
        return [(self._panels[kind], dock) for kind, dock in self._docks.items()]

    def _add_undo(self) -> None:
        undo = self.desk.store.undo.createUndoAction(self, "Undo")
        redo = self.desk.store.undo.createRedoAction(self, "Redo")
        undo.setShortcuts(QKeySequence.StandardKey.Undo)
        redo.setShortcuts(QKeySequence.StandardKey.Redo)
        self._menus["Edit"].addActions([undo, redo])
        self._menus["Edit"].addSeparator()

    def _add_model_window_help(self) -> None:
        self._extra("Stimulus", "Make a set…", partial(show_set_dialog, self), "Ctrl+Shift+V")
        self._extra("Model", "Open model…", self.models.show_dialog, "Ctrl+Shift+O")
        self._extra("Model", "Compare with…", partial(self.models.show_dialog, comparing=True))
        self._extra("Model", "About this model…", self.models.show_about)
        self._extra(
            "Model", "Study the model…", partial(self._toggle_panel, self._kind_of("Study"), True), "Ctrl+Shift+Y"
        )
        self._extra(
            "Model", "Fine-tune this model…", partial(self._toggle_panel, self._kind_of("Train"), True), "Ctrl+Shift+T"
        )
        for command in MODELS:
            self._add(command)
        below, menu = self._menus["Model"].addSeparator(), self._menus["Model"]
        menu.aboutToShow.connect(lambda: self.models.list_recent(menu, below))
        self.models.list_recent(menu, below)
        self.settings.add_devices()
        for kind, dock in self._docks.items():
            toggle = dock.toggleViewAction()
            toggle.triggered.connect(lambda shown, kind=kind: self._toggle_panel(kind, shown))
            self._menus["Window"].addAction(toggle)
        self._extra("Window", "Reset layout", self.workspaces.reset)
        self.settings.add_looks(self.workspaces)
        self.settings.add_help()

    def _add(self, command: Command) -> None:
        action = self._extra(command.menu, command.text, lambda: command.do(self.desk), *command.keys)
        action.setIconText(command.short or command.text)
        action.setData(command.alias)
        if command.tip:
            action.setToolTip(f"{command.tip}\n{action.toolTip()}")
        self._actions.append((command, action))

    def _extra(self, menu: str, text: str, do: Callable[[], object], *keys: str | QKeySequence.StandardKey) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        if keys:
            action.setToolTip(f"{text} ({QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)})")
        action.triggered.connect(lambda _=False: self.outcomes.attempt(do, opening=menu in OPENING_MENUS))
        self._menu(menu).addAction(action)
        self.addAction(action)
        return action

    def _menu(self, name: str) -> QMenu:
        """A menu by its name; one within another, “Stimulus ▸ Shape”, is made where its first command is."""
        if name not in self._menus:
            outer, _, title = name.rpartition(WITHIN)
            self._menus[name] = self._menu(outer).addMenu(title)
            self._menus[name].setToolTipsVisible(True)
        return self._menus[name]

    def all_actions(self) -> list[tuple[str, QAction]]:
        """Every command with the menu that it is in."""
        found: list[tuple[str, QAction]] = []
        for name, menu in self._menus.items():
            found += [(name, a) for a in menu.actions() if not a.isSeparator() and a.menu() is None]
        return found

    def _changed(self) -> None:
        self.desk.ask()
        self._refresh()

    def _answered(self, answer: Answer) -> None:
        self.outcomes.answered(answer)
        self.documents.answered(answer)
        self.desk.take(answer)
        self.models.note(answer)
        self.desk.choices.remember_device()
        self._refresh()

    def _failed(self, failure: Failure) -> None:
        self.desk.failure = failure
        self.outcomes.refused(failure)
        keep_model(self.desk, failure)
        self._refresh()

    def _wanted(self) -> tuple[Analysis[Any], ...]:
        """What the panels that can be seen want to know."""
        return tuple(analysis for panel in self._in_sight() for analysis in panel.wanted())

    def _refresh(self) -> None:
        for panel in self._in_sight():
            panel.refresh()
        self.status.refresh()
        self.presenting.refresh()

    def _toggle_panel(self, kind: type[Panel], shown: bool) -> None:
        """Open or close a panel; one that lies behind another comes to the front."""
        if shown or self._panels[kind] in self._behind:
            self._docks[kind].show()
            self._docks[kind].raise_()

    def _go_to_fit(self) -> None:
        self._toggle_panel(InterventionsPanel, True)
        self.panel(InterventionsPanel).offer_fit()

    def take_drop(self, dropped: Dropped) -> None:
        # Once the drag is over: where it came from waits for it.
        QTimer.singleShot(
            0, self, lambda: self.outcomes.attempt(lambda: open_dropped(self.desk, dropped), opening=True)
        )

    def close_without_asking(self) -> None:
        """End everything and close, whatever is lost: for signals, and for whoever has asked already."""
        self.leaving.agree()
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.leaving.allowed():
            event.ignore()
            return
        self.presenting.stop()
        self.films.stop()
        self.documents.stop()
        self.workspaces.keep()
        self.models.stop()
        self.jobs.stop()
        self.desk.live.stop()
        super().closeEvent(event)

"""What is chosen once: the settings, and the themes, devices, models and workspaces, of which the menus mark the one in
force; beside it what helps where something went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from app.actions import WITHIN
from app.choices import DEVICES, THEME_WORDS
from app.desk import Desk
from app.dialogs.command_palette import CommandPalette, NamedAction, ShortcutSheet
from app.dialogs.log_window import show_log
from app.dialogs.settings import Settings
from app.file_menu import Add
from app.keys import Keys
from app.layout import WORKSPACES
from app.report import report
from app.workspaces import Workspaces
from core.locations import bundled_models

COPIED, SAID_MS = (
    "The report is on the clipboard: nothing of your files is in it. Paste it where it is asked for.",
    8000,
)
WORKSPACE_MENU = f"View{WITHIN}Workspace"


class SettingsMenu:
    """Adds the commands, and keeps the marks in the menus true whenever one is opened."""

    def __init__(self, window: QMainWindow, desk: Desk, add: Add, actions: Callable[[], list[NamedAction]]) -> None:
        self._window, self._desk, self._add, self._actions = window, desk, add, actions
        self.keys: Keys | None = None
        self.dialog: Settings | None = None
        self._marked: list[tuple[Callable[[], str], Mapping[Any, QAction]]] = []

    def add_settings(self) -> None:
        """What stands below undo and redo."""
        action = self._add("Edit", "Settings…", self.show, "Ctrl+,")
        action.setMenuRole(QAction.MenuRole.PreferencesRole)

    def add_devices(self) -> None:
        """On what the engine computes."""
        devices = {name: self._add("Model", f"Run on {name}", partial(self._run_on, name)) for name in DEVICES}
        self._mark(devices, lambda: self._desk.live.device)
        self._add("Model", "Restart engine", lambda: self._run_on(self._desk.live.device))

    def add_looks(self, workspaces: Workspaces) -> None:
        """Workspaces and themes."""
        spaces = {
            space.name: self._add(WORKSPACE_MENU, space.name, partial(workspaces.choose, space), f"Ctrl+{at}")
            for at, space in enumerate(WORKSPACES, start=1)
        }
        themes = {
            name: self._add("View", f"Theme: {words}", partial(self._wear, name)) for name, words in THEME_WORDS.items()
        }
        self._mark(spaces, lambda: workspaces.current.name)
        self._mark(themes, lambda: self._desk.choices.looks.theme)

    def add_help(self) -> None:
        """Commands, keys, and what is to be sent with a report of an error."""
        self._add("Help", "All commands…", lambda: CommandPalette(self._actions(), self._window).open(), "Ctrl+K")
        self._add("Help", "Keys", lambda: ShortcutSheet(self._actions(), self._window).open(), "?")
        self._add("Help", "Show log", lambda: show_log(self._window))
        self._add("Help", "Copy report", self.copy_report)

    def finish(self, menus: Iterable[QMenu], models: QObject) -> None:
        """All commands are there: all may get other keys, but for the user's own `models`, which come and go."""
        fixed = [(name, action) for name, action in self._actions() if action.parent() is not models]
        bundled = {action.text().removeprefix("Bundled: "): action for _, action in fixed}
        self._mark({name: bundled[name] for name in bundled_models()}, lambda: self._desk.document.model)
        self.keys = Keys(fixed, self._desk.settings)
        for menu in menus:
            menu.aboutToShow.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Mark what is in force."""
        for now, actions in self._marked:
            for name, action in actions.items():
                action.setChecked(name == now())

    def show(self) -> None:
        """Open the settings, or bring them to the front."""
        if self.dialog is None and self.keys is not None:
            self.dialog = Settings(self._desk.choices, self.keys, self._window)
        if self.dialog is not None:
            self.dialog.show()
            self.dialog.raise_()
            self.dialog.activateWindow()

    def copy_report(self) -> None:
        """Put on the clipboard what helps whoever looks for an error."""
        QApplication.clipboard().setText(report(self._desk, self._window))
        self._window.statusBar().showMessage(COPIED, SAID_MS)

    def _mark(self, actions: Mapping[Any, QAction], now: Callable[[], str]) -> None:
        """Of some commands one is in force; where none is, none is marked."""
        group = QActionGroup(self._window)
        group.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        for action in actions.values():
            action.setCheckable(True)
            action.triggered.connect(self.refresh)
            group.addAction(action)
        self._marked.append((now, actions))

    def _run_on(self, device: str) -> None:
        choices = self._desk.choices
        choices.change(replace(choices.computing, device=device))  # type: ignore[arg-type]

    def _wear(self, theme: str) -> None:
        choices = self._desk.choices
        choices.change(replace(choices.looks, theme=theme))  # type: ignore[arg-type]

"""The workspaces: which one is shown, and how each was left."""

from __future__ import annotations

import hashlib

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from app.layout import WORKSPACES, Docks, OnScreen, Workspace, arrange, hide_empty

SEAL_BYTES = hashlib.sha256().digest_size
VERSION = 3
"""Of what is remembered: a layout that was kept by another is not restored."""


class Workspaces:
    """Changes between workspaces. Each is remembered as it was left, in the window's settings if it has some."""

    def __init__(self, window: QMainWindow, docks: Docks, settings: QSettings | None) -> None:
        self._window, self._docks, self._settings = window, docks, settings
        self._left: dict[str, QByteArray] = {}
        self._on_screen = OnScreen(window, docks.values())
        self.current = WORKSPACES[0]

    def restore(self) -> None:
        """Show the workspace that was shown last, as it was left; the first one at first."""
        if self._settings is not None:
            geometry = unsealed(self._settings.value("geometry"))
            if geometry is not None:
                self._window.restoreGeometry(geometry)
            name = self._settings.value("workspace", "")
            self.current = next((each for each in WORKSPACES if each.name == name), WORKSPACES[0])
        self._show()

    def choose(self, workspace: Workspace) -> None:
        """Leave the current one as it is, and show another."""
        if workspace is self.current:
            return
        self._left[self.current.name] = self._window.saveState(VERSION)
        self.current = workspace
        self._show()

    def enter(self, name: object) -> None:
        """Leave the current one as it is, and be in another without showing it: a document says how its docks stand."""
        workspace = next((each for each in WORKSPACES if each.name == name), self.current)
        if workspace is not self.current:
            self._left[self.current.name] = self._window.saveState(VERSION)
            self.current = workspace

    def reset(self) -> None:
        """The current one as it was at first."""
        arrange(self._window, self._docks, self.current)
        hide_empty(self._docks)
        self._on_screen.keep()

    def keep(self) -> None:
        """Remember all for the next start."""
        if self._settings is None:
            return
        self._left[self.current.name] = self._window.saveState(VERSION)
        self._settings.setValue("geometry", sealed(self._window.saveGeometry()))
        self._settings.setValue("workspace", self.current.name)
        for name, state in self._left.items():
            self._settings.setValue(f"layout/{name}", sealed(state))

    def _show(self) -> None:
        """As it was left in this session or in an earlier one; what was never left, or is of no use, as at first."""
        arrange(self._window, self._docks, self.current)
        state = self._left.get(self.current.name)
        if state is None and self._settings is not None:
            state = unsealed(self._settings.value(f"layout/{self.current.name}"))
        if state is not None:
            self._window.restoreState(state, VERSION)
        hide_empty(self._docks)
        self._on_screen.keep()


def sealed(state: QByteArray) -> QByteArray:
    """What Qt is to be restored from, with a hash before it: bytes that are not Qt's own may make it crash."""
    content = bytes(state.data())
    return QByteArray(hashlib.sha256(content).digest() + content)


def unsealed(value: object) -> QByteArray | None:
    """What was sealed; None where it was not, or is damaged."""
    content = bytes(value.data()) if isinstance(value, QByteArray) else b""
    seal, state = content[:SEAL_BYTES], content[SEAL_BYTES:]
    return QByteArray(state) if hashlib.sha256(state).digest() == seal else None

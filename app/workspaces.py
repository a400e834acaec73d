"""The workspaces: which one is shown, and how each was left."""

from __future__ import annotations

import hashlib

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QMainWindow

from app.layout import ROOMS, WORKSPACES, Docks, OnScreen, Workspace, arrange, fronts, hide_empty, room_of

SEAL_BYTES = hashlib.sha256().digest_size
VERSION = 3
"""Of what is remembered: a layout that was kept by another is not restored."""


class Workspaces:
    """Changes between workspaces. Each is remembered as it was left, in the window's settings if it has some.

    In a window that becomes lower or higher, one that has its own panels stands as it does in such a window.
    """

    def __init__(self, window: QMainWindow, docks: Docks, settings: QSettings | None) -> None:
        self._window, self._docks, self._settings = window, docks, settings
        self._left: dict[str, QByteArray] = {}
        self._widths: dict[str, list[int]] = {}
        self._on_screen = OnScreen(window, docks.values())
        # Once what is in the window has its new size, too.
        self._on_screen.resized.connect(self._follow_size, Qt.ConnectionType.QueuedConnection)
        self.current = WORKSPACES[0]
        self._room = room_of(window)

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
        self._leave()
        self.current = workspace
        self._show()

    def enter(self, name: object) -> None:
        """Leave the current one as it is, and be in another without showing it: a document says how its docks stand."""
        workspace = next((each for each in WORKSPACES if each.name == name), self.current)
        if workspace is not self.current:
            self._leave()
            self.current = workspace

    def reset(self) -> None:
        """The current one as it was at first."""
        self._room = room_of(self._window)
        arrange(self._window, self._docks, self.current)
        hide_empty(self._docks)
        self._on_screen.keep()

    def keep(self) -> None:
        """Remember all for the next start."""
        if self._settings is None:
            return
        self._leave()
        self._settings.setValue("geometry", sealed(self._window.saveGeometry()))
        self._settings.setValue("workspace", self.current.name)
        for name, state in self._left.items():
            self._settings.setValue(f"layout/{name}", sealed(state))

    def _follow_size(self) -> None:
        """In a higher or lower window the workspace stands otherwise; one that somebody changed stays as it is."""
        if not self._window.isVisible() or room_of(self._window) == self._room:
            return
        if fronts(self.current, self._docks):
            self._leave()
            self._show()
        self._room = room_of(self._window)

    def _leave(self) -> None:
        """Remember how the current workspace stands in a window of this height; what somebody changed, in any."""
        columns, state = fronts(self.current, self._docks), self._window.saveState(VERSION)
        for room in (self._room,) if columns else ROOMS:
            self._left[_named(self.current, room)] = state
            self._widths[_named(self.current, room)] = [dock.width() for dock in columns]

    def _show(self) -> None:
        """As it was left in this session or in an earlier one; what was never left, or is of no use, as at first."""
        self._room = room_of(self._window)
        name = _named(self.current, self._room)
        arrange(self._window, self._docks, self.current)
        state = self._left.get(name)
        if state is None and self._settings is not None:
            state = unsealed(self._settings.value(f"layout/{name}"))
        if state is not None:
            self._window.restoreState(state, VERSION)
            columns, widths = fronts(self.current, self._docks), self._widths.get(name, [])
            if len(columns) == len(widths):  # as shares: the window may have another width now
                self._window.resizeDocks(columns, widths, Qt.Orientation.Horizontal)
        hide_empty(self._docks)
        self._on_screen.keep()


def _named(workspace: Workspace, room: str) -> str:
    """Under which a workspace is remembered in windows with so much room."""
    return f"{workspace.name} {room}".strip()


def sealed(state: QByteArray) -> QByteArray:
    """What Qt is to be restored from, with a hash before it: bytes that are not Qt's own may make it crash."""
    content = bytes(state.data())
    return QByteArray(hashlib.sha256(content).digest() + content)


def unsealed(value: object) -> QByteArray | None:
    """What was sealed; None where it was not, or is damaged."""
    content = bytes(value.data()) if isinstance(value, QByteArray) else b""
    seal, state = content[:SEAL_BYTES], content[SEAL_BYTES:]
    return QByteArray(state) if hashlib.sha256(state).digest() == seal else None

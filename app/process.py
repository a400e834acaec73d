"""Child processes of the window: the engine and the jobs."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from core.runner import begin
from core.start import has_working_directory, own_variables


class ChildProcess(QObject):
    """A process that runs `target(connection, *options)`, and a thread that hands over what it says.

    `said` carries every word, `ended` the exit code of a process that ended by itself. Once closed, it says no more.
    """

    said = Signal(object)
    ended = Signal(int)
    _heard = Signal(object, bool)

    def __init__(self, target: Callable[..., None], *options: Any, name: str) -> None:
        super().__init__()
        self._process, self._connection = start_process(target, *options, name=name)
        self._closed = False
        self._heard.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Say something to it; one that has ended hears nothing, and says so itself."""
        try:
            self._connection.send(message)
        except OSError:
            # The reader sees the same end of the pipe and reports it.
            return

    def kill(self) -> None:
        """End it now."""
        if not self._closed:
            self._process.kill()

    def close(self, grace_s: float = 0.0) -> None:
        """Wait for its end, after a time of grace by force; what it says meanwhile is lost."""
        if self._closed:
            return
        self._closed = True
        self._reader.join(grace_s)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join()
        self._process.join()
        self._process.close()
        self._connection.close()
        self.deleteLater()

    def _read(self) -> None:
        """The reader thread: every word, then the end of the process."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                break
            self._emit(message, False)
        self._process.join()
        self._emit(self._process.exitcode, True)

    def _emit(self, message: object, last: bool) -> None:
        try:
            self._heard.emit(message, last)
        except RuntimeError:
            # The window is gone, and this object with it.
            return

    def _hand_over(self, message: object, last: bool) -> None:
        if self._closed:
            return
        if last:
            self.ended.emit(message or 0)
        else:
            self.said.emit(message)


def start_process(target: Callable[..., None], *options: Any, name: str) -> tuple[BaseProcess, Connection]:
    """A new process that runs `target(connection, *options)`, and this end of the connection."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=begin, args=(target, theirs, *options), daemon=True, name=name)
    stand_somewhere()
    with _no_imports_from_working_directory():
        process.start()
    theirs.close()
    return process, ours


def stand_somewhere() -> None:
    """Go home where the working directory was deleted: no process can be started from there."""
    if not has_working_directory():
        home = Path.home()
        os.chdir(home if home.is_dir() else home.anchor)


@contextmanager
def _no_imports_from_working_directory() -> Iterator[None]:
    """A new interpreter looks there first until multiprocessing has told it where to look.

    Only for so long, because the variables would change other programs that are opened from the window.
    """
    ours = own_variables()
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

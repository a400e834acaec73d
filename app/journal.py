"""What is not saved yet, written down as it changes: after a crash it is found, and offered.

Each window has a file and a lock of its own, so that two windows, and two programs, do not touch each other's. A lock
of a program that has ended is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QLockFile, QObject, QTimer

from core.documents.files import SUFFIX, to_bytes
from core.documents.json import converter
from core.documents.work import Work
from core.errors import UserError
from core.locations import data_folder
from core.storage import replace_file

WRITE_EVERY_MS = 300
"""How long a change waits at most, so that it is on the disk within a second."""
WARM_UP_MS = 1500
"""When what turns values into JSON is made, which takes a while: not in the middle of the first drag."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of unsaved changes, and the lock that is held on it."""

    path: Path
    lock: QLockFile

    def release(self) -> None:
        """Leave the file for another window, or for later."""
        self.lock.unlock()

    def delete(self) -> None:
        """Nothing is left of it."""
        self.path.unlink(missing_ok=True)
        self.lock.unlock()


class Journal(QObject):
    """Writes down what `work` says, soon after `note`; `refused` is told where the disk refuses."""

    def __init__(
        self, parent: QObject, folder: Path, work: Callable[[], Work], refused: Callable[[UserError], None]
    ) -> None:
        super().__init__(parent)
        self._work, self._refused = work, refused
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_EVERY_MS)
        self._timer.timeout.connect(self.write)
        self.entry = new_entry(folder)
        self._on = True
        QTimer.singleShot(WARM_UP_MS, self, converter)

    def keep(self, *, on: bool, every_s: float) -> None:
        """Write down what is changed after at most so many seconds, or nothing; what was written then goes."""
        self._timer.setInterval(round(1000 * every_s))
        if self._on and not on:
            self.discard()
        self._on = on

    def note(self) -> None:
        """Something was changed. What waits already is not put off by it: a drag is written as it goes."""
        if self._on and not self._timer.isActive():
            self._timer.start()

    def write(self) -> None:
        """Write down how things are now."""
        self._timer.stop()
        try:
            replace_file(self.entry.path, to_bytes(self._work()), keep=False)
        except UserError as error:
            self._refused(error)

    def adopt(self, entry: Entry) -> None:
        """Go on in the file of another window, which has ended."""
        self.discard()
        self.entry.release()
        self.entry = entry

    def discard(self) -> None:
        """What was written down is saved, or nobody wants it."""
        self._timer.stop()
        with suppress(OSError):
            self.entry.path.unlink(missing_ok=True)

    def stop(self, *, discard: bool) -> None:
        """The window ends; what is not discarded is written down for the next start."""
        if discard:
            self.discard()
        elif self._timer.isActive():
            self.write()
        self.entry.release()


def journal_folder() -> Path:
    """Where the journals of all windows lie."""
    return data_folder() / "journal"


def new_entry(folder: Path) -> Entry:
    """A file that there is not yet, and its lock."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uuid4().hex}{SUFFIX}"
    lock = _lock_of(path)
    lock.tryLock(0)
    return Entry(path, lock)


def entry_at(path: Path) -> Entry | None:
    """The file, if no running window has it."""
    lock = _lock_of(path)
    return Entry(path, lock) if lock.tryLock(0) else None


def left_behind(folder: Path) -> Iterator[Entry]:
    """The files of windows that ended without saving or being asked; each is locked, and to be released or deleted."""
    paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.name) if folder.is_dir() else []
    for path in paths:
        entry = entry_at(path)
        if entry is not None:
            yield entry


def _lock_of(path: Path) -> QLockFile:
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # however long it has been held: as long as its program runs
    return lock

"""What a program of several processes writes down of itself: one file, of a size that does not grow.

Nothing here is said to the user, and a log that cannot be written disturbs nobody.
"""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG = logging.getLogger("relata")
MAX_BYTES, N_BEFORE = 300_000, 2
N_RECENT = 8
FORM = "%(asctime)s {who} %(process)d %(levelname)s %(message)s"


class LogFile(RotatingFileHandler):
    """Holds the file open for one record at a time: other processes write into it too, and one of them may just have
    moved it away."""

    def __init__(self, path: Path, who: str) -> None:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=N_BEFORE, encoding="utf-8", delay=True, errors="replace")
        self.setFormatter(logging.Formatter(FORM.format(who=who)))

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    def handleError(self, record: logging.LogRecord) -> None:
        """The disk is full, or on Windows another process holds the file: the record is lost."""


class Recent(logging.Handler):
    """Remembers the last errors and warnings, for a report."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.said: deque[str] = deque(maxlen=N_RECENT)

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


RECENT = Recent()
LOG.setLevel(logging.INFO)
LOG.addHandler(RECENT)  # with a handler of its own it prints nothing


def keep_log(path: Path, who: str) -> None:
    """Write what this process says of itself into a file from now on; `who` it is stands on every line."""
    for handler in list(LOG.handlers):
        if isinstance(handler, LogFile):
            LOG.removeHandler(handler)
    LOG.addHandler(LogFile(path, who))


def read_log(path: Path, n_characters: int) -> str:
    """The end of a log, with what was moved away from it last; nothing where there is none."""
    parts = []
    for each in (path.with_name(f"{path.name}.1"), path):
        with suppress(OSError):
            parts.append(each.read_bytes().decode("utf-8", errors="replace"))
    return "".join(parts)[-n_characters:]

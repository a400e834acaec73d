"""Child processes for jobs: one at a time, so that the machine is not overrun; start, progress, cancel, end."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.process import start_process
from core.jobs.progress import Progress
from core.runner import KEPT_HINT, Broken, Finished, Order, Stopped, run_job

GRACE_MS = 10_000
CLOSING_GRACE_MS = 3_000

State = Literal["waiting", "running", "stopping", "finished", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One job as far as it is known: `found` is what it yielded beside progress, `left_s` the time left."""

    number: int
    order: Order
    state: State = "waiting"
    progress: Progress | None = None
    left_s: float | None = None
    found: tuple[Any, ...] = ()
    result: Any = None
    failure: Broken | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("finished", "stopped", "failed")


@dataclass(slots=True)
class _Child:
    number: int
    process: BaseProcess
    connection: Connection
    reader: threading.Thread | None = None
    first: tuple[float, Progress] | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class _End:
    """The child is gone."""


class Jobs(QObject):
    """Runs jobs in the order in which they were started. Panels may come and go; the jobs go on."""

    progressed = Signal(object)  # the Run as it is now
    _received = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._runs: dict[int, Run] = {}
        self._waiting: deque[int] = deque()
        self._child: _Child | None = None
        self._received.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a child process is there or a job waits."""
        return self._child is not None or bool(self._waiting)

    def run(self, number: int) -> Run:
        """What is known of one job."""
        return self._runs[number]

    def start(self, order: Order) -> int:
        """Start a job as soon as those before it are over; returns its number."""
        number = len(self._runs)
        self._runs[number] = Run(number, order)
        self._waiting.append(number)
        self._next()
        return number

    def cancel(self, number: int) -> None:
        """Ask a job to stop; after a time of grace it is ended."""
        run = self._runs[number]
        if run.state == "waiting":
            self._waiting.remove(number)
            self._say(replace(run, state="stopped"))
        elif run.state == "running" and self._child is not None:
            child = self._child
            _ask_to_stop(child)
            QTimer.singleShot(GRACE_MS, self, lambda: self._kill(child))
            self._say(replace(run, state="stopping", left_s=None))

    def stop(self) -> None:
        """The window closes: no job starts any more, and the running one is ended, politely if it is quick."""
        self._waiting.clear()
        child, self._child = self._child, None
        if child is None or child.reader is None:
            return
        _ask_to_stop(child)
        child.reader.join(CLOSING_GRACE_MS / 1000)
        if child.reader.is_alive():
            child.process.kill()
            child.reader.join()
        _close(child)

    def _next(self) -> None:
        if self._child is not None or not self._waiting:
            return
        number = self._waiting.popleft()
        process, connection = start_process(run_job, self._runs[number].order, name=f"relata-job-{number}")
        self._child = child = _Child(number, process, connection)
        child.reader = threading.Thread(target=self._read, args=(child,), daemon=True)
        child.reader.start()
        self._say(replace(self._runs[number], state="running"))

    def _read(self, child: _Child) -> None:
        """The reader thread: hand over every word, then the end of the process."""
        while True:
            try:
                message = child.connection.recv()
            except (EOFError, OSError):
                break
            self._hand_over(child, message)
        child.process.join()
        child.exit_code = child.process.exitcode
        self._hand_over(child, _End())

    def _hand_over(self, child: _Child, message: object) -> None:
        try:
            self._received.emit(child, message)
        except RuntimeError:
            # The window is gone, and this object with it.
            return

    def _take(self, child: _Child, message: object) -> None:
        if child is not self._child:
            return
        run = self._runs[child.number]
        match message:
            case _End():
                self._end(child, run)
            case Progress():
                self._say(replace(run, progress=message, left_s=_time_left_s(child, run, message)))
            case Finished(result):
                self._say(replace(run, state="finished", result=result, left_s=None))
            case Stopped():
                self._say(replace(run, state="stopped", left_s=None))
            case Broken():
                self._say(replace(run, state="failed", failure=message, left_s=None))
            case _:
                self._say(replace(run, found=(*run.found, message)))

    def _end(self, child: _Child, run: Run) -> None:
        self._child = None
        _close(child)
        if run.state == "stopping":
            self._say(replace(run, state="stopped", left_s=None))
        elif not run.over:
            self._say(replace(run, state="failed", failure=_crash(child), left_s=None))
        self._next()

    def _kill(self, child: _Child) -> None:
        if child is self._child:
            child.process.kill()

    def _say(self, run: Run) -> None:
        self._runs[run.number] = run
        self.progressed.emit(run)


def _ask_to_stop(child: _Child) -> None:
    try:
        child.connection.send(None)
    except OSError:
        # It is over already; the reader sees the same end of the pipe.
        return


def _close(child: _Child) -> None:
    if child.reader is not None:
        child.reader.join()
    child.connection.close()
    child.process.close()


def _time_left_s(child: _Child, run: Run, progress: Progress) -> float | None:
    """Seconds until `total` at the pace since the first progress; None while there is no pace."""
    now_s = time.monotonic()
    if child.first is None or progress.total != child.first[1].total:
        child.first = (now_s, progress)
    start_s, first = child.first
    gained = progress.done - first.done
    if run.state != "running" or gained <= 0:
        return None
    return (progress.total - progress.done) * (now_s - start_s) / gained


def _crash(child: _Child) -> Broken:
    """Words for a child that went without any."""
    code = child.exit_code or 0
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
    details = f"The process of job {child.number} ended with {name} (exit code {code}) and left no word."
    return Broken(f"The job's process stopped ({name}).", KEPT_HINT, details)

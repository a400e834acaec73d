"""Child processes for jobs: one at a time, so that the machine is not overrun; start, progress, cancel, end."""

from __future__ import annotations

import signal
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.process import ChildProcess
from core.progress import Progress
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


class Jobs(QObject):
    """Runs jobs in the order in which they were started. Panels may come and go; the jobs go on."""

    progressed = Signal(object)  # the Run as it is now

    def __init__(self) -> None:
        super().__init__()
        self._runs: dict[int, Run] = {}
        self._waiting: deque[int] = deque()
        self._number = -1
        self._first: tuple[float, Progress] | None = None
        self._child: ChildProcess | None = None

    @property
    def busy(self) -> bool:
        """Whether a child process is there or a job waits."""
        return self._child is not None or bool(self._waiting)

    def at_work(self) -> list[str]:
        """What runs or waits, in words; not what was told to stop."""
        waits = {"running": "", "waiting": ", which waits"}
        return [run.order.words + waits[run.state] for run in self._runs.values() if run.state in waits]

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

    def cancel(self, number: int, grace_ms: int | None = None) -> None:
        """Ask a job to stop; after a time of grace, GRACE_MS where none is named, it is ended."""
        run = self._runs[number]
        if run.state == "waiting":
            self._waiting.remove(number)
            self._say(replace(run, state="stopped"))
        elif run.state == "running" and self._child is not None:
            child = self._child
            child.send(None)
            QTimer.singleShot(GRACE_MS if grace_ms is None else grace_ms, child, child.kill)
            self._say(replace(run, state="stopping", left_s=None))

    def stop(self) -> None:
        """The window closes: no job starts any more, and the running one is ended, politely if it is quick."""
        self._waiting.clear()
        child, self._child = self._child, None
        if child is not None:
            child.send(None)
            child.close(CLOSING_GRACE_MS / 1000)

    def _next(self) -> None:
        if self._child is not None or not self._waiting:
            return
        self._number, self._first = self._waiting.popleft(), None
        run = self._runs[self._number]
        self._child = child = ChildProcess(run_job, run.order, name=f"relata-job-{run.number}")
        child.said.connect(self._take)
        child.ended.connect(self._end)
        self._say(replace(run, state="running"))

    def _take(self, message: object) -> None:
        run = self._runs[self._number]
        match message:
            case Progress():
                self._say(replace(run, progress=message, left_s=self._time_left_s(run, message)))
            case Finished(result):
                self._say(replace(run, state="finished", result=result, left_s=None))
            case Stopped():
                self._say(replace(run, state="stopped", left_s=None))
            case Broken():
                self._say(replace(run, state="failed", failure=message, left_s=None))
            case _:
                self._say(replace(run, found=(*run.found, message)))

    def _end(self, exit_code: int) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.close()
        run = self._runs[self._number]
        if run.state == "stopping":
            self._say(replace(run, state="stopped", left_s=None))
        elif not run.over:
            self._say(replace(run, state="failed", failure=_crash(run.number, exit_code), left_s=None))
        self._next()

    def _time_left_s(self, run: Run, progress: Progress) -> float | None:
        """Seconds until `total` at the pace since the first progress; None while there is no pace."""
        now_s = time.monotonic()
        if self._first is None or progress.total != self._first[1].total:
            self._first = (now_s, progress)
        start_s, first = self._first
        gained = progress.done - first.done
        if run.state != "running" or gained <= 0:
            return None
        return (progress.total - progress.done) * (now_s - start_s) / gained

    def _say(self, run: Run) -> None:
        self._runs[run.number] = run
        self.progressed.emit(run)


def _crash(number: int, code: int) -> Broken:
    """Words for a child that went without any."""
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
    details = f"The process of job {number} ended with {name} (exit code {code}) and left no word."
    hint = f"It may have been out of memory. {KEPT_HINT}" if name == "SIGKILL" else KEPT_HINT
    return Broken(f"The job's process stopped ({name}).", hint, details)

"""What child processes run. Importing this loads neither torch nor Qt, so that the window can name it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from core.cores import limit_threads, limit_threads_once_loaded
from core.errors import UserError
from core.library import log_path
from core.log import LOG, keep_log
from core.progress import Progress
from core.questions import Answer, Failure, Question, whole
from core.signals import FROM_A_TERMINAL, first_heard, ignore
from core.streams import open_streams

if TYPE_CHECKING:
    from core.session import Session

PROGRESS_EVERY_S = 0.1
NICENESS = 10
LOOK_EVERY_S = 1.0
"""How often the engine looks whether the files of a model, or what was learned on it, have changed."""
ORPHAN_GRACE_S = 10.0
KEPT_HINT = "What was finished is kept; start it again to go on."


def begin(target: Callable[..., None], connection: Connection, *options: Any) -> None:
    """What every child process runs: `target`, with streams to print on, and ended by its parent, not by a terminal."""
    open_streams()
    ignore(*FROM_A_TERMINAL)
    keep_log(log_path(), multiprocessing.current_process().name)
    target(connection, *options)


def serve(connection: Connection, device: str, threads: int = 0) -> None:
    """Answer questions from the connection, one at a time, until it closes or None comes.

    It computes with so many threads, without a number on all cores that it may use but one, so that the window stays
    responsive.
    """
    import torch

    from core.session import Session

    if threads:
        torch.set_num_threads(threads)
    else:
        limit_threads(left_free=1)
    LOG.info("computes on %s with %d threads", device, torch.get_num_threads())
    session = Session(device, look_every_s=LOOK_EVERY_S)
    try:
        while (question := connection.recv()) is not None:
            complete = False
            for part in _parts(session, question):
                connection.send(part)
                complete |= isinstance(part, Answer) and part.complete
                if complete and connection.poll():
                    break  # something newer waits: what could still be made better is dropped
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def serve_whole(connection: Connection, device: str) -> None:
    """Answer questions one at a time, each at once with all that is wanted, at its best; end as `serve` does."""
    from core.session import Session

    limit_threads(left_free=1)
    session = Session(device)
    try:
        while (question := connection.recv()) is not None:
            parts = list(_parts(session, question))
            failed = [part for part in parts if isinstance(part, Failure)]
            connection.send(failed[0] if failed else whole([part for part in parts if isinstance(part, Answer)]))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _parts(session: Session, question: Question) -> Iterator[Answer | Failure]:
    """The parts of the answer, and what went wrong: the boundary where an error becomes words."""
    try:
        yield from session.answers(question)
    except UserError as error:
        yield Failure(question, error.message, error.in_window, traceback.format_exc())
    except Exception as error:
        LOG.exception("could not answer")
        message = f"The engine could not answer: {type(error).__name__}: {error}"
        yield Failure(question, message, "The last answer is kept. Undo the last change.", traceback.format_exc())


@dataclass(frozen=True, slots=True)
class Order:
    """Which job, and with what.

    `what` names the generator function as `package.module:function`; `options` are its arguments, plain values. `words`
    say what it is to whoever may have to give it up.
    """

    what: str
    options: Mapping[str, Any] = field(default_factory=dict)
    words: str = field(default="A job", compare=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The job came to its end."""

    result: Any


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job was asked to stop, and closed itself."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The job went wrong: what happened, what to do, and the details for whoever mends it."""

    message: str
    hint: str
    details: str


def run_job(connection: Connection, order: Order) -> None:
    """Run a job, send what it yields, and then Finished, Stopped or Broken.

    Any word on the connection, or its end, or SIGTERM closes the generator, which may write its checkpoint before it
    goes.
    """
    _step_back()
    limit_threads_once_loaded()
    threading.Thread(target=_end_after_parent, daemon=True).start()
    LOG.info("begins %s", order.what)
    try:
        word = _last_word(connection, order)
        LOG.info("%s: %s", order.what, type(word).__name__.lower())
        connection.send(word)
    except (BrokenPipeError, ConnectionResetError):
        return


def work(connection: Connection) -> None:
    """Do one order after another in a process that has loaded what they need after the first; None ends it.

    A newer order stops the one under way. For each, what it yields is sent, and then Finished, Stopped or Broken.
    """
    limit_threads_once_loaded()
    threading.Thread(target=_end_after_parent, daemon=True).start()
    try:
        while (order := connection.recv()) is not None:
            connection.send(_last_word(connection, order))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _last_word(connection: Connection, order: Order) -> Finished | Stopped | Broken:
    """How the job ended: the boundary where an error becomes words."""
    try:
        return _run(connection, resolve_name(order.what)(**order.options))
    except UserError as error:
        return Broken(error.message, error.in_window, traceback.format_exc())
    except Exception as error:
        LOG.exception("the job %s failed", order.what)
        return Broken(f"The job failed: {type(error).__name__}: {error}", KEPT_HINT, traceback.format_exc())


def _run(connection: Connection, job: Generator[Any, None, Any]) -> Finished | Stopped:
    """Everything that is yielded is sent at once, but progress at most every PROGRESS_EVERY_S seconds."""
    sent_s = -PROGRESS_EVERY_S
    with first_heard(signal.SIGTERM) as asked_to_stop:
        try:
            while not connection.poll() and not asked_to_stop():
                said = next(job)
                now_s = time.monotonic()
                if isinstance(said, Progress):
                    if now_s - sent_s < PROGRESS_EVERY_S:
                        continue
                    sent_s = now_s
                connection.send(said)
            return Stopped()
        except StopIteration as stop:
            return Finished(stop.value)
        finally:
            job.close()


def _end_after_parent() -> None:
    """A window that was killed leaves no job behind: after a time of grace for its checkpoint the process ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        time.sleep(ORPHAN_GRACE_S)
        os._exit(1)


def _step_back() -> None:
    """Let the window and its engine go first."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    elif sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)

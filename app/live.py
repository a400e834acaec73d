"""The engine process: start it, ask it, show it is alive, start it again."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from PySide6.QtCore import QObject, Qt, Signal

from app.process import start_process
from core.questions import Answer, Failure, Question
from core.runner import serve

MAX_DEATHS = 3
DEATH_MESSAGE = "The engine process stopped"


class Live(QObject):
    """One engine process with at most one question in flight and one waiting.

    A question asked while another is running waits, and replaces whatever was waiting. The running one is
    left to finish: cancelling it on every mouse move would starve the screen for as long as the user drags.
    Once everything that was wanted is there, the engine may go on to make it better, until something newer is asked.
    """

    answered = Signal(object)
    failed = Signal(object)
    _received = Signal(int, object)

    def __init__(self, device: str = "auto") -> None:
        super().__init__()
        self.device = device
        self._in_flight: Question | None = None
        self._waiting: Question | None = None
        self._deaths = 0
        self._generation = 0
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._received.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a question is being answered or waits."""
        return self._in_flight is not None or self._waiting is not None

    @property
    def pid(self) -> int | None:
        """The engine's process id, None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the engine process; it loads torch and the model while the window is already up."""
        self._generation += 1
        self._process, self._connection = start_process(serve, self.device, name="relata-engine")
        reader = threading.Thread(target=self._read, args=(self._connection, self._generation), daemon=True)
        reader.start()
        self._send()

    def ask(self, question: Question) -> None:
        """Ask; the newest waiting question wins."""
        self._waiting = question
        self._send()

    def restart(self, device: str | None = None) -> None:
        """Stop the process and start another, which is asked the latest question again."""
        self.device = device or self.device
        self._deaths = 0
        self._waiting = self._waiting or self._in_flight
        self.stop()
        self.start()

    def stop(self) -> None:
        """End the process and wait for it."""
        self._generation += 1
        self._in_flight = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _send(self) -> None:
        if self._connection is None or self._in_flight is not None or self._waiting is None:
            return
        self._in_flight, self._waiting = self._waiting, None
        try:
            self._connection.send(self._in_flight)
        except (BrokenPipeError, ConnectionResetError):
            # The reader sees the same end of the pipe and reports it.
            return

    def _read(self, connection: Connection, generation: int) -> None:
        """The reader thread: hand over every answer, then None for the end of the process."""
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                message = None
            try:
                self._received.emit(generation, message)
            except RuntimeError:
                # The window is gone, and this object with it.
                return
            if message is None:
                return

    def _take(self, generation: int, message: Answer | Failure | None) -> None:
        if generation != self._generation:
            return
        if message is None:
            self._revive()
            return
        if isinstance(message, Failure) or message.complete:
            self._in_flight = None
            # Before the window draws, so that the engine does not idle meanwhile.
            self._send()
        if isinstance(message, Answer):
            self._deaths = 0
            self.answered.emit(message)
        else:
            self.failed.emit(message)

    def _revive(self) -> None:
        """After a crash: start again and ask the newest state, unless it dies again and again."""
        question = self._waiting or self._in_flight
        code = None
        if self._process is not None:
            self._process.join()
            code = self._process.exitcode
        deaths = self._deaths + 1
        self.stop()
        self._deaths = deaths
        self._waiting = question
        again = deaths < MAX_DEATHS
        hint = "It was started again." if again else "Choose Model ▸ Restart engine to try again."
        if question is not None:
            self.failed.emit(Failure(question, f"{DEATH_MESSAGE} (exit code {code}).", hint, ""))
        if again:
            self.start()

"""The engine process: start it, ask it, show it is alive, start it again."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.process import ChildProcess
from core.questions import Answer, Failure, Question
from core.runner import serve

MAX_DEATHS = 3
DEATH_MESSAGE = "The engine process stopped"


class Live(QObject):
    """One engine process with at most one question in flight and one waiting; it computes on a `device` with so many
    `threads`, 0 for all cores but one.

    A question asked while another is running waits, and replaces whatever was waiting. The running one is
    left to finish: cancelling it on every mouse move would starve the screen for as long as the user drags.
    Once everything that was wanted is there, the engine may go on to make it better, until something newer is asked.
    """

    answered = Signal(object)
    failed = Signal(object)

    def __init__(self, device: str = "auto") -> None:
        super().__init__()
        self.device = device
        self.threads = 0
        self._in_flight: Question | None = None
        self._waiting: Question | None = None
        self._last: Question | None = None
        self._deaths = 0
        self._child: ChildProcess | None = None

    @property
    def busy(self) -> bool:
        """Whether a question is being answered or waits."""
        return self._in_flight is not None or self._waiting is not None

    @property
    def pid(self) -> int | None:
        """The engine's process id, None while there is none."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start the engine process; it loads torch and the model while the window is already up."""
        self._child = child = ChildProcess(serve, self.device, self.threads, name="relata-engine")
        child.said.connect(self._take)
        child.ended.connect(self._revive)
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
        self._in_flight = None
        if self._child is not None:
            self._child.close()
        self._child = None

    def _send(self) -> None:
        if self._child is not None and self._in_flight is None and self._waiting is not None:
            self._in_flight = self._last = self._waiting
            self._waiting = None
            self._child.send(self._in_flight)

    def _take(self, message: Answer | Failure) -> None:
        done = isinstance(message, Failure) or message.complete
        if done and message.question == self._in_flight:  # an earlier one may fail while it is made better
            self._in_flight = None
            # Before the window draws, so that the engine does not idle meanwhile.
            self._send()
        if isinstance(message, Answer):
            self._deaths = 0
            self.answered.emit(message)
        else:
            self.failed.emit(message)

    def _revive(self, exit_code: int) -> None:
        """After a crash: start again and ask the newest state, unless it dies again and again.

        What died of making an answer better is not asked again: it would die of that again.
        """
        question = self._waiting or self._in_flight
        deaths = self._deaths + 1
        self.stop()
        self._deaths = deaths
        self._waiting = question
        again = deaths < MAX_DEATHS
        hint = "It was started again." if again else "Choose Model ▸ Restart engine to try again."
        if said := question or self._last:
            self.failed.emit(Failure(said, f"{DEATH_MESSAGE} (exit code {exit_code}).", hint, ""))
        if again:
            self.start()

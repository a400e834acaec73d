"""What failed is said in the status line until it is dismissed, or until what failed succeeds.

A refused command is about the state that it was refused in: it is superseded when it succeeds, or when anything has
changed the document. A file that was not opened: when one is opened; that was not saved: also when one is saved.
The engine: when it answers again, or a
command succeeds; the one answer that it was started again for is not news. A job: when a job finishes. An unexpected
error waits to be dismissed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from app.desk import Desk
from app.jobs import Run
from app.live import DEATH_MESSAGE
from app.status import Status
from core.analyses.decision import Decision
from core.errors import UserError
from core.questions import Answer, Failure, Question
from core.runner import Broken


class _Done(Enum):
    """What may succeed, beside a command by itself."""

    EDIT = "the document was changed"
    OPENING = "a picture or a model was opened"
    SAVING = "a document was saved"
    ENGINE = "the engine works"
    JOB = "a job finished"


class Outcomes:
    """Tells the status line of every failure and every success."""

    def __init__(self, desk: Desk, status: Status) -> None:
        self._desk, self._status = desk, status
        self._asked_again: Question | None = None
        self._refused_in = desk.document
        desk.store.changed.connect(self._changed)

    def _changed(self) -> None:
        if self._desk.document is not self._refused_in:
            self._status.supersede(_Done.EDIT)

    def say(self, error: UserError, *mended_by: Callable[[], object]) -> None:
        """Something about a file, of which no command speaks; it is superseded by those that mend it."""
        self._status.say_error(error.message, error.in_window, until=(_Done.OPENING, *mended_by))

    def attempt(self, do: Callable[[], object], *, opening: bool = False, saving: bool = False) -> bool:
        """Run a command, one for `opening` or for `saving` something perhaps, and tell whether it was done; what a user
        can mend is said."""
        before = self._desk.document
        try:
            do()
        except UserError as error:
            about_file = (_Done.SAVING, _Done.OPENING) if saving else (_Done.OPENING,)
            until = about_file if saving or opening else (do, _Done.EDIT)
            self._refused_in = self._desk.document
            self._status.say_error(error.message, error.in_window, until=until)
            return False
        self._status.supersede(do, _Done.ENGINE, *((_Done.SAVING,) if saving else ()))
        if opening and self._desk.document != before:
            self._status.supersede(_Done.OPENING)
        return True

    def refused(self, failure: Failure) -> None:
        """The engine could not answer."""
        answer, model = self._desk.answer, failure.question.document.model
        opening = answer is not None and answer.question.document.model != model
        died = failure.message.startswith(DEATH_MESSAGE)
        until = _Done.OPENING if opening and not died else _Done.ENGINE
        self._status.say_error(failure.message, failure.hint, failure.details, until=(until,))
        self._asked_again = failure.question if died else None

    def not_opened(self, broken: Broken) -> None:
        """A model could not be fetched or imported."""
        self._status.say_error(broken.message, broken.hint, broken.details, until=(_Done.OPENING,))

    def answered(self, answer: Answer) -> None:
        """The engine has answered; called before the desk takes the answer in place of the last one."""
        last = self._desk.answer
        if Decision() not in answer.found:
            return
        if last is not None and last.question.document.model != answer.question.document.model:
            self._status.supersede(_Done.OPENING)
        if answer.question != self._asked_again:
            self._status.supersede(_Done.ENGINE)

    def went_on(self, run: Run) -> None:
        """A job has reported."""
        if run.failure is not None:
            self._status.say_error(run.failure.message, run.failure.hint, run.failure.details, until=(_Done.JOB,))
        elif run.state == "finished":
            self._status.supersede(_Done.JOB)

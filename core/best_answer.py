"""The best answer to one question as a job: everything that is wanted at its finest, once, for who draws it on paper.

Importing this loads no torch, so that the window can name it and read what it yields.
"""

from __future__ import annotations

from collections.abc import Generator

from core.questions import Answer, Question

BEST_JOB = "core.best_answer:best"


def best(question: Question, device: str) -> Generator[Answer, None, None]:
    """Answer, in full.

    Raises UserError for a model that cannot be opened, or a device that is not there.
    """
    from core.session import Session

    yield Session(device).answer(question)

"""What child processes run. Importing this loads neither torch nor Qt, so that the window can name it."""

from __future__ import annotations

import os
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from core.errors import UserError
from core.questions import Answer, Failure, Question

if TYPE_CHECKING:
    from core.answering import Laboratory


def serve(connection: Connection, device: str) -> None:
    """Answer questions from the connection, one at a time, until it closes or None comes.

    All cores but one are used, so that the window stays responsive.
    """
    import torch

    from core.answering import Laboratory

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    laboratory = Laboratory(device)
    try:
        while (question := connection.recv()) is not None:
            connection.send(_answer(laboratory, question))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _answer(laboratory: Laboratory, question: Question) -> Answer | Failure:
    """The answer, or what went wrong: the boundary where an error becomes words."""
    try:
        return laboratory.answer(question)
    except UserError as error:
        return Failure(question, error.message, error.hint, traceback.format_exc())
    except Exception as error:
        message = f"The engine could not answer: {type(error).__name__}: {error}"
        return Failure(question, message, "The last answer is kept. Undo the last change.", traceback.format_exc())

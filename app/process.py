"""Child processes of the window: the engine and the jobs."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from core.runner import begin
from core.start import has_working_directory

SAFE_PATH = "PYTHONSAFEPATH"


def start_process(target: Callable[..., None], *options: Any, name: str) -> tuple[BaseProcess, Connection]:
    """A new process that runs `target(connection, *options)`, and this end of the connection."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=begin, args=(target, theirs, *options), daemon=True, name=name)
    stand_somewhere()
    with _no_imports_from_working_directory():
        process.start()
    theirs.close()
    return process, ours


def stand_somewhere() -> None:
    """Go home where the working directory was deleted: no process can be started from there."""
    if not has_working_directory():
        home = Path.home()
        os.chdir(home if home.is_dir() else home.anchor)


@contextmanager
def _no_imports_from_working_directory() -> Iterator[None]:
    """A new interpreter looks there first until multiprocessing has told it where to look.

    Only for so long, because the variable would change other programs that are opened from the window.
    """
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before

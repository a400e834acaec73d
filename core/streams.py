"""The standard streams: any character can be printed, wherever they lead, and if they lead nowhere."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

READER_GONE = 141  # what a shell says of a program that a closed pipe has ended
NOT_PRINTED = 2


def open_streams() -> None:
    """Make every stream take any text: what its encoding lacks is escaped, and one that is closed leads nowhere.

    A program without a console has none, and one whose streams were closed would open its next file in their place.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_RDONLY if name == "stdin" else os.O_WRONLY)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(words: str, end: str = "\n") -> None:
    """Print on stderr if there is one; `print` would take stdout instead."""
    if sys.stderr is not None:
        print(words, end=end, file=sys.stderr)


def print_json(value: object, indent: int = 1) -> None:
    """Print a value as JSON that any program reads: what an encoding lacks is escaped as JSON has it."""
    print(json.dumps(value, ensure_ascii=not _is_utf8(), indent=indent))


def print_source(text: str) -> None:
    """Print the source of a program, which Python reads as UTF-8; another encoding gets it in ASCII, escaped."""
    print(text if _is_utf8() else text.encode("ascii", "backslashreplace").decode("ascii"), end="")


def _is_utf8() -> bool:
    return codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"


@contextmanager
def printing() -> Iterator[None]:
    """Print what is said within to its end, and end quietly where nobody reads any more, as after `| head`.

    Raises SystemExit where something was not printed.
    """
    open_streams()
    try:
        try:
            yield
        finally:
            _flush()
    except BrokenPipeError:
        _lead_nowhere()
        raise SystemExit(READER_GONE) from None


def _flush() -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        say(f"relata: what was found could not be printed: {error.strerror}.")
        _lead_nowhere()
        raise SystemExit(NOT_PRINTED) from None


def _lead_nowhere() -> None:
    """Let the interpreter, which flushes the streams as it ends, have nothing to complain of."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(io.UnsupportedOperation):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

"""Text files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from core.errors import UserError


def check_writable(folder: Path) -> None:
    """Make the folder.

    Raises UserError where nothing can be written into it, before hours are spent on what should go there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"Nothing can be written to {folder}: {error.strerror}.", "Name another folder.") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step.

    Raises UserError where the disk refuses.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise UserError(f"{path} could not be written: {error}.", "Free some space or name another folder.") from error

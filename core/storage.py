"""Files that are there whole or not at all, and whether they can be written at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import copy2, copymode
from tempfile import TemporaryFile

import numpy as np

from core.errors import UserError

OF_FILES = (
    *(".safetensors", ".json", ".checkpoint", ".toml", ".html", ".csv", ".relata"),
    *(".png", ".svg", ".pdf", ".gif", ".mp4"),
)
"""Endings that a folder is not given on purpose."""


Stamp = tuple[int, int]


def content_hash(arrays: Iterable[tuple[str, np.ndarray]]) -> str:
    """SHA-256 over names and values, float32, in the order in which they come: what learned things are called by."""
    digest = hashlib.sha256()
    for name, value in arrays:
        digest.update(f"{name} {value.shape}".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def stamp(path: Path | None) -> Stamp | None:
    """When a file was written last, and how long it is; None where there is none."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return found and (found.st_mtime_ns, found.st_size)


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: each is on the disk before the first takes the place of an earlier one.

    Others may read them as far as the user's umask says.

    Raises UserError where the disk refuses; nothing unfinished is left behind.
    """
    unfinished = {path: _unfinished(path) for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished[path].write_bytes(content)
        for path, part in unfinished.items():
            os.replace(part, path)
    except OSError as error:
        raise UserError(f"{path} could not be written: {error}.", "Free some space or name another folder.") from error
    finally:
        for part in unfinished.values():
            with suppress(OSError):
                part.unlink()


def replace_file(path: Path, content: bytes, *, keep: bool = True) -> None:
    """Write a file in one step that holds also where the power fails; with `keep` the one before it stays as “name~”.

    Raises UserError where the disk refuses: the file is then as it was, and nothing unfinished is left behind.
    """
    path = path.resolve()  # of a link, what it leads to is replaced
    part, before = _unfinished(path), path.with_name(f"{path.name}~")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if os.path.isfile(path):
            copymode(path, part)
            if keep:
                _keep_as(before, path)
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise UserError(
            f"{path.name} could not be written: {error.strerror or error}.", "Free some space or name another file."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _keep_as(before: Path, path: Path) -> None:
    """The file under another name as well: at no moment is there neither."""
    link = before.with_name(f"{before.name}.part")
    link.unlink(missing_ok=True)
    try:
        try:
            os.link(path, link)
        except OSError:  # a disk that knows no links
            copy2(path, link)
        os.replace(link, before)
    finally:
        link.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The name in its folder is on the disk too; Windows has no way to say that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step; the name of a file that is no text stands in it escaped, as JSON has it.

    Raises UserError where the disk refuses.
    """
    write_files({path: text.encode("utf-8", "backslashreplace")})


def check_folder(folder: Path) -> None:
    """Make the folder.

    Raises UserError where nothing can be written into it, or where its name is that of a file, before hours are
    spent on what should go there.
    """
    if folder.suffix.lower() in OF_FILES and not os.path.isdir(folder):
        raise UserError(f"{folder} is the name of a file.", "Name a folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        raise _refused(folder, error, "Name another folder.") from error


def check_file(path: Path, *read: Path) -> None:
    """Make the file's folder.

    Raises UserError where the file cannot be written, or is one of those that are `read`, before hours are spent on
    what should go into it.
    """
    if os.path.isdir(path):
        raise UserError(f"{path} is a folder.", f"Name a file, such as {path / path.name}.")
    if os.path.isfile(path) and any(os.path.isfile(other) and os.path.samefile(path, other) for other in read):
        raise UserError(f"{path} is read, and would be replaced.", "Name another file.")
    part = _unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(b"")
        part.unlink()
    except (OSError, ValueError) as error:
        raise _refused(path, error, "Name another file.") from error


def tensor_file(path: Path) -> Path:
    """The file of tensors that a user means: a name without a suffix gets .safetensors.

    Raises UserError for a folder, and for another suffix, whose file the card or the checkpoint might replace.
    """
    if not path.name or os.path.isdir(path):
        raise UserError(f"{path} is a folder.", "Name a file that ends in .safetensors.")
    whole = path.with_name(f"{path.name}.safetensors")
    if path.suffix and path.suffix.lower() != ".safetensors":
        raise UserError(f"{path} does not end in .safetensors.", f"Name it {whole}.")
    return path if path.suffix else whole


def check_tensor_file(path: Path) -> None:
    """Make the folder of a file of tensors and of its card.

    Raises UserError where one of them cannot be written, or where the card would replace a file that is none.
    """
    card = path.with_suffix(".json")
    check_file(path)
    check_file(card)
    if os.path.lexists(card) and not os.path.lexists(path):
        raise UserError(f"{card} is there already and is not the card of {path.name}.", "Name another file.")


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _refused(path: Path, error: OSError | ValueError, hint: str) -> UserError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = "a part of it is a file"
    else:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return UserError(f"Nothing can be written to {path}: {reason}.", hint)

"""A file from the network: what it is first, then its bytes into a `.part` beside its place.

A download that was stopped goes on where it stopped. Nothing takes the file's place before its size, and its hash where
the server states one, are right.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from core.errors import UserError
from core.progress import Job, Progress
from core.storage import check_folder
from core.texts import parse_json

TIMEOUT_S = 30.0
CHUNK_BYTES = 1 << 20
MOST_JSON_BYTES = 1 << 24
AGENT = "relata"
GATED = (401, 403)


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on a server; `n_bytes` is -1 and `sha256` empty where the server does not say them.

    `mark` changes when the file does.
    """

    url: str
    n_bytes: int
    sha256: str
    mark: str


def download(url: str, path: Path) -> Job[Path]:
    """Fetch a file unless it is there.

    Raises UserError where it cannot be had; what was fetched is kept, unless it is another file than was announced.
    """
    if path.is_file():
        return path
    check_folder(path.parent)
    yield Progress(0, 1, f"asking {urlsplit(url).netloc}")
    remote = look_up(url, path)
    part = path.with_name(f"{path.name}.{remote.mark}.part")
    _forget_others(path, part)
    _check_room(remote, part)
    have = part.stat().st_size if part.is_file() else 0
    if have != remote.n_bytes:
        yield from _fetch(remote, part, path, have if have < remote.n_bytes else 0)
    _check(remote, part)
    os.replace(part, path)
    return path


def look_up(url: str, path: Path) -> Remote:
    """Size and hash of a file; `path` is where it is wanted.

    Raises UserError where there is none, or the server cannot be reached.
    """
    hops = _Redirects()
    with _opened(url, path, hops, method="HEAD") as answer:
        headers = {name.lower(): value for name, value in answer.headers.items()} | hops.linked
    size = headers.get("x-linked-size") or headers.get("content-length") or ""
    etag = (headers.get("x-linked-etag") or headers.get("etag") or "").removeprefix("W/").strip('"')
    sha256 = etag if re.fullmatch(r"[0-9a-f]{64}", etag) else ""
    mark = hashlib.sha256(f"{url} {etag} {size}".encode()).hexdigest()[:8]
    return Remote(url, int(size) if size.isdecimal() else -1, sha256, mark)


def read_json(url: str, path: Path) -> Any:
    """What a server says as JSON; `path` is where what it is about is wanted.

    Raises UserError where it cannot be reached, or says nothing of the kind.
    """
    with _opened(url, path, _Redirects()) as answer:
        text = answer.read(MOST_JSON_BYTES)
    try:
        return parse_json(text.decode("utf-8"))
    except ValueError as error:
        raise UserError(f"What {urlsplit(url).netloc} says is no JSON.", elsewhere(url, path)) from error


def elsewhere(url: str, path: Path) -> str:
    """What to do where a file cannot be fetched from here."""
    return f"Fetch {url} on a machine where it can be had, put it here as {path}, and open the model again."


class _Redirects(HTTPRedirectHandler):
    """Follows redirects and keeps what the first server says of the file that it sends on to."""

    def __init__(self) -> None:
        self.linked: dict[str, str] = {}

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        said: Message = headers
        self.linked |= {name.lower(): value for name, value in said.items() if name.lower().startswith("x-linked-")}
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opened(url: str, path: Path, hops: _Redirects, *, method: str = "GET", start: int = 0) -> Any:
    """An answer to read, from byte `start` on.

    Raises UserError that says why there is none.
    """
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    host, hint = urlsplit(url).netloc, elsewhere(url, path)
    try:
        return build_opener(hops).open(Request(url, headers=headers, method=method), timeout=TIMEOUT_S)
    except HTTPError as error:
        error.close()
        if error.code in GATED:
            reason = "it is given only to those who have agreed to its licence there."
            raise UserError(f"{host} does not hand out {path.name}: {reason}", hint) from error
        if error.code == 404:
            raise UserError(f"{host} has no {path.name} there.", f"Look whether it exists: {url}") from error
        raise UserError(f"{host} answered {error.code} {error.reason}.", hint) from error
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise UserError(f"{host} cannot be reached: {_reason(error)}.", hint) from error


def _reason(error: Exception) -> object:
    """In words what is wrong, without its number."""
    inner = getattr(error, "reason", error)
    return getattr(inner, "strerror", None) or inner


def _fetch(remote: Remote, part: Path, path: Path, have: int) -> Job[None]:
    """Append what is missing to the part."""
    with _opened(remote.url, path, _Redirects(), start=have) as answer:
        goes_on = have > 0 and answer.status == 206
        done = have if goes_on else 0
        with _written(part, goes_on) as file:
            while chunk := _read(lambda: answer.read1(CHUNK_BYTES), done, remote, path):
                _write(file, chunk, part)
                done += len(chunk)
                yield Progress(done, max(done, remote.n_bytes), f"downloading {path.name}")
    if done < remote.n_bytes:
        raise _broke_off(done, remote, path, "the server ended it")


def _written(part: Path, goes_on: bool) -> BinaryIO:
    try:
        return part.open("ab" if goes_on else "wb")
    except OSError as error:
        raise _full(part, error) from error


def _read(read: Callable[[], bytes], done: int, remote: Remote, path: Path) -> bytes:
    try:
        return read()
    except (OSError, HTTPException) as error:
        raise _broke_off(done, remote, path, str(error) or type(error).__name__) from error


def _write(file: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise _full(part, error) from error


def _broke_off(done: int, remote: Remote, path: Path, reason: str) -> UserError:
    share = f"{100 * done // remote.n_bytes} %" if remote.n_bytes > 0 else f"{done} bytes"
    message = f"The download of {path.name} broke off at {share}: {reason}."
    return UserError(message, "What was fetched is kept; download it again to go on.")


def _full(part: Path, error: OSError) -> UserError:
    message = f"{part.name} could not be written: {error.strerror}."
    return UserError(message, f"Free some space in {part.parent}; what was fetched is kept.")


def _check_room(remote: Remote, part: Path) -> None:
    missing = remote.n_bytes - (part.stat().st_size if part.is_file() else 0)
    free = shutil.disk_usage(part.parent).free
    if missing > free:
        raise UserError(
            f"There is no room: {missing:,} bytes are to be fetched, {free:,} are free in {part.parent}.",
            "Free some space, or set XDG_DATA_HOME to a larger disk.",
        )


def _check(remote: Remote, part: Path) -> None:
    """Raises UserError, and keeps nothing, where a file is not the one that was announced."""
    if remote.sha256:
        with part.open("rb") as file:
            right = hashlib.file_digest(file, "sha256").hexdigest() == remote.sha256
    else:
        right = remote.n_bytes in (-1, part.stat().st_size)
    if not right:
        part.unlink()
        raise UserError(
            f"What came from {urlsplit(remote.url).netloc} is not the file that it announced: its "
            f"{'SHA-256' if remote.sha256 else 'size'} is another. Nothing of it was kept.",
            "Download it again. If it is wrong again, something between here and there changes it.",
        )


def _forget_others(path: Path, part: Path) -> None:
    """Delete what was fetched of an earlier version of a file."""
    for other in path.parent.glob("*.part"):
        if other != part and other.name.startswith(f"{path.name}."):
            other.unlink()

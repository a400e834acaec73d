"""What a drag brings, as a value: files, a picture without a file, and what is neither."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files and folders in the order in which they came, addresses elsewhere, and a picture that has no file."""

    paths: tuple[Path, ...] = ()
    addresses: tuple[str, ...] = ()
    image: QImage | None = None

    def __bool__(self) -> bool:
        return bool(self.paths or self.addresses or self.image)


def read_drop(mime: QMimeData) -> Dropped:
    """What `mime` brings; text counts where it is an address or the path of a file."""
    urls = [url for url in mime.urls() if not url.isEmpty()] or _urls_in(mime.text())
    paths = tuple(dict.fromkeys(Path(url.toLocalFile() or url.path()) for url in urls if _is_here(url)))
    addresses = tuple(dict.fromkeys(_name(url) for url in urls if not _is_here(url)))
    image = mime.imageData() if mime.hasImage() else None
    return Dropped(paths, addresses, image if isinstance(image, QImage) and not image.isNull() else None)


def _urls_in(text: str) -> list[QUrl]:
    """The files and addresses that a text names, one a line: a terminal or an editor drags text, not addresses."""
    lines = [line.strip().strip("'\"") for line in text.splitlines()]
    urls = [QUrl.fromLocalFile(line) if line.startswith("/") or line[1:3] == ":\\" else QUrl(line) for line in lines]
    return [url for url in urls if url.isLocalFile() or url.scheme() in ("http", "https", "data")]


def _is_here(url: QUrl) -> bool:
    """Whether an address is of a file on this computer: a path without a scheme is."""
    return url.isLocalFile() or url.isRelative()


def _name(url: QUrl) -> str:
    """An address short enough to be said: pictures as text (data:) go over pages."""
    return "a picture written as text" if url.scheme() == "data" else url.toDisplayString()

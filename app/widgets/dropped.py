"""What a drag brings, as a value: files, a picture without a file, and what is neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QDockWidget, QWidget

PICTURE = re.compile(r"""<img\b[^>]*?\ssrc\s*=\s*["']([^"'\s]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files and folders in the order in which they came, addresses elsewhere, and a picture that has no file."""

    paths: tuple[Path, ...] = ()
    addresses: tuple[str, ...] = ()
    image: QImage | None = None

    def __bool__(self) -> bool:
        return bool(self.paths or self.addresses or self.image)


class TakesDrops:
    """A mixin of a window: `take_drop` is given what is dropped where no part of it takes that."""

    take_drop: Callable[[Dropped], None]

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if read_drop(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.take_drop(read_drop(event.mimeData()))


class Dock(TakesDrops, QDockWidget):
    """A dock; while it floats it is a window, and things are dropped on it as on the one that it belongs to."""

    def __init__(self, title: str, parent: QWidget, take_drop: Callable[[Dropped], None]) -> None:
        super().__init__(title, parent)
        self.take_drop = take_drop
        self.setAcceptDrops(True)


def read_drop(mime: QMimeData) -> Dropped:
    """What `mime` brings; text counts where it is an address or the path of a file, and of a page its pictures do."""
    urls = (
        [url for url in mime.urls() if not url.isEmpty()] or _urls_in(mime.text()) or _urls_in(_pictures(mime.html()))
    )
    paths = tuple(dict.fromkeys(Path(url.toLocalFile() or url.path()) for url in urls if _is_here(url)))
    addresses = tuple(dict.fromkeys(_name(url) for url in urls if not _is_here(url)))
    image = mime.imageData() if mime.hasImage() else None
    return Dropped(paths, addresses, image if isinstance(image, QImage) and not image.isNull() else None)


def _urls_in(text: str) -> list[QUrl]:
    """The files and addresses that a text names, one a line: a terminal or an editor drags text, not addresses."""
    lines = [line.strip().strip("'\"") for line in text.splitlines()]
    urls = [QUrl.fromLocalFile(line) if line.startswith("/") or line[1:3] == ":\\" else QUrl(line) for line in lines]
    return [url for url in urls if url.isLocalFile() or url.scheme() in ("http", "https", "data")]


def _pictures(html: str) -> str:
    """The addresses of the pictures in a page, one a line."""
    return "\n".join(unescape(address) for address in PICTURE.findall(html))


def _is_here(url: QUrl) -> bool:
    """Whether an address is of a file on this computer: a path without a scheme is."""
    return url.isLocalFile() or url.isRelative()


def _name(url: QUrl) -> str:
    """An address short enough to be said: pictures as text (data:) go over pages."""
    return "a picture written as text" if url.scheme() == "data" else url.toDisplayString()

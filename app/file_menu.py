"""The File menu: documents, pictures, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.desk import Desk
from app.documents import Documents
from app.edits import show_photo
from app.opening import open_path
from core.figures.state import SUFFIXES
from core.stimuli.pictures import PHOTO_SUFFIXES

Key = QKeySequence.StandardKey
PHOTO_FILTER = f"Pictures ({' '.join(f'*.{suffix}' for suffix in PHOTO_SUFFIXES)});;All files (*)"
EXPORTS = (("Export figure…", "Ctrl+Shift+E"), ("Export film…",))
LARGE = """
QMenu { icon-size: 48px; }
QMenu::item { height: 54px; padding: 0 16px 0 8px; }
QMenu::item:selected { background: palette(highlight); color: palette(highlighted-text); }
"""


class Add(Protocol):
    """Puts a command into a menu, with its keys."""

    def __call__(self, menu: str, text: str, do: Callable[[], object], *keys: str | Key) -> QAction: ...


def fill(
    menu: QMenu, add: Add, documents: Documents, desk: Desk, window: QWidget, *exports: Callable[[], object]
) -> None:
    """Add its commands; those of what was opened last are listed when it is shown. `exports` do what EXPORTS names."""
    add("File", "New", documents.new, Key.New)
    add("File", "New window", documents.new_window, "Ctrl+Alt+N")
    menu.addSeparator()
    add("File", "Open…", documents.open_file, Key.Open)
    recent = menu.addMenu("Open recent")
    recent.setToolTipsVisible(True)
    recent.setStyleSheet(LARGE)  # pictures of documents are to be told apart
    menu.aboutToShow.connect(lambda: documents.list_recent(recent))
    documents.list_recent(recent)
    add("File", "Open picture…", lambda: open_picture(desk, window))
    menu.addSeparator()
    add("File", "Save", documents.save, Key.Save)
    add("File", "Save as…", documents.save_as, "Ctrl+Alt+S")
    add("File", "Duplicate", documents.duplicate)
    add("File", "Revert to what was saved", documents.revert)
    add("File", "Locate the model…", documents.locate)
    add("File", "Install what came along", documents.brought.install)
    menu.addSeparator()
    for (text, *keys), do in zip(EXPORTS, exports, strict=True):
        add("File", text, do, *keys)
    menu.addSeparator()
    add("File", "Quit", window.close, Key.Quit)
    menu.addSeparator()


def open_picture(desk: Desk, window: QWidget) -> None:
    """Choose a picture for the tab that is shown."""
    name, _ = QFileDialog.getOpenFileName(window, "Open picture", "", PHOTO_FILTER)
    if name:
        path = Path(name)
        # A figure that carries its state is opened as a picture here: that is what was asked for.
        show_photo(desk, path) if path.suffix.lower() in SUFFIXES else open_path(desk, path)

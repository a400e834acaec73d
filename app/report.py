"""What helps whoever looks for an error: versions, the machine, the model, the last errors.

Nothing of what is in the user's files, and no name of the user: the home folder is “~”, and what errors quote is left
out.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.desk import Desk
from core.library import name_of
from core.log import RECENT

PACKAGES = ("relata", "PySide6-Essentials", "torch", "timm", "numpy", "pillow", "pyqtgraph")
QUOTED = re.compile(r"“[^”]{3,}”|\"[^\"\n]{3,}\"|'[^'\n]{3,}'")
HOME = "~"


def report(desk: Desk, window: QWidget) -> str:
    """The report as a text."""
    told = [*_versions(), *_screens(window), *_state(desk)]
    errors = "\n\n".join(without_quotes(said) for said in RECENT.said)
    return without_home("\n".join([*told, "", "Last errors:", errors or "none"]) + "\n")


def _versions() -> Iterator[str]:
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} of unknown version"
    yield f"Python {platform.python_version()}, Qt {qVersion()}, {QGuiApplication.platformName()}"
    frozen = ", frozen" if getattr(sys, "frozen", False) else ""
    yield f"{platform.system()} {platform.release()} on {platform.machine()}{frozen}"


def _screens(window: QWidget) -> Iterator[str]:
    for screen in QGuiApplication.screens():
        size = screen.size()
        yield f"Screen {size.width()} × {size.height()} at {screen.devicePixelRatio():g}"
    yield f"Window {window.width()} × {window.height()}"


def _state(desk: Desk) -> Iterator[str]:
    computing, model = desk.choices.computing, desk.model
    yield f"Device {computing.device}, threads {computing.threads or 'as many as there are cores but one'}"
    if model is None:
        yield f"Model {Path(name_of(desk.document.model)).name}, which has not answered yet"
    else:
        yield f"Model {Path(name_of(model.name)).name} {model.weights_hash[:12]} on {model.device}"
        yield f"Blocks {model.n_blocks}, heads {model.n_heads}"
    document = desk.document
    kinds = ", ".join(type(edit).__name__ for edit in document.interventions)
    yield f"Items {len(document.base.items)}, edits: {kinds or 'none'}"
    yield "Looks " + ", ".join(f"{name} {value or 'default'}" for name, value in asdict(desk.choices.looks).items())


def without_home(text: str) -> str:
    """A text in which nobody can read who the user is by the home folder."""
    home = Path.home()
    for path in sorted({str(home), str(home.resolve()), home.as_posix(), str(home).replace("\\", "\\\\")}, key=len):
        if len(path) > 1:
            text = text.replace(path, HOME)
    return text


def without_quotes(said: str) -> str:
    """An error and its traceback without what its words quote, for that may be from a file; lines of code stay."""
    return "\n".join(line if line.startswith("  ") else QUOTED.sub("“…”", line) for line in said.splitlines())

"""A figure that was exported opens again: as the document that it shows, or as the study that it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtWidgets import QDockWidget

from app.panels import Panel
from app.panels.study import StudyPanel
from core.documents.figures import read_figure
from core.documents.work import Work
from core.errors import UserError


def reopen(
    path: Path, begin: Callable[[Work], object], standing: Callable[[], Iterable[tuple[Panel, QDockWidget]]]
) -> None:
    """Begin with the document that a figure carries, or go to its study.

    Raises UserError where it carries none: then nothing is asked and nothing lost.
    """
    carried = read_figure(path)
    if carried is None:
        hint = "Figures that Relata exported open again, unless their state was left out or another program saved them."
        raise UserError(f"{path.name} carries nothing that can be opened.", hint)
    if carried.work is not None:
        begin(carried.work)
        return
    for panel, dock in standing():
        if isinstance(panel, StudyPanel) and carried.study is not None:
            dock.show()
            dock.raise_()
            panel.show_study(path.name, carried.study)


def carries_document(path: Path) -> bool:
    """Whether a picture is a figure that opens again; where it is damaged, it is opened to say so."""
    try:
        return read_figure(path) is not None
    except UserError:
        return True

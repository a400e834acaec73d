"""The interventions panel with the commands that its chips give, and no window round it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QAction

from app.actions import CONTROLS, MODES, Command
from app.desk import Desk
from app.panels.interventions import InterventionsPanel


def interventions_panel(desk: Desk) -> InterventionsPanel:
    """A panel that follows the document, and is all that is in sight."""
    desk.actions = {"mode": _actions(desk, MODES), "control": _actions(desk, CONTROLS)}
    panel = InterventionsPanel(desk)
    desk.wanted = panel.wanted
    desk.store.changed.connect(panel.refresh)
    return panel


def _actions(desk: Desk, rows: Iterable[Command]) -> list[QAction]:
    found = []
    for row in rows:
        action = QAction(row.text, desk.store)
        action.setIconText(row.short)
        action.triggered.connect(lambda _=False, do=row.do: do(desk))
        found.append(action)
    return found

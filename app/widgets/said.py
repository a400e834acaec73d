"""A few words in the colour of their role, which follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel

from app import theme


class Said(QLabel):
    """Words under controls: what is going on, or what went wrong. Without words it takes no room."""

    def __init__(self) -> None:
        super().__init__()
        self._role = "muted"
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.say("")

    def say(self, words: str, role: str = "muted") -> None:
        """Show words in the colour of a role of the theme."""
        if words != self.text():
            self.setText(words)
        self._role = role
        self.setVisible(bool(words))
        self._dress()

    def warn(self, message: str, hint: str = "") -> None:
        """Say what went wrong, and what to do."""
        self.say(f"⚠ {message} {hint}".strip(), "warning")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        dress = f"color: {theme.current().color(self._role).name()}"
        if dress != self.styleSheet():  # each change of a sheet has Qt go through the style again
            self.setStyleSheet(dress)

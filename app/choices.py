"""What the window remembers of a user's choices from one start to the next."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from app import theme
from app.live import Live

THEMES = {"light": theme.LIGHT, "dark": theme.DARK}
DEVICES = ("auto", "cpu", "cuda", "mps")


def restore_theme(settings: QSettings) -> None:
    """Choose the theme that was chosen last; without one, the system's is followed."""
    theme.choose(THEMES.get(str(settings.value("theme", ""))))


def remember_theme(settings: QSettings, look: theme.Theme | None) -> None:
    """Keep a choice of theme; None follows the system again."""
    settings.setValue("theme", next((name for name, known in THEMES.items() if known is look), ""))


def restore_device(settings: QSettings, live: Live) -> None:
    """Let the engine start on the device that was chosen last."""
    device = str(settings.value("device", ""))
    live.device = device if device in DEVICES else live.device


def remember_device(settings: QSettings, live: Live) -> None:
    """Keep the device that has answered: one that is not there must not be in the way at the next start."""
    if settings.value("device", "auto") != live.device:
        settings.setValue("device", live.device)

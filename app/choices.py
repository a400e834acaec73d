"""What the window remembers of a user's choices from one start to the next, where it has settings to keep it in."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QCheckBox

from app import theme
from app.live import Live

THEMES = {"light": theme.LIGHT, "dark": theme.DARK}
DEVICES = ("auto", "cpu", "cuda", "mps")


def restore(settings: QSettings | None, live: Live) -> None:
    """The theme and the device that were chosen last; by default the system's theme and the fastest device."""
    if settings is None:
        return
    device = str(settings.value("device", ""))
    live.device = device if device in DEVICES else live.device
    _dress(THEMES.get(str(settings.value("theme", ""))))


def choose_theme(settings: QSettings | None, look: theme.Theme | None) -> None:
    """Wear a theme now and at the next start; None follows the system again."""
    if settings is not None:
        settings.setValue("theme", next((name for name, known in THEMES.items() if known is look), ""))
    _dress(look)


def remember_device(settings: QSettings | None, live: Live) -> None:
    """Keep the device that has answered: one that is not there must not be in the way at the next start."""
    if settings is not None and settings.value("device", "auto") != live.device:
        settings.setValue("device", live.device)


def keep_checked(settings: QSettings | None, name: str, box: QCheckBox) -> None:
    """Let a box be checked or not as it was left, and remember how it is left now."""
    if settings is not None:
        box.setChecked(bool(settings.value(name, box.isChecked(), type=bool)))
        box.toggled.connect(lambda on: settings.setValue(name, on))


def _dress(look: theme.Theme | None) -> None:
    theme.choose(look)
    theme.apply(cast(QApplication, QApplication.instance()))

"""Palette, type and colour maps, in light and dark, chosen to be told apart without colour vision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from core.figures.looks import ramp, viridis

__all__ = [
    "DARK",
    "LIGHT",
    "PROJECTOR",
    "Theme",
    "apply",
    "choose",
    "current",
    "dress",
    "local_global",
    "shown_in",
    "viridis",
]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by role, as `#rrggbb`; where it `is_clear`, there is no ground."""

    dark: bool
    window: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    item_a: str
    item_b: str
    same: str
    different: str
    warning: str
    effect: str
    is_clear: bool = False

    def color(self, role: str, alpha: float = 1.0) -> QColor:
        """The colour of `role` with opacity `alpha` in 0–1."""
        color = QColor(getattr(self, role))
        color.setAlphaF(0.0 if self.is_clear and role in _GROUNDS else alpha)
        return color

    def solid(self, role: str) -> QColor:
        """The colour of `role`, also where there is no ground: of what has to cover something."""
        return QColor(getattr(self, role))


_GROUNDS = ("window", "panel")

DARK = Theme(
    dark=True,
    window="#17181c",
    panel="#1f2228",
    raised="#282c33",
    line="#3a3f48",
    text="#dfe3ea",
    muted="#8b929e",
    accent="#2bb5a5",
    item_a="#2bb5a5",
    item_b="#e69f00",
    same="#56b4e9",
    different="#e0752d",
    warning="#f0b429",
    effect="#2a6d80",
)

LIGHT = Theme(
    dark=False,
    window="#eceef1",
    panel="#f8f9fa",
    raised="#e3e6ea",
    line="#c3c8cf",
    text="#1c2026",
    muted="#5b636e",
    accent="#0b7d70",
    item_a="#0b7d70",
    item_b="#a26700",
    same="#0f6ba8",
    different="#b4500b",
    warning="#8f6300",
    effect="#7fb9c8",
)

PROJECTOR = Theme(
    dark=False,
    window="#ffffff",
    panel="#ffffff",
    raised="#eef0f2",
    line="#7c838c",
    text="#000000",
    muted="#30363d",
    accent="#005f54",
    item_a="#005f54",
    item_b="#7d4e00",
    same="#00478f",
    different="#9c3a00",
    warning="#6e4900",
    effect="#8fd0de",
)
"""For a room: what a projector makes of colours is paler than what a screen shows."""


_chosen: list[Theme] = []


def choose(theme: Theme | None) -> None:
    """Use this theme from now on; None follows the operating system again."""
    _chosen[:] = [] if theme is None else [theme]


@contextmanager
def shown_in(theme: Theme) -> Iterator[None]:
    """Paint in this theme for as long as the context lasts; the window keeps its own."""
    before = tuple(_chosen)
    choose(theme)
    try:
        yield
    finally:
        choose(*before or (None,))


def current() -> Theme:
    """The chosen theme, or the one that the operating system asks for now."""
    if _chosen:
        return _chosen[0]
    scheme = QGuiApplication.styleHints().colorScheme()
    return DARK if scheme == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication) -> None:
    """Dress the application in the current theme; call again when the colour scheme changes."""
    theme = current()
    sheet = _sheet(theme)
    if not app.styleSheet():  # each of style and sheet has Qt dress every widget again
        app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def dress(window: QWidget, theme: Theme) -> None:
    """Dress a window and all in it in a theme of its own."""
    window.setProperty(WORN, theme)
    for widget in (window, *window.findChildren(QWidget)):
        widget.setPalette(_palette(theme))  # under a style sheet none is handed down
    window.setAutoFillBackground(True)
    window.setStyleSheet(f"{_sheet(theme)} QLabel {{ color: {theme.text}; }}")


def worn_by(widget: QWidget) -> Theme:
    """The theme that a widget's window wears, or the current one."""
    worn = widget.window().property(WORN)
    return worn if isinstance(worn, Theme) else current()


WORN = "relata-theme"


def _named(theme: Theme) -> dict[str, str]:
    return {f.name: getattr(theme, f.name) for f in fields(theme)}


def _sheet(theme: Theme) -> str:
    return _STYLE.format(**_named(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.Base: theme.panel,
        QPalette.ColorRole.AlternateBase: theme.raised,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.panel,
        QPalette.ColorRole.Link: theme.same,
    }
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, theme.color("muted", 0.6))
    return palette


_STYLE = """
QDockWidget {{ color: {muted}; font-weight: 600; border: 1px solid {muted}; }}
QDockWidget::title {{ background: {panel}; padding: 5px 8px; border-top-left-radius: 4px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 3px; }}
QPushButton, QToolButton {{ background: {raised}; color: {text}; border: 1px solid {line}; }}
QPushButton, QToolButton {{ border-radius: 4px; padding: 3px 8px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {text}; }}
QPushButton:checked, QToolButton:checked {{ background: {effect}; color: {text}; border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {muted}; }}
QToolButton[chip="true"] {{ padding: 1px 3px; }}
QToolButton[chip="true"][popupMode="1"] {{ padding-right: 15px; }}
QToolButton::menu-button {{ border: none; width: 14px; }}
QToolButton[control="true"] {{ border-style: dashed; }}
QToolButton[control="true"]:checked {{ background: {warning}; color: {window}; border-color: {warning}; }}
QTabWidget::pane {{ border: 1px solid {line}; }}
QTabBar::tab {{ background: transparent; color: {muted}; border: none; border-bottom: 2px solid transparent; }}
QTabBar::tab {{ padding: 4px 12px; margin-right: 2px; }}
QTabBar::tab:hover {{ color: {text}; }}
QTabBar::tab:selected {{ background: {raised}; color: {text}; border-bottom-color: {accent}; }}
QTabBar::tab:selected {{ border-top-left-radius: 4px; border-top-right-radius: 4px; }}
QTabBar::tab:selected:focus {{ border-bottom-color: {text}; }}
QTabBar::tab:disabled {{ color: {line}; }}
QTabBar QToolButton {{ padding: 0; }}
QMainWindow::separator {{ background: {window}; width: 6px; height: 6px; }}
QStatusBar {{ background: {panel}; color: {muted}; }}
QMenuBar {{ background: {panel}; color: {text}; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {effect}; }}
QMenu {{ background: {panel}; color: {text}; border: 1px solid {line}; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 9px; }}
QScrollBar:horizontal {{ height: 9px; }}
QScrollBar::handle {{ background: {line}; border-radius: 3px; margin: 1px 1px 1px 2px; }}
QScrollBar::handle {{ min-width: 24px; min-height: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


_LOCAL_GLOBAL = np.array([(74, 118, 200), (128, 104, 150), (205, 52, 52)], dtype=np.float64)


def local_global(values: np.ndarray) -> np.ndarray:
    """Colours `[..., 3]` uint8 of local (0, blue) to global (1, red) scores."""
    return ramp(values, _LOCAL_GLOBAL)

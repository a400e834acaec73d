"""Whatever takes the keyboard, has tabs or slides has a name for screen readers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLabel,
    QScrollBar,
    QTabBar,
    QTabWidget,
    QWidget,
)

from app.main_window import MainWindow
from app.scenes import add_scene

QT_OWN = "qt_"
"""Begins the names of what Qt puts into its own widgets."""


def is_qt_own(widget: QWidget) -> bool:
    """Whether a widget is a part of one of Qt's, which speaks for it."""
    if isinstance(widget, QScrollBar | QHeaderView):
        return True
    if widget.objectName().startswith(QT_OWN) and not isinstance(widget, QTabBar):
        return True
    return isinstance(widget, QAbstractItemView) and isinstance(widget.window().parentWidget(), QComboBox)


def needs_a_name(widget: QWidget) -> bool:
    takes_keys = widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not isinstance(widget, QLabel)
    told = isinstance(widget, QTabBar | QTabWidget | QAbstractSlider | QAbstractItemView)
    return (takes_keys or told) and not is_qt_own(widget) and not widget.isHidden()


def name_of(widget: QWidget) -> str:
    """As a screen reader has it; of tabs, what they are called by themselves and not their current one."""
    if isinstance(widget, QTabBar):
        return widget.accessibleName()
    told = QAccessible.queryAccessibleInterface(widget)
    return "" if told is None else told.text(QAccessible.Text.Name)


def nameless(whole: QWidget) -> list[str]:
    found = [part for part in whole.findChildren(QWidget) if needs_a_name(part) and not name_of(part)]
    return [f"{type(part).__name__} in {type(part.parentWidget()).__name__}" for part in found]


def test_everything_in_every_panel_has_a_name(window: MainWindow) -> None:
    for dock in window.findChildren(QDockWidget):
        dock.show()
    QApplication.sendPostedEvents()

    assert not nameless(window), nameless(window)


@pytest.mark.parametrize(
    "command",
    [
        "Make a set…",
        "Open model…",
        "About this model…",
        "Export figure…",
        "Export film…",
        "Name and note…",
        "Check the talk…",
        "Settings…",
        "All commands…",
        "Keys",
        "Show log",
    ],
)
def test_everything_in_every_dialog_has_a_name(window: MainWindow, command: str) -> None:
    add_scene(window.desk)
    before = set(window.findChildren(QWidget))
    next(action for _, action in window.all_actions() if action.text() == command).trigger()

    come = [part for part in window.findChildren(QWidget) if part not in before]
    assert come, "something has opened"
    assert not nameless(window), nameless(window)


def test_a_bundled_model_says_in_the_menu_what_it_judges(window: MainWindow) -> None:
    tips = {action.text(): action.toolTip() for _, action in window.all_actions() if "Bundled: " in action.text()}

    assert tips["Bundled: rmts"].startswith("Relational match-to-sample: are the relations of two pairs")
    assert tips["Bundled: discrimination"].startswith("Discrimination: are two items the same")
    assert tips["Bundled: emoji"] == "Bundled: emoji", "it was trained on neither"

"""How choices, boxes, tabs and numbers were left, as JSON has it: what a panel keeps in a document's file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QTabWidget

from core.cards import is_whole

Choice = QCheckBox | QComboBox | QSpinBox | QTabWidget


def as_left(widgets: Mapping[str, Choice]) -> dict[str, Any]:
    """What each says now: choices and tabs by their words."""
    return {name: _said(widget) for name, widget in widgets.items()}


def leave_as(widgets: Mapping[str, Choice], kept: Mapping[str, Any]) -> None:
    """Let each say it again; what it cannot say, or what is of another type, is passed over."""
    for name, widget in widgets.items():
        value = kept.get(name)
        if isinstance(widget, QCheckBox) and isinstance(value, bool):
            widget.setChecked(value)
        elif isinstance(widget, QSpinBox) and isinstance(value, int) and is_whole(value):
            if widget.minimum() <= value <= widget.maximum():
                widget.setValue(value)
        elif isinstance(widget, QComboBox | QTabWidget) and isinstance(value, str):
            at = _words(widget).index(value) if value in _words(widget) else -1
            widget.setCurrentIndex(widget.currentIndex() if at < 0 else at)


def _said(widget: Choice) -> object:
    if isinstance(widget, QCheckBox):
        return widget.isChecked()
    if isinstance(widget, QSpinBox):
        return widget.value()
    return _words(widget)[widget.currentIndex()]


def _words(widget: QComboBox | QTabWidget) -> list[str]:
    if isinstance(widget, QComboBox):
        return [widget.itemText(at) for at in range(widget.count())]
    return [widget.tabText(at) for at in range(widget.count())]

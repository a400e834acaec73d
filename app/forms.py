"""A form for the options of any frozen dataclass: one row a field, by its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, fields, replace
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.numbers import MINUS, written
from core.options import field_types

Options = TypeVar("Options")
LARGEST = 2**31 - 1


class Form(QWidget, Generic[Options]):
    """Shows the fields of a value and changes them; `value` is the value with what is chosen.

    Fields that follow what is looked at (`core.analyses.follow`), `hidden` ones and those of other types than a choice,
    yes or no, a number or a text have no row. A field's `metadata` may hold `label`, `tip`, `least`, `most`, `step`,
    `said` (in the place of the least number), the `words` of each choice, `scientific` for a number over many powers of
    ten, and of a text that it names a `folder` and what it is while `empty`.
    """

    changed = Signal()

    def __init__(self, value: Options, hidden: Collection[str] = ()) -> None:
        super().__init__()
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._value = value
        self.rows: dict[str, QWidget] = {}
        self._beside: dict[str, QWidget] = {}
        hints = field_types(type(value))
        for field in fields(value):  # type: ignore[arg-type]
            kind = hints.get(field.name)
            drawable = kind in (bool, int, float, str) or get_origin(kind) is Literal
            if drawable and field.name not in hidden and "follow" not in field.metadata:
                self._add_row(field, kind)

    @property
    def value(self) -> Options:
        """What is chosen. To set it shows it, which is no choice: nobody hears of a change."""
        return self._value

    @value.setter
    def value(self, value: Options) -> None:
        self._value, hints = value, field_types(type(value))
        for name, row in self.rows.items():
            shown: Any = getattr(value, name)
            with QSignalBlocker(row):
                match row:
                    case QCheckBox():
                        row.setChecked(shown)
                    case QComboBox():
                        row.setCurrentIndex(get_args(hints[name]).index(shown))
                    case QSpinBox() | QDoubleSpinBox():
                        row.setValue(shown)
                    case QLineEdit():
                        row.setText(str(shown))

    def _add_row(self, field: Field[Any], kind: Any) -> None:
        self.rows[field.name] = widget = self._widget(field, kind)
        label = field.metadata.get("label", field.name.replace("_", " ").capitalize())
        widget.setToolTip(field.metadata.get("tip", ""))
        widget.setAccessibleName(label)
        if isinstance(widget, QCheckBox):
            widget.setText(label)
            self._layout.addRow(widget)
        elif field.name in self._beside:
            row = QHBoxLayout()
            row.addWidget(widget, 1)
            row.addWidget(self._beside[field.name])
            self._layout.addRow(label, row)
        else:
            self._layout.addRow(label, widget)

    def _choose_folder(self, name: str, line: QLineEdit) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder", line.text())
        if chosen:
            line.setText(chosen)
            self._setter(name)(chosen)

    def take(self, options: object) -> None:
        """Show the value with these fields, as `chosen` has them; what a field cannot be is passed over."""
        if not isinstance(options, Mapping):
            return
        hints, value = field_types(type(self.value)), self.value
        for option in fields(value):  # type: ignore[arg-type]
            if option.name in self.rows and _fits(options.get(option.name), hints[option.name], option):
                value = replace(value, **{option.name: options[option.name]})  # type: ignore[type-var]
        if value != self.value:
            self.value = value
            self.changed.emit()

    def set_row_shown(self, name: str, shown: bool) -> None:
        """Show or hide the row of a field, which keeps its value."""
        self._layout.setRowVisible(self.rows[name], shown)

    @property
    def chosen(self) -> dict[str, Any]:
        """The fields that have a row, by name, with what is chosen."""
        return {name: getattr(self.value, name) for name in self.rows}

    def _widget(self, field: Field[Any], kind: Any) -> QWidget:
        value = getattr(self.value, field.name)
        if get_origin(kind) is Literal:
            return self._choice(field, value, get_args(kind))
        if kind is bool:
            box = QCheckBox()
            box.setChecked(value)
            box.toggled.connect(self._setter(field.name))
            return box
        if kind in (int, float):
            decimal = ScientificBox if field.metadata.get("scientific") else QDoubleSpinBox
            number = QSpinBox() if kind is int else decimal()
            number.setRange(field.metadata.get("least", 0), field.metadata.get("most", LARGEST))
            number.setSpecialValueText(field.metadata.get("said", ""))
            number.setSingleStep(field.metadata.get("step", 1))
            number.setValue(value)
            number.setKeyboardTracking(False)
            number.valueChanged.connect(self._setter(field.name))
            return number
        line = QLineEdit(str(value))
        line.setPlaceholderText(field.metadata.get("empty", ""))
        if field.metadata.get("folder"):
            button = QToolButton()
            button.setText("…")
            button.setToolTip("Choose a folder")
            button.clicked.connect(lambda: self._choose_folder(field.name, line))
            self._beside[field.name] = button
        line.editingFinished.connect(lambda: self._setter(field.name)(line.text()))
        return line

    def _choice(self, field: Field[Any], value: object, options: tuple[object, ...]) -> QComboBox:
        box, words = QComboBox(), field.metadata.get("words", {})
        box.addItems([words.get(option, str(option)) for option in options])
        box.setCurrentIndex(options.index(value))
        box.currentIndexChanged.connect(lambda index: self._setter(field.name)(options[index]))
        return box

    def _setter(self, name: str) -> Callable[[object], None]:
        def set_field(value: object) -> None:
            self._value = replace(self._value, **{name: value})  # type: ignore[type-var]
            self.changed.emit()

        return set_field


def _fits(value: object, kind: Any, option: Field[Any]) -> bool:
    """Whether a field of a type can be this."""
    if get_origin(kind) is Literal:
        return any(type(value) is type(each) and value == each for each in get_args(kind))
    if kind in (bool, str):
        return isinstance(value, kind)
    if isinstance(value, bool) or not isinstance(value, (int,) if kind is int else (int, float)):
        return False
    return bool(option.metadata.get("least", 0) <= value <= option.metadata.get("most", LARGEST))


class ScientificBox(QDoubleSpinBox):
    """A number over many powers of ten, such as a learning rate: typed as 0.0002 or 2e-4, doubled by a step."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(12)

    def textFromValue(self, value: float) -> str:
        return written(f"{value:g}").replace(MINUS, "-")

    def valueFromText(self, text: str) -> float:
        return float(text.replace(",", "."))

    def validate(self, text: str, pos: int) -> tuple[QValidator.State, str, int]:
        begun = re.fullmatch(r"[0-9]*[.,]?[0-9]*(e[+-]?[0-9]*)?", text, re.IGNORECASE) is not None
        try:
            whole = self.minimum() <= self.valueFromText(text) <= self.maximum()
        except ValueError:
            whole = False
        states = QValidator.State
        return states.Acceptable if begun and whole else states.Intermediate if begun else states.Invalid, text, pos

    def stepBy(self, steps: int) -> None:
        self.setValue(self.value() * 2.0**steps)

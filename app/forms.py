"""A form for the options of any frozen dataclass: one row a field, by its type."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import Field, fields, replace
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox, QWidget

from core.options import field_types

Options = TypeVar("Options")
LARGEST = 2**31 - 1


class Form(QWidget, Generic[Options]):
    """Shows the fields of a value and changes them; `value` is the value with what is chosen.

    Fields that follow what is looked at (`core.analyses.follow`), `hidden` ones and those of other types than a choice,
    yes or no, a number or a text have no row. A field's `metadata` may hold `label`, `tip`, `least` and `most`.
    """

    changed = Signal()

    def __init__(self, value: Options, hidden: Collection[str] = ()) -> None:
        super().__init__()
        self.value = value
        self._shown: list[str] = []
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        hints = field_types(type(value))
        for field in fields(value):  # type: ignore[arg-type]
            kind = hints.get(field.name)
            drawable = kind in (bool, int, float, str) or get_origin(kind) is Literal
            if drawable and field.name not in hidden and "follow" not in field.metadata:
                self._shown.append(field.name)
                widget = self._widget(field, kind)
                label = field.metadata.get("label", field.name.replace("_", " ").capitalize())
                widget.setToolTip(field.metadata.get("tip", ""))
                widget.setAccessibleName(label)
                if isinstance(widget, QCheckBox):
                    widget.setText(label)
                    layout.addRow(widget)
                else:
                    layout.addRow(label, widget)

    @property
    def chosen(self) -> dict[str, Any]:
        """The fields that have a row, by name, with what is chosen."""
        return {name: getattr(self.value, name) for name in self._shown}

    def _widget(self, field: Field[Any], kind: Any) -> QWidget:
        value = getattr(self.value, field.name)
        if get_origin(kind) is Literal:
            return self._choice(field.name, value, get_args(kind))
        if kind is bool:
            box = QCheckBox()
            box.setChecked(value)
            box.toggled.connect(self._setter(field.name))
            return box
        if kind in (int, float):
            number = QSpinBox() if kind is int else QDoubleSpinBox()
            number.setRange(field.metadata.get("least", 0), field.metadata.get("most", LARGEST))
            number.setValue(value)
            number.setKeyboardTracking(False)
            number.valueChanged.connect(self._setter(field.name))
            return number
        line = QLineEdit(str(value))
        line.editingFinished.connect(lambda: self._setter(field.name)(line.text()))
        return line

    def _choice(self, name: str, value: object, options: tuple[object, ...]) -> QComboBox:
        box = QComboBox()
        box.addItems([str(option) for option in options])
        box.setCurrentIndex(options.index(value))
        box.currentIndexChanged.connect(lambda index: self._setter(name)(options[index]))
        return box

    def _setter(self, name: str) -> Callable[[object], None]:
        def set_field(value: object) -> None:
            self.value = replace(self.value, **{name: value})  # type: ignore[type-var]
            self.changed.emit()

        return set_field

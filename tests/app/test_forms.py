"""Forms: what is chosen is shown, and what is set is shown without being a choice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.forms import Form


@dataclass(frozen=True)
class Options:
    color: Literal["red", "green"] = field(default="red", metadata={"words": {"red": "a warm one"}})
    n: int = 3
    share: float = 0.5
    rate: float = field(default=1e-3, metadata={"scientific": True})
    on: bool = False
    name: str = "x"


OTHERS = Options("green", 9, 0.25, 2e-4, True, "y")


@pytest.fixture
def form(qtbot: QtBot) -> Form[Options]:
    form = Form(Options())
    qtbot.addWidget(form)
    return form


def shown(row: QWidget) -> object:
    match row:
        case QCheckBox():
            return row.isChecked()
        case QComboBox():
            return row.currentText()
        case QSpinBox() | QDoubleSpinBox():
            return row.value()
    assert isinstance(row, QLineEdit)
    return row.text()


def test_a_value_that_is_set_is_shown_in_every_row_and_is_no_choice(form: Form[Options]) -> None:
    rows, heard = dict(form.rows), []
    form.changed.connect(lambda: heard.append(form.value))

    form.value = OTHERS

    assert form.rows == rows, "the rows are those that were there"
    assert [shown(row) for row in rows.values()] == ["green", 9, 0.25, 2e-4, True, "y"]
    assert form.value == OTHERS
    assert not heard

    form.value = Options()
    assert shown(rows["color"]) == "a warm one"


def test_what_is_chosen_is_told_once_and_leaves_the_rest(form: Form[Options]) -> None:
    heard: list[Options] = []
    form.changed.connect(lambda: heard.append(form.value))
    color = form.rows["color"]
    assert isinstance(color, QComboBox)

    color.setCurrentIndex(1)

    assert heard == [replace(Options(), color="green")]


def test_a_kept_value_that_a_field_cannot_be_is_passed_over(form: Form[Options]) -> None:
    form.take({"color": "blue", "n": True, "share": 0.75, "name": 3})

    assert form.value == replace(Options(), share=0.75)
    assert shown(form.rows["share"]) == 0.75

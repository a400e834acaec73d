"""What was chosen in a panel is chosen again, and a file cannot choose what there is not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from app.as_left import Choice, as_left, leave_as
from app.desk import Desk
from app.forms import Form
from app.panels.analysis import AnalysisPanel
from app.panels.study import StudyPanel
from app.panels.train import TrainPanel


@pytest.fixture
def widgets(qtbot: QtBot) -> dict[str, Choice]:
    box, choice, number, tabs = QCheckBox(), QComboBox(), QSpinBox(), QTabWidget()
    for widget in (box, choice, number, tabs):
        qtbot.addWidget(widget)
    choice.addItems(["one", "two"])
    for name in ("first", "second"):
        tabs.addTab(QWidget(), name)
    return {"box": box, "choice": choice, "number": number, "tabs": tabs}


def test_what_was_chosen_is_chosen_again(widgets: dict[str, Choice]) -> None:
    chosen = {"box": True, "choice": "two", "number": 7, "tabs": "second"}

    leave_as(widgets, json.loads(json.dumps(chosen)))

    assert as_left(widgets) == chosen


@pytest.mark.parametrize("damaged", [None, 1.5, "three", [], {}, 10**30, -1])
def test_what_cannot_be_chosen_is_passed_over(widgets: dict[str, Choice], damaged: object) -> None:
    before = as_left(widgets)

    leave_as(widgets, dict.fromkeys(widgets, damaged))

    assert as_left(widgets) == before


@dataclass(frozen=True)
class Options:
    n: int = field(default=2, metadata={"least": 1, "most": 9})
    share: float = 0.5
    kind: Literal["a", "b"] = "a"
    on: bool = False
    name: str = ""


def test_a_form_takes_the_fields_that_can_be(qtbot: QtBot) -> None:
    form = Form(Options())
    qtbot.addWidget(form)

    form.take({"n": 9, "share": 1, "kind": "b", "on": True, "name": "x", "another": 1})

    assert form.value == Options(9, 1, "b", True, "x")
    assert form.rows["n"].value() == 9


@pytest.mark.parametrize("damaged", [None, "b", [1], {"n": 10}, {"n": True}, {"n": 2.0}, {"kind": "c"}, {"on": 1}])
def test_a_form_passes_over_what_cannot_be(qtbot: QtBot, damaged: Any) -> None:
    form = Form(Options())
    qtbot.addWidget(form)

    form.take(damaged)

    assert form.value == Options()


def test_a_study_is_chosen_again_but_for_its_model_and_its_folder(qtbot: QtBot, desk: Desk) -> None:
    first, second = StudyPanel(desk), StudyPanel(desk)
    for panel in (first, second):
        qtbot.addWidget(panel)
    name, box = list(first.form.parts.items())[-1]
    box.setChecked(not box.isChecked())
    first.form.seed.setValue(5)
    first.form.folder.setText("/somewhere")
    first.published.setCurrentIndex(1)

    second.take(json.loads(json.dumps(first.kept())))

    assert second.kept() == first.kept()
    assert second.form.parts[name].isChecked() is box.isChecked()
    assert second.form.folder.text() != "/somewhere"


def test_what_is_to_be_trained_is_chosen_again_but_for_its_model_and_its_name(qtbot: QtBot, desk: Desk) -> None:
    first, second = TrainPanel(desk), TrainPanel(desk)
    for panel in (first, second):
        qtbot.addWidget(panel)
    first.form.recipe.setCurrentIndex(1)
    first.form.settings.rows["n_images"].setValue(8000)
    first.form.name.setText("mine")

    second.take(json.loads(json.dumps(first.kept())))

    assert second.kept() == first.kept()
    assert second.form.settings.value == first.form.settings.value
    assert second.form.name.text() != "mine"


def test_an_analysis_is_chosen_again_with_its_options(qtbot: QtBot, desk: Desk) -> None:
    first, second = AnalysisPanel(desk), AnalysisPanel(desk)
    for panel in (first, second):
        qtbot.addWidget(panel)
    first.choice.setCurrentIndex(2)
    kept = json.loads(json.dumps(first.kept()))

    second.take(kept)

    assert second.kept() == kept
    assert type(second.form.value) is type(first.form.value)

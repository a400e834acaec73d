"""Items by hand, with the model that answers: what gestures and keys do to its answer, and where it is looked into."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.panels.inside import InsidePanel
from app.panels.stimulus import StimulusPanel
from app.widgets.canvas import StimulusCanvas
from app.widgets.chips import Chip, chip_mime
from app.widgets.tools.handles import Handles
from core.analyses.attention import Attention
from core.analyses.decision import Decision
from core.document import make_counterfactual
from core.of_source import OfSource
from core.questions import Question
from core.session import Session
from core.stimuli.stimulus import item_patches
from tests.app.widgets.gestures import ALT, CTRL, NO_BUTTON, SHIFT, drag, drop, move
from tests.end_to_end.conftest import Driver

Key = Qt.Key


@pytest.fixture
def canvas(driver: Driver) -> StimulusCanvas:
    driver.window.activateWindow()
    canvas = driver.window.panel(StimulusPanel).canvas
    canvas.setFocus()
    return canvas


def answers_as_the_model_does(driver: Driver) -> None:
    """What is shown is what a fresh session of the same model says of the same document."""
    driver.settle()
    answer = Session("cpu").answer(Question(driver.window.desk.document))
    assert driver.margin == pytest.approx(answer.found[Decision()].margin, abs=1e-4)


def patches(driver: Driver, index: int) -> tuple[int, ...]:
    base = driver.window.desk.document.base
    return item_patches(base.items[index], base.geometry)


def test_a_turned_and_a_larger_item_are_what_the_model_sees(driver: Driver, canvas: StimulusCanvas) -> None:
    before = driver.margin
    driver.window.desk.look(item=0)
    around, knob = canvas.item_rect(0).center(), Handles(canvas.frame(), canvas.items[0]).place("turn")
    drag(canvas, knob, around + QPointF(around.y() - knob.y(), 0), SHIFT)
    answers_as_the_model_does(driver)
    turned = driver.margin

    corner = Handles(canvas.frame(), canvas.items[0]).place("bottom right")
    drag(canvas, corner, corner + QPointF(canvas.item_rect(0).width() / 2, 0))
    answers_as_the_model_does(driver)

    assert len({before, turned, driver.margin}) == 3
    driver.window.desk.store.undo.setIndex(0)
    driver.settle()
    assert driver.margin == before


def test_copied_arranged_and_deleted_items_are_answered_and_undone_step_by_step(
    driver: Driver, canvas: StimulusCanvas
) -> None:
    desk, before = driver.window.desk, driver.margin
    for key, keys in ((Key.Key_A, CTRL), (Key.Key_D, CTRL), (Key.Key_L, ALT | SHIFT), (Key.Key_BracketLeft, CTRL)):
        QTest.keyClick(canvas, key, keys)
    answers_as_the_model_does(driver)
    for key, keys in ((Key.Key_X, CTRL), (Key.Key_V, CTRL), (Key.Key_Right, ALT), (Key.Key_Delete, None)):
        QTest.keyClick(canvas, key, keys or Qt.KeyboardModifier.NoModifier)
    driver.settle()

    steps = [text for text, _ in desk.store.steps()[1:]]
    assert steps == [
        "Duplicate A and B",
        "Align C and D",
        "Send C and D backward",
        "Delete C and D",
        "Paste",
        "Move C and D",
        "Delete C and D",
    ]
    assert driver.margin == before
    QGuiApplication.clipboard().clear()


def test_a_chip_let_go_on_the_canvas_is_an_item_that_the_model_sees(driver: Driver, canvas: StimulusCanvas) -> None:
    before = driver.margin

    drop(canvas, canvas.frame().shown(100, 190, 0).topLeft(), chip_mime(Chip("shape", 6, "star")))
    answers_as_the_model_does(driver)

    assert driver.margin != before
    assert len(driver.window.desk.document.base.items) == 3


def test_attention_is_of_the_patch_under_the_pointer_and_goes_with_its_item(
    driver: Driver, canvas: StimulusCanvas
) -> None:
    desk = driver.window.desk
    patch = patches(driver, 1)[3]
    row, column = divmod(patch, 14)
    place = canvas.frame().shown(16 * column, 16 * row, 16).center()

    move(canvas, place, held=NO_BUTTON)
    driver.settle()
    assert driver.found(Attention(1 + patch)).token == 1 + patch

    drag(canvas, place, place - QPointF(canvas.item_rect(1).width() / 2, 0))
    driver.settle()
    there = patches(driver, 1)[3]
    assert there == patch - 1
    assert desk.view.token == 1 + there
    assert f"patch ({there % 14}, {there // 14}) of B" in driver.window.panel(InsidePanel).view.accessibleDescription()


def test_the_inside_of_the_source_is_what_the_model_has_there(driver: Driver) -> None:
    desk, inside = driver.window.desk, driver.window.panel(InsidePanel)
    desk.edit("Make", make_counterfactual(desk.document, "color", 1))
    desk.look(side="source")
    assert inside.which.words.whole == "This is of the base."

    inside.which.switch.setChecked(True)
    driver.settle()
    shown = driver.found(OfSource(Attention(desk.view.token)))
    inside.which.switch.setChecked(False)

    assert desk.document.source is not None
    alone = replace(desk.document, base=desk.document.source, source=None)
    token = Attention(desk.view.token)
    there = Session("cpu").answer(Question(alone, (token,))).found[token]
    np.testing.assert_allclose(shown.rows, there.rows, atol=1e-5)

"""Families of stimuli: one list in the menu and one button on the panel."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton

from app.main_window import MainWindow
from app.panels.stimulus import StimulusPanel
from core.stimuli.stimulus import Photo, Stimulus, odd_difference, task_of

FAMILIES = [
    "Random pair",
    "New match-to-sample",
    "Odd one out by shape and colour",
    "Odd one out by shape",
    "Odd one out by colour",
    "Empty canvas",
]


@pytest.fixture
def chooser(window: MainWindow) -> QToolButton:
    buttons = window.panel(StimulusPanel).findChildren(QToolButton)
    return next(b for b in buttons if b.popupMode() == QToolButton.ToolButtonPopupMode.MenuButtonPopup)


def choose(chooser: QToolButton, text: str) -> None:
    next(action for action in chooser.menu().actions() if action.text() == text).trigger()


def drawn(window: MainWindow) -> Stimulus:
    return window.desk.document.base


def test_every_family_stands_in_the_menu_and_in_the_list_of_the_button(
    window: MainWindow, chooser: QToolButton
) -> None:
    in_menu = [action.text() for menu, action in window.all_actions() if menu == "Stimulus"]
    start = in_menu.index(FAMILIES[0])

    assert in_menu[start : start + len(FAMILIES)] == FAMILIES
    assert [action.text() for action in chooser.menu().actions()] == FAMILIES


def test_the_button_draws_another_of_the_family_that_was_chosen_last(window: MainWindow, chooser: QToolButton) -> None:
    chooser.click()
    assert task_of(drawn(window)) == "discrimination"

    choose(chooser, "New match-to-sample")
    first = drawn(window)
    assert task_of(first) == "rmts"
    chooser.click()

    assert task_of(drawn(window)) == "rmts"
    assert drawn(window) != first
    assert chooser.text() == "Match to sample"


def test_an_odd_one_out_and_an_empty_canvas_are_families_too(window: MainWindow, chooser: QToolButton) -> None:
    choose(chooser, "Odd one out by colour")
    assert odd_difference(drawn(window)) == "color"

    choose(chooser, "Empty canvas")
    assert drawn(window) == Stimulus()
    assert window.desk.store.undo.undoText() == "Empty canvas"


def test_the_empty_canvas_is_the_way_out_of_a_photo(window: MainWindow, chooser: QToolButton) -> None:
    photo = Stimulus(photo=Photo(bytes(3 * 224 * 224), "cat.png"))
    window.desk.edit("Open", type(window.desk.document)(window.desk.document.model, photo))

    empty: QAction = next(action for _, action in window.all_actions() if action.text() == "Empty canvas")
    empty.trigger()

    assert drawn(window) == Stimulus()

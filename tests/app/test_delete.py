"""Delete and Backspace take the selected item away, and only where they are about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.edits import show_photo
from app.main_window import MainWindow
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.layers import LayersPanel
from app.panels.stimulus import StimulusPanel
from core.document import make_counterfactual
from tests.app.widgets.gestures import move, press, release

KEYS = [Qt.Key.Key_Delete, Qt.Key.Key_Backspace]


@pytest.fixture
def active(window: MainWindow, qtbot: QtBot) -> MainWindow:
    with qtbot.waitActive(window):
        window.activateWindow()
    window.panel(StimulusPanel).canvas.setFocus()
    return window


def letters(window: MainWindow) -> int:
    return len(window.desk.document.base.items)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("focused", ["canvas", "atlas", "strip"])
def test_the_selected_item_is_deleted_in_one_step_wherever_the_focus_is(
    active: MainWindow, key: Qt.Key, focused: str
) -> None:
    widgets: dict[str, QWidget] = {
        "canvas": active.panel(StimulusPanel).canvas,
        "atlas": active.panel(InsidePanel).atlas,
        "strip": active.panel(LayersPanel).strip,
    }
    first, second = active.desk.document.base.items
    active.desk.look(item=1)
    widgets[focused].setFocus()

    QTest.keyClick(widgets[focused], key)

    assert active.desk.document.base.items == (first,)
    assert active.desk.store.undo.undoText() == "Delete B"
    active.desk.store.undo.undo()
    assert active.desk.document.base.items == (first, second)
    assert not active.desk.store.undo.canUndo()


@pytest.mark.parametrize("key", KEYS)
def test_on_the_source_the_sources_item_is_deleted(active: MainWindow, key: Qt.Key) -> None:
    desk = active.desk
    desk.edit("Make", make_counterfactual(desk.document, "color", 1))
    desk.look(side="source", item=1)

    QTest.keyClick(active.panel(StimulusPanel).canvas, key)

    assert desk.document.source is not None
    assert len(desk.document.source.items) == 1
    assert letters(active) == 2


@pytest.mark.parametrize("key", KEYS)
def test_a_key_typed_in_a_number_deletes_no_item(active: MainWindow, key: Qt.Key) -> None:
    active.panel(InterventionsPanel).strength.setFocus()

    QTest.keyClick(active.panel(InterventionsPanel).strength, key)

    assert letters(active) == 2


@pytest.mark.parametrize("key", KEYS)
def test_a_key_on_the_probes_slider_takes_the_push_away_and_no_item(active: MainWindow, key: Qt.Key) -> None:
    active.panel(InterventionsPanel).tabs.setCurrentIndex(2)
    slider = active.panel(InterventionsPanel).probe.rows[0].slider
    slider.setEnabled(True)
    slider.setFocus()
    assert slider.hasFocus()

    QTest.keyClick(slider, key)

    assert letters(active) == 2


@pytest.mark.parametrize("key", KEYS)
def test_without_a_selection_nothing_is_deleted_and_it_is_said(active: MainWindow, key: Qt.Key) -> None:
    active.desk.look(item=1)

    QTest.keyClick(active.panel(StimulusPanel).canvas, Qt.Key.Key_Escape)
    QTest.keyClick(active.panel(StimulusPanel).canvas, key)

    assert letters(active) == 2
    assert "No item is selected" in active.status.error.text()
    assert "is selected" not in active.panel(StimulusPanel).canvas.accessibleDescription()


@pytest.mark.parametrize("key", KEYS)
def test_a_photo_has_nothing_to_delete(active: MainWindow, tmp_path: Path, key: Qt.Key) -> None:
    Image.new("RGB", (64, 64), (200, 30, 30)).save(tmp_path / "cat.png")
    show_photo(active.desk, tmp_path / "cat.png")

    QTest.keyClick(active.panel(StimulusPanel).canvas, key)

    assert active.desk.document.base.photo is not None
    assert active.desk.store.undo.count() == 1


@pytest.mark.parametrize("key", KEYS)
def test_an_item_in_the_hand_is_not_deleted(active: MainWindow, key: Qt.Key) -> None:
    canvas = active.panel(StimulusPanel).canvas
    place = canvas.item_rect(0).center()
    press(canvas, place)
    move(canvas, place + (canvas.item_rect(0).topRight() - canvas.item_rect(0).topLeft()))

    QTest.keyClick(canvas, key)

    assert letters(active) == 2
    release(canvas, place)
    assert letters(active) == 2


def test_the_menu_shows_the_key(window: MainWindow) -> None:
    delete = next(action for menu, action in window.all_actions() if action.text() == "Delete item")

    assert delete.shortcuts()[0].toString() == "Del"

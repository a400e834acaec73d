"""Commands get other keys, and no two commands the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.dialogs.command_palette import ShortcutSheet
from app.dialogs.keys_page import KeysPage
from app.keys import Keys, used_in_panels
from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.panels.query_key import QueryKeyPanel
from app.panels.scenes import ScenesPanel
from app.panels.stimulus import StimulusPanel
from app.panels.sweep import SweepPanel
from app.panels.train import TrainPanel
from app.scenes import add_scene
from app.store import Store
from core.demo import demo_document
from core.document import View

PAIR, DEMO, MODEL = "Stimulus ▸ Random pair", "File ▸ Open the demo", "Model ▸ Open model…"
Key, Ctrl = Qt.Key, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "relata.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    host = QWidget()
    qtbot.addWidget(host)
    return host


def actions(host: QWidget) -> list[tuple[str, QAction]]:
    """Three commands, the first with a tool tip of its own."""
    found = []
    for name, keys in ((PAIR, "Ctrl+R"), (DEMO, "Ctrl+D"), ("View ▸ Plain", "")):
        menu, _, text = name.partition(" ▸ ")
        action = QAction(text, host)
        action.setShortcuts([QKeySequence(keys)] if keys else [])
        action.setToolTip(f"{text} ({keys})" if keys else text)
        found.append((menu, action))
    return found


def keys_of(host: QWidget, settings: QSettings | None) -> tuple[Keys, dict[str, QAction]]:
    made = actions(host)
    return Keys(made, settings), {f"{menu} ▸ {action.text()}": action for menu, action in made}


def press(page: KeysPage, name: str, key: Qt.Key, modifier: Qt.KeyboardModifier = Ctrl) -> None:
    page.choose(name)
    page.field.setFocus()
    QTest.keyClick(page.field, key, modifier)
    page.field.editingFinished.emit()


def test_a_rebound_command_runs_on_its_new_keys_and_not_on_the_old(qtbot: QtBot, settings: QSettings) -> None:
    window = MainWindow(Store(demo_document(), View()), Live(), settings)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    before = window.desk.document

    window.settings.keys.choose(PAIR, [QKeySequence("Ctrl+J")])
    QTest.keyClick(window, Key.Key_R, Ctrl)
    assert window.desk.document is before
    QTest.keyClick(window, Key.Key_J, Ctrl)

    assert window.desk.document is not before
    sheet = ShortcutSheet(window.all_actions(), window)
    told = [label.text() for label in sheet.findChildren(QLabel)]
    assert told[told.index("Random pair") + 1] == "Ctrl+J"
    assert "Ctrl+J" in window.settings.keys._actions[PAIR].toolTip()
    window.settings.keys.choose("Intervene ▸ Swap from source", [QKeySequence("Ctrl+J")])
    assert window.panel(InterventionsPanel).chips.modes["Swap"].toolTip().endswith("(Ctrl+J)")
    window.settings.keys.choose(PAIR, [QKeySequence("Ctrl+J")])
    again = MainWindow(Store(demo_document(), View()), Live(), settings)
    qtbot.addWidget(again)
    assert again.settings.keys.of(PAIR) == [QKeySequence("Ctrl+J")]


def test_every_command_of_the_window_has_a_name_of_its_own_and_no_two_the_same_keys(window: MainWindow) -> None:
    keys = window.settings.keys
    fixed = [action for _, action in window.all_actions() if action.parent() is not window.models]

    assert len(keys.names) == len(fixed)
    assert [(name, keys.holder(own, but=name)) for name in keys.names for own in keys.of(name)] == [
        (name, "") for name in keys.names for _ in keys.of(name)
    ]


def test_keys_of_another_command_are_named_and_only_taken_when_asked_for(host: QWidget, qtbot: QtBot) -> None:
    keys, made = keys_of(host, None)
    page = KeysPage(keys)
    qtbot.addWidget(page)
    page.show()

    press(page, DEMO, Key.Key_R)
    assert page.said.text() == "Ctrl+R is Stimulus ▸ Random pair."
    assert [made[name].shortcut().toString() for name in (DEMO, PAIR)] == ["Ctrl+D", "Ctrl+R"]
    page.take.click()

    assert [made[name].shortcut().toString() for name in (DEMO, PAIR)] == ["Ctrl+R", ""]
    assert made[PAIR].toolTip() == "Random pair"
    assert page.take.isHidden()


def test_keys_that_panels_use_are_refused_by_name(host: QWidget, qtbot: QtBot) -> None:
    keys, made = keys_of(host, None)
    page = KeysPage(keys)
    qtbot.addWidget(page)
    page.show()

    press(page, DEMO, Key.Key_A, Qt.KeyboardModifier.NoModifier)

    assert page.said.text() == "A is used in panels: Pad: Choose the thumb."
    assert made[DEMO].shortcut().toString() == "Ctrl+D"
    assert used_in_panels(QKeySequence("Alt+Left")) == "Stimulus: Move by a patch, by a pixel"
    assert used_in_panels(QKeySequence("Ctrl+J")) == ""


def test_one_command_or_all_get_back_the_keys_that_they_came_with(host: QWidget, qtbot: QtBot) -> None:
    keys, made = keys_of(host, None)
    page = KeysPage(keys)
    qtbot.addWidget(page)
    press(page, "View ▸ Plain", Key.Key_R)
    page.take.click()
    press(page, DEMO, Key.Key_J)

    page.choose(PAIR)
    page.reset.click()
    assert [action.shortcut().toString() for action in made.values()] == ["Ctrl+R", "Ctrl+J", ""]
    page.reset_all.click()

    assert [action.shortcut().toString() for action in made.values()] == ["Ctrl+R", "Ctrl+D", ""]
    assert made[DEMO].toolTip() == "Open the demo (Ctrl+D)"


def test_a_command_may_have_no_keys(host: QWidget, settings: QSettings, qtbot: QtBot) -> None:
    page = KeysPage(keys_of(host, settings)[0])
    qtbot.addWidget(page)
    page.choose(PAIR)
    page.none.click()

    _, made = keys_of(host, settings)

    assert made[PAIR].shortcuts() == []


def test_the_list_is_found_by_words_and_by_keys(host: QWidget, qtbot: QtBot) -> None:
    page = KeysPage(keys_of(host, None)[0])
    qtbot.addWidget(page)

    for words, found in (("demo", [DEMO]), ("ctrl+r", [PAIR]), ("nothing", [])):
        page.filter.setText(words)
        assert [item.text(0) for item in page._items() if not item.isHidden()] == found


NO_LIST, NO_COMMAND, NO_TEXT = f'{{"{DEMO}": "Ctrl+J"}}', '{"nowhere": ["Ctrl+J"]}', f'{{"{DEMO}": [7]}}'


@pytest.mark.parametrize("damaged", ["{", "[]", NO_LIST, NO_COMMAND, NO_TEXT, 7])
def test_damaged_keys_are_passed_over(host: QWidget, settings: QSettings, damaged: object) -> None:
    settings.setValue("keys", damaged)

    _, made = keys_of(host, settings)

    assert [action.shortcut().toString() for action in made.values()] == ["Ctrl+R", "Ctrl+D", ""]


def test_words_for_the_wheel_and_for_held_keys_on_the_sheet_are_no_keys_that_a_panel_takes() -> None:
    assert used_in_panels(QKeySequence("J")) == ""
    assert used_in_panels(QKeySequence("Ctrl+Alt+J")) == ""
    assert used_in_panels(QKeySequence("Space")) == "Stimulus: Draw a larger picture along, with any tool"


@pytest.fixture
def talk(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Two scenes, the first of which is shown."""
    with qtbot.waitActive(window):
        window.activateWindow()
    for _ in range(2):
        add_scene(window.desk)
    window.desk.stage.go_to(0, at_once=True)
    return window


@pytest.mark.parametrize(
    "kept_by",
    [
        lambda window: window.panel(SweepPanel).n,
        lambda window: window.panel(SweepPanel).shown,
        lambda window: window.panel(TrainPanel).form.name,
        lambda window: window.panel(InterventionsPanel).edits,
        lambda window: window.panel(QueryKeyPanel).gain.slider,
    ],
    ids=["number", "choice", "words", "list", "slider"],
)
def test_what_goes_on_by_pages_keeps_the_keys_of_pages(
    talk: MainWindow, kept_by: Callable[[MainWindow], QWidget]
) -> None:
    widget = kept_by(talk)
    bring_forward(talk, widget)
    widget.setFocus()
    assert widget.hasFocus()

    QTest.keyClick(widget, Key.Key_PageDown)

    assert talk.desk.stage.at == 0


@pytest.mark.parametrize(
    "without_pages",
    [lambda window: window.panel(StimulusPanel).canvas, lambda window: window.panel(ScenesPanel).strip],
    ids=["canvas", "strip of scenes"],
)
def test_elsewhere_the_keys_of_pages_go_from_scene_to_scene(
    talk: MainWindow, without_pages: Callable[[MainWindow], QWidget]
) -> None:
    widget = without_pages(talk)
    bring_forward(talk, widget)
    widget.setFocus()
    assert widget.hasFocus()

    QTest.keyClick(widget, Key.Key_PageDown)
    assert talk.desk.stage.at == 1
    QTest.keyClick(widget, Key.Key_PageUp)
    assert talk.desk.stage.at == 0


def bring_forward(window: MainWindow, widget: QWidget) -> None:
    """Show a panel in the window, and what is folded away in it until there is something to choose."""
    dock = next(dock for dock in window.findChildren(QDockWidget) if dock.isAncestorOf(widget))
    dock.show()
    dock.setFloating(False)
    dock.raise_()
    around = widget
    while around is not dock:
        around.setEnabled(True)
        around.show()
        around = around.parentWidget()

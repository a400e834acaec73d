"""What a user chose is there again at the next start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import theme
from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.store import Store
from core.demo import demo_document
from core.document import View
from tests.app.answers import answer


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[QSettings]:
    yield QSettings(str(tmp_path / "relata.ini"), QSettings.Format.IniFormat)
    theme.choose(None)
    theme.apply(QApplication.instance())


def started(qtbot: QtBot, settings: QSettings) -> MainWindow:
    window = MainWindow(Store(demo_document(), View()), Live(), settings)
    qtbot.addWidget(window)
    return window


def choose(window: MainWindow, words: str) -> None:
    next(action for _, action in window.all_actions() if action.text() == words).trigger()


@pytest.mark.parametrize(("words", "chosen"), [("Theme: light", theme.LIGHT), ("Theme: dark", theme.DARK)])
def test_the_theme_is_the_one_that_was_chosen_last(
    qtbot: QtBot, settings: QSettings, words: str, chosen: theme.Theme
) -> None:
    choose(started(qtbot, settings), words)
    theme.choose(None)

    started(qtbot, settings)

    assert theme.current() is chosen
    assert QApplication.palette().color(QPalette.ColorRole.Window) == chosen.color("window")


def test_following_the_system_is_the_default_and_can_be_gone_back_to(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    system = theme.current()
    other = "Theme: light" if system.dark else "Theme: dark"

    choose(window, other)
    assert theme.current() is not system
    choose(window, "Theme: follow the system")
    started(qtbot, settings)

    assert theme.current() is system


@pytest.mark.parametrize("damaged", ["mauve", 7, ["dark"], {"theme": 1}])
def test_a_remembered_theme_or_device_that_nobody_knows_is_passed_over(
    qtbot: QtBot, settings: QSettings, damaged: object
) -> None:
    system = theme.current()
    for name in ("theme", "device"):
        settings.setValue(name, damaged)

    window = started(qtbot, settings)

    assert theme.current() is system
    assert window.desk.live.device == "auto"


def test_a_device_that_answered_is_chosen_again_and_one_that_did_not_is_not(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    window.desk.live.device = "cuda"
    assert started(qtbot, settings).desk.live.device == "auto"

    window.desk.live.device = "cpu"
    window.desk.live.answered.emit(answer(window.desk))

    assert started(qtbot, settings).desk.live.device == "cpu"


@pytest.mark.parametrize("name", ["magnet", "tie"])
def test_the_boxes_by_the_pad_are_as_they_were_left(qtbot: QtBot, settings: QSettings, name: str) -> None:
    box = getattr(started(qtbot, settings).panel(InterventionsPanel), name)
    left = not box.isChecked()
    box.setChecked(left)
    settings.sync()

    later = QSettings(settings.fileName(), QSettings.Format.IniFormat)
    again = started(qtbot, later).panel(InterventionsPanel)

    assert getattr(again, name).isChecked() is left
    assert again.pads["color"].magnet is again.magnet.isChecked()

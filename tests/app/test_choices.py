"""What a user chose holds at once, and is there again at the next start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QSettings
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import numbers, theme
from app.choices import Choices, Computing, Keeping, Looks, remembered
from app.live import Live
from app.main_window import MainWindow
from app.panels.interventions import InterventionsPanel
from app.panels.study import StudyPanel
from app.panels.study_form import default_folder
from app.store import Store
from core.demo import demo_document
from core.document import View
from tests.app.answers import answer


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[QSettings]:
    locale = QLocale()
    yield QSettings(str(tmp_path / "relata.ini"), QSettings.Format.IniFormat)
    theme.choose(None)
    theme.apply(QApplication.instance())
    numbers.choose(numbers.Format())
    QLocale.setDefault(locale)


def started(qtbot: QtBot, settings: QSettings) -> MainWindow:
    window = MainWindow(Store(demo_document(), View()), Live(), settings)
    qtbot.addWidget(window)
    return window


def read_again(settings: QSettings) -> QSettings:
    """What another program would find in the file."""
    settings.sync()
    return QSettings(settings.fileName(), QSettings.Format.IniFormat)


def command(window: MainWindow, words: str) -> object:
    """The command of these words, which may begin with its menu."""
    return next(action for menu, action in window.all_actions() if f"{menu} ▸ {action.text()}".endswith(f"▸ {words}"))


def choose(window: MainWindow, words: str) -> None:
    command(window, words).trigger()  # type: ignore[attr-defined]


def marked(window: MainWindow) -> list[str]:
    """The commands with a check mark, once the menus are open."""
    for menu in window._menus.values():
        menu.aboutToShow.emit()
    panels = {dock.toggleViewAction() for dock in window._docks.values()}
    return [action.text() for _, action in window.all_actions() if action.isChecked() and action not in panels]


@pytest.mark.parametrize(("words", "chosen"), [("Theme: light", theme.LIGHT), ("Theme: dark", theme.DARK)])
def test_the_theme_is_the_one_that_was_chosen_last(
    qtbot: QtBot, settings: QSettings, words: str, chosen: theme.Theme
) -> None:
    window = started(qtbot, settings)
    choose(window, words)
    assert words in marked(window)
    theme.choose(None)

    again = started(qtbot, read_again(settings))

    assert theme.current() is chosen
    assert QApplication.palette().color(QPalette.ColorRole.Window) == chosen.color("window")
    assert words in marked(again)


def test_following_the_system_is_the_default_and_can_be_gone_back_to(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    system = theme.current()
    other = "Theme: light" if system.dark else "Theme: dark"

    choose(window, other)
    assert theme.current() is not system
    choose(window, "Theme: follow the system")
    started(qtbot, settings)

    assert theme.current() is system


def test_the_menus_mark_theme_device_model_and_workspace(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    assert marked(window) == ["Bundled: discrimination", "Run on auto", "Theme: follow the system", "Explore"]

    for words in ("Theme: dark", "Workspace ▸ Present", "Run on cpu", "Bundled: rmts"):
        choose(window, words)

    assert marked(window) == ["Bundled: rmts", "Run on cpu", "Theme: dark", "Present"]


def test_what_is_chosen_again_stays_marked(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)

    choose(window, "Theme: dark")
    choose(window, "Theme: dark")

    assert command(window, "Theme: dark").isChecked()  # type: ignore[attr-defined]


@pytest.mark.parametrize("damaged", ["mauve", -7, ["dark"], {"theme": 1}, "1e999"])
def test_a_remembered_choice_that_nobody_knows_is_passed_over(
    qtbot: QtBot, settings: QSettings, damaged: object
) -> None:
    system = theme.current()
    for name in ("theme", "device", "decimal", "more_digits", "threads", "journal", "journal_every_s", "keys"):
        settings.setValue(name, damaged)

    window = started(qtbot, read_again(settings))

    choices = window.desk.choices
    assert theme.current() is system
    assert (choices.looks, choices.computing, choices.keeping) == (Looks(), Computing(), Keeping())
    assert command(window, "Random pair").shortcut().toString() == "Ctrl+R"  # type: ignore[attr-defined]


def test_a_damaged_file_of_settings_is_as_none(qtbot: QtBot, tmp_path: Path, settings: QSettings) -> None:
    Path(settings.fileName()).write_bytes(b"\x00\xff[[[theme=dark\n=\n[General\nthreads=%%%\n" + bytes(range(256)))

    window = started(qtbot, read_again(settings))

    assert (window.desk.choices.looks, window.desk.choices.keeping) == (Looks(), Keeping())


def test_every_choice_survives_a_restart(settings: QSettings, qtbot: QtBot, tmp_path: Path) -> None:
    looks = Looks("dark", "comma", 2)
    computing = Computing("auto", 1)
    keeping = Keeping(False, 12.5, False, False, str(tmp_path / "my, studies"))
    first = Choices(settings, Live())
    for group in (looks, computing, keeping):
        first.change(group)

    found = [remembered(read_again(settings), kind) for kind in (Looks, Computing, Keeping)]

    assert found == [looks, computing, keeping]


def test_without_settings_nothing_is_remembered(qtbot: QtBot, settings: QSettings) -> None:
    Choices(None, Live()).change(Keeping(journal=False))

    assert Choices(None, Live()).keeping == Keeping()


def test_a_device_that_answered_is_chosen_again_and_one_that_did_not_is_not(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    window.desk.live.device = "cuda"
    assert started(qtbot, settings).desk.live.device == "auto"

    window.desk.live.device = "cpu"
    window.desk.live.answered.emit(answer(window.desk))

    assert started(qtbot, settings).desk.live.device == "cpu"


def test_a_number_that_is_shown_is_written_anew_when_its_form_changes(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    with qtbot.waitExposed(window):
        window.show()
    window.desk.live.answered.emit(answer(window.desk))
    status = window.status.state.text()
    assert "," not in status.partition("IIA")[2]
    meter = window._panels[next(kind for kind in window._panels if kind.title == "Decision")].meter
    before, told = meter.grab().toImage(), meter.accessibleDescription()

    window.desk.choices.change(Looks(decimal="comma"))

    assert meter.accessibleDescription() == told.replace(".", ",") != told
    assert meter.grab().toImage() != before


def test_a_field_for_numbers_takes_the_decimal_sign_that_was_chosen(qtbot: QtBot, settings: QSettings) -> None:
    window = started(qtbot, settings)
    window.desk.choices.change(Looks(decimal="comma"))

    window.settings.show()
    form = window.settings.dialog.forms[Keeping]

    assert form.rows["journal_every_s"].text() == "0,30"


def test_the_folder_of_studies_is_where_the_study_panel_writes_unless_another_was_named(
    qtbot: QtBot, settings: QSettings, tmp_path: Path
) -> None:
    window = started(qtbot, settings)
    form, choices = window.panel(StudyPanel).form, window.desk.choices
    assert form.folder.text() == default_folder()

    choices.change(replace(choices.keeping, study_folder=str(tmp_path)))
    assert form.out == tmp_path
    form.folder.setText(str(tmp_path / "mine"))
    choices.change(replace(choices.keeping, study_folder=""))

    assert form.out == tmp_path / "mine"


@pytest.mark.parametrize("name", ["magnet", "tie"])
def test_the_boxes_by_the_pad_are_as_they_were_left(qtbot: QtBot, settings: QSettings, name: str) -> None:
    box = getattr(started(qtbot, settings).panel(InterventionsPanel), name)
    left = not box.isChecked()
    box.setChecked(left)

    again = started(qtbot, read_again(settings)).panel(InterventionsPanel)

    assert getattr(again, name).isChecked() is left
    assert again.pads["color"].magnet is again.magnet.isChecked()

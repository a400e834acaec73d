"""Every panel gives its picture away: by its menu, by a key, and by a dialog that writes a file."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.export.dialog import ExportDialog
from app.export.shown import picture_at
from app.main_window import MainWindow
from app.panels.history import HistoryPanel
from app.panels.inside import InsidePanel
from app.panels.interventions import InterventionsPanel
from app.panels.stimulus import StimulusPanel
from app.panels.study import StudyPanel
from core.analyses.attention import Attention
from core.analyses.pad import Pad
from core.document import Document
from core.documents.figures import read_figure
from core.errors import UserError
from core.figures.options import FigureOptions
from core.figures.state import state_in
from core.interventions.move import set_point
from core.plots import Curves, Series
from core.study_job import StudyPart
from tests.app.answers import answer, attention_of, pad_places

ROWS = ["Export figure…", "Copy picture"]


def words_of(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


@pytest.fixture
def answered(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with an answer: a colour is moved, and its pad and the attention are drawn."""
    desk = window.desk
    desk.edit("Move colour", set_point(desk.document, 0, "color", desk.view.write, (0.5, 1.0)))
    attention = Attention(desk.view.token)
    found = {Pad("color", desk.view.write): pad_places(), attention: attention_of(desk.view.token)}
    window._answered(answer(desk, found))
    return window


def dialog_of(window: MainWindow) -> ExportDialog:
    dialog = window.exports.dialog
    assert isinstance(dialog, ExportDialog)
    return dialog


def carried(path: Path) -> Document:
    found = read_figure(path)
    assert found is not None
    assert found.work is not None
    return found.work.document


def test_every_panel_and_every_picture_of_it_has_the_menu(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """All panels are opened, and each dock is asked for its menu in the middle of each picture that is in sight."""
    wanted: list[QWidget] = []
    asked: set[type] = set()
    monkeypatch.setattr(QMenu, "popup", lambda menu, _: menu.deleteLater())
    monkeypatch.setattr(window.exports, "rows_of", lambda target: wanted.append(target) or [])
    for panel, dock in window.documents.standing():
        assert isinstance(panel, QWidget)
        dock.show()
        dock.raise_()
        pictures = [of.widget for of in window.exports.shown() if panel.isAncestorOf(of.widget)]
        for target in (panel, *pictures):
            middle = target.rect().center()
            if target is not panel and not target.visibleRegion().contains(middle):
                continue  # it is scrolled out of sight
            wanted.clear()
            dock.customContextMenuRequested.emit(target.mapTo(dock, middle))
            assert len(wanted) == 1, panel.title
            assert wanted[0] is panel or panel.isAncestorOf(wanted[0])
            assert target is panel or wanted == [target]
            asked.add(type(panel))
    assert asked == {type(panel) for panel, _ in window.documents.standing()}


def test_pictures_are_offered_and_no_buttons(answered: MainWindow) -> None:
    names = [of.name for of in answered.exports.shown()]

    assert names[:6] == ["meter", "canvas", "attention", "heads", "pad", "layers"]
    assert set(names[6:]) <= {"history"}


def test_a_right_click_on_a_picture_asks_its_dock(answered: MainWindow) -> None:
    pad = answered.panel(InterventionsPanel).pads["color"]
    asked: list[QPoint] = []
    dock = answered._docks[InterventionsPanel]
    dock.customContextMenuRequested.disconnect()
    dock.customContextMenuRequested.connect(asked.append)

    QTest.mouseClick(pad, Qt.MouseButton.RightButton, pos=pad.rect().center())
    from PySide6.QtGui import QContextMenuEvent

    at = pad.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, pad.mapToGlobal(at))
    QApplication.sendEvent(pad, event)

    assert picture_at(dock.childAt(asked[-1]), answered.panel(InterventionsPanel)) is pad
    assert words_of(answered.exports.menu_of(pad))[:2] == ROWS


def test_menus_that_were_there_keep_what_they_had(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[str]] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _: shown.append(words_of(menu)))
    window.panel(StimulusPanel)._open_menu(QPoint(5, 5))
    (of_canvas,) = shown
    of_card = words_of(window.panel(HistoryPanel).menu_of(0))

    assert len(of_canvas) > len(ROWS)
    for words in (of_canvas, of_card):
        assert set(ROWS) <= set(words)
    assert of_card[0] == "Name…"


def test_others_can_add_to_the_menu_of_a_picture(window: MainWindow) -> None:
    done: list[QWidget] = []
    window.exports.more.append(lambda target: [("Weigh", lambda: done.append(target))])
    strip = window.exports.shown()[0].widget

    menu = window.exports.menu_of(strip)
    next(action for action in menu.actions() if action.text() == "Weigh").trigger()

    assert done == [strip]


def test_a_copied_picture_is_pixels_and_lines_and_carries_its_state(answered: MainWindow) -> None:
    pad = answered.panel(InterventionsPanel).pads["color"]

    answered.exports.copy(pad)

    data = QApplication.clipboard().mimeData()
    assert data.hasImage()
    content = bytes(data.data("image/png").data())
    with Image.open(BytesIO(content)) as image:
        assert image.width == pytest.approx(pad.width() / pad.logicalDpiX() * 300, abs=2)
    for kind in ("image/png", "image/svg+xml"):
        state = state_in(bytes(data.data(kind).data()))
        assert state is not None
        assert state["pictures"] == ["pad"]


def test_of_a_panel_all_pictures_are_copied_below_each_other(answered: MainWindow) -> None:
    inside = answered.panel(InsidePanel)

    answered.exports.copy(inside)

    state = state_in(bytes(QApplication.clipboard().mimeData().data("image/png").data()))
    assert state is not None
    assert state["pictures"] == ["attention", "heads"]
    image = QApplication.clipboard().image()
    assert image.height() > image.width(), "one below the other"


def test_the_key_copies_what_is_pointed_at_else_what_has_the_keyboard(
    answered: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports, inside = answered.exports, answered.panel(InsidePanel)
    monkeypatch.setattr(QApplication, "widgetAt", lambda *_: inside.view)
    assert exports.pointed() is inside.view
    exports.export()
    assert [of.name for of in dialog_of(answered).chosen] == ["attention"]
    dialog_of(answered).reject()
    monkeypatch.setattr(QApplication, "widgetAt", lambda *_: inside.overview.tabBar())
    assert exports.pointed() is inside
    monkeypatch.setattr(QApplication, "widgetAt", lambda *_: answered.menuBar())
    monkeypatch.setattr(QApplication, "focusWidget", lambda: inside.atlas)
    assert exports.pointed() is inside.atlas
    QApplication.clipboard().clear()
    next(action for _, action in answered.all_actions() if action.text() == "Copy picture").trigger()
    assert QApplication.clipboard().mimeData().hasImage()

    monkeypatch.setattr(QApplication, "focusWidget", lambda: None)
    with pytest.raises(UserError, match="cannot be told"):
        exports.pointed()


def test_the_dialog_shows_what_it_will_write_and_what_it_wrote_opens_again(
    answered: MainWindow, tmp_path: Path
) -> None:
    answered.exports.export(answered.panel(InterventionsPanel).pads["color"])
    dialog = dialog_of(answered)
    assert [of.name for of in dialog.chosen] == ["pad"]
    assert dialog.form.rows["letters"].isHidden(), "one picture has no letter"
    before = dialog.preview.image.copy()

    dialog.choose(["canvas", "pad"])
    dialog.form.rows["palette"].setCurrentText("dark")  # type: ignore[attr-defined]
    dialog.draw()
    assert dialog.preview.image != before
    assert dialog.preview.image.pixelColor(0, 0).lightnessF() < 0.2
    assert not dialog.form.rows["letters"].isHidden()
    assert dialog.said.text().startswith("120 × ")
    dialog.write(tmp_path / "pad.png")

    assert answered.exports.dialog is None
    assert carried(tmp_path / "pad.png") == answered.desk.document
    with Image.open(tmp_path / "pad.png") as image:
        assert max(np.asarray(image.convert("RGB"))[0, 0].tolist()) < 60


def test_the_end_of_the_name_says_the_format(answered: MainWindow, tmp_path: Path) -> None:
    starts = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}
    for name, format in (("a.svg", "PNG"), ("b.pdf", "SVG"), ("c.PNG", "PDF"), ("d.v2", "SVG"), ("e", "PDF")):
        answered.exports.export()
        dialog_of(answered).form.rows["format"].setCurrentText(format)  # type: ignore[attr-defined]
        dialog_of(answered).write(tmp_path / name)

        (written,) = tmp_path.iterdir()
        assert written.name == (name if Path(name).suffix.lower() in starts else f"{name}.{format.lower()}")
        assert written.read_bytes().startswith(starts[written.suffix.lower()])
        assert carried(written) == answered.desk.document
        written.unlink()


def test_a_figure_that_cannot_be_written_leaves_the_old_file_and_the_dialog_says_why(
    answered: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old one")
    answered.exports.export()
    dialog = dialog_of(answered)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", full)
        dialog.write(path)

    assert path.read_bytes() == b"the old one"
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".png"] == ["a.png"]
    assert "No space left on device" in dialog.said.text()
    assert answered.exports.dialog is dialog, "it stays for another try"
    dialog.write(path)
    assert carried(path) == answered.desk.document


def test_what_was_shown_to_a_room_is_not_drawn_once_the_talk_has_ended(answered: MainWindow) -> None:
    answered.presenting.start()
    answered.exports.export(None)
    dialog = dialog_of(answered)
    names = [of.name for of in answered.exports.shown()]
    dialog.choose(names)
    assert len(dialog.chosen) == len(names) > 0

    answered.presenting.stop()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    dialog.draw()

    assert len(dialog.chosen) < len(names)
    dialog.reject()


def test_a_figure_may_leave_its_state_out(answered: MainWindow, tmp_path: Path) -> None:
    canvas = answered.panel(StimulusPanel).canvas
    answered.exports.write(tmp_path / "a.svg", [canvas], FigureOptions("SVG", carries=False))

    assert read_figure(tmp_path / "a.svg") is None


def test_a_dialog_remembers_how_the_last_figure_was_made(answered: MainWindow, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    answered.exports._settings = settings
    answered.exports.export()
    dialog_of(answered).form.rows["width_mm"].setValue(85.0)  # type: ignore[attr-defined]
    dialog_of(answered).write(tmp_path / "a.svg")

    answered.exports.export()
    assert dialog_of(answered).options == FigureOptions("SVG", width_mm=85.0)
    dialog_of(answered).reject()
    settings.setValue("figure options", '{"width_mm": "wide", "format": "GIF", "dpi": 144}')
    answered.exports.export()
    assert dialog_of(answered).options == FigureOptions(dpi=144)
    dialog_of(answered).reject()


def test_a_plot_of_a_study_says_of_which(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    x = (0.0, 1.0)
    plot = Curves("Accuracy", "block", "share", x, ("0", "1"), (Series("s", x),), y_range=x)
    panel = window.panel(StudyPanel)
    window._docks[StudyPanel].show()
    panel.parts.show_parts((StudyPart("behaviour", "What it says", "discrimination", 400, (plot,), ()),))
    view = panel.parts.parts[0].plots[0]

    window.exports.write(tmp_path / "a.pdf", [view], FigureOptions("PDF"))

    found = read_figure(tmp_path / "a.pdf")
    assert found is not None
    assert found.study == {"study": "behaviour", "title": "What it says", "model": "discrimination", "n": 400}


def test_a_panel_without_pictures_is_drawn_as_it_is(window: MainWindow, tmp_path: Path) -> None:
    history = window.panel(HistoryPanel)
    window._docks[HistoryPanel].show()
    window.exports.write(tmp_path / "a.png", [history], FigureOptions(width_mm=80.0, dpi=96))

    with Image.open(tmp_path / "a.png") as image:
        assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 8, "there are cards in it"
